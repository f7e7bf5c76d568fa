//! Which values of variables and flags a build record may show.
//!
//! The list is one of values, not of names: a token can stand in any variable, as
//! `user:password@host` in a proxy's, as `-X main.key=…` in GOFLAGS. What is not
//! known to be harmless is only said to be [`SET`], or [`WITHHELD`] in place of the
//! word; no digest stands for it, since short secrets are found from a digest by
//! trying.

mod forms;

use proto::buildinfo::keys::C_FLAGS;
use proto::goflags;

use forms::{
    BUILD_FLAG, BUILD_FLAG_NAME, C_WORD, COMPILER_WORD, EXPERIMENTS, GODEBUG, LINKER_WITH_VALUE,
    LINKER_WORD, PACKAGES, Pattern, REVISION, VALUES, VARIABLE_NAME, VARIABLE_VALUE, VCS,
};

/// Stands for the value of a variable that is set to something not shown.
pub const SET: &str = "set";

/// Stands for a word that is not shown.
pub const WITHHELD: &str = "…";

/// A text without what may not be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// Whether nothing was left out.
    pub is_whole: bool,
}

impl Shown {
    fn whole(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_whole: true,
        }
    }

    fn without(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_whole: false,
        }
    }
}

/// Shows a variable of the environment: its value, or that it is set.
pub fn variable(name: &str, value: &str) -> Shown {
    if value.is_empty() {
        return Shown::whole("");
    }
    if name == "GOFLAGS" {
        let words: Vec<Shown> = goflags::split(value)
            .iter()
            .map(|word| flag(word, None))
            .collect();
        return joined(&words);
    }
    if C_FLAGS.contains(&name) {
        return c_words(value);
    }
    let is_experiment = |one: &str| EXPERIMENTS.contains(&one.strip_prefix("no").unwrap_or(one));
    let is_known = match name {
        "GOEXPERIMENT" => value.split(',').all(is_experiment),
        _ => VALUES
            .iter()
            .any(|(names, values)| names.fits(name) && values.fits(value)),
    };
    if is_known {
        Shown::whole(value)
    } else {
        Shown::without(SET)
    }
}

/// Shows a flag of go build, `-name` or `-name=value`; `commit` is that of the
/// sources.
pub fn flag(word: &str, commit: Option<&str>) -> Shown {
    let word = word.replacen("--", "-", usize::from(word.starts_with("--")));
    if BUILD_FLAG.fits(&word) {
        return Shown::whole(word.strip_suffix("=true").unwrap_or(&word));
    }
    let (name, value) = word.split_once('=').unwrap_or((&word, ""));
    let shown = match name {
        "-ldflags" => linker_words(value, commit),
        "-gcflags" | "-asmflags" => for_packages(value),
        _ if BUILD_FLAG_NAME.fits(name) => Shown::without(WITHHELD),
        _ => return Shown::without(WITHHELD),
    };
    Shown {
        text: format!("{name}={}", shown.text),
        ..shown
    }
}

/// Shows a build setting, as `go version -m` prints them: what a program says of
/// its build.
pub fn setting(key: &str, value: &str, commit: Option<&str>) -> String {
    let shown = match key {
        "vcs.revision" if REVISION.fits(value) => Shown::whole(value),
        "vcs.time" | "vcs.modified" if VARIABLE_VALUE.fits(value) => Shown::whole(value),
        "vcs" if VCS.contains(&value) => Shown::whole(value),
        "DefaultGODEBUG" if GODEBUG.fits(value) => Shown::whole(value),
        "-compiler" | "-buildmode" | "-tags" | "-race" | "-trimpath" | "-cover" | "-asan"
        | "-msan" | "-pgo" | "-gcflags" | "-asmflags" | "-ldflags" => {
            let shown = flag(&format!("{key}={value}"), commit);
            let text = shown.text.split_once('=').map_or("true", |(_, text)| text);
            return text.to_owned();
        }
        _ => variable(key, value),
    };
    shown.text
}

/// Shows the value that `-ldflags=-X` gave a variable, as the program has it.
pub fn set_variable(name: &str, value: &str, commit: Option<&str>) -> String {
    let shown = variable_set(&format!("{name}={value}"), commit);
    let value = shown.text.split_once('=').map(|(_, value)| value);
    value.unwrap_or(WITHHELD).to_owned()
}

/// `-X name=value` and the other flags of Go's linker.
fn linker_words(text: &str, commit: Option<&str>) -> Shown {
    // A pattern of packages may stand before the flags.
    let (packages, text) = goflags::for_packages(text);
    let mut words = goflags::split(text).into_iter();
    let mut shown = Vec::new();
    while let Some(word) = words.next() {
        let word = word.replacen("--", "-", usize::from(word.starts_with("--")));
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None if LINKER_WITH_VALUE.fits(&word) => (word, words.next()),
            None => (word, None),
        };
        shown.push(match (name.as_str(), value) {
            ("-X", Some(set)) => variable_set(&set, commit),
            ("-extldflags", Some(value)) => {
                let inner = c_words(&value);
                Shown {
                    text: format!("-extldflags='{}'", inner.text),
                    ..inner
                }
            }
            (name, value) => {
                let word = match value {
                    Some(value) => format!("{name}={value}"),
                    None => name.to_owned(),
                };
                known(&LINKER_WORD, &word)
            }
        });
    }
    prefixed(packages, joined(&shown))
}

/// What `-X` sets. The value is shown only when it has the form of something
/// that everybody knows who has the sources.
fn variable_set(text: &str, commit: Option<&str>) -> Shown {
    let Some((name, value)) = text.split_once('=') else {
        return Shown::without(format!("-X {WITHHELD}"));
    };
    if !VARIABLE_NAME.fits(name) {
        return Shown::without(format!("-X {WITHHELD}"));
    }
    let is_commit = |commit: &str| value.len() >= COMMIT_LEN_MIN && commit.starts_with(value);
    if value.is_empty() || VARIABLE_VALUE.fits(value) || commit.is_some_and(is_commit) {
        Shown::whole(format!("-X {name}={value}"))
    } else {
        Shown::without(format!("-X {name}={WITHHELD}"))
    }
}

/// Fewer digits of a commit could be anything.
const COMMIT_LEN_MIN: usize = 7;

/// The value of `-gcflags` and its kind: `[pattern=]words`.
fn for_packages(text: &str) -> Shown {
    let (packages, words) = goflags::for_packages(text);
    let words: Vec<Shown> = goflags::split(words)
        .iter()
        .map(|word| known(&COMPILER_WORD, word))
        .collect();
    prefixed(packages, joined(&words))
}

fn prefixed(packages: Option<&str>, shown: Shown) -> Shown {
    match packages {
        None => shown,
        Some(packages) => {
            let packages = known(&PACKAGES, packages);
            Shown {
                text: format!("{}={}", packages.text, shown.text),
                is_whole: packages.is_whole && shown.is_whole,
            }
        }
    }
}

fn c_words(text: &str) -> Shown {
    let words: Vec<Shown> = goflags::split(text)
        .iter()
        .map(|word| known(&C_WORD, word))
        .collect();
    joined(&words)
}

fn known(words: &Pattern, word: &str) -> Shown {
    if words.fits(word) {
        Shown::whole(word)
    } else {
        Shown::without(WITHHELD)
    }
}

fn joined(words: &[Shown]) -> Shown {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    Shown {
        text: texts.join(" "),
        is_whole: words.iter().all(|word| word.is_whole),
    }
}

#[cfg(test)]
mod tests;
