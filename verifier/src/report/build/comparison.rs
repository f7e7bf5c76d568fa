//! What comparing two files gave, taken down.

use super::SECTIONS_MAX;
use crate::compare::{Outcome, name};
use crate::diff::regions::Span;
use crate::diff::{Diff, Field, RegionDiff, Verdict, first_bytes};
use crate::report::functions::Functions;
use crate::report::masked::Masked;
use crate::report::{Bytes, Comparison, FieldDifference, FirstBytes, Range, SectionDifference};

/// The most ranges listed for one part.
const RANGES_MAX: usize = 64;

/// How many places of one region a picture can tell apart.
const HAIRS: usize = 400;

impl Comparison {
    /// Begins with the answer, and nothing that it rests on.
    pub(super) fn new(files: [usize; 2], verdict: Verdict, reason: Option<String>) -> Self {
        Self {
            files,
            letters: files.map(name),
            same_as: None,
            verdict,
            reason,
            pattern: None,
            build_info: Vec::new(),
            sections: Vec::new(),
            sections_same: 0,
            bytes: Bytes {
                differing: 0,
                stamped: 0,
                remaining: 0,
            },
            first_bytes: None,
            masked: None,
            functions: None,
            container: None,
            next: None,
            linker_flags: None,
        }
    }

    /// Takes down what comparing two files gave.
    pub fn of(files: [usize; 2], outcome: &Outcome) -> Self {
        let mut comparison = Self::new(files, outcome.verdict, outcome.reason.clone());
        comparison.masked = outcome.masked.as_ref().map(Masked::of);
        comparison.first_bytes = outcome.first_bytes.as_ref().map(|first| FirstBytes {
            offset: first.offset,
            a: first_bytes::show(&first.a),
            b: first_bytes::show(&first.b),
        });
        comparison.next.clone_from(&outcome.next);
        comparison.linker_flags.clone_from(&outcome.linker_flags);
        if let Some(diff) = &outcome.diff {
            comparison.fill(diff);
        }
        comparison
    }

    fn fill(&mut self, diff: &Diff) {
        self.pattern = diff.pattern.map(|pattern| pattern.to_string());
        let field = |field: &Field| FieldDifference {
            field: field.name.to_string(),
            a: field.a.clone(),
            b: field.b.clone(),
        };
        self.build_info = diff.fields.iter().map(field).collect();
        self.sections = diff
            .regions
            .iter()
            .take(SECTIONS_MAX)
            .map(section_difference)
            .collect();
        self.sections_same = diff.regions_same;
        let accounting = &diff.accounting;
        self.bytes = Bytes {
            differing: accounting.differing,
            stamped: accounting.stamped,
            remaining: accounting.remaining(),
        };
        self.functions = diff.functions.as_ref().map(Functions::of);
    }
}

fn section_difference(region: &RegionDiff) -> SectionDifference {
    let ranges = region.spans.iter().take(RANGES_MAX).map(range);
    SectionDifference {
        name: region.name.clone(),
        size_a: region.a.as_ref().map(std::ops::Range::len),
        size_b: region.b.as_ref().map(std::ops::Range::len),
        differing: region.differing,
        stamped: region.stamped,
        new_a: region.new.map(|[a, _]| a),
        new_b: region.new.map(|[_, b]| b),
        ranges: ranges.collect(),
        ranges_omitted: region.spans.len().saturating_sub(RANGES_MAX),
        drawn: drawn(region),
    }
}

fn range(span: &Span) -> Range {
    Range {
        offset_a: span.a.start,
        size_a: span.a.len(),
        offset_b: span.b.start,
        size_b: span.b.len(),
    }
}

/// Joins spans with less than a hair's breadth between them, as a picture of the
/// region would show them.
fn drawn(region: &RegionDiff) -> Vec<Range> {
    let len = |side: &Option<std::ops::Range<usize>>| side.as_ref().map_or(0, std::ops::Range::len);
    let hair = len(&region.a).max(len(&region.b)) / HAIRS;
    let mut joined: Vec<Span> = Vec::new();
    for span in &region.spans {
        match joined.last_mut() {
            Some(last)
                if span.a.start.saturating_sub(last.a.end) <= hair
                    && span.b.start.saturating_sub(last.b.end) <= hair =>
            {
                last.a.end = span.a.end;
                last.b.end = span.b.end;
            }
            _ => joined.push(span.clone()),
        }
    }
    joined.iter().map(range).collect()
}
