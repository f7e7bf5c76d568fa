//! unexplained: what no proven cause accounts for, with its ranges.

use std::ops::Range;

use proto::quantity;

use super::open::{self, Open};
use super::{Cause, Confidence, Evidence, Name, Pair, Reach, stretches};
use crate::diff::functions::FunctionDiff;
use crate::diff::regions::Span;
use crate::diff::{FunctionsDiff, RegionDiff};
use crate::image::Content;

/// The most ranges listed as evidence; the report holds the rest.
const RANGES_MAX: usize = 12;

/// The most of them from one region.
const RANGES_EACH_MAX: usize = 3;

/// Bytes of each side shown for a small range.
const SHOWN_BYTES: usize = 48;

pub(super) fn explain(pair: &Pair<'_>, causes: &[Cause]) -> Option<Cause> {
    let open = Open::of(pair, causes, open::is_answer)?;
    let mut left = open.regions.clone();
    let code_is_same = pair
        .diff
        .functions
        .as_ref()
        .filter(|functions| functions.is_same_code());
    // Where nothing moved, nothing follows from that.
    if let Some(functions) = code_is_same.filter(|functions| functions.moves.any()) {
        let all = left.len();
        left.retain(|region| !open::is_shifted(pair, functions, region));
        if left.is_empty() && all > 0 && !open.package_main {
            return Some(shifted_only(pair, functions));
        }
    }
    let narrowed: Vec<RegionDiff> = left
        .into_iter()
        .map(|region| narrow(region, code_is_same))
        .collect();
    let mut left: Vec<&RegionDiff> = narrowed.iter().collect();
    // What the program runs comes before the tables that describe it.
    left.sort_by_key(|region| !matches!(region.content, Content::Code | Content::Data));
    let bytes: usize = left
        .iter()
        .map(|region| region.differing - region.stamped)
        .sum();
    let total: usize = left.iter().map(|region| region.spans.len().max(1)).sum();
    let evidence: Vec<Evidence> = left
        .iter()
        .flat_map(|region| ranges(pair, region))
        .take(RANGES_MAX)
        .collect();
    let more = if total > evidence.len() {
        format!(", {} of {total} places shown", evidence.len())
    } else {
        String::new()
    };
    let summary = format!("{}{more}", summary(pair, &open, bytes, code_is_same));
    Some(Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary,
        evidence,
        fix: fix(pair),
        reach: Reach::Stamps,
    })
}

/// Where all of Go's functions are the same, only code outside of them is open.
fn narrow(region: &RegionDiff, code_is_same: Option<&FunctionsDiff>) -> RegionDiff {
    let mut region = region.clone();
    let is_code = region.content == Content::Code;
    let (Some(functions), Some(range)) = (code_is_same.filter(|_| is_code), &region.a) else {
        return region;
    };
    let inside = |span: &&Span| range.contains(&span.a.start);
    let spans: Vec<Span> = functions.outside.iter().filter(inside).cloned().collect();
    if !spans.is_empty() {
        let bytes: usize = spans
            .iter()
            .map(|span| span.a.len().max(span.b.len()))
            .sum();
        region.differing = region.differing.min(region.stamped + bytes);
        region.spans = spans;
    }
    region
}

fn summary(
    pair: &Pair<'_>,
    open: &Open<'_>,
    bytes: usize,
    code_is_same: Option<&FunctionsDiff>,
) -> String {
    const WHY: &str = "for a reason that these two files alone do not show";
    let functions = pair.diff.functions.as_ref();
    let outside = functions.is_some_and(|functions| !functions.outside.is_empty());
    let what = match (code_is_same, bytes) {
        (_, 0) if open.package_main => {
            "package main was compiled to something else (part C of the build ID differs)".into()
        }
        (_, 0) if open.code => "functions have other code".into(),
        (_, 0) => "only the names of the builds differ,".into(),
        (Some(functions), _) => {
            let counts = &functions.counts;
            let paired = counts.same + counts.shifted + counts.lines;
            let moved = if counts.shifted > 0 {
                ", but for addresses of what moved"
            } else {
                ""
            };
            let what = quantity::bytes_differ(bytes);
            format!("the code of all {paired} functions of Go is the same{moved}; {what}")
        }
        (None, _) => quantity::bytes_differ(bytes),
    };
    let unknown = if outside && bytes > 0 {
        ", code outside of Go's functions among them, and nothing tells whether that is other code,"
    } else {
        ""
    };
    format!("{what}{unknown} {WHY}")
}

fn shifted_only(pair: &Pair<'_>, functions: &FunctionsDiff) -> Cause {
    let counts = &functions.counts;
    let same = format!(
        "{} the same, {} with addresses of what moved",
        counts.same, counts.shifted
    );
    Cause {
        name: Name::Unexplained,
        confidence: Confidence::Possible,
        summary: "all remaining differences are shifted addresses: code and data only moved, for a reason that these \
                  two files alone do not show"
            .into(),
        evidence: vec![Evidence::new("functions", same.clone(), same)],
        fix: fix(pair),
        reach: Reach::Stamps,
    }
}

