//! What one file tells, as a table of names and values.

use std::io;

use proto::visible::clean;

use super::{Color, Printer};
use crate::report::{File, Report, facts};

/// Characters of one value shown unless every detail is wanted; hashes and
/// build IDs are shorter.
const VALUE_SHOWN: usize = 240;

impl Printer<'_> {
    pub(super) fn inspected(&mut self, report: &Report) -> io::Result<()> {
        for (index, file) in report.files.iter().enumerate() {
            let holds = report.contents.iter().any(|one| one.file == index);
            // A program inside is told in a line beside its name.
            if file.inside.is_some() && !holds && !self.style.verbose {
                continue;
            }
            if index > 0 {
                writeln!(self.out)?;
            }
            let path = self.paint(&clean(&file.path), Color::Bold);
            writeln!(self.out, "{path}")?;
            for (name, value) in facts::facts(file) {
                self.fact(file, &name, &value)?;
            }
            if !file.sections.is_empty() {
                self.sections(file)?;
            }
            self.contents(report, index)?;
        }
        Ok(())
    }

    fn fact(&mut self, file: &File, name: &str, value: &str) -> io::Result<()> {
        let mut value = clean(value);
        if name == "self-check" {
            // Coloured by us, after cleaning.
            value = self.self_check(file);
        } else if let Some((end, _)) = value.char_indices().nth(VALUE_SHOWN)
            && !self.style.verbose
        {
            let all = value.chars().count();
            value = format!("{}… ({all} characters, --verbose shows all)", &value[..end]);
        }
        let name = self.paint(&format!("{name:<12}"), Color::Dim);
        writeln!(self.out, "  {name} {value}")
    }

    fn sections(&mut self, file: &File) -> io::Result<()> {
        let name = self.paint(&format!("{:<12}", "sections"), Color::Dim);
        if !self.style.verbose {
            let count = file.sections.len();
            return writeln!(self.out, "  {name} {count} (--verbose lists them)");
        }
        writeln!(self.out, "  {name} {:<10} {:>10}", "offset", "bytes")?;
        for section in &file.sections {
            writeln!(
                self.out,
                "  {:<12} {:#010x} {:>10}  {}",
                "",
                section.offset,
                section.size,
                clean(&section.name)
            )?;
        }
        Ok(())
    }
}
