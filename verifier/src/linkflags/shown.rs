//! What a file shows of the linker's flags.

use crate::artifact::Artifact;
use crate::goinfo::version::GoVersion;
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
    /// Whether -s leaves symbols in such a file, so that these do not tell it from -w.
    pub keeps_symbols: bool,
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
            keeps_symbols: keeps_symbols(artifact),
            facts: Facts {
                commit: setting("vcs.revision"),
                time: setting("vcs.time"),
                version,
            },
            ..Self::default()
        }
    }

    /// Says what was left out by the flags -s and -w that a file shows: -s leaves out debug
    /// information as well.
    pub fn stripped_by(&self, symbols: bool, debug: bool) -> Option<Stripped> {
        match (symbols, debug) {
            (true, _) => Some(Stripped::All),
            (false, true) if self.keeps_symbols => None,
            (false, true) => Some(Stripped::Debug),
            (false, false) => Some(Stripped::Nothing),
        }
    }

    /// Takes flags that are known, each a word or two, in no order.
    #[must_use]
    pub fn with_flags(mut self, flags: &[Vec<String>]) -> Self {
        let joined = || flags.iter().map(|flag| flag.join("="));
        let has = |name: &str| joined().any(|flag| flag == name);
        self.stripped = self.stripped_by(has("-s"), has("-w"));
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

/// The first release whose -s leaves symbols out of programs for macOS, too.
///
/// Source: go.dev/doc/go1.22 (linker)
const STRIPS_MACOS_SINCE: (u32, u32) = (1, 22);

fn keeps_symbols(artifact: &Artifact) -> bool {
    let version = artifact.go.version().and_then(GoVersion::parse);
    let is_older = |version: GoVersion| (version.major, version.minor) < STRIPS_MACOS_SINCE;
    artifact.image.format == Format::MachO && version.is_some_and(is_older)
}