fn fix(pair: &Pair<'_>) -> String {
    // Its programs have neither settings nor a cache whose flags could be named.
    if pair.a.image.gccgo.is_some() && pair.b.image.gccgo.is_some() {
        return "compile both again by one version of gccgo, with the same flags, from the same source in a folder of \
                the same name (-ffile-prefix-map replaces a folder), and compare"
            .into();
    }
    let untrimmed = pair.which(|artifact| artifact.go.setting("-trimpath") != Some("true"));
    let flag = if untrimmed.is_some() {
        "with -trimpath and "
    } else {
        ""
    };
    format!(
        "build both again {flag}from an empty GOCACHE on each machine, and compare; if they still differ, look at \
         the places listed (symbols, if the files have them, tell which function or variable lies there)"
    )
}

fn ranges(pair: &Pair<'_>, region: &RegionDiff) -> Vec<Evidence> {
    if region.spans.is_empty() {
        return vec![stretches(&*region.name, [&region.a, &region.b])];
    }
    let shown = |span: &Span| {
        let [a, b] = [
            excerpt(pair.a.bytes(), &span.a),
            excerpt(pair.b.bytes(), &span.b),
        ];
        let name = name(pair, span);
        Evidence::new(format!("{}{name}", place(region, span)), a, b)
    };
    region
        .spans
        .iter()
        .take(RANGES_EACH_MAX)
        .map(shown)
        .collect()
}

/// Names the function or the symbol that a place lies in, where there is one.
fn name(pair: &Pair<'_>, span: &Span) -> String {
    let functions = pair.diff.functions.as_ref();
    let holds = |function: &&FunctionDiff| {
        function.a.is_some_and(|place| {
            let size = usize::try_from(place.size).unwrap_or(usize::MAX);
            (place.offset..place.offset.saturating_add(size)).contains(&span.a.start)
        })
    };
    let function = functions.and_then(|functions| functions.functions.iter().find(holds));
    let symbol = || {
        let address = pair.a.image.address_of(span.a.start)?;
        Some(pair.symbols(0).at(address)?.name.to_owned())
    };
    let name = function
        .map(|function| function.name.clone())
        .or_else(symbol);
    name.map_or_else(String::new, |name| format!(" ({name})"))
}

/// Names a place in both files.
pub(super) fn place(region: &RegionDiff, span: &Span) -> String {
    if span.a.start == span.b.start {
        return format!("{} at offset {:#x}", region.name, span.a.start);
    }
    format!(
        "{} at offsets {:#x} and {:#x}",
        region.name, span.a.start, span.b.start
    )
}

/// Shows bytes as text where they are text, else as hexadecimal.
pub(super) fn excerpt(bytes: &[u8], range: &Range<usize>) -> String {
    let all = bytes.get(range.clone()).unwrap_or_default();
    let shown = &all[..all.len().min(SHOWN_BYTES)];
    let is_text = shown.len() > 1 && shown.iter().all(|byte| (0x20..0x7f).contains(byte));
    let text = match std::str::from_utf8(shown) {
        Ok(text) if is_text => format!("{text:?}"),
        _ => hex::encode(&shown[..shown.len().min(SHOWN_BYTES / 2)]),
    };
    if all.len() > shown.len() {
        format!("{text}… ({} bytes)", all.len())
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_text_where_they_are_text() {
        let show = |bytes: &[u8]| excerpt(bytes, &(0..bytes.len()));
        assert_eq!(show(b"a text"), "\"a text\"");
        // One letter may be anything, and so may what is not printed.
        assert_eq!(show(b"a"), "61");
        assert_eq!(show(b"a\x7f"), "617f");
        assert_eq!(show(b"a\x1f"), "611f");
        assert_eq!(show(b" ~"), "\" ~\"");
        assert_eq!(show(b""), "");
        assert_eq!(
            show(&[b'x'; SHOWN_BYTES]),
            format!("{:?}", "x".repeat(SHOWN_BYTES))
        );
        let long = format!("{:?}… ({} bytes)", "x".repeat(SHOWN_BYTES), SHOWN_BYTES + 1);
        assert_eq!(show(&[b'x'; SHOWN_BYTES + 1]), long);
        let binary = format!("{}… (60 bytes)", "01".repeat(SHOWN_BYTES / 2));
        assert_eq!(show(&[1; 60]), binary);
        assert_eq!(excerpt(b"a text", &(2..99)), "");
        assert_eq!(excerpt(b"a text", &(2..6)), "\"text\"");
    }
}
