//! Causes: why two files differ, how sure that is, how to check it, what to do.
//!
//! Each explainer looks at the same pair and names what it alone can show. An
//! explainer that knows its finding to follow from another cause (settings that
//! only a newer Go records, say) stays silent about it.

mod archive_members;
mod archive_metadata;
mod buildinfo_missing;
mod c_functions;
mod c_inside;
mod c_library;
mod c_source;
mod c_tools;
mod compiled_package;
mod content;
mod debug;
mod debug_compression;
mod debug_paths;
mod debug_text;
mod debug_units;
mod dependencies;
mod embedded;
mod external_link_flags;
mod go_release;
mod hashed;
mod headers;
mod import_unreached;
mod keys;
mod ldflags;
mod linking;
mod literals;
mod main_module;
mod modified;
mod name;
mod open;
mod order;
mod package;
mod pair;
mod paths;
mod pattern;
mod producers;
mod seeds;
mod set_strings;
mod settings;
mod strings;
mod symbols_stripped;
mod toolchain;
mod unexplained;
mod version_control;

use std::ops::Range;

use proto::finding::{Confidence, Evidence};
use proto::quantity;

use crate::artifact::Artifact;
use crate::diff::fields::Field;
use crate::members::difference::Difference;
pub(crate) use ldflags::flags as linker_flags;
pub use name::Name;
pub use pair::Pair;
pub(crate) use pair::has_blob as has_build_info;
pub(crate) use set_strings::{name as set_string_name, text as set_string_text};
pub(crate) use settings::settings_of;

/// One reason for a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its stable name.
    pub name: Name,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was found, in one sentence.
    pub summary: String,
    /// What another person can check by hand.
    pub evidence: Vec<Evidence>,
    /// What to change, down to the flag, variable or file.
    pub fix: String,
    /// Which bytes it can account for.
    pub reach: Reach,
}

/// Which of the differing bytes a cause can account for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Build IDs, build information and signatures.
    Stamps,
    /// Those, and these bytes of the first file, also where the cause is only
    /// likely.
    Places(Vec<Range<usize>>),
    /// Those, and these bytes of each file, of another length: what lies behind them
    /// moved. Also where the cause is only likely.
    Moved([Vec<Range<usize>>; 2]),
    /// Those, and whole regions that only one file has, code and data left out.
    OneSided,
    /// Those, and debug information that both have, written in another way.
    Debug,
    /// Those, and sections of data that only one file has, by these names.
    Sections(&'static [&'static str]),
    /// Any byte: it changes code, or moves it.
    Anything,
    /// Any byte too. Functions that differ show that something was compiled from
    /// other inputs; even where it is only likely whose these are, no other
    /// explanation is looked for.
    Code,
}

