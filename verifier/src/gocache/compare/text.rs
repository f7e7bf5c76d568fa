//! The comparison as text.

use std::io::{self, Write};

use proto::visible::clean;

use super::{Comparison, Difference, Verdict};
use crate::quantity;
use crate::report::printed::Printed as _;
use crate::report::text::{Color, Style};

/// Differences shown, unless every detail is wanted.
const SHOWN: usize = 20;

/// Symbols of a member shown, unless every detail is wanted.
const SYMBOLS_SHOWN: usize = 8;

pub(super) fn write(comparison: &Comparison, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (word, color) = match comparison.verdict {
        Verdict::Same => ("SAME", Color::Green),
        Verdict::Different => ("DIFFERENT", Color::Red),
        Verdict::Incomplete => ("NOT ALL COMPARED", Color::Yellow),
        Verdict::NothingInCommon => ("NOTHING IN COMMON", Color::Yellow),
    };
    let verdict = style.paint(word, color);
    writeln!(out, "{verdict}: {}", comparison.summary())?;
    for (name, side) in ["a", "b"].iter().zip(&comparison.sides) {
        let versions: Vec<String> = side.go_versions.keys().map(|text| clean(text)).collect();
        writeln!(
            out,
            "  {name}  {}: {}, {}, {}",
            clean(&side.path.display().to_string()),
            quantity::count(side.entries, "entry", "entries"),
            quantity::size(side.bytes),
            versions.join(" ")
        )?;
    }
    for (side, found) in &comparison.unsound {
        let name = ["a", "b"][*side];
        let rule = style.paint(found.rule, Color::Red);
        writeln!(out, "\n{rule}: in {name}, {}", clean(&found.summary()))?;
        writeln!(out, "  {}", clean(&found.path))?;
        writeln!(out, "  fix: {}", found.fix)?;
    }
    let count = comparison.differences.len();
    let shown = if style.verbose { count } else { SHOWN };
    for difference in comparison.differences.iter().take(shown) {
        one(difference, style, out)?;
    }
    if count > shown {
        writeln!(out, "\n… and {} more; -v shows all", count - shown)?;
    }
    for note in &comparison.notes {
        writeln!(out, "note: {}", clean(note))?;
    }
    writeln!(
        out,
        "\n{} in both: {} with the same output, {} that rightly vary (tests, cgo's own files); only in a: {}, only in b: {}",
        quantity::count(comparison.joined, "action", "actions"),
        comparison.same,
        comparison.varying,
        comparison.only[0],
        comparison.only[1]
    )
}

fn one(difference: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{} ({}): {}",
        style.paint(&difference.cause.as_str(), Color::Red),
        difference.confidence.as_str(),
        clean(&difference.summary())
    )?;
    for part in &difference.parts {
        let [a, b] = &part.outputs;
        let name = part.description.as_deref().unwrap_or(part.kind.as_str());
        writeln!(out, "  {}: a {a}-d, b {b}-d", clean(name))?;
    }
    for member in difference.members.iter().flatten() {
        let side = |side: usize| match member.sizes[side] {
            Some(bytes) => quantity::bytes(bytes),
            None => "missing".to_owned(),
        };
        writeln!(
            out,
            "  member {}: {}, {}",
            clean(&member.name),
            side(0),
            side(1)
        )?;
        for path in &member.imports {
            writeln!(out, "    import {}: other export data", clean(path))?;
        }
        let count = member.symbols.len();
        let shown = if style.verbose { count } else { SYMBOLS_SHOWN };
        for symbol in member.symbols.iter().take(shown) {
            let change = symbol.change.describe(["a", "b"]);
            let class = symbol.class.as_str();
            writeln!(
                out,
                "    {class} {}: {}",
                clean(&symbol.name),
                clean(&change)
            )?;
        }
        let more = count.saturating_sub(shown).saturating_add(member.omitted);
        if more > 0 {
            writeln!(
                out,
                "    … and {}",
                quantity::count(more, "more symbol", "more symbols")
            )?;
        }
        if let Some(unread) = &member.unread {
            writeln!(out, "    {}", clean(unread))?;
        }
    }
    if !difference.also.is_empty() {
        let names: Vec<String> = difference.also.iter().map(|name| name.as_str()).collect();
        writeln!(out, "  would look the same: {}", names.join(", "))?;
    }
    writeln!(out, "  fix: {}", difference.fix)
}
