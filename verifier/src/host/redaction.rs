//! What other programs print, without the secrets they were given: go names the
//! address of a proxy that refused it, a C compiler's wrapper its whole command.
//!
//! A value of the environment becomes `$NAME`, so that `/home/me/go/pkg` reads
//! `$HOME/go/pkg`. Of a value that is more than one word, such as
//! `https://me:token@proxy/x`, each part that could be a secret is replaced too; one
//! of small letters alone is taken for a word, except before an `@`.

use std::ffi::{OsStr, OsString};

use super::public::{self, WITHHELD};

/// What to look for, and what stands in its place.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// The longest first, so that no part of one is replaced before the whole.
    pieces: Vec<(String, String)>,
}

/// Variables whose values say nothing that the folder and the terminal do not.
const HARMLESS: &[&str] = &["COLUMNS", "OLDPWD", "PWD", "SHELL", "SHLVL", "TERM", "_"];

/// Shorter words stand in every text; a secret as short is none.
const LEN_MIN: usize = 8;

/// What separates the parts of addresses, lists, headers and flags.
const SEPARATORS: &[char] = &[
    '/', ':', '@', '?', '&', '=', ',', ';', '|', '\'', '"', '(', ')', ' ', '\t', '\n', '\r',
];

impl Redaction {
    /// Looks for the values of variables and of flags of go build that may not be
    /// published.
    pub fn of<'a>(
        variables: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
        flags: &[OsString],
    ) -> Self {
        let mut redaction = Self::default();
        for (name, value) in variables {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            if !HARMLESS.contains(&&*name) && !public::variable(&name, &value).is_whole {
                redaction.add(&value, &format!("${name}"));
            }
        }
        for word in flags {
            let word = word.to_string_lossy();
            if !public::flag(&word, None).is_whole {
                redaction.add_parts(&word, WITHHELD);
            }
        }
        redaction
            .pieces
            .sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        redaction.pieces.dedup_by(|(a, _), (b, _)| a == b);
        redaction
    }

    /// Returns a text with every secret replaced.
    pub fn text(&self, text: &str) -> String {
        let pieces = self.pieces.iter();
        pieces.fold(text.to_owned(), |text, (secret, name)| {
            if text.contains(secret) {
                text.replace(secret, name)
            } else {
                text
            }
        })
    }

    fn add(&mut self, value: &str, name: &str) {
        if value.len() >= LEN_MIN {
            self.pieces.push((value.to_owned(), name.to_owned()));
        }
        self.add_parts(value, name);
    }

    fn add_parts(&mut self, value: &str, name: &str) {
        let is_paths = value.starts_with('/') && !value.contains(['@', '=', ' ', '?', '\'', '"']);
        if is_paths {
            // The parts of paths stand in other paths: x86_64-linux-gnu.
            let paths = value.split(':');
            let odd = paths.filter(|path| path.len() >= LEN_MIN && !is_plain(path));
            self.pieces
                .extend(odd.map(|path| (path.to_owned(), name.to_owned())));
            return;
        }
        // User and password, also shorter and plainer than what is replaced elsewhere.
        for word in value.split([' ', ',', '|', '\'', '"']) {
            let address = word.split_once("://").map_or(word, |(_, rest)| rest);
            if let Some((user, _)) = address.rsplit_once('@') {
                let parts = user.split(':').filter(|part| part.len() >= USER_LEN_MIN);
                self.pieces
                    .extend(parts.map(|part| (part.to_owned(), name.to_owned())));
            }
        }
        let parts = value.split(SEPARATORS);
        let secret = parts.filter(|part| part.len() >= LEN_MIN && !is_plain(part));
        self.pieces
            .extend(secret.map(|part| (part.to_owned(), name.to_owned())));
    }
}

/// A user called `git` is no secret.
const USER_LEN_MIN: usize = 4;

/// Says whether a part is made of the words of a path, a host or a flag's name:
/// small letters, slashes, dots and hyphens.
fn is_plain(part: &str) -> bool {
    part.bytes()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'/' | b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(variables: &[(&str, &str)], flags: &[&str], text: &str) -> String {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsStr::new(*name), OsStr::new(*value)));
        let flags: Vec<OsString> = flags.iter().map(OsString::from).collect();
        Redaction::of(variables, &flags).text(text)
    }

    #[test]
    fn values_become_names() {
        let variables = [
            ("HOME", "/home/someone"),
            ("HTTPS_PROXY", "me:pass@proxy:80"),
        ];
        let text = "open /home/someone/.config/go/env: dial me:pass@proxy:80";
        let want = "open $HOME/.config/go/env: dial $HTTPS_PROXY";
        assert_eq!(redacted(&variables, &[], text), want);
    }

    #[test]
    fn parts_of_values_do_too() {
        let table = [
            (
                "GOPROXY",
                "https://proxy.example/t0kenT0ken,direct",
                "t0kenT0ken",
            ),
            ("GOPROXY", "https://me:secret@proxy.example", "secret"),
            ("HTTPS_PROXY", "me:secret@proxy.example", "secret"),
            (
                "GOPROXY",
                "https://proxy.example/?token=Abcdefgh",
                "Abcdefgh",
            ),
            (
                "GIT_CONFIG_PARAMETERS",
                "'http.extraheader=Authorization: Basic bWU6c2VjcmV0'",
                "bWU6c2VjcmV0",
            ),
            ("GIT_SSH_COMMAND", "sshpass -p Pa55word ssh", "Pa55word"),
            ("GOFLAGS", "'-ldflags=-X main.key=k3yk3yk3y'", "k3yk3yk3y"),
        ];
        for (name, value, secret) in table {
            let text = format!("it said {secret}.");
            let want = format!("it said ${name}.");
            assert_eq!(redacted(&[(name, value)], &[], &text), want, "{value}");
        }
        let flags = ["-ldflags=-X main.key=k3yk3yk3y", "-trimpath"];
        let text = "link -X main.key=k3yk3yk3y -trimpath";
        assert_eq!(redacted(&[], &flags, text), "link -X main.key=… -trimpath");
    }

    #[test]
    fn what_everybody_may_read_stays() {
        let variables = [
            ("GOPROXY", "https://proxy.example/modules,direct"),
            ("GOFLAGS", "-trimpath -mod=vendor"),
            ("PWD", "/home/someone/src"),
            ("USER", "someone"),
            ("CI", "true"),
            ("PATH", "/usr/bin:/usr/lib/x86_64-linux-gnu/bin"),
        ];
        let text = "-mod=vendor: no modules in /home/someone/src, direct and true, proxy.example, x86_64-linux-gnu";
        assert_eq!(redacted(&variables, &[], text), text);
    }
}
