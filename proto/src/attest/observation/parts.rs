//! The parts of an observation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attest::closure::Summary;
use crate::attest::digest::Digest;

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name: `verify-build`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How a build ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Outcome {
    /// A program came out. Whether it is the right one is not asked.
    Built {
        /// What a file that was given had, and the program has too; null where none was
        /// given.
        expected: Option<Digest>,
    },
    /// A program came out that is not the one expected: a published file, or this host's
    /// own build before.
    Differed {
        /// The SHA-256 of what was expected.
        expected: Digest,
        /// Why, as far as comparing the two has told.
        causes: Vec<Cause>,
    },
    /// No program came out.
    Failed {
        /// What was expected; null where nothing was given.
        expected: Option<Digest>,
        /// The step that failed and its last words, cleaned of folders and secrets.
        reason: String,
    },
}

impl Outcome {
    /// Returns what was expected.
    pub fn expected(&self) -> Option<Digest> {
        match self {
            Self::Built { expected } | Self::Failed { expected, .. } => *expected,
            Self::Differed { expected, .. } => Some(*expected),
        }
    }
}

/// Why two programs differ, in the names that `verify-build a b` has for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The cause's stable name, such as `source-content`.
    pub name: String,
    /// How sure it is: `proven`, `likely` or `possible`.
    pub confidence: String,
    /// In one sentence.
    pub summary: String,
}

/// The program that came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The program's file name.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The Go build ID, as the file has it: `A/B/C/D`; null where there is none.
    pub build_id: Option<String>,
    /// Whether the file is what its build ID says.
    pub self_check: SelfCheck,
    /// The Go version that the program names.
    pub go_version: Option<String>,
    /// The main module.
    pub main: Option<Module>,
    /// The modules linked in, in the order of the program's build information.
    pub modules: Vec<Module>,
    /// The build settings in the program, by name, as far as they may be published.
    pub settings: BTreeMap<String, String>,
    /// Digests of the program with something left out, by what was: equal ones are equal
    /// after masking. `stamps` leaves out what `--accept masked` does.
    pub masked: BTreeMap<String, Digest>,
}

/// Whether the part D of a build ID is that of the file around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SelfCheck {
    /// It is.
    Holds,
    /// The file was changed after it was built.
    Fails,
    /// There is nothing to check.
    None,
}

/// A module in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Its path.
    pub path: String,
    /// Its version; `(devel)` when go knew none.
    pub version: String,
    /// Its `h1:` sum; empty where there is none.
    pub sum: String,
    /// What stands in its place.
    pub replace: Option<Box<Self>>,
}

impl Module {
    /// Takes it from build information.
    pub fn of(module: &crate::buildinfo::Module) -> Self {
        Self {
            path: module.path.clone(),
            version: module.version.clone(),
            sum: module.sum.clone(),
            replace: module.replace.as_deref().map(|by| Box::new(Self::of(by))),
        }
    }
}

/// How a build found its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Empty, and of this build alone.
    Cold,
    /// As an equal build on the same host right before had left it.
    Warm,
    /// As others had left it: a folder that was given.
    Shared,
    /// Behind a program that the go command asked (GOCACHEPROG).
    Cacheprog,
}

impl Mode {
    /// Returns the word that observations have.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Shared => "shared",
            Self::Cacheprog => "cacheprog",
        }
    }
}

/// A build's cache, and what the build took from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How the build found it.
    pub mode: Mode,
    /// What the counts and the closure rest on.
    pub evidence: Evidence,
    /// Outputs that the go command took from it.
    pub hits: u64,
    /// Outputs that the go command made and put into it.
    pub puts: u64,
    /// The packages that the build consumed, taken from the cache and made anew; null
    /// where they are not known.
    pub closure: Option<Summary>,
    /// Whether what lies in the cache is what its names say.
    pub audit: Audit,
}

/// How it is known what a build took from its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The go command asked a program of ours for each output (GOCACHEPROG, since Go
    /// 1.24).
    Requests,
    /// The cache was listed before and after: what was taken is what was there and is
    /// needed, as far as names tell.
    Listing,
    /// It is not.
    None,
}

