//! Manual pages, one for the program and one for each command, made from the
//! same words as `--help`.

use std::io;
use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::durable;

/// One page.
#[derive(Debug)]
pub struct Page {
    /// The file's name: `verify-build-cache-audit.1`.
    pub name: String,
    /// Its content.
    pub text: Vec<u8>,
}

/// Variables of the environment that matter, and to what.
const ENVIRONMENT: [(&str, &str); 7] = [
    (
        "NO_COLOR",
        "Set to anything, it keeps colour out of the text.",
    ),
    ("TERM", "With \"dumb\" there is no colour either."),
    (
        "GITHUB_STEP_SUMMARY",
        "The file to which --format github adds the summary of the step; GitHub's runner sets it.",
    ),
    (
        "GOCACHE, XDG_CACHE_HOME, HOME",
        "Where the build cache is, for verify-build cache.",
    ),
    (
        "GOROOT, PATH",
        "Where the Go installation is, for verify-build toolchain and rebuild.",
    ),
    (
        "GOPROXY, GOSUMDB",
        "Whom verify-build toolchain asks for the record of a release.",
    ),
    (
        "GOCACHEPROG",
        "Read by the go command: name verify-build cacheprog in it.",
    ),
];

/// What every command's exit codes mean, where it does not say otherwise.
const EXIT: [(&str, &str); 4] = [
    ("0", "the same, or nothing was found"),
    ("1", "different builds, or something was found"),
    (
        "2",
        "a file could not be read or written, or the command line is wrong",
    ),
    ("3", "it can't be told, or a requirement is not met"),
];

/// Makes every page of a command line.
///
/// # Errors
/// None in practice: the pages are written to memory.
pub fn pages(command: Command) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
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
    pages.push(page(command)?);
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| add(command, pages))
}

fn page(command: &Command) -> io::Result<Page> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let is_whole = name == "verify-build";
    let man = Man::new(command.clone())
        .title(name)
        .source(format!("verify-build {}", env!("CARGO_PKG_VERSION")))
        .manual("verify-build");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut end = Roff::default();
    let mut has_exit = false;
    if let Some(words) = command
        .get_after_long_help()
        .or_else(|| command.get_after_help())
    {
        has_exit = extra(&words.to_string(), &mut end);
    }
    if !has_exit {
        table("EXIT STATUS", &EXIT, &mut end);
    }
    table("ENVIRONMENT", &ENVIRONMENT, &mut end);
    end.control("SH", ["SEE ALSO"]);
    let others = if is_whole {
        "go(1), verify-build schema for the form of --format json"
    } else {
        "verify-build(1)"
    };
    end.text([roman(others)]);
    end.to_writer(&mut text)?;
    Ok(Page {
        name: format!("{name}.1"),
        text: ascii(&String::from_utf8_lossy(&text)).into_bytes(),
    })
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

/// Writes the closing words of `--help`: a line that ends in a colon begins a
/// section, and examples stay as they are. Says whether exit codes were told.
fn extra(words: &str, roff: &mut Roff) -> bool {
    let mut has_exit = false;
    for block in words.split("\n\n") {
        let (title, body) = match block.split_once('\n') {
            Some((title, body)) if title.ends_with(':') => (Some(title), body),
            _ => (None, block),
        };
        let (title, body) = match (title, block.split_once(": ")) {
            (None, Some(("Example", body))) => (Some("Example:"), body),
            _ => (title, body),
        };
        match title {
            Some(title) if title.starts_with("Exit code") => {
                has_exit = true;
                roff.control("SH", ["EXIT STATUS"]);
            }
            Some(title) => {
                let title = title.trim_end_matches(':').to_uppercase();
                roff.control("SH", [title.as_str()]);
            }
            None => {
                roff.control("SH", ["NOTES"]);
            }
        }
        roff.control("nf", []);
        for line in body.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    has_exit
}

fn table(title: &str, rows: &[(&str, &str)], roff: &mut Roff) {
    roff.control("SH", [title]);
    for (name, words) in rows {
        roff.control("TP", []);
        roff.text([clap_mangen::roff::bold(*name)]);
        roff.text([roman(*words)]);
    }
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
            for section in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "EXIT STATUS",
                "ENVIRONMENT",
                "SEE ALSO",
            ] {
                let header = format!(".SH {section}");
                let quoted = format!(".SH \"{section}\"");
                assert!(
                    text.contains(&header) || text.contains(&quoted),
                    "{}: {section}",
                    page.name
                );
            }
        }
        let main = String::from_utf8(pages[0].text.clone()).unwrap();
        assert!(main.contains(".SH EXAMPLES\n.nf\n"), "{main}");
    }
}