type Explainer = fn(&Pair<'_>) -> Vec<Cause>;

/// An explainer that is told what is known already.
type Step = fn(&Pair<'_>, &[Cause]) -> Vec<Cause>;

/// Explainers of what the build information says.
const BY_BUILD_INFO: [Explainer; 8] = [
    toolchain::explain,
    main_module::explain,
    settings::explain,
    package::explain,
    dependencies::explain,
    version_control::explain,
    ldflags::explain,
    paths::explain,
];

/// Explainers of what else is plain in the files.
const BY_FILE: [Explainer; 14] = [
    modified::explain,
    buildinfo_missing::explain,
    compiled_package::explain,
    ldflags::by_symbol,
    symbols_stripped::explain,
    linking::explain,
    headers::dynamic_linker,
    external_link_flags::explain,
    c_inside::explain,
    c_tools::explain,
    c_library::explain,
    headers::sdk_version,
    symbols_stripped::split_debug,
    headers::pe_timestamp,
];

/// Explainers of code and data: whose differ says more than settings and parts
/// of the build ID.
const BY_CONTENT: [Explainer; 3] = [content::explain, order::explain, embedded::explain];

/// Returns the causes of a difference, strongest first.
pub fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let mut causes = plain(pair);
    look_on(pair, &mut causes);
    let open = unexplained::explain(pair, &causes);
    add_all(&mut causes, open);
    // What is left open comes last, however large it is.
    causes.sort_by_key(|cause| {
        (
            cause.name == Name::Unexplained,
            cause.confidence,
            cause.name,
        )
    });
    causes
}

/// Returns what is plain: in build information, in the files, in logs of the builds.
fn plain(pair: &Pair<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let edited = modified::edited_info(pair);
    // What was written over tells nothing of the build.
    if edited.is_none() {
        let found = BY_BUILD_INFO.iter().flat_map(|explain| explain(pair));
        add_all(&mut causes, found);
    }
    add_all(&mut causes, edited);
    let found = BY_FILE.iter().flat_map(|explain| explain(pair));
    add_all(&mut causes, found);
    if let Some(hashed) = hashed::explain(pair) {
        // What the inputs prove needs no guesses beside it.
        if hashed.is_complete {
            causes.retain(|cause| cause.confidence == Confidence::Proven);
        }
        add_all(&mut causes, hashed.causes);
    }
    causes
}

/// Looks at code and data, then at all else, as long as something is open.
fn look_on(pair: &Pair<'_>, causes: &mut Vec<Cause>) {
    let numbers = literals::numbers(pair);
    // A table in another order has other numbers at each place.
    if !numbers.is_empty() && order::explain(pair).is_empty() {
        add_all(causes, numbers);
    }
    if !open::is_open(pair, causes) {
        return;
    }
    let found = by_content(pair, causes);
    add_all(causes, found);
    add_all(causes, set_strings::explain(pair));
    // A variable may have been set beside another change of the source.
    let strings = if open::is_open(pair, causes) {
        strings::explain
    } else {
        strings::set_by_linker
    };
    add_all(causes, strings(pair));
    let steps: [Step; 4] = [
        |pair, _| literals::explain(pair),
        // Unpacking debug information takes longer than all of the above.
        |pair, _| debug::explain(pair),
        // Nothing but debug information may name the folders of two module caches.
        |pair, _| import_unreached::explain(pair),
        guesses,
    ];
    for step in steps {
        if !open::is_open(pair, causes) {
            return;
        }
        let found = step(pair, causes);
        add_all(causes, found);
    }
}

/// Returns what code and data tell, no stronger than what is known allows.
fn by_content(pair: &Pair<'_>, known: &[Cause]) -> Vec<Cause> {
    let is_proven = |names: &[Name]| {
        let mut proven = known
            .iter()
            .filter(|cause| cause.confidence == Confidence::Proven);
        proven.any(|cause| names.contains(&cause.name))
    };
    let mut found: Vec<Cause> = BY_CONTENT
        .iter()
        .flat_map(|explain| explain(pair))
        .collect();
    // The host's linker writes other instructions into the same functions.
    let is_relinked = is_proven(&[Name::LinkMode, Name::ExternalLinkFlags, Name::HostLinker]);
    if is_relinked {
        found.retain(|cause| cause.reach != Reach::Code || cause.name == Name::SourceContent);
    }
    // Constants of C headers are in the code of Go that uses them.
    let is_c = is_proven(&[
        Name::CCompiler,
        Name::CLibrary,
        Name::CgoFlags,
        Name::SdkVersion,
    ]);
    if is_relinked || is_c {
        let weaken =
            |cause: &mut Cause| cause.confidence = cause.confidence.max(Confidence::Likely);
        found.iter_mut().for_each(weaken);
    }
    found
}

/// Returns what the build ID's pattern allows, unless it is known whose code differs;
/// what is proven has spoken already.
/// Beside a text that the content makes likely, what is only possible says
/// nothing, unless that text is not an answer.
fn guesses(pair: &Pair<'_>, known: &[Cause]) -> Vec<Cause> {
    if known.iter().any(|cause| cause.reach == Reach::Code) {
        return Vec::new();
    }
    let is_likely = known.iter().any(|cause| {
        cause.confidence == Confidence::Likely
            && matches!(cause.reach, Reach::Places(_) | Reach::Moved(_))
    });
    let mut guesses = pattern::explain(pair);
    let is_open = open::is_package_main_open(pair, known);
    guesses.retain(|guess| {
        !is_likely
            || is_open
            || guess.confidence < Confidence::Possible
            || known.iter().any(|cause| cause.name == guess.name)
    });
    guesses
}

/// Returns why two containers differ, beside what their members' own causes say.
pub fn explain_container(difference: &Difference, names: &[String; 2]) -> Vec<Cause> {
    let members = archive_members::explain(difference, names);
    let metadata = archive_metadata::explain(difference);
    members.into_iter().chain(metadata).collect()
}

fn add_all(causes: &mut Vec<Cause>, found: impl IntoIterator<Item = Cause>) {
    found.into_iter().for_each(|cause| add(causes, cause));
}

/// Two explainers may see one cause from two sides: the surer one leads.
fn add(causes: &mut Vec<Cause>, cause: Cause) {
    match causes.iter_mut().find(|known| known.name == cause.name) {
        Some(known) => known.merge(cause),
        None => causes.push(cause),
    }
}

impl Cause {
    fn merge(&mut self, other: Self) {
        let (mut first, second) = if other.confidence < self.confidence {
            (other, self.clone())
        } else {
            (self.clone(), other)
        };
        first.evidence.extend(second.evidence);
        first.reach = first.reach.and(second.reach);
        *self = first;
    }
}

impl Reach {
    /// Joins the reaches of one cause seen from two sides.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Code, _) | (_, Self::Code) => Self::Code,
            (Self::Anything, _) | (_, Self::Anything) => Self::Anything,
            (Self::Places(ours), Self::Places(theirs)) => Self::Places([ours, theirs].concat()),
            (Self::Moved([a, b]), Self::Moved([more_a, more_b])) => {
                Self::Moved([[a, more_a].concat(), [b, more_b].concat()])
            }
            (Self::Moved([a, b]), Self::Places(more))
            | (Self::Places(more), Self::Moved([a, b])) => Self::Moved([[a, more].concat(), b]),
            (first, Self::Stamps) => first,
            (Self::Stamps, second) => second,
            (Self::OneSided, more @ (Self::Debug | Self::Sections(_)))
            | (Self::Debug, more @ Self::Sections(_)) => more,
            (first, _) => first,
        }
    }
}

/// Shows stretches of each file by their length and where they begin.
fn stretches(place: impl Into<String>, sides: [&Option<Range<usize>>; 2]) -> Evidence {
    let [a, b] = sides.map(|range| {
        let range = range.as_ref()?;
        Some(format!(
            "{} at {:#x}",
            quantity::bytes(range.len()),
            range.start
        ))
    });
    Evidence::sides(place, a, b)
}

/// Shows what both sides have in a line of their build information.
fn line(field: &Field) -> Evidence {
    Evidence::sides(
        format!("build info: {}", field.name),
        field.a.clone(),
        field.b.clone(),
    )
}

#[cfg(test)]
pub(crate) mod tests;
