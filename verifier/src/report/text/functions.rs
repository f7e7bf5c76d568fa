//! Functions side by side, in words.

use std::io;

use proto::visible::clean;

use super::Printer;
use crate::diff::functions::{Change, Counts, FunctionDiff};
use crate::quantity;
use crate::report::Comparison;
use crate::report::functions::Functions;

/// Packages shown unless every detail is wanted.
const PACKAGES_SHOWN: usize = 8;

impl Printer<'_> {
    pub(super) fn functions(&mut self, functions: &Functions, pair: &Comparison) -> io::Result<()> {
        let letters = pair.letters.clone();
        let counts = functions.counts;
        let words = words(&counts, &letters);
        let moved = match counts.shifted {
            0 => String::new(),
            shifted => format!(
                "{} only in addresses of what moved, ",
                quantity::differ(shifted)
            ),
        };
        let order = match functions.reordered {
            0 => "",
            _ => "; in another order",
        };
        if words.is_empty() {
            return writeln!(
                self.out,
                "  Go functions: the code of none differs: {moved}{} are equal{order}",
                counts.same
            );
        }
        writeln!(
            self.out,
            "  Go functions: {words}; {moved}{} are equal{order}",
            counts.same
        )?;
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            PACKAGES_SHOWN
        };
        for package in functions.packages.iter().take(shown) {
            let words = self::words(&package.counts, &letters);
            writeln!(self.out, "    {:<24} {words}", clean(&package.package))?;
        }
        let more = functions.packages.len().saturating_sub(shown) + functions.packages_omitted;
        if more > 0 {
            writeln!(self.out, "    … {more} more packages (--verbose)")?;
        }
        if self.style.verbose {
            for function in &functions.functions {
                self.function(function, &letters)?;
            }
            if functions.functions_omitted > 0 {
                writeln!(
                    self.out,
                    "      … {} more functions",
                    functions.functions_omitted
                )?;
            }
        }
        Ok(())
    }

    fn function(&mut self, function: &FunctionDiff, [a, b]: &[String; 2]) -> io::Result<()> {
        let what = match function.change {
            Change::Changed => "changed".into(),
            Change::OnlyA => format!("only in {a}"),
            Change::OnlyB => format!("only in {b}"),
            Change::Unclear => "perhaps only addresses".into(),
            Change::Shifted => "shifted".into(),
            Change::Lines => "other source lines".into(),
            Change::Same => "the same".into(),
        };
        let file = function
            .file
            .as_ref()
            .map_or_else(String::new, |file| format!(" ({})", clean(file)));
        writeln!(self.out, "      {}{file}: {what}", clean(&function.name))
    }
}

/// Says what differs in more than addresses.
fn words(counts: &Counts, [a, b]: &[String; 2]) -> String {
    let parts = [
        (counts.changed, "changed".to_owned()),
        (counts.only_a, format!("only in {a}")),
        (counts.only_b, format!("only in {b}")),
        (counts.unclear, "perhaps changed".into()),
        (counts.lines, "with other source lines alone".into()),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    parts.join(", ")
}
