//! The file that `go env -w` writes.

use std::path::{Path, PathBuf};

use super::Environment;

/// Returns where it is, whether or not it is there yet; `None` where GOENV is `off`, or
/// nothing says where: no home, or an XDG_CONFIG_HOME that is not an absolute path.
///
/// Source: cmd/go/internal/cfg EnvFile; os.UserConfigDir
pub fn file(environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = environment.var("GOENV") {
        return (named != "off").then(|| PathBuf::from(named));
    }
    usual(environment, std::env::consts::OS)
}

fn usual(environment: &Environment, os: &str) -> Option<PathBuf> {
    let home = |inside: &str| Some(Path::new(environment.var("HOME")?).join(inside));
    let folder = match (os, environment.var("XDG_CONFIG_HOME")) {
        ("macos", _) => home("Library/Application Support")?,
        (_, None) => home(".config")?,
        (_, Some(folder)) => PathBuf::from(folder),
    };
    folder.is_absolute().then(|| folder.join("go/env"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_where_the_go_command_looks_for_it() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>);
        let xdg = ("XDG_CONFIG_HOME", "/config");
        let home = ("HOME", "/home/me");
        let table: [Case<'_>; 9] = [
            (&[home], "linux", Some("/home/me/.config/go/env")),
            (&[home, xdg], "linux", Some("/config/go/env")),
            (&[xdg], "linux", Some("/config/go/env")),
            (&[home, ("XDG_CONFIG_HOME", "config")], "linux", None),
            (
                &[home, ("XDG_CONFIG_HOME", "")],
                "linux",
                Some("/home/me/.config/go/env"),
            ),
            (&[("HOME", "me")], "linux", None),
            (&[], "linux", None),
            // XDG_CONFIG_HOME is not read there.
            (
                &[home, xdg],
                "macos",
                Some("/home/me/Library/Application Support/go/env"),
            ),
            (&[xdg], "macos", None),
        ];
        for (variables, os, want) in table {
            let environment = Environment::new(variables.iter().copied());
            let found = usual(&environment, os);
            assert_eq!(found.as_deref(), want.map(Path::new), "{variables:?} {os}");
        }
    }

    #[test]
    fn goenv_names_it_or_turns_it_off() {
        let named = |value: &str| {
            file(&Environment::new([
                ("GOENV", value),
                ("XDG_CONFIG_HOME", "/config"),
                ("HOME", "/home/me"),
            ]))
        };
        assert_eq!(named("/etc/go.env"), Some("/etc/go.env".into()));
        assert_eq!(named("off"), None);
        assert!(named("").is_some_and(|path| path.ends_with("go/env")));
    }
}
