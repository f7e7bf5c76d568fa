//! cgo-temp-path, cgo-flags: what the random seeds of gcc tell.
//!
//! The go command passes gcc a `-frandom-seed` made from the action ID of the
//! package and, since 1.25 or so, the path of the C file. gcc keeps it in the
//! file when it records its flags. Generated C files lie in the temporary folder,
//! whose name is random, and so is their seed.
//!
//! Source: cmd/go/internal/work/action.go cgoCompileActor, exec.go ccompile

use super::debug_units::{Same, Units};
use super::{Cause, Confidence, Evidence, Name, Pair, Reach};

/// Files that cgo generates in the temporary folder.
const GENERATED: [&str; 3] = ["_cgo_export.c", "_cgo_main.c", ".cgo2.c"];

/// The first of them in each package.
const FIRST: &str = "_cgo_export.c";

/// The end of the folder that runtime/cgo is compiled in.
const GO_OWN: &str = "/runtime/cgo";

/// The most pieces of evidence.
const SHOWN_MAX: usize = 8;

pub(super) fn explain(pair: &Pair<'_>, units: &Units) -> Vec<Cause> {
    let paired = units.paired(false);
    let seeded: Vec<&Same<'_>> = paired.iter().filter(|unit| seeds(unit).is_some()).collect();
    let random = random(&seeded);
    let differing = seeded
        .into_iter()
        .filter(|unit| !is_generated(unit) && differs(unit));
    let mut causes: Vec<Cause> = package_inputs(pair, differing.collect())
        .into_iter()
        .collect();
    if random.is_empty() {
        return causes;
    }
    causes.push(Cause {
        name: Name::CgoTempPath,
        confidence: Confidence::Proven,
        summary: "gcc recorded a random seed that the go command makes from the name of its temporary folder".into(),
        evidence: evidence(&random, "a generated file; the seeds of files of one package agree"),
        fix: "leave -grecord-gcc-switches out of CGO_CFLAGS (gcc does not record its flags unless asked), or link with \
              -ldflags=-w"
            .into(),
        reach: Reach::Debug,
    });
    causes
}

fn is_generated(unit: &Same<'_>) -> bool {
    GENERATED.iter().any(|end| unit.a.name.ends_with(end))
}

fn differs(unit: &Same<'_>) -> bool {
    seeds(unit).is_some_and(|(a, b)| a != b)
}

/// Generated files with other seeds, where those of the package's own files agree
/// and so its inputs are the same. A package that imports such a one has other
/// inputs, and other seeds for that.
fn random<'s, 'u>(seeded: &[&'s Same<'u>]) -> Vec<&'s Same<'u>> {
    let own: Vec<_> = seeded.iter().filter(|unit| !is_generated(unit)).collect();
    let all_agree = !own.is_empty() && !own.iter().any(|unit| differs(unit));
    let of_package = |folder: &str| {
        let mut units = own.iter().filter(|unit| unit.a.folder == folder);
        !units.any(|unit| differs(unit))
    };
    let mut random = Vec::new();
    // The files of a package stand together: what cgo exports, what it generates
    // from each file, and then the own ones.
    let mut generated: Vec<&'s Same<'u>> = Vec::new();
    for unit in seeded.iter().copied() {
        if is_generated(unit) {
            if unit.a.name.ends_with(FIRST) && !all_agree {
                generated.clear();
            }
            generated.push(unit);
        } else if all_agree || of_package(&unit.a.folder) {
            random.append(&mut generated);
        } else {
            generated.clear();
        }
    }
    if all_agree {
        random.append(&mut generated);
    }
    random.retain(|unit| differs(unit));
    random
}

/// The seed of a file that is not generated stands for the inputs of its package.
/// Those of runtime/cgo are Go's version, the C compiler and its flags.
fn package_inputs(pair: &Pair<'_>, differing: Vec<&Same<'_>>) -> Option<Cause> {
    let own = |unit: &&Same<'_>| unit.a.folder.ends_with(GO_OWN);
    let units: Vec<&Same<'_>> = differing.into_iter().filter(own).collect();
    if units.is_empty() || !pair.same_go() || pair.links_otherwise() {
        return None;
    }
    Some(Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Likely,
        summary: "the inputs of runtime/cgo differ, which comes from Go itself: CC or the CGO_ variables are not the same".into(),
        evidence: evidence(&units, "made from the action ID of runtime/cgo"),
        fix: "set CC, CGO_CFLAGS and the other CGO_ variables alike for both builds (builds with -trimpath do not record \
              them)"
            .into(),
        reach: Reach::Stamps,
    })
}

fn seeds<'u>(unit: &Same<'u>) -> Option<(&'u str, &'u str)> {
    unit.a.seed().zip(unit.b.seed())
}

fn evidence(units: &[&Same<'_>], what: &str) -> Vec<Evidence> {
    let one = |unit: &&Same<'_>| {
        let place = format!(
            "-frandom-seed of {} in .debug_info at {:#x} and {:#x} once unpacked: {what}",
            unit.a.name, unit.a.offset, unit.b.offset
        );
        Evidence::sides(place, unit.a.seed(), unit.b.seed())
    };
    units.iter().take(SHOWN_MAX).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dwarf::{Language, Unit};

    fn unit(name: &str, folder: &str, seed: &str) -> Unit {
        Unit {
            language: Language::C,
            producer: format!("GNU C17 12.2.0 -frandom-seed={seed}"),
            name: name.into(),
            folder: folder.into(),
            offset: 0,
        }
    }

    /// Names, folders and both seeds of units, and the generated ones that differ by
    /// chance alone.
    type Row = (&'static [[&'static str; 4]], &'static [&'static str]);

    #[test]
    fn seeds_that_differ_under_equal_inputs_are_random() {
        let table: [Row; 4] = [
            // Nothing says that the package's inputs are the same.
            (
                &[["_cgo_export.c", "/t", "1", "2"], ["a.c", "/a", "3", "4"]],
                &[],
            ),
            (
                &[["_cgo_export.c", "/t", "1", "2"], ["a.c", "/a", "3", "3"]],
                &["_cgo_export.c"],
            ),
            // A package that imports runtime/cgo has other inputs, since that came
            // out differently.
            (
                &[
                    ["_cgo_export.c", "/t", "1", "2"],
                    ["main.cgo2.c", "/t", "1", "2"],
                    ["_cgo_export.c", "/t", "3", "4"],
                    ["cgo.cgo2.c", "/t", "3", "4"],
                    ["gcc_a.c", "/go/runtime/cgo", "5", "5"],
                    ["gcc_b.c", "/go/runtime/cgo", "6", "6"],
                    ["_cgo_export.c", "/t", "7", "8"],
                    ["own.c", "/own", "9", "0"],
                ],
                &["_cgo_export.c", "cgo.cgo2.c"],
            ),
            (&[["_cgo_export.c", "/t", "1", "2"]], &[]),
        ];
        for (rows, want) in table {
            let sides = [2, 3].map(|side| -> Vec<Unit> {
                rows.iter()
                    .map(|row| unit(row[0], row[1], row[side]))
                    .collect()
            });
            let [a, b] = &sides;
            let same: Vec<Same<'_>> = a.iter().zip(b).map(|(a, b)| Same { a, b }).collect();
            let all: Vec<&Same<'_>> = same.iter().collect();
            let found: Vec<&str> = random(&all)
                .iter()
                .map(|unit| unit.a.name.as_str())
                .collect();
            assert_eq!(found, want, "{rows:?}");
        }
    }
}
