//! The outcome as text: the verdict, what it rests on, what differs, what to do.

use std::collections::BTreeSet;
use std::io::{self, Write};

use proto::quantity;
use proto::toolchain::Outside;
use proto::visible::clean;

use super::difference::Kind;
use super::judge::Verdict;
use super::outcome::Outcome;
use crate::report::text::{Color, Style};

/// The most files shown unless every detail is wanted.
const FILES_SHOWN: usize = 20;

/// Writes an outcome.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, out };
    page.verdict(outcome)?;
    page.identity(outcome)?;
    page.differences(outcome)?;
    page.programs(outcome)?;
    page.nearest(outcome)?;
    page.outside(outcome)?;
    for note in &outcome.judgement.notes {
        page.row("note", &clean(note))?;
    }
    for advice in &outcome.advice {
        let label = page.style.paint("do", Color::Bold);
        writeln!(page.out, "{label}: {}", clean(advice))?;
    }
    Ok(())
}

struct Page<'a> {
    style: Style,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn verdict(&mut self, outcome: &Outcome) -> io::Result<()> {
        let (word, color) = match outcome.judgement.verdict {
            Verdict::Official => ("OFFICIAL", Color::Green),
            Verdict::Repackaged => ("REPACKAGED", Color::Green),
            Verdict::Modified => ("MODIFIED", Color::Red),
            Verdict::Unknown => ("UNKNOWN", Color::Yellow),
        };
        let word = self.style.paint(word, color);
        writeln!(self.out, "{word}: {}", clean(&outcome.judgement.reason))
    }

    fn identity(&mut self, outcome: &Outcome) -> io::Result<()> {
        let tree = &outcome.tree;
        self.row("goroot", &clean(&tree.root.display().to_string()))?;
        let time = tree.version.time.as_deref();
        let time = time.map_or_else(String::new, |time| format!(", released {}", clean(time)));
        self.row("says it is", &format!("{}{time}", tree.release))?;
        let files = tree.manifest.len();
        self.row("files", &format!("{files}, {}", quantity::size(tree.bytes)))?;
        if let Some(packager) = outcome.packager {
            self.row("looks like", packager.name())?;
        }
        self.row("h1", &outcome.judgement.h1.to_string())?;
        let Some(record) = &outcome.recorded else {
            return Ok(());
        };
        self.row("recorded", &record.h1.to_string())?;
        let standing = if record.proved {
            format!(
                "proved under its signed head of {} records",
                record.tree_size
            )
        } else {
            format!(
                "not proved: text beside a signed head of {} records",
                record.tree_size
            )
        };
        let line = format!(
            "record {} of {}, {standing}",
            record.id,
            clean(&record.database)
        );
        self.row("", &line)?;
        if self.style.verbose {
            self.row("", &clean(&record.source))?;
        }
        Ok(())
    }

    fn differences(&mut self, outcome: &Outcome) -> io::Result<()> {
        let differences = &outcome.judgement.differences;
        let shown = if self.style.verbose {
            differences.len()
        } else {
            FILES_SHOWN
        };
        for file in differences.iter().take(shown) {
            let color = if file.purpose.matters() {
                Color::Red
            } else {
                Color::Dim
            };
            let kind = match file.kind {
                Kind::Changed => "changed",
                Kind::Added => "added",
                Kind::Missing => "missing",
            };
            let kind = self.style.paint(&format!("{kind:<12}"), color);
            let (name, purpose) = (clean(&file.name), file.purpose.as_str());
            writeln!(self.out, "  {kind} {name} ({purpose})")?;
            if self.style.verbose {
                for (whose, sha256) in [("here", file.installed), ("release", file.released)] {
                    if let Some(sha256) = sha256 {
                        writeln!(self.out, "    {whose:<10} {}", hex::encode(sha256))?;
                    }
                }
            }
        }
        match differences.len().saturating_sub(shown) {
            0 => Ok(()),
            more => self.row("", &format!("and {more} more files; -v names them all")),
        }
    }

    fn programs(&mut self, outcome: &Outcome) -> io::Result<()> {
        let (mut intact, mut unknown) = (0, 0);
        let mut changed = Vec::new();
        for program in &outcome.programs {
            match program.intact {
                Some(true) => intact += 1,
                None => unknown += 1,
                Some(false) => changed.push(clean(&program.name)),
            }
        }
        let what = self.style.paint("changed after go build wrote", Color::Red);
        if changed.len() > 1 && changed.len() == outcome.programs.len() && !self.style.verbose {
            let all = format!("all {} were {what} them, as stripping does", changed.len());
            self.row("programs", &all)?;
            changed.clear();
        }
        for name in changed {
            self.row("program", &format!("{name}: {what} it"))?;
        }
        if intact > 0 {
            let versions: BTreeSet<&str> = outcome
                .programs
                .iter()
                .filter_map(|program| program.go_version.as_deref())
                .collect();
            let versions: Vec<String> = versions.into_iter().map(clean).collect();
            let verb = if intact == 1 { "is" } else { "are" };
            let line = format!(
                "{intact} {verb} what go build wrote, by {}",
                versions.join(", ")
            );
            self.row("programs", &line)?;
        }
        match unknown {
            0 => Ok(()),
            1 => self.row("programs", "1 does not tell whether it was changed"),
            _ => {
                let line = format!("{unknown} do not tell whether they were changed");
                self.row("programs", &line)
            }
        }
    }

    fn nearest(&mut self, outcome: &Outcome) -> io::Result<()> {
        let nearest = &outcome.judgement.nearest;
        let claimed = &outcome.tree.release;
        let worth = nearest.len() > 1 || nearest.iter().any(|near| near.release != *claimed);
        if outcome.judgement.verdict == Verdict::Official || !worth {
            return Ok(());
        }
        for near in nearest
            .iter()
            .take(if self.style.verbose { nearest.len() } else { 1 })
        {
            let proved = if near.proved {
                ""
            } else {
                ", by a list that no record proves"
            };
            let verb = if near.differing == 1 {
                "differs"
            } else {
                "differ"
            };
            let line = format!(
                "{}: {} files the same, {} {verb}{proved}",
                near.release, near.same, near.differing
            );
            self.row("nearest", &clean(&line))?;
        }
        Ok(())
    }

    fn outside(&mut self, outcome: &Outcome) -> io::Result<()> {
        for (kind, outsiders) in &outcome.tree.outside {
            let what = match kind {
                Outside::ArchiveOnly | Outside::Leftover if !self.style.verbose => continue,
                Outside::ArchiveOnly => "left out of the module by its rules",
                Outside::Leftover => "of version control and editors",
                Outside::Program => "programs that no release has",
                Outside::Tool => "tools that no release has; go runs those of its own system",
                Outside::Package => "compiled packages and the like, in no release since Go 1.20",
            };
            let shown = if self.style.verbose {
                outsiders.names.len()
            } else {
                3
            };
            let names: Vec<String> = outsiders
                .names
                .iter()
                .take(shown)
                .map(|name| clean(name))
                .collect();
            let more = match outsiders.count.saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.row("not judged", &format!("{}{more}: {what}", names.join(", ")))?;
        }
        self.unhashed(outcome)?;
        if self.style.verbose {
            for link in &outcome.tree.links {
                let line = format!("{} -> {}", link.name, link.target);
                self.row("link", &clean(&line))?;
            }
        }
        Ok(())
    }

    fn unhashed(&mut self, outcome: &Outcome) -> io::Result<()> {
        let unhashed = &outcome.tree.unhashed;
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            FILES_SHOWN
        };
        for odd in unhashed.shown().take(shown) {
            self.row(
                "not hashed",
                &format!("{}: {}", clean(&odd.name), odd.reason),
            )?;
        }
        let more = unhashed.shown().count().saturating_sub(shown) + unhashed.omitted();
        match more {
            0 => Ok(()),
            more => self.row("", &format!("and {more} more that were not hashed")),
        }
    }

    fn row(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = self.style.paint(&format!("{name:<12}"), Color::Dim);
        writeln!(self.out, "  {name} {value}")
    }
}
