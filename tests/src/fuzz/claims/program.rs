//! A program changed in a place that decides what it does.

use std::ops::Range;

use memchr::memmem;
use proto::finding::Confidence;
use verifier::artifact::Artifact;
use verifier::cause::Name;
use verifier::compare::Outcome;
use verifier::diff::Verdict;
use verifier::goinfo::functions::Functions;
use verifier::goinfo::pclntab::Found;
use verifier::image::Format;

use super::{Script, base, resealed};

/// What only a program says that nobody changed.
const NEVER: [&str; 3] = ["only moved", "identical", "equal after masking"];

/// Says whether anything was changed.
pub(super) fn check(script: &mut Script<'_>) -> bool {
    let programs = base::programs();
    let program = &programs[script.below(programs.len())];
    let seal = script.byte() % 2 == 1;
    let Some((what, bytes)) = changed(program, script) else {
        return false;
    };
    let bytes = if seal {
        resealed(&bytes).unwrap_or(bytes)
    } else {
        bytes
    };
    let other = base::artifact(bytes);
    let names = ["a", "b"].map(str::to_owned);
    let outcome = Outcome::of(program, &other, names);
    let format = program.image.format.name();
    let what = format!(
        "{what} of {format}, content ID {}",
        if seal { "made anew" } else { "kept" }
    );
    assert_ne!(outcome.verdict, Verdict::Identical, "{what}");
    let masked = outcome.masked.as_ref();
    assert!(!masked.is_some_and(|masked| masked.equal), "{what}: masked");
    let remaining = outcome
        .diff
        .as_ref()
        .map(|diff| diff.accounting.remaining());
    assert_ne!(remaining, Some(0), "{what}: all stamps");
    let open = outcome.verdict != Verdict::Inconclusive;
    assert!(
        !open || !outcome.causes.is_empty(),
        "{what}: nothing to say"
    );
    for cause in &outcome.causes {
        let said = || format!("{what}: {:?} {}", cause.name, cause.summary);
        assert!(
            !NEVER.iter().any(|words| cause.summary.contains(words)),
            "{}",
            said()
        );
        let is_edit = cause.name == Name::ModifiedAfterBuild;
        assert!(
            cause.confidence != Confidence::Proven || is_edit,
            "{}",
            said()
        );
    }
    true
}

/// Changes a program; says what was changed.
fn changed(program: &Artifact, script: &mut Script<'_>) -> Option<(String, Vec<u8>)> {
    let mut bytes = program.bytes().to_vec();
    let format = program.image.format;
    let what = match script.below(7) {
        0 => code(program, &mut bytes, script)?,
        1 => {
            let at = entry_place(format, &bytes)?;
            bytes[at] ^= script.flip();
            format!("entry point at {at:#x}")
        }
        2 => {
            let at = memmem::find(&bytes, b"payments go to alice")? + script.below(20);
            bytes[at] ^= script.flip();
            format!("literal at {at:#x}")
        }
        3 => {
            bytes.push(script.flip());
            bytes.extend(script.rest(4096));
            format!(
                "{} bytes more at the end",
                bytes.len() - program.bytes().len()
            )
        }
        4 => {
            let ports = [8080_u64.to_le_bytes(), 9090_u64.to_le_bytes()].concat();
            let at = memmem::find(&bytes, &ports)?;
            bytes[at..at + 16].rotate_left(8);
            format!("two numbers exchanged at {at:#x}")
        }
        5 => {
            let (at, flag) = executable(format, &bytes, script)?;
            bytes[at] |= flag;
            format!("data made executable at {at:#x}")
        }
        _ => {
            let at = anywhere(program, script)?;
            bytes[at] ^= script.flip();
            format!("code or data at {at:#x}")
        }
    };
    (bytes != program.bytes()).then_some((what, bytes))
}

/// A byte of a function, not of the padding behind it.
fn code(program: &Artifact, bytes: &mut [u8], script: &mut Script<'_>) -> Option<String> {
    const PADDING_MAX: usize = 32;
    let found = Found::in_image(program.bytes(), &program.image)?;
    let functions = Functions::read(program.bytes(), &program.image, &found)?.all;
    let function = &functions[script.below(functions.len())];
    let len = function.range.len();
    if len == 0 {
        return None;
    }
    let at = function.range.start + script.below(len.saturating_sub(PADDING_MAX));
    bytes[at] ^= script.flip();
    Some(format!("{} at {at:#x}", function.name))
}

/// Where a header says at which address the program begins.
pub fn entry_place(format: Format, bytes: &[u8]) -> Option<usize> {
    match format {
        Format::Elf => Some(24),
        Format::Pe => Some(number(bytes, 0x3c)? + 24 + 16),
        Format::MachO => {
            const LC_MAIN: usize = 0x8000_0028;
            let mut at = 32;
            for _ in 0..number(bytes, 16)? {
                if number(bytes, at)? == LC_MAIN {
                    return Some(at + 8);
                }
                at += number(bytes, at + 4)?;
            }
            None
        }
        _ => None,
    }
}

/// Where a flag is that lets data run as code, and the flag.
fn executable(format: Format, bytes: &[u8], script: &mut Script<'_>) -> Option<(usize, u8)> {
    let flags: Vec<(usize, u8)> = match format {
        Format::Elf => {
            let (start, count) = (number(bytes, 32)?, usize::from(*bytes.get(56)?));
            let header = |index: usize| start + index * 56;
            let is_load = |at: &usize| number(bytes, *at) == Some(1);
            let loads = (0..count).map(header).filter(is_load);
            loads.map(|at| (at + 4, 1)).collect()
        }
        Format::Pe => {
            let header = number(bytes, 0x3c)?;
            let count = usize::from(*bytes.get(header + 6)?);
            let sizes = usize::from(*bytes.get(header + 20)?);
            let start = header + 24 + sizes;
            // IMAGE_SCN_MEM_EXECUTE.
            (0..count)
                .map(|index| (start + index * 40 + 39, 0x20))
                .collect()
        }
        _ => return None,
    };
    let is_data = |(at, flag): &(usize, u8)| bytes.get(*at).is_some_and(|byte| byte & flag == 0);
    let flags: Vec<(usize, u8)> = flags.into_iter().filter(is_data).collect();
    if flags.is_empty() {
        return None;
    }
    Some(flags[script.below(flags.len())])
}

/// Sections of code and of what it reads.
const LOADED: [&str; 7] = [
    ".text",
    ".rodata",
    ".data",
    ".noptrdata",
    "__text",
    "__rodata",
    "__noptrdata",
];

/// A byte that is loaded and no name of the build.
fn anywhere(program: &Artifact, script: &mut Script<'_>) -> Option<usize> {
    let regions = program.image.regions.iter();
    let loaded = regions.filter(|region| LOADED.contains(&region.name.as_str()));
    let loaded: Vec<&Range<usize>> = loaded.map(|region| &region.range).collect();
    if loaded.is_empty() {
        return None;
    }
    let region = loaded[script.below(loaded.len())];
    let at = region.start + script.below(region.len());
    let stamped = program
        .go
        .stamps
        .iter()
        .any(|stamp| stamp.range.contains(&at));
    (!stamped).then_some(at)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(word)).ok()
}
