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

/// The end of the folder that runtime/cgo is compiled in.
const GO_OWN: &str = "/runtime/cgo";

/// The most pieces of evidence.
const SHOWN_MAX: usize = 8;

pub(super) fn explain(pair: &Pair<'_>, units: &Units) -> Vec<Cause> {
    let paired = units.paired(false);
    let seeded = paired.iter().filter(|unit| seeds(unit).is_some());
    let is_generated = |unit: &&Same<'_>| GENERATED.iter().any(|end| unit.a.name.ends_with(end));
    let (generated, own): (Vec<_>, Vec<_>) = seeded.partition(is_generated);
    let random = random(&generated, &own);
    let differing = own.into_iter().filter(differs).collect();
    let mut causes: Vec<Cause> = package_inputs(pair, differing).into_iter().collect();
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
        reach: Reach::OneSided,
    });
    causes
}

fn differs(unit: &&Same<'_>) -> bool {
    seeds(unit).is_some_and(|(a, b)| a != b)
}

/// Generated files with other seeds, where those of the package's own files show
/// that its inputs are the same. A package without own files is judged by those of
/// all others; a package that imports one whose seeds are random has other inputs.
fn random<'s, 'u>(generated: &[&'s Same<'u>], own: &[&'s Same<'u>]) -> Vec<&'s Same<'u>> {
    let is_random = |unit: &&&Same<'_>| {
        let mut of_package = own.iter().filter(|one| one.a.folder == unit.a.folder);
        let has_own = of_package.clone().next().is_some();
        differs(unit)
            && match has_own {
                true => !of_package.any(differs),
                false => !own.is_empty() && !own.iter().any(differs),
            }
    };
    generated.iter().filter(is_random).copied().collect()
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
