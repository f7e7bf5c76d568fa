//! Manual pages, one for the program and one for each command, made from the
//! same words as `--help`.

use std::io;
use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use crate::durable;

/// One page.
#[derive(Debug)]
pub struct Page {
    /// The file's name: `verify-build-cache-audit.1`.
    pub name: String,
    /// Its content.
    pub text: Vec<u8>,
}

/// What the page of the program says beside its help.
const ENVIRONMENT: &str = "\
Environment:
  NO_COLOR             set to anything, it keeps colour out of the text
  TERM                 with \"dumb\" there is no colour either
  GITHUB_STEP_SUMMARY  the file to which --format github adds the summary of
                       the step; GitHub's runner sets it
  GOCACHE, XDG_CACHE_HOME, HOME
                       where the build cache is, for verify-build cache
  GOROOT, PATH         where the Go installation is, for toolchain, rebuild and
                       reproduce
  GOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE
                       whom verify-build toolchain asks for the record of a
                       release, and whether; where reproduce gets modules and
                       releases, and who proves them
  GOENV, XDG_CONFIG_HOME
                       where the settings are that go env -w wrote, for
                       verify-build toolchain and reproduce
  GOCACHEPROG          read by the go command: name verify-build cacheprog in it";

/// Makes every page of a command line.
///
/// # Errors
/// None in practice: the pages are written to memory.
pub fn pages(command: Command) -> io::Result<Vec<Page>> {
    let help = command.get_after_help().map(ToString::to_string);
    let help = format!("{}\n\n{ENVIRONMENT}", help.unwrap_or_default());
    let mut command = command.disable_help_subcommand(true).after_long_help(help);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

/// Writes every page to a folder.
///
/// # Errors
/// What the system says of the folder and its files.
pub fn write(command: Command, folder: &Path) -> anyhow::Result<()> {
    for page in pages(command)? {
        let place = folder.join(&page.name);
        durable::write(&place, |out| out.write_all(&page.text))
            .with_context(|| format!("writing {}", place.display()))?;
    }
    Ok(())
}

fn add(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let man = Man::new(command.clone())
        .title(name)
        // Empty, it would be left out, and the source would take its place.
        .date(" ")
        .source(format!("verify-build {}", env!("CARGO_PKG_VERSION")))
        .manual("verify-build");
    let mut text = Vec::new();
    man.render(&mut text)?;
    pages.push(Page {
        name: format!("{name}.1"),
        text: ascii(&String::from_utf8_lossy(&text)).into_bytes(),
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
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        let pages = pages(crate::args::Args::command()).unwrap();
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        for name in [
            "verify-build.1",
            "verify-build-inspect.1",
            "verify-build-cache-audit.1",
            "verify-build-man.1",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        for page in &pages {
            let text = String::from_utf8(page.text.clone()).unwrap();
            assert!(text.is_ascii(), "{}", page.name);
            let title = text.lines().find(|line| line.starts_with(".TH")).unwrap();
            // Name, section, date, what it is of, and the manual it is in.
            assert!(title.contains(r#" 1 " " "verify-build "#), "{title}");
            assert!(title.ends_with(" verify-build"), "{title}");
            for part in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", "Example"] {
                assert!(text.contains(part), "{}: {part}", page.name);
            }
        }
        let main = String::from_utf8(pages[0].text.clone()).unwrap();
        assert!(main.contains("GITHUB_STEP_SUMMARY"), "{main}");
    }
}
