//! cgo-flags, c-source: which C functions were compiled to other code. Those
//! of Go's own runtime/cgo come from the same source in every build with one Go
//! version: when they differ, it is the compiler or its flags.

use std::collections::BTreeMap;
use std::ops::Range;

use object::read::elf::{ElfFile32, ElfFile64};
use object::read::{Object, ObjectSymbol as _};
use object::{Endianness, SymbolKind};

use super::{Cause, Confidence, Evidence, Name, Pair, Reach};
use crate::artifact::Artifact;
use crate::diff::functions::operands;
use crate::image::Format;
use crate::quantity;

/// The most symbols looked at, and the most functions kept.
const SYMBOLS_MAX: usize = 4_000_000;
const FUNCTIONS_MAX: usize = 100_000;

/// The most functions shown.
const SHOWN_MAX: usize = 12;

/// How the names of runtime/cgo's C functions begin.
const GO_OWN: [&str; 3] = ["x_cgo_", "_cgo_sys_", "_cgo_try_pthread_create"];

/// Explains two files that one Go version built from other inputs, and the host's
/// linker linked.
pub(super) fn explain(pair: &Pair<'_>) -> Option<Cause> {
    let (a, b) = (functions(pair.a)?, functions(pair.b)?);
    let changed: Vec<&str> = a
        .iter()
        .filter(|(name, function)| {
            let other = b.get(*name);
            other.is_some_and(|other| function.differs(other, pair))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if changed.is_empty() {
        return None;
    }
    let is_own = |name: &&&str| GO_OWN.iter().any(|start| name.starts_with(start));
    let own: Vec<&str> = changed.iter().filter(is_own).copied().collect();
    let show = |names: &[&str]| {
        let evidence = |name: &&str| {
            let at = |all: &Functions| all.get(*name).map(Function::to_string);
            Evidence::sides(format!("C function {name}"), at(&a), at(&b))
        };
        names.iter().take(SHOWN_MAX).map(evidence).collect()
    };
    Some(if own.is_empty() {
        Cause {
            name: Name::CSource,
            confidence: Confidence::Likely,
            summary: format!(
                "the code of {} of C differs, and not that of Go's own runtime/cgo: other C source, or another header",
                count(changed.len())
            ),
            evidence: show(&changed),
            fix: "build both from one commit, with the same system headers and an empty GOCACHE: the go command does not \
                  notice when a header outside the package changes"
                .into(),
            reach: reach(pair, &a, &changed),
        }
    } else {
        Cause {
            name: Name::CgoFlags,
            confidence: Confidence::Likely,
            summary: format!(
                "{} of C in Go's own runtime/cgo compiled to other code: CGO_CFLAGS, CC or the C compiler's \
                 defaults differ",
                count(own.len())
            ),
            evidence: show(&own),
            fix: "set CC, CGO_CFLAGS and the other CGO_ variables alike for both builds (builds with -trimpath do not \
                  record them), and pin the compiler by a container image"
                .into(),
            reach: Reach::Stamps,
        }
    })
}

/// Where nothing moved, other code is all that these functions leave.
fn reach(pair: &Pair<'_>, a: &Functions, changed: &[&str]) -> Reach {
    let functions = pair.diff.functions.as_ref();
    let Some(functions) = functions.filter(|functions| functions.is_in_place) else {
        return Reach::Stamps;
    };
    let changed = changed.iter().filter_map(|name| a.get(*name));
    let changed = changed.map(|one| one.range.clone());
    pair.reach_of_c(functions, changed.collect())
}

fn count(functions: usize) -> String {
    quantity::count(functions, "function", "functions")
}

type Functions = BTreeMap<String, Function>;

/// A function of C.
struct Function {
    size: u64,
    range: Range<usize>,
}

impl Function {
    /// Code that moved refers to other places by other numbers, and code that
    /// stayed to what moved: addresses count only where nothing did.
    fn differs(&self, other: &Self, pair: &Pair<'_>) -> bool {
        if self.size != other.size {
            return true;
        }
        let a = pair.a.bytes().get(self.range.clone()).unwrap_or_default();
        let b = pair.b.bytes().get(other.range.clone()).unwrap_or_default();
        let functions = pair.diff.functions.as_ref();
        let is_in_place = functions.is_some_and(|functions| functions.is_in_place);
        let arch = pair.a.image.machine.goarch.unwrap_or_default();
        a != b && (is_in_place || !operands::may_differ_in_operands(a, b, arch))
    }
}

impl std::fmt::Display for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes at offset {:#x}", self.size, self.range.start)
    }
}

/// Returns the functions outside Go's code, by name; of several with one name,
/// the first. `None` where there are no symbols.
fn functions(artifact: &Artifact) -> Option<Functions> {
    if artifact.image.format != Format::Elf {
        return None;
    }
    let bytes = artifact.bytes();
    if artifact.image.machine.bits == Some(64) {
        of(artifact, &ElfFile64::<Endianness>::parse(bytes).ok()?)
    } else {
        of(artifact, &ElfFile32::<Endianness>::parse(bytes).ok()?)
    }
}

fn of<'data>(artifact: &Artifact, file: &impl Object<'data>) -> Option<Functions> {
    let mut functions = Functions::new();
    let mut go = 0..0;
    let mut name_bytes = artifact.bytes().len().saturating_mul(2);
    let symbols = || file.symbols().take(SYMBOLS_MAX);
    for symbol in symbols() {
        let name = symbol.name().unwrap_or_default();
        name_bytes = name_bytes.checked_sub(name.len())?;
        match name {
            "runtime.text" => go.start = symbol.address(),
            "runtime.etext" => go.end = symbol.address(),
            _ => {}
        }
    }
    if go.is_empty() {
        return None;
    }
    for symbol in symbols() {
        let is_c = symbol.kind() == SymbolKind::Text && !go.contains(&symbol.address());
        if !is_c || symbol.size() == 0 || functions.len() >= FUNCTIONS_MAX {
            continue;
        }
        let name = symbol.name().unwrap_or_default().to_owned();
        let range = usize::try_from(symbol.size())
            .ok()
            .and_then(|size| artifact.image.range_at(symbol.address(), size));
        if let Some(range) = range {
            functions.entry(name).or_insert_with(|| Function {
                size: symbol.size(),
                range,
            });
        }
    }
    Some(functions)
}
