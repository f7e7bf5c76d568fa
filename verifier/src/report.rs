//! The report: one value that holds everything a printer may show.
//!
//! Its serialised form is the JSON format, `schema/report-v1.json`. Fields are
//! added within version 1; none is renamed, removed or given another meaning.
//!
//! ```text
//! comparing, build   files compared, and what that gave taken down
//! file, functions, clusters, container, masked, debug
//!                    the parts of a report
//! checks, printed    every command's outcome, as far as printers have to know it
//! facts, rules       words for what a file tells and for what findings mean
//! figures            cards, tables and pictures for the page, as plain data
//! text, json         the formats that know what a report holds
//! ```
//!
//! The other formats are in [`proto::report`].

mod accepting;
pub mod build;
mod checks;
pub mod clusters;
pub mod comparing;
pub mod container;
pub mod contents;
pub mod debug;
pub mod facts;
mod figures;
mod file;
pub mod functions;
pub mod masked;
mod next;
pub mod printed;
pub mod rules;
pub mod text;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::cause::Cause;
use crate::diff::Verdict;
use crate::fix::Next;
use crate::linkflags::Searched;

pub use file::{
    BuildId, BuildInfo, File, Format, FunctionCount, HostId, Module, Parts, Section, SelfCheck,
    Setting, Signature,
};

/// The name and version of the report's form.
pub const SCHEMA: &str = "verify-build/report-v1";

/// What one run found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The program that wrote the report.
    pub tool: Tool,
    /// The answer for all files; null when nothing was compared.
    pub verdict: Option<Verdict>,
    /// What was good enough, when the run ends as if the files were equal because
    /// `--accept` was given: `masked` or `members`; the verdict is not changed.
    pub accepted: Option<&'static str>,
    /// The answer in one sentence.
    pub summary: String,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
    /// Each file, in the order given; then members of containers that differ.
    pub files: Vec<File>,
    /// Three and more files, grouped by what they share; null for fewer.
    pub clusters: Option<clusters::Clusters>,
    /// One file beside each of the others: the first of two, of more the first of
    /// the largest group of equal ones. Then pairs of members inside them.
    pub comparisons: Vec<Comparison>,
    /// Why files differ, strongest first within each comparison.
    pub causes: Vec<Explained>,
    /// What containers hold, those inside others after them; empty unless files
    /// were inspected.
    pub contents: Vec<contents::Contents>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, Serialize)]
pub struct Tool {
    /// Always `verify-build`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Tool {
    /// Returns this very program.
    pub fn this() -> Self {
        Self {
            name: "verify-build",
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Two files side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The indexes of both in `files`.
    pub files: [usize; 2],
    /// What sentences and text call them; members by their containers' letters.
    #[serde(skip)]
    pub letters: [String; 2],
    /// The pair that was compared in place of this one, when this one's files hold
    /// the same bytes as that one's.
    pub same_as: Option<[usize; 2]>,
    /// The answer for these two.
    pub verdict: Verdict,
    /// Why it is inconclusive.
    pub reason: Option<String>,
    /// Build-ID parts A, B, C, D: `=` where they agree, `X` where not.
    pub pattern: Option<String>,
    /// Lines of build information that differ.
    pub build_info: Vec<FieldDifference>,
    /// Parts of the files that differ.
    pub sections: Vec<SectionDifference>,
    /// How many parts are the same.
    pub sections_same: usize,
    /// The differing bytes added up.
    pub bytes: Bytes,
    /// Where they first differ outside build IDs, build information and signatures;
    /// null where they do not, or carry other files.
    pub first_bytes: Option<FirstBytes>,
    /// Whether they are equal once what names or signs a build is left out; null
    /// where that was not asked.
    pub masked: Option<masked::Masked>,
    /// Functions side by side; null when a file does not tell them.
    pub functions: Option<functions::Functions>,
    /// What they carry, where one of them carries other files and both were read.
    pub container: Option<container::Container>,
    /// What to run so that the file that is not given is built as the other was; null
    /// where none is given, or both were built in the same way as far as they tell.
    pub next: Option<Next>,
    /// The linker's flags that were tried for the file whose build has no log, where the
    /// other one's has and both link the same package main; null otherwise.
    pub linker_flags: Option<Searched>,
}

/// A line of build information that differs.
#[derive(Debug, Clone, Serialize)]
pub struct FieldDifference {
    /// The line: `go`, `path`, `mod`, `dep <path>`, `build <key>`.
    pub field: String,
    /// The first file's value; null where it has none.
    pub a: Option<String>,
    /// The second file's.
    pub b: Option<String>,
}

/// A part of the files that differs.
#[derive(Debug, Clone, Serialize)]
pub struct SectionDifference {
    /// Name.
    pub name: String,
    /// Size in the first file; null where it has none.
    pub size_a: Option<usize>,
    /// Size in the second file.
    pub size_b: Option<usize>,
    /// Bytes that differ at equal offsets, and those only one side has.
    pub differing: usize,
    /// Those of them in build IDs, build information and signatures.
    pub stamped: usize,
    /// Bytes of the first file that the second has nowhere in this part; null
    /// where that was not searched.
    pub new_a: Option<usize>,
    /// Bytes of the second file that the first has nowhere in this part.
    pub new_b: Option<usize>,
    /// Where the others are.
    pub ranges: Vec<Range>,
    /// How many more ranges there are.
    pub ranges_omitted: usize,
    /// All of them for a picture: those too close to be told apart there made one.
    #[serde(skip)]
    pub drawn: Vec<Range>,
}

/// A stretch that differs, in both files.
#[derive(Debug, Clone, Serialize)]
pub struct Range {
    /// Offset in the first file.
    pub offset_a: usize,
    /// Bytes there.
    pub size_a: usize,
    /// Offset in the second file.
    pub offset_b: usize,
    /// Bytes there.
    pub size_b: usize,
}

/// The first bytes that differ, at one offset of both files.
#[derive(Debug, Clone, Serialize)]
pub struct FirstBytes {
    /// The offset.
    pub offset: usize,
    /// A few bytes of the first file from there on, in words.
    pub a: String,
    /// The same of the second file.
    pub b: String,
}

/// The differing bytes of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Bytes {
    /// All that differ.
    pub differing: usize,
    /// Those in build IDs, build information and signatures.
    pub stamped: usize,
    /// The rest: they need a cause that reaches code or data.
    pub remaining: usize,
}

/// A cause, and the comparison it belongs to.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The cause.
    pub cause: Cause,
    /// The indexes of both files in `files`.
    pub files: [usize; 2],
    /// The files that it sets apart from the others: all of the smaller group.
    pub sets_apart: Vec<usize>,
}

impl Serialize for Explained {
    /// Writes it flat, without what the search for causes alone needs.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Explained", 7)?;
        object.serialize_field("cause", &self.cause.name)?;
        object.serialize_field("confidence", &self.cause.confidence)?;
        object.serialize_field("files", &self.files)?;
        object.serialize_field("sets_apart", &self.sets_apart)?;
        object.serialize_field("summary", &self.cause.summary)?;
        object.serialize_field("evidence", &self.cause.evidence)?;
        object.serialize_field("fix", &self.cause.fix)?;
        object.end()
    }
}
