//! symbols-stripped, split-debug: files linked without symbols (-s) or debug information
//! (-w), or whose debug information was moved to a file of its own.

use super::linking::list;
use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::{Content, Format};

/// The symbol table, as evidence names it where it is not a section of its own.
const GO_SYMBOLS: &str = "(symbols of Go)";

/// What tells of symbols in one file.
struct Traces {
    /// Names of sections with debug information.
    debug: Vec<String>,
    /// Names of sections with symbols.
    symbols: Vec<String>,
}

impl Traces {
    fn of(pair: &Pair<'_>, side: usize) -> Self {
        let artifact = [pair.a, pair.b][side];
        let names = |keep: fn(&str) -> bool| -> Vec<String> {
            let regions = artifact.image.regions.iter();
            let symbols = regions.filter(|region| region.content == Content::Symbols);
            symbols
                .map(|region| region.name.clone())
                .filter(|name| keep(name))
                .collect()
        };
        let symbols = match artifact.image.format {
            // Their tables hold what is imported, too, and stay with -s.
            Format::Pe | Format::MachO => {
                let is_there = pair.symbols(side).has_functions();
                is_there.then(|| GO_SYMBOLS.into()).into_iter().collect()
            }
            // The last two are a WebAssembly module's and a Plan 9 program's.
            _ => names(|name| matches!(name, ".symtab" | "name" | "syms")),
        };
        Self {
            debug: names(crate::image::is_debug),
            symbols,
        }
    }
}

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let both_go = pair.a.go.is_go() && pair.b.go.is_go();
    if !both_go || pair.a.image.format != pair.b.image.format {
        return Vec::new();
    }
    stripped(pair).into_iter().collect()
}

fn stripped(pair: &Pair<'_>) -> Option<Cause> {
    let (a, b) = (Traces::of(pair, 0), Traces::of(pair, 1));
    // -s leaves out both, -w debug information alone. Other names of debug
    // sections on each side are no sign of either.
    let (flag, what, a, b) = if a.symbols.is_empty() != b.symbols.is_empty() {
        let both = |side: Traces| [side.debug, side.symbols].concat();
        ("-s", "symbols", both(a), both(b))
    } else if a.debug.is_empty() != b.debug.is_empty() {
        // On AIX the symbol table stays, so that -s looks like -w.
        let flag = match pair.a.image.format {
            Format::Xcoff => "-w (or -s)",
            _ => "-w",
        };
        (flag, "debug information", a.debug, b.debug)
    } else {
        return None;
    };
    let (lacking, which) = if a.len() < b.len() {
        (pair.a, &pair.names[0])
    } else {
        (pair.b, &pair.names[1])
    };
    let confidence = match lacking.go.self_check {
        SelfCheck::Intact(_) | SelfCheck::Signed { .. } => Confidence::Proven,
        SelfCheck::Unknown(_) => Confidence::Likely,
        // Then it was done afterwards, and modified-after-build says so.
        SelfCheck::Changed { .. } => return None,
    };
    let show = |names: Vec<String>| (!names.is_empty()).then(|| list(&names));
    Some(Cause {
        name: Name::SymbolsStripped,
        confidence,
        summary: format!("{which} was linked without {what} (-ldflags={flag})"),
        evidence: vec![Evidence::sides(
            "symbol and debug sections",
            show(a),
            show(b),
        )],
        fix: format!("pass -ldflags={flag} to both builds or to neither"),
        reach: Reach::OneSided,
    })
}

/// Sections that name a file with debug information.
pub(super) const LINKS: [&str; 2] = [".gnu_debuglink", ".gnu_debugaltlink"];

/// Explains debug information that was moved to a file of its own.
pub(super) fn split_debug(pair: &Pair<'_>) -> Vec<Cause> {
    let evidence: Vec<Evidence> = LINKS
        .into_iter()
        .filter_map(|section| {
            let (a, b) = (link(pair.a, section), link(pair.b, section));
            (a != b).then(|| Evidence::sides(section, a, b))
        })
        .collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let linked = |artifact: &Artifact| LINKS.iter().any(|name| link(artifact, name).is_some());
    let summary = if linked(pair.a) && linked(pair.b) {
        "debug information was split off to different files".into()
    } else {
        let which = pair.which(linked).unwrap_or_default();
        format!("the debug information of {which} was split off to a file of its own")
    };
    vec![Cause {
        name: Name::SplitDebug,
        confidence: Confidence::Proven,
        summary,
        evidence,
        fix: "compare the files before objcopy --add-gnu-debuglink (or the packaging tool that runs it), or run it on \
              both; the link holds a checksum of the debug file"
            .into(),
        reach: Reach::Debug,
    }]
}

/// The file's name and, in hexadecimal, what follows: padding and a checksum, or
/// a build ID.
fn link(artifact: &Artifact, section: &str) -> Option<String> {
    let region = artifact.image.region(section)?;
    let bytes = &artifact.bytes()[region.range.clone()];
    let end = memchr::memchr(0, bytes)?;
    let (name, rest) = bytes.split_at(end);
    let rest = &rest[..rest.len().min(64)];
    Some(format!(
        "{} {}",
        String::from_utf8_lossy(name),
        hex::encode(rest)
    ))
}
