//! The command line of `go build`: which words are flags, which packages.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use thiserror::Error;

/// What is wrong with the words after `verify-build rebuild`.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// Only flags.
    #[error("name the package to build after the flags: verify-build rebuild -trimpath .")]
    NoPackage,
    /// A flag that takes a value stands last.
    #[error("{flag} needs a value")]
    NoValue {
        /// The flag.
        flag: String,
    },
    /// A flag of this program stands among go's.
    #[error("{flag} belongs to verify-build; write it before the flags of go build")]
    Ours {
        /// The flag.
        flag: String,
    },
    /// A flag with which nothing is built.
    #[error("{flag} can't be used here: {reason}")]
    Refused {
        /// The flag.
        flag: String,
        /// Why.
        reason: &'static str,
    },
}

/// A command line of `go build`, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoBuild {
    /// The flags, without `-o` and `-C`.
    pub flags: Vec<OsString>,
    /// Package paths or files.
    pub packages: Vec<OsString>,
    /// The value of `-o`: where the program is put if every build agrees.
    pub output: Option<PathBuf>,
    /// The value of `-C`: where to go first.
    pub folder: Option<PathBuf>,
}

/// Flags that take the next word as their value, where none is given by `=`.
///
/// Source: `go help build`, Go 1.27, and cmd/go/internal/work/build.go
const WITH_VALUE: &[&str] = &[
    "C",
    "asmflags",
    "buildmode",
    "compiler",
    "covermode",
    "coverpkg",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "mod",
    "modfile",
    "o",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "tags",
    "toolexec",
];

/// Long flags of ours that somebody may write too late.
const OURS: &[&str] = &[
    "cacheprog",
    "color",
    "fact",
    "format",
    "gocache",
    "go",
    "image",
    "keep",
    "key",
    "max-builds",
    "nonce",
    "out",
    "pass",
    "previous",
    "quiet",
    "record",
    "skip",
    "timeout",
    "vary",
    "verbose",
];

impl GoBuild {
    /// Takes the words apart as the go command does: flags end at the first
    /// word that is none.
    ///
    /// # Errors
    /// See [`enum@Error`]; flags that go does not know are left for go to refuse.
    pub fn parse(words: &[OsString]) -> Result<Self, Error> {
        let mut build = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                continue;
            }
            let Some((name, value)) = flag(word) else {
                build.packages.push(word.clone());
                build.packages.extend(words.cloned());
                break;
            };
            if word.to_string_lossy().starts_with("--") && OURS.contains(&name.as_str()) {
                return Err(Error::Ours {
                    flag: format!("--{name}"),
                });
            }
            let value = match value {
                None if WITH_VALUE.contains(&name.as_str()) => {
                    let next = words.next().ok_or_else(|| Error::NoValue {
                        flag: format!("-{name}"),
                    })?;
                    Some(next.clone())
                }
                value => value,
            };
            build.add(&name, value)?;
        }
        match build.late() {
            Some(flag) => Err(Error::Ours { flag }),
            None if build.packages.is_empty() => Err(Error::NoPackage),
            None => Ok(build),
        }
    }

    /// Returns the value of a flag, the last one given; empty for a flag that
    /// has none.
    pub fn value(&self, name: &str) -> Option<OsString> {
        self.flags
            .iter()
            .rev()
            .filter_map(|word| flag(word))
            .find(|(flag, _)| flag == name)
            .map(|(_, value)| value.unwrap_or_default())
    }

    fn add(&mut self, name: &str, value: Option<OsString>) -> Result<(), Error> {
        let refuse = |reason| {
            Err(Error::Refused {
                flag: format!("-{name}"),
                reason,
            })
        };
        match (name, value) {
            ("o", value) => self.output = value.map(PathBuf::from),
            ("C", value) => self.folder = value.map(PathBuf::from),
            ("n", _) => return refuse("it builds nothing"),
            ("work", _) => return refuse("it would leave a folder behind for each build"),
            ("pkgdir", _) => return refuse("it would join the builds that must be apart"),
            (_, None) => self.flags.push(format!("-{name}").into()),
            (_, Some(value)) => {
                let mut word = OsString::from(format!("-{name}="));
                word.push(value);
                self.flags.push(word);
            }
        }
        Ok(())
    }

    /// One of our flags among the packages, where go would look for a package
    /// of that name.
    fn late(&self) -> Option<String> {
        let words = self.packages.iter().map(|word| word.to_string_lossy());
        words.into_iter().find_map(|word| {
            let name = word.strip_prefix("--")?.split('=').next()?.to_owned();
            OURS.contains(&name.as_str()).then(|| format!("--{name}"))
        })
    }
}

