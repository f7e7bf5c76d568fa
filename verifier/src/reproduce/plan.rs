//! One way to build the program: release, variables, flags, how the source is put up.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::tree::Tree;
use crate::recipe::{LDFLAGS, LinkerFlags, Recipe, shell};

/// One way to build the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Plan {
    /// The Go release: `go1.27.3`.
    pub release: String,
    /// Variables, in the order in which they are printed.
    pub variables: Vec<(String, String)>,
    /// Flags of go build without `-ldflags`; one without a value has an empty one.
    pub flags: Vec<(String, String)>,
    /// Flags of the linker.
    pub linker: Linker,
    /// How the source is put up.
    pub tree: Tree,
    /// The go.mod of a main module that requires the source; `None` for the shortest one.
    pub go_mod: Option<String>,
    /// The folder of the source's package main whose files a [`Tree::Wrapper`] has.
    pub main: Option<String>,
    /// The tag that the repository has at the commit in place of all others: empty for
    /// none; `None` where its tags stay as they are.
    pub tag: Option<String>,
    /// The package, or its files, as go build takes them in the tree.
    pub packages: Vec<String>,
    /// Where folders are that the program names; `None` where they lie in the work folder.
    pub folders: Option<Folders>,
}

/// Flags of Go's linker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linker {
    /// The value of -ldflags as it was recorded.
    Recorded(String),
    /// The words of each flag.
    Flags(Vec<Vec<String>>),
}

/// Folders of the machine that built the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Folders {
    /// The main module's.
    pub source: Option<String>,
    /// The Go installation's.
    pub goroot: Option<String>,
    /// The module cache's.
    pub module_cache: Option<String>,
}

/// The variable that names another release.
const GOTOOLCHAIN: &str = "GOTOOLCHAIN";

/// Settings that go has by itself on every machine.
const DEFAULTS: [(&str, &str); 12] = [
    ("GOAMD64", "v1"),
    ("GOARM64", "v8.0"),
    ("GO386", "sse2"),
    ("GOMIPS", "hardfloat"),
    ("GOMIPS64", "hardfloat"),
    ("GOPPC64", "power8"),
    ("GORISCV64", "rva20u64"),
    ("CGO_CFLAGS", ""),
    ("CGO_CPPFLAGS", ""),
    ("CGO_CXXFLAGS", ""),
    ("CGO_FFLAGS", ""),
    ("CGO_LDFLAGS", ""),
];

impl Plan {
    /// Takes over what the file says.
    pub fn of(recipe: &Recipe, release: &str, tree: Tree, package: String) -> Self {
        let variables = recipe
            .variables()
            .filter(|(name, _)| *name != GOTOOLCHAIN)
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let flags = recipe
            .flags
            .iter()
            .map(|flag| (flag.name.clone(), flag.value.clone()));
        Self {
            release: release.into(),
            variables: variables.collect(),
            flags: flags.collect(),
            linker: Linker::of(&recipe.linker),
            tree,
            go_mod: None,
            main: None,
            tag: None,
            packages: vec![package],
            folders: None,
        }
    }

    /// Returns the value of a flag; empty for one without a value.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let mut flags = self.flags.iter();
        flags
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a flag, or takes it away.
    #[must_use]
    pub fn with_flag(mut self, name: &str, value: Option<&str>) -> Self {
        self.flags.retain(|(known, _)| known != name);
        self.flags
            .extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// Returns the value of a variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.variables.iter();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        match self.variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.variables.push((name.into(), value.into())),
        }
        self
    }

    /// Says whether paths of the building machine are left out.
    pub fn is_trimmed(&self) -> bool {
        self.flag("-trimpath").is_some()
    }

    /// Returns the flags of go build as words, those of the linker among them; `None`
    /// where the go command can be given no such text.
    pub fn words(&self) -> Option<Vec<String>> {
        let mut words: Vec<String> = self
            .flags
            .iter()
            .map(|(name, value)| match value.as_str() {
                "" => name.clone(),
                value => format!("{name}={value}"),
            })
            .collect();
        if let Some(text) = self.linker.text()? {
            words.push(format!("{LDFLAGS}={text}"));
        }
        Some(words)
    }

    /// Returns the command as a line for a POSIX shell, without what every go command
    /// does unasked. With a version it installs the package from the module cache.
    pub fn command(&self, version: Option<&str>) -> String {
        let toolchain = [(GOTOOLCHAIN.to_owned(), self.release.clone())];
        let variables = toolchain.iter().chain(&self.variables);
        let variables = variables
            .filter(|(name, value)| !DEFAULTS.contains(&(name, value)))
            .map(|(name, value)| format!("{name}={}", shell::word(value)));
        let words = self.words().unwrap_or_default();
        // Files of a module have no version control that could be asked.
        let is_needless = |word: &str| self.tree == Tree::Required && word == "-buildvcs=false";
        let words = words.iter().filter(|word| !is_needless(word));
        let verb = if version.is_some() {
            "install"
        } else {
            "build"
        };
        let package = |package: &String| match version {
            Some(version) => shell::word(&format!("{package}@{version}")),
            None => shell::word(package),
        };
        let all = variables
            .chain(["go".into(), verb.into()])
            .chain(words.map(|word| shell::argument(word)))
            .chain(self.packages.iter().map(package));
        all.collect::<Vec<String>>().join(" ")
    }

    /// Returns a name for the build of this plan with a toolchain and a source: SHA-256
    /// over all of it, in hexadecimal.
    pub fn name(&self, toolchain: &str, source: &str) -> String {
        let mut hash = Sha256::new();
        for part in [
            toolchain.as_bytes(),
            source.as_bytes(),
            &serde_json::to_vec(self).unwrap_or_default(),
        ] {
            hash.update(part);
            hash.update([0]);
        }
        hex::encode(hash.finalize())
    }
}