/// What an audit of the cache has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Audit {
    /// Every package was read, and is what index, name and build ID say.
    Clean {},
    /// Something is not.
    Damaged {
        /// What, in a sentence each.
        findings: Vec<String>,
    },
    /// Nobody looked, or not everything could be judged.
    None {},
}

/// What is true of the host. What can't be told is null, and splits no groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The operating system's image: `ID VERSION_ID` of os-release, or the digest of a
    /// container's image.
    pub image: Option<String>,
    /// Kernel and release.
    pub kernel: Option<String>,
    /// The operating system in Go's words.
    pub os: String,
    /// The architecture in Go's words.
    pub arch: String,
    /// Processors that builds may use; 0 where that can't be told.
    pub cpus: u64,
    /// Where the cache's content came from: a path, an address, a name; null for a cache
    /// of the build's own.
    pub cache_source: Option<String>,
    /// The first line of `cc --version`.
    pub c_toolchain: Option<String>,
    /// The `h1:` of the whole Go installation, as the checksum database has it of an
    /// official one.
    pub toolchain_h1: Option<String>,
    /// What else may shape a build, by name: `user`, `hostname`, `cpu`, `locale` and so
    /// on, as far as they may be published.
    pub facts: BTreeMap<String, String>,
}

/// What ties an observation to a request and to the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// What somebody asked to be signed: this was signed after it was given out. When
    /// the build was made, it does not tell.
    pub nonce: Option<String>,
    /// The digest of the key's observation before this one; null where the chain begins.
    pub previous: Option<Digest>,
}

/// What is true of one build alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// When the build began by the host's clock, in seconds since 1970.
    pub time_s: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Folders by what they are for: `source`, `goroot`, `gocache`, `home`.
    pub folders: BTreeMap<String, String>,
    /// What was varied on purpose, by name, and how.
    pub varied: BTreeMap<String, String>,
}

pub(super) fn sample() -> super::Observation {
    use crate::inputs::{Inputs, Source, Toolchain};
    let program = b"a program";
    super::Observation {
        tool: Tool {
            name: "verify-build".into(),
            version: "0.1.0".into(),
        },
        inputs: Inputs {
            package: "example.com/tool".into(),
            source: Source {
                h1: Some("h1:/lwrad8jm+0aFkWLAYKiHQaRorn1in/11nBslS4x6VI=".into()),
                ..Source::default()
            },
            toolchain: Toolchain {
                version: "go1.27.3".into(),
                h1: Some("h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=".into()),
            },
            flags: vec!["-trimpath".into()],
            target: [("GOOS", "linux"), ("GOARCH", "amd64")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            cgo: None,
            unstated: [].into(),
        },
        result: Outcome::Built { expected: None },
        product: Some(Product {
            name: "tool".into(),
            size: program.len() as u64,
            sha256: Digest::of(program),
            build_id: None,
            self_check: SelfCheck::Holds,
            go_version: Some("go1.27.3".into()),
            main: Some(Module {
                path: "example.com/tool".into(),
                version: "(devel)".into(),
                sum: String::new(),
                replace: None,
            }),
            modules: Vec::new(),
            settings: BTreeMap::new(),
            masked: BTreeMap::new(),
        }),
        cache: Cache {
            mode: Mode::Cold,
            evidence: Evidence::Requests,
            hits: 0,
            puts: 59,
            closure: None,
            audit: Audit::Clean {},
        },
        link_preimage: None,
        host: Host {
            image: Some("debian 13".into()),
            kernel: Some("Linux 6.12.0".into()),
            os: "linux".into(),
            arch: "amd64".into(),
            cpus: 2,
            cache_source: None,
            c_toolchain: None,
            toolchain_h1: None,
            facts: BTreeMap::new(),
        },
        chain: Chain::default(),
        observed: Observed {
            time_s: 1_795_651_200,
            duration_ms: 4200,
            folders: [("source".to_owned(), "/src/tool".to_owned())].into(),
            varied: BTreeMap::new(),
        },
    }
}
