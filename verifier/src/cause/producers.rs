//! c-compiler, cgo-flags, compiler-flags, lto: what each unit of debug
//! information says about its compiler.

use super::debug_units::{Same, Units, evidence};
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, debug_paths};
use crate::dwarf::Unit;

const C_FIX: &str = "set CC, CGO_CFLAGS and the other CGO_ variables alike for both builds (builds with -trimpath do not record \
                     them), and clear GOCACHE when they change";

pub(super) fn explain(pair: &Pair<'_>, units: &Units) -> Vec<Cause> {
    let c = units.paired(false);
    let mut causes = Vec::new();
    causes.extend(lto(units));
    causes.extend(compilers(&c));
    causes.extend(c_flags(&c));
    causes.extend(debug_on_one_side(pair, units));
    causes.extend(go_flags(pair, units));
    causes
}

fn compiler(unit: &Unit) -> String {
    unit.split_flags().0
}

fn flags(unit: &Unit) -> String {
    unit.split_flags().1
}

fn compilers(units: &[Same<'_>]) -> Option<Cause> {
    let evidence = evidence("DW_AT_producer", units.iter(), compiler);
    (!evidence.is_empty()).then(|| Cause {
        name: Name::CCompiler,
        confidence: Confidence::Proven,
        summary: "the C parts come from different C compilers".into(),
        evidence,
        fix: "build both in one container image with the C tools pinned, or with CGO_ENABLED=0"
            .into(),
        reach: Reach::Anything,
    })
}

/// Compilers record their flags only when asked (-grecord-gcc-switches), or where
/// the C library was built so.
fn c_flags(units: &[Same<'_>]) -> Option<Cause> {
    let alike = units
        .iter()
        .filter(|unit| compiler(unit.a) == compiler(unit.b));
    let mut seen: Vec<[String; 2]> = Vec::new();
    let mut evidence = Vec::new();
    for unit in alike {
        let only = only(&flags(unit.a), &flags(unit.b));
        // Maps of folders have a cause of their own.
        let is_map = |words: &String| words.split(' ').all(is_prefix_map);
        if only.iter().all(is_map) || seen.contains(&only) || seen.len() >= FLAGS_SHOWN {
            continue;
        }
        let place = format!(
            "flags in DW_AT_producer of {} (.debug_info at {:#x} and {:#x} once unpacked), those of one file only",
            unit.a.name, unit.a.offset, unit.b.offset
        );
        let [a, b] = only.clone();
        let show = |words: String| (!words.is_empty()).then_some(words);
        evidence.push(Evidence::sides(place, show(a), show(b)));
        seen.push(only);
    }
    (!evidence.is_empty()).then(|| Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Proven,
        summary: "the C parts were compiled with different flags".into(),
        evidence,
        fix: C_FIX.into(),
        reach: Reach::Anything,
    })
}

/// The most differences of flags shown.
const FLAGS_SHOWN: usize = 12;

fn is_prefix_map(word: &str) -> bool {
    word.is_empty() || word.starts_with("-f") && word.contains("-prefix-map=")
}

/// Returns the words that only one of two lists of flags has. The go command's
/// temporary folder has another name in each build.
fn only(a: &str, b: &str) -> [String; 2] {
    let words = |flags: &str| -> Vec<String> {
        flags
            .split(' ')
            .map(debug_paths::without_temp_number)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    let not_in = |ours: &[String], theirs: &[String]| {
        let only = ours.iter().filter(|word| !theirs.contains(word));
        only.cloned().collect::<Vec<_>>().join(" ")
    };
    [not_in(&a, &b), not_in(&b, &a)]
}

/// CGO_CFLAGS is `-g -O2` unless it is set; setting it to anything else without
/// -g leaves C without debug information.
fn debug_on_one_side(pair: &Pair<'_>, units: &Units) -> Option<Cause> {
    let [a, b] = units.c_counts();
    if (a == 0) == (b == 0) || pair.links_otherwise() || !pair.both_externally_linked() {
        return None;
    }
    let names = |units: Vec<&Unit>| {
        let names: Vec<String> = units.iter().map(|unit| unit.name.clone()).collect();
        (!names.is_empty()).then(|| super::linking::list(&names))
    };
    Some(Cause {
        name: Name::CgoFlags,
        confidence: Confidence::Likely,
        summary: "the C parts of one file were compiled without -g, so CGO_CFLAGS is not the same"
            .into(),
        evidence: vec![Evidence::sides(
            format!(".debug_info: {a} and {b} units of C"),
            names(units.a.c_units().collect()),
            names(units.b.c_units().collect()),
        )],
        fix: C_FIX.into(),
        reach: Reach::Stamps,
    })
}

fn go_flags(pair: &Pair<'_>, units: &Units) -> Option<Cause> {
    if !pair.same_go() {
        return None;
    }
    let units = units.paired(true);
    let evidence = evidence("DW_AT_producer", units.iter(), |unit| unit.producer.clone());
    (!evidence.is_empty()).then(|| Cause {
        name: Name::CompilerFlags,
        confidence: Confidence::Proven,
        summary: "Go packages were compiled with different flags".into(),
        evidence,
        fix: "pass the same -gcflags to both builds".into(),
        reach: Reach::Anything,
    })
}

fn lto(units: &Units) -> Option<Cause> {
    let by_lto = |unit: &&Unit| unit.producer.contains(" GIMPLE ") || flags(unit).contains("-flto");
    let (a, b) = (
        units.a.c_units().find(by_lto),
        units.b.c_units().find(by_lto),
    );
    if a.is_some() == b.is_some() {
        return None;
    }
    let show = |unit: Option<&Unit>| unit.map(|unit| format!("{}: {}", unit.name, unit.producer));
    Some(Cause {
        name: Name::Lto,
        confidence: Confidence::Proven,
        summary: "the C parts of one file went through link-time optimisation".into(),
        evidence: vec![Evidence::sides("DW_AT_producer", show(a), show(b))],
        fix: "pass -flto in CGO_CFLAGS and CGO_LDFLAGS of both builds or of neither".into(),
        reach: Reach::Anything,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_one_file_only() {
        let table = [
            ("-O1 -g", "-O2 -g", ["-O1", "-O2"]),
            ("-O2 -lm", "-O2", ["-lm", ""]),
            // Another name of the go command's own folder is no other flag.
            (
                "-ffile-prefix-map=/tmp/go-build21/b050=/x",
                "-ffile-prefix-map=/tmp/go-build190/b050=/x",
                ["", ""],
            ),
        ];
        for (a, b, want) in table {
            assert_eq!(only(a, b), want, "{a} and {b}");
        }
        assert!(is_prefix_map("-fdebug-prefix-map=/a=/b"));
        assert!(!is_prefix_map("-fPIC"));
    }
}
