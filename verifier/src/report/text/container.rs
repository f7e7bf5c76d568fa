//! Two containers in words: how many members differ, and which.

use std::io;

use proto::visible::clean;

use super::{Color, Printer};
use crate::quantity;
use crate::report::container::{Container, Member, Only};
use crate::report::{Comparison, File, Report, facts};

/// Members shown of one list unless every detail is wanted.
const MEMBERS_SHOWN: usize = 12;

impl Printer<'_> {
    /// Prints the heading of a pair that lies inside two others.
    pub(super) fn member_title(
        &mut self,
        report: &Report,
        pair: &Comparison,
        several: bool,
    ) -> io::Result<bool> {
        let inside = |index: usize| report.files.get(index)?.inside.as_ref();
        let Some(inside) = inside(pair.files[0]) else {
            return Ok(false);
        };
        let word = super::comparison::word(pair.verdict);
        let [a, b] = &pair.letters;
        let which = if several {
            format!("{a} and {b}: ")
        } else {
            String::new()
        };
        let title = format!("{which}{}: {word}", clean(&inside.path.join(": ")));
        let title = self.verdict(pair.verdict, &title);
        writeln!(self.out, "\n{title}")?;
        if pair.container.is_some() {
            return Ok(true);
        }
        for (letter, index) in pair.letters.iter().zip(pair.files) {
            if let Some(file) = report.files.get(index) {
                self.member_file(letter, file)?;
            }
        }
        Ok(true)
    }

    fn member_file(&mut self, letter: &str, file: &File) -> io::Result<()> {
        let what = clean(&facts::describe(file));
        writeln!(
            self.out,
            "  {letter}: {}, {what}",
            quantity::size(file.size)
        )?;
        if self.style.verbose {
            writeln!(self.out, "     sha256 {}", file.sha256)?;
        }
        if file.self_check.status == "changed" {
            let check = self.self_check(file);
            writeln!(self.out, "     self-check: {check}")?;
        }
        for problem in &file.problems {
            writeln!(self.out, "     unreadable: {}", clean(problem))?;
        }
        Ok(())
    }

    /// Prints what two containers hold.
    pub(super) fn container(&mut self, pair: &Comparison, container: &Container) -> io::Result<()> {
        let [a, b] = &pair.letters;
        for note in &container.notes {
            let label = self.paint("note:", Color::Yellow);
            writeln!(self.out, "{label} {}", clean(note))?;
        }
        if pair.reason.is_some() && container.members == [0, 0] {
            return Ok(());
        }
        let total = &container.total;
        let title = self.paint("Members", Color::Bold);
        writeln!(
            self.out,
            "\n{title}: {} the same, {} different, {} only in {a}, {} only in {b}",
            total.same, total.differing, total.only_in_a, total.only_in_b
        )?;
        for ((letter, kind), count) in pair
            .letters
            .iter()
            .zip(&container.kinds)
            .zip(container.members)
        {
            let members = quantity::count(count, "member", "members");
            writeln!(self.out, "  {letter}: {}, {members}", clean(kind))?;
        }
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            MEMBERS_SHOWN
        };
        for member in container.differing.iter().take(shown) {
            self.differing(member)?;
        }
        self.more(container.differing.len(), shown)?;
        for (letter, only) in [(a, &container.only_in_a), (b, &container.only_in_b)] {
            for member in only.iter().take(shown) {
                let Only { path, content, .. } = member;
                writeln!(
                    self.out,
                    "  {}  only in {letter}: {}",
                    clean(path),
                    clean(content)
                )?;
            }
            self.more(only.len(), shown)?;
        }
        if container.omitted > 0 {
            writeln!(
                self.out,
                "  … and {} that no report lists",
                container.omitted
            )?;
        }
        Ok(())
    }

    fn more(&mut self, len: usize, shown: usize) -> io::Result<()> {
        if len > shown {
            writeln!(self.out, "  … {} more (--verbose)", len - shown)?;
        }
        Ok(())
    }

    fn differing(&mut self, member: &Member) -> io::Result<()> {
        let path = clean(&member.path);
        match (member.how, member.first_offset, &member.reason) {
            ("program", ..) => writeln!(self.out, "  {path}  a program: see below"),
            ("container", ..) => writeln!(self.out, "  {path}  looked into: see below"),
            ("bytes", Some(first), _) => writeln!(
                self.out,
                "  {path}  {}, the first at {first:#x} (no program, compared byte by byte)",
                quantity::bytes_differ(member.differing_bytes.unwrap_or(0))
            ),
            (_, _, Some(reason)) => {
                writeln!(
                    self.out,
                    "  {path}  differs; not looked into: {}",
                    clean(reason)
                )
            }
            _ => writeln!(
                self.out,
                "  {path}  {} / {}",
                clean(&member.a),
                clean(&member.b)
            ),
        }
    }
}