impl Linker {
    fn of(flags: &LinkerFlags) -> Self {
        match &flags.text {
            Some(text) if flags.is_complete => Self::Recorded(text.clone()),
            _ => {
                let all = flags.flags.iter();
                let words = all.map(|flag| match flag.name.strip_prefix("-X ") {
                    Some(name) => set(name, &flag.value),
                    None if flag.value.is_empty() && flag.name != "-buildid" => {
                        vec![flag.name.clone()]
                    }
                    None => vec![format!("{}={}", flag.name, flag.value)],
                });
                Self::Flags(words.collect())
            }
        }
    }

    /// Returns the value of -ldflags: `Some(None)` for no such flag, `None` where no text
    /// gives these words.
    pub fn text(&self) -> Option<Option<String>> {
        match self {
            Self::Recorded(text) => Some(Some(text.clone())),
            Self::Flags(flags) if flags.is_empty() => Some(None),
            Self::Flags(flags) => shell::join(flags.iter().flatten()).map(Some),
        }
    }
}

/// Takes words apart into flags: what has no value of its own takes the next word, but for
/// -s and -w, which need none.
pub fn flags(words: Vec<String>) -> Vec<Vec<String>> {
    let mut words = words.into_iter();
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let is_whole = word.contains('=') || word == "-s" || word == "-w";
        let value = if is_whole { None } else { words.next() };
        flags.push(std::iter::once(word).chain(value).collect());
    }
    flags
}

/// Returns the words that set a variable.
pub fn set(name: &str, value: &str) -> Vec<String> {
    vec!["-X".into(), format!("{name}={value}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(flags: Vec<Vec<String>>) -> Plan {
        Plan {
            release: "go1.27.3".into(),
            variables: vec![
                ("GOOS".into(), "linux".into()),
                ("GOAMD64".into(), "v1".into()),
            ],
            flags: vec![
                ("-trimpath".into(), String::new()),
                ("-tags".into(), "a,b".into()),
            ],
            linker: Linker::Flags(flags),
            tree: Tree::Commit,
            go_mod: None,
            main: None,
            tag: None,
            packages: vec!["./cmd/x".into()],
            folders: None,
        }
    }

    #[test]
    fn the_command_can_be_pasted() {
        let flags = vec![vec!["-s".into()], set("main.v", "a b")];
        assert_eq!(
            plan(flags).command(None),
            "GOTOOLCHAIN=go1.27.3 GOOS=linux go build -trimpath -tags=a,b \
             -ldflags='-s -X '\\''main.v=a b'\\''' ./cmd/x"
        );
        assert_eq!(
            plan(Vec::new()).command(Some("v1.0.0")),
            "GOTOOLCHAIN=go1.27.3 GOOS=linux go install -trimpath -tags=a,b ./cmd/x@v1.0.0"
        );
    }

    #[test]
    fn words_are_flags_again() {
        let all = [
            vec!["-s".to_owned()],
            set("main.v", "a b"),
            vec!["-X=main.w=-w".into()],
            vec!["-extldflags".into(), "-static".into()],
            vec!["-w".into()],
        ];
        assert_eq!(flags(all.concat()), all);
    }

    #[test]
    fn whatever_differs_has_another_name() {
        let one = plan(Vec::new());
        let others = [
            one.clone().with_flag("-tags", None),
            one.clone().with_variable("GOOS", "darwin"),
            plan(vec![vec!["-s".into()]]),
            Plan {
                tree: Tree::Module,
                ..one.clone()
            },
        ];
        let name = one.name("t", "s");
        assert!(others.iter().all(|other| other.name("t", "s") != name));
        assert!(one.name("t", "x") != name && one.name("x", "s") != name);
        assert_eq!(one.name("t", "s"), name);
    }
}
