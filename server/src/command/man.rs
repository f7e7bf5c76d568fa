//! `sumward man [DIR]`: manual pages, one for the program and one for each command, made
//! from the same words as `--help`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::Args;
use crate::output::print;

/// Prints the program's page, or writes every page to a folder.
///
/// # Errors
/// Standard output or the folder cannot be written.
pub(crate) fn run(folder: Option<&Path>) -> Result<ExitCode> {
    let pages = pages(Args::command()).context("making the pages")?;
    match folder {
        None => print(&pages[0].text).context("printing the page")?,
        Some(folder) => write(&pages, folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One page.
struct Page {
    /// The file's name: `sumward-bundle-create.1`.
    name: String,
    /// Its content, in ASCII alone.
    text: String,
}

fn write(pages: &[Page], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for page in pages {
        let place = folder.join(&page.name);
        std::fs::write(&place, &page.text)
            .with_context(|| format!("writing {}", place.display()))?;
    }
    Ok(())
}

/// Makes every page of a command line, the program's own first.
fn pages(command: Command) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    let man = Man::new(command.clone())
        // Empty, it would be left out, and the source would take its place. A real date
        // would make two builds differ.
        .date(" ")
        .source(concat!("sumward ", env!("CARGO_PKG_VERSION")))
        .manual("sumward");
    let mut text = Vec::new();
    man.render(&mut text)?;
    pages.push(Page {
        name: man.get_filename(),
        text: ascii(&String::from_utf8_lossy(&text)),
    });
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| add(command, pages))
}

/// Not every roff reads UTF-8; all know characters by their number.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            out.push_str(&format!("\\[u{:04X}]", u32::from(letter)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages(Args::command()).unwrap();
        for name in ["sumward.1", "sumward-gc.1", "sumward-bundle-create.1"] {
            assert!(pages.iter().any(|page| page.name == name), "{name}");
        }
        for page in &pages {
            assert!(page.text.is_ascii(), "{}", page.name);
            let title = page.text.lines().find(|line| line.starts_with(".TH"));
            let title = title.unwrap();
            // Name, section, date, what it is of, and the manual it is in.
            assert!(title.contains(r#" 1 " " "sumward "#), "{title}");
            for part in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
                assert!(page.text.contains(part), "{}: {part}", page.name);
            }
        }
        assert!(pages[0].text.contains("Exit status: 0 done"));
    }
}
