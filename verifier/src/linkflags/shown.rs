//! What a file shows of the linker's flags.

use crate::artifact::Artifact;
use crate::image::Format;

/// What a file shows of the linker's flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// What was left out; `None` where the file does not tell.
    pub stripped: Option<Stripped>,
    /// Variables and their values that -X may have given.
    pub variables: Vec<(String, String)>,
    /// Other flags, each as one word: `-linkmode=external`.
    pub others: Vec<String>,
    /// Whether the host's linker linked it.
    pub is_external: bool,
    /// Whether no library is loaded beside it.
    pub is_static: bool,
    /// Whether the file is for Windows.
    pub is_windows: bool,
    /// The commit, its time and the version, where they are known: what projects often pass
    /// to variables that the program may not have.
    pub facts: Facts,
}

/// What was left out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stripped {
    /// Nothing.
    Nothing,
    /// Debug information: -w.
    Debug,
    /// Symbols as well: -s.
    All,
}

/// What is known of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The commit.
    pub commit: Option<String>,
    /// Its time.
    pub time: Option<String>,
    /// The version, with its v.
    pub version: Option<String>,
}

impl Shown {
    /// Reads off a file how it was linked, and which commit it names.
    pub fn of(artifact: &Artifact) -> Self {
        let image = &artifact.image;
        let setting = |key: &str| artifact.go.setting(key).map(str::to_owned);
        let main = artifact.go.info().and_then(|info| info.main.as_ref());
        let version = main
            .map(|main| main.version.clone())
            .filter(|version| version.starts_with('v'));
        Self {
            is_external: image.is_externally_linked() == Some(true),
            is_static: image.linkage.is_static == Some(true),
            is_windows: image.format == Format::Pe,
            facts: Facts {
                commit: setting("vcs.revision"),
                time: setting("vcs.time"),
                version,
            },
            ..Self::default()
        }
    }

    /// Takes flags that are known, each a word or two, in no order.
    #[must_use]
    pub fn with_flags(mut self, flags: &[Vec<String>]) -> Self {
        let joined = || flags.iter().map(|flag| flag.join("="));
        let has = |name: &str| joined().any(|flag| flag == name);
        self.stripped = Some(Stripped::by(has("-s"), has("-w")));
        for flag in joined().filter(|flag| flag != "-s" && flag != "-w") {
            let assigned = flag.strip_prefix("-X=").and_then(|set| set.split_once('='));
            match assigned {
                Some((name, value)) => self.variables.push((name.into(), value.into())),
                None => self.others.push(flag),
            }
        }
        self
    }
}

impl Stripped {
    /// By the flags -s and -w: -s leaves out debug information as well.
    pub fn by(symbols: bool, debug: bool) -> Self {
        match (symbols, debug) {
            (true, _) => Self::All,
            (false, true) => Self::Debug,
            (false, false) => Self::Nothing,
        }
    }
}
