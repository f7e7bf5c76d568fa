//! The tables as text.

use std::io::{self, Write};

use proto::matrix::table::Table;
use proto::report::Tone;
use proto::visible::clean;

use super::{Outcome, Why, repeated, sentence, short, split};
use crate::report::printed::Printed;
use crate::report::text::{Color, Style};

/// The widest that the column of hosts gets.
const HOST_WIDTH_MAX: usize = 40;

impl Outcome {
    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let color = match self.tone() {
            Tone::Good => Color::Green,
            Tone::Bad => Color::Red,
            Tone::Accepted | Tone::Open | Tone::Neutral => Color::Yellow,
        };
        let word = style.paint(Printed::verdict(self), color);
        writeln!(out, "{word}: {}", clean(&self.summary()))?;
        for note in self.notes() {
            writeln!(
                out,
                "{} {}",
                style.paint("note:", Color::Yellow),
                clean(&note)
            )?;
        }
        for (table, whys) in self.tables.iter().zip(&self.causes) {
            write_table(table, whys, style, out)?;
        }
        Ok(())
    }
}

fn write_table(table: &Table, whys: &[Why], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let package = table
        .entries
        .first()
        .map(|entry| entry.observation.inputs.package.clone());
    let title = clean(&package.unwrap_or_default());
    writeln!(
        out,
        "\n{}  inputs sha256:{}\n  {}",
        style.paint(&title, Color::Bold),
        table.inputs,
        clean(&sentence(table))
    )?;
    let rows = table.rows();
    let hosts: Vec<String> = rows.iter().map(|row| clean(&row.host)).collect();
    let width = hosts
        .iter()
        .map(|host| host.chars().count())
        .max()
        .unwrap_or(0)
        .min(HOST_WIDTH_MAX);
    write!(out, "\n  {:<width$}", "")?;
    for column in table.columns() {
        write!(out, "  {:<10}", clean(&column))?;
    }
    writeln!(out)?;
    for (row, host) in rows.iter().zip(&hosts) {
        write!(out, "  {host:<width$}")?;
        for cell in &row.cells {
            let letters: Vec<String> = cell.iter().map(|index| letter(table, *index)).collect();
            write!(out, "  {:<10}", repeated(letters).join(","))?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    write_groups(table, whys, style, out)?;
    for (_, words) in split::of_programs(table) {
        writeln!(out, "  which program: {}", clean(&words))?;
    }
    for (_, words) in split::of_packages(table) {
        writeln!(out, "  which packages: {}", clean(&words))?;
    }
    Ok(())
}

/// The programs, why they differ, and the packages that went into them.
fn write_groups(table: &Table, whys: &[Why], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (place, group) in table.groups.iter().enumerate() {
        let pattern = group.pattern.as_deref().unwrap_or("no build ID");
        let minority = if group.is_minority {
            "  fewer hosts"
        } else {
            ""
        };
        let line = format!(
            "{}  sha256:{}  A/B/C/D {pattern}{minority}",
            group.letter, group.product
        );
        let color = if place == 0 { Color::Green } else { Color::Red };
        writeln!(out, "  {}", style.paint(&line, color))?;
        writeln!(out, "     {}", clean(&group.hosts.join(", ")))?;
        if let Some(why) = whys.iter().find(|why| why.group == place) {
            for cause in &why.causes {
                let line = format!("{} ({}): {}", cause.name, cause.confidence, cause.summary);
                writeln!(out, "     {} [{}]", clean(&line), why.source.words())?;
            }
        }
    }
    if table.closures.len() > 1 {
        writeln!(
            out,
            "\n  {}",
            style.paint("Compiled packages differ", Color::Red)
        )?;
        for (root, members) in &table.closures {
            let builds = members.iter().filter_map(|index| table.entries.get(*index));
            let builds: Vec<String> = builds
                .map(|entry| format!("{} {}", entry.host(), entry.observation.cache.mode.as_str()))
                .collect();
            writeln!(
                out,
                "  {}  {}",
                short(&root.to_string()),
                clean(&repeated(builds).join(", "))
            )?;
        }
    }
    Ok(())
}

/// The letter of a build; with a star where other packages went into it than into other builds.
fn letter(table: &Table, index: usize) -> String {
    let star = match table.closure(index) {
        Some(1..) => "*",
        Some(0) | None => "",
    };
    match table.group(index) {
        Some(group) => format!("{}{star}", group.letter),
        None => "failed".to_owned(),
    }
}
