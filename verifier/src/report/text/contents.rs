//! What a container holds, as a list.

use std::io;

use proto::visible::clean;

use super::{Color, Printer};
use crate::quantity::{count, size};
use crate::report::contents::{Contents, Entry};
use crate::report::{Report, facts};

/// Members shown of one container unless every detail is wanted.
const MEMBERS_SHOWN: usize = 40;

/// What a container says about itself, shown unless every detail is wanted.
const SAYS_SHOWN: usize = 12;

/// Digits of a hash that tell files apart at a glance.
const DIGEST_SHOWN: usize = 12;

impl Printer<'_> {
    /// Prints what an inspected file holds.
    pub(super) fn contents(&mut self, report: &Report, file: usize) -> io::Result<()> {
        let Some(contents) = report.contents.iter().find(|one| one.file == file) else {
            return Ok(());
        };
        let name = report.files.get(file).map(|file| file.format.name);
        if name != Some(contents.kind.as_str()) {
            self.named("kind", &contents.kind)?;
        }
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            SAYS_SHOWN
        };
        for fact in contents.says.iter().take(shown) {
            let value = self.value(&fact.value);
            self.named(&fact.key, &value)?;
        }
        let left = contents.says.len().saturating_sub(shown);
        if left > 0 {
            self.named("", &format!("… and {left} more (--verbose)"))?;
        }
        for note in &contents.notes {
            self.named("note", note)?;
        }
        if let Some(reason) = &contents.reason {
            self.named("unreadable", reason)?;
            if contents.count == 0 {
                return Ok(());
            }
        }
        let members = count(contents.count, "member", "members");
        let holds = format!("{members}, {} in files", size(contents.size));
        self.named("holds", &holds)?;
        self.members(report, contents)
    }

    fn members(&mut self, report: &Report, contents: &Contents) -> io::Result<()> {
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            MEMBERS_SHOWN
        };
        // What is a build is never hidden behind what is none.
        let mut listed: Vec<&Entry> = contents.members.iter().collect();
        if listed.len() > shown {
            listed.sort_by_key(|entry| entry.file.is_none());
        }
        let left = listed.len().saturating_sub(shown) + contents.omitted;
        for entry in listed.into_iter().take(shown) {
            self.entry(report, entry)?;
        }
        if left > 0 {
            let all = if contents.omitted > 0 {
                ""
            } else {
                " (--verbose lists them)"
            };
            writeln!(self.out, "    … and {left} more{all}")?;
        }
        Ok(())
    }

    fn entry(&mut self, report: &Report, entry: &Entry) -> io::Result<()> {
        let digits = entry.sha256.as_deref().unwrap_or_default();
        let digits = match (self.style.verbose, digits.get(..DIGEST_SHOWN)) {
            (false, Some(few)) => few,
            _ => digits,
        };
        let bytes = entry.size.map(size).unwrap_or_default();
        let path = self.paint(&clean(&entry.path), Color::Bold);
        let what = match entry.what.as_str() {
            "other" => "",
            what => what,
        };
        let line = format!("    {digits:12} {bytes:>10}  {path}  {}", clean(what));
        writeln!(self.out, "{}", line.trim_end())?;
        if let Some(reason) = &entry.reason {
            writeln!(self.out, "{:29}not looked into: {}", "", clean(reason))?;
        }
        let file = entry.file.and_then(|index| report.files.get(index));
        let brief = file.map(facts::brief).unwrap_or_default();
        if !brief.is_empty() && !self.style.verbose {
            let brief = self.value(&brief.join(", "));
            writeln!(self.out, "{:29}{}", "", self.paint(&brief, Color::Dim))?;
        }
        Ok(())
    }

    fn named(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = self.paint(&format!("{:<12}", clean(name)), Color::Dim);
        writeln!(self.out, "  {name} {}", clean(value))
    }
}
