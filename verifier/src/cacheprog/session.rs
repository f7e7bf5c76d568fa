//! What one run found, as it is written to `sessions/` and printed.
//!
//! Its form is `schema/cacheprog-v1.json`. Fields are added within version 1;
//! none is renamed, removed or given another meaning.

use serde::{Deserialize, Serialize};

/// The name and version of the form.
pub(super) const SCHEMA: &str = "verify-build/cacheprog-v1";

/// The most findings told; the rest is counted.
pub(super) const FINDINGS_MAX: usize = 1000;

/// The most problems told.
pub(super) const PROBLEMS_MAX: usize = 100;

/// What one child of a go command found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Always [`SCHEMA`].
    pub(super) schema: String,
    pub(super) tool: Tool,
    pub(super) mode: Mode,
    /// The record's folder.
    pub(super) folder: String,
    /// RFC 3339.
    pub(super) started: String,
    /// RFC 3339; null while the run goes on, or when it was killed.
    pub(super) finished: Option<String>,
    /// How it ended; null while the run goes on, or when it was killed.
    #[serde(default)]
    pub(super) ending: Option<End>,
    pub(super) verdict: Verdict,
    pub(super) summary: String,
    pub(super) requests: Requests,
    pub(super) compared: Compared,
    pub(super) findings: Vec<Mismatch>,
    /// How many more findings there are.
    pub(super) findings_omitted: u64,
    /// Packages made that the record knows nothing of, by import path or action.
    pub(super) not_recorded: Vec<String>,
    /// What went wrong beside the findings.
    pub(super) problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    Record,
    Audit,
    Serve,
}

impl Mode {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Audit => "audit",
            Self::Serve => "serve",
        }
    }
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// The go command asked to close, with this request.
    Closed(i64),
    /// The input ended between requests: `go list`, a build that fails, or a go
    /// command that was killed.
    EndOfInput,
    /// What came could not be understood, or not be read.
    Broken(String),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum End {
    /// The go command asked to close.
    Closed,
    /// It was gone without a word: after a list and a build that fails it always
    /// is, and so it is when it was killed.
    Unclosed,
    /// What it said could not be understood, or ended within a request.
    Broken,
}

/// The answer of a run; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// All there was to compare is the same.
    Clean,
    /// Nothing is wrong with what was compared, but something could not be, or
    /// the run did not come to its end.
    Incomplete,
    /// Something differs, or was changed.
    Found,
}

/// What was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Requests {
    pub(super) gets: u64,
    pub(super) hits: u64,
    /// Packages among them whose build ID names the action they were handed out for.
    #[serde(default)]
    pub(super) hits_of_action: u64,
    pub(super) puts: u64,
    /// Requests answered with an error.
    pub(super) failed: u64,
    /// Bytes of bodies handed over by the go command.
    pub(super) bytes_put: u64,
    /// Bytes of the outputs handed out.
    pub(super) bytes_hit: u64,
}

/// What became of the outputs handed over, beside the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compared {
    /// The record has the same output for the action.
    pub(super) equal: u64,
    /// Packages among the equal ones.
    pub(super) equal_packages: u64,
    /// The record has another.
    pub(super) differing: u64,
    /// It has another, of a kind that may vary: test results, probes of C compilers.
    pub(super) varying: u64,
    /// It does not know the action.
    pub(super) not_recorded: u64,
    /// Packages among those.
    pub(super) not_recorded_packages: u64,
    /// It names a file that is gone.
    pub(super) missing: u64,
}

/// One output that is not as it was recorded, or one that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mismatch {
    pub(super) rule: Rule,
    /// The action, in hexadecimal.
    pub(super) action: String,
    /// What the output is: `archive`, `generated`, …; null when it can't be told.
    pub(super) kind: Option<String>,
    /// The package's import path.
    pub(super) package: Option<String>,
    /// Which of the package's outputs: `stdout`, `_cgo_gotypes.go`, …; null for
    /// the archive itself.
    pub(super) part: Option<String>,
    /// What the record says.
    pub(super) recorded: Option<Output>,
    /// What is there now.
    pub(super) now: Option<Output>,
    pub(super) summary: String,
    pub(super) fix: String,
}

/// An output, and the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Output {
    /// In hexadecimal.
    pub(super) sha256: String,
    /// In bytes.
    pub(super) size: u64,
    /// Null when no file is kept.
    pub(super) path: Option<String>,
}

/// What can be found. A name never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rule {
    /// The action was carried out again and gave another output.
    OutputDiffers,
    /// A recorded file does not have the bytes it is named after.
    FileChanged,
    /// A file was changed after it was handed out.
    ChangedInUse,
    /// The index leads to a package whose build ID names another action or another
    /// content, or that has none.
    OtherMaker,
    /// An index line can't be read.
    EntryDamaged,
    /// The go command named another SHA-256 than its body has.
    FalseOutputId,
}

impl Rule {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OutputDiffers => "output-differs",
            Self::FileChanged => "file-changed",
            Self::ChangedInUse => "changed-in-use",
            Self::OtherMaker => "other-maker",
            Self::EntryDamaged => "entry-damaged",
            Self::FalseOutputId => "false-output-id",
        }
    }
}
