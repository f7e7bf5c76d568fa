//! Which cache is meant when none is named.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::host::Environment;
use crate::host::Host;

/// Returns the cache to look into: the one named, `$GOCACHE`, or where the go
/// command keeps it otherwise.
///
/// # Errors
/// When `GOCACHE` is `off` or no absolute path, or nothing tells where the
/// user's caches are.
///
/// Source: cmd/go/internal/cache/default.go
pub fn find(named: Option<&Path>, host: &Host) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    match host.environment.var("GOCACHE") {
        Some(off) if off == "off" => {
            bail!("GOCACHE is off: there is no build cache; name a folder: verify-build cache audit DIR")
        }
        Some(set) if Path::new(set).is_absolute() => Ok(set.into()),
        Some(set) => bail!(
            "GOCACHE is {}, which is not an absolute path: the go command refuses it; name a folder: verify-build cache audit DIR",
            set.display()
        ),
        None => default(&host.environment).context(
            "nothing says where the build cache is; name a folder: verify-build cache audit \"$(go env GOCACHE)\"",
        ),
    }
}

/// The default, without what `go env -w GOCACHE=…` may have written.
fn default(environment: &Environment) -> anyhow::Result<PathBuf> {
    let home = || environment.var("HOME").map(PathBuf::from);
    let absolute = |value: &OsStr| Path::new(value).is_absolute().then(|| PathBuf::from(value));
    let caches = if cfg!(windows) {
        environment.var("LocalAppData").map(PathBuf::from)
    } else if cfg!(target_vendor = "apple") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        match environment.var("XDG_CACHE_HOME") {
            Some(value) => Some(absolute(value).context("XDG_CACHE_HOME is not an absolute path")?),
            None => home().map(|home| home.join(".cache")),
        }
    };
    let caches = caches.context("neither GOCACHE nor HOME is set")?;
    Ok(caches.join("go-build"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    fn found(variables: &[(&str, &str)]) -> Result<PathBuf, String> {
        let host = Host {
            environment: Environment::new(variables.iter().copied()),
            progress: Progress::new(false),
        };
        find(None, &host).map_err(|error| format!("{error:#}"))
    }

    #[test]
    #[cfg(all(unix, not(target_vendor = "apple")))]
    fn looks_where_the_go_command_looks() {
        let is = |variables, path: &str| assert_eq!(found(variables), Ok(path.into()));
        is(&[("GOCACHE", "/c"), ("HOME", "/h")], "/c");
        is(&[("HOME", "/h")], "/h/.cache/go-build");
        is(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")], "/x/go-build");
        is(&[("GOCACHE", ""), ("HOME", "/h")], "/h/.cache/go-build");
    }

    #[test]
    fn says_why_there_is_none() {
        assert!(found(&[("GOCACHE", "off")]).unwrap_err().contains("is off"));
        let relative = found(&[("GOCACHE", "c")]).unwrap_err();
        assert!(relative.contains("not an absolute path"), "{relative}");
        assert!(found(&[]).unwrap_err().contains("go env GOCACHE"));
    }
}