/// Splits `-name`, `--name`, `-name=value`.
fn flag(word: &OsStr) -> Option<(String, Option<OsString>)> {
    let bytes = word.as_encoded_bytes();
    let name = bytes.strip_prefix(b"-")?;
    let name = name.strip_prefix(b"-").unwrap_or(name);
    if name.is_empty() || name[0] == b'-' || name[0] == b'=' {
        return None;
    }
    let (name, value) = match name.iter().position(|byte| *byte == b'=') {
        None => (name, None),
        Some(end) => (&name[..end], Some(&name[end + 1..])),
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Some((name, value.and_then(|value| part(word, value))))
}

/// Returns the end of a word as a word of its own.
#[cfg(unix)]
fn part(_: &OsStr, end: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(OsStr::from_bytes(end).to_owned())
}

#[cfg(not(unix))]
fn part(_: &OsStr, end: &[u8]) -> Option<OsString> {
    std::str::from_utf8(end).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<GoBuild, Error> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        GoBuild::parse(&words)
    }

    #[test]
    fn flags_and_packages_are_told_apart() {
        let table: &[(&[&str], &[&str], &[&str])] = &[
            (&["."], &[], &["."]),
            (&["-trimpath", "./cmd/x"], &["-trimpath"], &["./cmd/x"]),
            (&["--trimpath", "."], &["-trimpath"], &["."]),
            // A value of its own word is joined: "-s" must not become a flag.
            (&["-ldflags", "-s -w", "."], &["-ldflags=-s -w"], &["."]),
            (&["-ldflags=-X a=b c", "."], &["-ldflags=-X a=b c"], &["."]),
            // What go does not know takes no value.
            (&["-new", "."], &["-new"], &["."]),
            (&["a.go", "b.go"], &[], &["a.go", "b.go"]),
            (&["--", "-race", "."], &["-race"], &["."]),
        ];
        for (words, flags, packages) in table {
            let build = parse(words).unwrap();
            assert_eq!(build.flags, *flags, "{words:?}");
            assert_eq!(build.packages, *packages, "{words:?}");
        }
    }

    #[test]
    fn where_to_go_and_what_to_write_are_ours() {
        let build = parse(&["-C", "sub dir", "-o=out", "-p", "2", "."]).unwrap();
        assert_eq!(build.folder, Some("sub dir".into()));
        assert_eq!(build.output, Some("out".into()));
        assert_eq!(build.flags, ["-p=2"]);
        assert_eq!(build.value("p"), Some("2".into()));
        assert_eq!(build.value("trimpath"), None);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse(&["-trimpath"]), Err(Error::NoPackage));
        let ours = |flag: &str| Err(Error::Ours { flag: flag.into() });
        assert_eq!(
            parse(&["-trimpath", ".", "--format=json"]),
            ours("--format")
        );
        assert_eq!(parse(&["-race", "--timeout", "5m", "."]), ours("--timeout"));
        let no_value = Error::NoValue {
            flag: "-tags".into(),
        };
        assert_eq!(parse(&["-tags"]), Err(no_value));
        assert!(matches!(parse(&["-n", "."]), Err(Error::Refused { .. })));
    }
}
