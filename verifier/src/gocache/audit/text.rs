//! The audit as text: the verdict, what was found and what to do, then counts.

use std::io::{self, Write};

use proto::finding::Level;
use proto::visible::clean;

use super::{Audit, CacheDefect, Verdict};
use crate::quantity;
use crate::report::printed::Printed as _;
use crate::report::text::{Color, Style};

/// Findings of one rule shown, unless every detail is wanted.
const SHOWN: usize = 10;

pub(super) fn write(audit: &Audit, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (word, color) = match audit.verdict {
        Verdict::Clean => ("CLEAN", Color::Green),
        Verdict::Unjudged => ("NOTHING FOUND", Color::Yellow),
        Verdict::Unread => ("NOT ALL READ", Color::Yellow),
        Verdict::Suspect => ("SUSPECT", Color::Yellow),
        Verdict::Stale => ("STALE", Color::Red),
        Verdict::Damaged => ("DAMAGED", Color::Red),
        Verdict::Poisoned => ("POISONED", Color::Red),
    };
    writeln!(out, "{}: {}", style.paint(word, color), audit.summary())?;
    writeln!(out, "  {}", clean(&audit.place.display().to_string()))?;
    findings(audit, style, out)?;
    for note in &audit.notes {
        writeln!(out, "note: {}", clean(note))?;
    }
    counts(audit, style, out)
}

fn findings(audit: &Audit, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut rest = audit.findings.as_slice();
    while let Some(first) = rest.first() {
        let alike = rest
            .iter()
            .take_while(|found| found.rule == first.rule && found.level == first.level)
            .count();
        let (group, others) = rest.split_at(alike);
        rest = others;
        let shown = if style.verbose { alike } else { SHOWN };
        for found in &group[..shown.min(alike)] {
            one(found, style, out)?;
        }
        if alike > shown {
            let more = alike - shown;
            writeln!(out, "  … and {more} more of {}; -v shows all", first.rule)?;
        }
        if !first.fix.is_empty() {
            writeln!(out, "  fix: {}", first.fix)?;
        }
    }
    Ok(())
}

fn one(found: &CacheDefect, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let color = match found.level {
        Level::Error => Color::Red,
        Level::Warning => Color::Yellow,
        Level::Note => Color::Dim,
    };
    writeln!(
        out,
        "\n{}: {}",
        style.paint(found.rule, color),
        clean(&found.summary())
    )?;
    if !found.path.is_empty() {
        writeln!(out, "  {}", clean(&found.path))?;
    }
    for evidence in &found.evidence {
        let want = clean(evidence.a.as_deref().unwrap_or("nothing"));
        let found = evidence.b.as_deref().map(clean);
        let found = found.map_or(String::new(), |found| format!(", found {found}"));
        writeln!(out, "  {}: {want}{found}", clean(&evidence.place))?;
    }
    if style.verbose {
        let ids = [("action", found.action), ("output", found.output)];
        for (name, id) in ids {
            if let Some(id) = id {
                writeln!(out, "  {name} {id}")?;
            }
        }
    }
    Ok(())
}

fn counts(audit: &Audit, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let counts = &audit.counts;
    writeln!(
        out,
        "\n{}, {} in {}; {} compared with their actions and contents, {} with their files",
        quantity::count(counts.entries, "entry", "entries"),
        quantity::size(counts.bytes),
        quantity::count(counts.outputs, "output", "outputs"),
        quantity::count(counts.build_ids, "build ID", "build IDs"),
        quantity::count(counts.indexes, "module index", "module indexes")
    )?;
    for (version, count) in &counts.go_versions {
        let packages = quantity::count(*count, "package or program", "packages and programs");
        writeln!(out, "  {:<12} {packages}", clean(version))?;
    }
    if style.verbose {
        for (kind, count) in &counts.kinds {
            writeln!(out, "  {:<12} {count}", kind.as_str())?;
        }
    }
    Ok(())
}
