//! What the linker was told, where sections tell it.

use super::{Change, View};
use crate::artifact::Artifact;
use crate::goinfo::symbols::Symbols;
use crate::image::{Content, Format, is_debug};
use crate::reproduce::plan::{Linker, Plan};

/// What the linker was told, as far as one kind of section tells it.
pub(super) fn changes(view: &View<'_>) -> Vec<Change> {
    let Linker::Flags(flags) = &view.plan.linker else {
        return Vec::new();
    };
    let found = [stripping(view), linking(view), loading(view)];
    let change = |told: Told| {
        let is_other = |flag: &&Vec<String>| {
            let name = flag[0].split('=').next().unwrap_or_default();
            !told.instead_of.contains(&name)
        };
        let new = told.words.iter().map(|word| vec![(*word).to_owned()]);
        let others = flags.iter().filter(is_other).cloned();
        let what = match told.words {
            [] => "without -s and -w".to_owned(),
            words => format!("-ldflags={}", words.join(" ")),
        };
        let plan = Plan {
            linker: Linker::Flags(new.chain(others).collect()),
            ..view.plan.clone()
        };
        Change::new(what, told.why, plan)
    };
    found.into_iter().flatten().map(change).collect()
}

/// What one difference tells.
struct Told {
    /// The words to add.
    words: &'static [&'static str],
    /// Flags that go for them.
    instead_of: &'static [&'static str],
    /// What tells it.
    why: &'static str,
}

fn stripping(view: &View<'_>) -> Option<Told> {
    let given = Kept::of(view.given);
    (given != Kept::of(view.built)).then_some(Told {
        words: match (given.symbols, given.debug) {
            (true, true) => &[],
            (true, false) => &["-w"],
            (false, _) => &["-s"],
        },
        instead_of: &["-s", "-w"],
        why: "other sections of symbols and debug information",
    })
}

fn linking(view: &View<'_>) -> Option<Told> {
    let is_external = |artifact: &Artifact| artifact.image.is_externally_linked();
    let (words, why): (&[&str], _) = match (is_external(view.given), is_external(view.built)) {
        (Some(true), Some(false)) => (
            &["-linkmode=external"],
            "the host's linker linked the program",
        ),
        (Some(false), Some(true)) => (&["-linkmode=internal"], "Go's linker linked the program"),
        _ => return None,
    };
    Some(Told {
        words,
        instead_of: &["-linkmode"],
        why,
    })
}

fn loading(view: &View<'_>) -> Option<Told> {
    let is_static = |artifact: &Artifact| artifact.image.linkage.is_static;
    let is_lost = (is_static(view.given), is_static(view.built)) == (Some(true), Some(false));
    is_lost.then_some(Told {
        words: &["-extldflags=-static"],
        instead_of: &["-extldflags"],
        why: "the program loads no library",
    })
}

/// What of symbols and debug information a program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    symbols: bool,
    debug: bool,
}

impl Kept {
    fn of(artifact: &Artifact) -> Self {
        let image = &artifact.image;
        let regions = image.regions.iter();
        let mut names = regions
            .filter(|region| region.content == Content::Symbols)
            .map(|region| region.name.as_str());
        let debug = image.has_debug_of_go();
        let symbols = match image.format {
            // A table without names of Go stays there.
            Format::Pe | Format::MachO => Symbols::read(artifact.bytes(), image).has_functions(),
            _ => names.any(|name| !is_debug(name)),
        };
        Self { symbols, debug }
    }
}
