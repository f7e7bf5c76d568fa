//! What to run next, one command a line.

use std::io;

use proto::visible::clean;

use super::{Color, Printer};
use crate::report::{Comparison, next};

impl Printer<'_> {
    /// Prints what to run so that the other file is built as the given one was.
    pub(super) fn next(&mut self, pair: &Comparison) -> io::Result<()> {
        if let Some(said) = next::flags(pair) {
            writeln!(self.out, "\n{}", clean(&said))?;
        }
        let (Some(plan), Some(title)) = (&pair.next, next::title(pair)) else {
            return Ok(());
        };
        let mut letters = title.chars();
        let title: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect();
        let title = self.paint(&title, Color::Bold);
        writeln!(self.out, "\n{title}")?;
        for command in plan.before.iter().chain([&plan.command]) {
            writeln!(self.out, "  {}", clean(command))?;
        }
        for also in &plan.also {
            writeln!(self.out, "  {}", clean(also))?;
        }
        let label = self.paint("not known:", Color::Yellow);
        for unknown in &plan.recipe.unknown {
            writeln!(self.out, "  {label} {}", clean(unknown))?;
        }
        Ok(())
    }
}
