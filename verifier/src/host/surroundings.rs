//! The environment that builds get: a list of what may pass, and nothing else,
//! so that what is recorded is all there was.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::Environment;

/// Variables by name.
pub type Variables = BTreeMap<OsString, OsString>;

/// What passes, by name: what the go command, git and C compilers read, where
/// to find them, and how to reach the network.
const NAMES: &[&str] = &[
    "AR",
    "CC",
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "CXX",
    "C_INCLUDE_PATH",
    "DEVELOPER_DIR",
    "FC",
    "GCC_EXEC_PREFIX",
    "GOROOT_FINAL",
    "GO_EXTLINK_ENABLED",
    "GO_LDSO",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "LOGNAME",
    "MACOSX_DEPLOYMENT_TARGET",
    "NETRC",
    "OBJC_INCLUDE_PATH",
    "PATH",
    "SDKROOT",
    "SOURCE_DATE_EPOCH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
];

/// What passes in either case.
const PROXIES: &[&str] = &["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/// What passes by how it begins.
const BEGINNINGS: &[&str] = &[
    "CGO_",
    "GIT_CONFIG",
    "GIT_SSH",
    "GIT_SSL_",
    "LC_",
    "PKG_CONFIG",
];

/// What begins like a setting of go and never passes: each build has its own, or
/// it was settled when the go command was chosen.
const REPLACED: &[&str] = &[
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOROOT",
    "GOTOOLCHAIN",
];

/// Says whether a variable reaches the builds.
pub fn passes(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    NAMES.contains(&name)
        || PROXIES.contains(&name.to_uppercase().as_str())
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || (is_go(name) && !REPLACED.contains(&name))
}

/// GOFLAGS, GOAMD64, GO111MODULE; not GOOGLE_APPLICATION_CREDENTIALS.
fn is_go(name: &str) -> bool {
    let rest = name.strip_prefix("GO");
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// Returns the variables that pass, and those named in `also`.
pub fn of(environment: &Environment, also: &[OsString]) -> Variables {
    environment
        .all()
        .filter(|(name, _)| passes(name) || also.iter().any(|one| one == name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the variables that do not pass.
pub fn others(environment: &Environment, also: &[OsString]) -> Variables {
    environment
        .all()
        .filter(|(name, _)| !passes(name) && !also.iter().any(|one| one == name))
        .filter(|(name, _)| !REPLACED.iter().any(|one| name == one))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Adds what `go env -w` has set, where no variable says otherwise: builds read
/// no such file, since it lies in HOME, and HOME is varied.
///
/// Source: cmd/go/internal/cfg readEnvFile
pub fn add_settings(variables: &mut Variables, file: &str) {
    for line in file.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let known = passes(OsStr::new(name)) && !name.starts_with('#');
        let is_open = variables
            .get(OsStr::new(name))
            .is_none_or(|value| value.is_empty());
        if known && is_open {
            variables.insert(name.into(), value.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_the_list_stays_outside() {
        for name in [
            "PATH",
            "GOFLAGS",
            "GOAMD64",
            "CGO_CFLAGS",
            "https_proxy",
            "LC_ALL",
            "CC",
        ] {
            assert!(passes(OsStr::new(name)), "{name}");
        }
        for name in [
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GITHUB_TOKEN",
            "GOCACHE",
            "GOENV",
            "GO",
            "EDITOR",
        ] {
            assert!(!passes(OsStr::new(name)), "{name}");
        }
        let environment = Environment::new([("A", "1"), ("B", "2"), ("TZ", "UTC"), ("GOENV", "x")]);
        let also = ["B".into()];
        let names =
            |variables: &Variables| -> Vec<OsString> { variables.keys().cloned().collect() };
        assert_eq!(names(&of(&environment, &also)), ["B", "TZ"]);
        assert_eq!(names(&others(&environment, &also)), ["A"]);
    }

    #[test]
    fn settings_of_go_env_give_way_to_variables() {
        let mut variables = Variables::from([("GOFLAGS".into(), "-mod=mod".into())]);
        add_settings(
            &mut variables,
            "# GOOS=plan9\nGOFLAGS=-race\nGOARM64=v8.0\nGOCACHEPROG=x\nnonsense\n",
        );
        let want = [("GOARM64", "v8.0"), ("GOFLAGS", "-mod=mod")];
        let want = want.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(variables, Variables::from(want));
    }
}
