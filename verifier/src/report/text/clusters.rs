//! Groups of three and more files in words.

use std::io;

use super::{Color, Printer};
use crate::report::clusters::{Clusters, Part, letters, names};

impl Printer<'_> {
    pub(super) fn clusters(&mut self, clusters: &Clusters) -> io::Result<()> {
        if clusters.groups.len() < 2 {
            return Ok(());
        }
        let title = self.paint("Groups of equal files", Color::Bold);
        writeln!(self.out, "\n{title}")?;
        for (index, group) in clusters.groups.iter().enumerate() {
            let files = names(&group.files);
            let word = match group.files.len() {
                1 => "1 file".to_owned(),
                count => format!("{count} files"),
            };
            let mut line = format!("  {files:<20} {word}");
            if index > 0 && !group.shares.is_empty() {
                line.push_str(&format!(
                    "; build ID as in the first group in {}",
                    letters(&group.shares)
                ));
                if !group.differs.is_empty() {
                    line.push_str(&format!(", another in {}", letters(&group.differs)));
                }
            } else if index > 0 && !group.differs.is_empty() {
                line.push_str("; another build ID in every part");
            }
            writeln!(self.out, "{line}")?;
        }
        let parts = clusters.parts.iter().filter(|part| !part.values.is_empty());
        let parts: Vec<String> = parts.map(one_part).collect();
        if !parts.is_empty() {
            writeln!(self.out, "  by part of the build ID: {}", parts.join("; "))?;
        }
        Ok(())
    }
}

/// `A: a, c | b`
fn one_part(part: &Part) -> String {
    let groups: Vec<String> = part
        .values
        .iter()
        .map(|value| names(&value.files))
        .collect();
    format!("{}: {}", part.part, groups.join(" | "))
}
