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
const ENVIRONMENT: [(&str, &str); 8] = [
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
        "GOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE",
        "Whom verify-build toolchain asks for the record of a release, and whether.",
    ),
    (
        "GOENV, XDG_CONFIG_HOME",
        "Where the settings are that go env -w wrote, for verify-build toolchain.",
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
        // Empty, it would be left out, and the source would take its place.
        .date(" ")
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
    let words = command
        .get_after_long_help()
        .or_else(|| command.get_after_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let closing = Closing::parse(&words);
    closing.notes(&mut end);
    closing.section("EXAMPLES", &["Example", "Examples"], &mut end);
    if !closing.section("EXIT STATUS", &["Exit codes"], &mut end) {
        table("EXIT STATUS", &EXIT, &mut end);
    }
    closing.section("FILES", &["Files"], &mut end);
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

/// The closing words of `--help`, by paragraph.
struct Closing<'a>(Vec<Paragraph<'a>>);

struct Paragraph<'a> {
    /// What stands before a colon, where that makes a section of its own.
    title: Option<&'a str>,
    body: &'a str,
}

/// The titles that make sections.
const TITLES: [&str; 4] = ["Example", "Examples", "Exit codes", "Files"];

impl<'a> Closing<'a> {
    fn parse(words: &'a str) -> Self {
        let paragraphs = words.split("\n\n").filter(|text| !text.is_empty());
        let paragraph = |text: &'a str| {
            let titled = text.split_once(':');
            match titled.filter(|(title, _)| TITLES.contains(title)) {
                Some((title, body)) => Paragraph {
                    title: Some(title),
                    body: body.trim_start_matches([' ', '\n']),
                },
                None => Paragraph {
                    title: None,
                    body: text,
                },
            }
        };
        Self(paragraphs.map(paragraph).collect())
    }

    /// Writes a section as its lines stand; says whether there is one.
    fn section(&self, name: &str, titles: &[&str], roff: &mut Roff) -> bool {
        let named = |paragraph: &&Paragraph<'_>| {
            paragraph.title.is_some_and(|title| titles.contains(&title))
        };
        let Some(paragraph) = self.0.iter().find(named) else {
            return false;
        };
        roff.control("SH", [name]);
        paragraph.write(roff);
        true
    }

    /// Writes every paragraph that has no title.
    fn notes(&self, roff: &mut Roff) {
        let mut notes = self.0.iter().filter(|paragraph| paragraph.title.is_none());
        if let Some(first) = notes.next() {
            roff.control("SH", ["NOTES"]);
            first.write(roff);
        }
        for note in notes {
            roff.control("PP", []);
            note.write(roff);
        }
    }
}

impl Paragraph<'_> {
    /// Lines are filled, but for those that are set in.
    fn write(&self, roff: &mut Roff) {
        let keeps_lines = self.title.is_some() || self.body.contains("\n  ");
        if keeps_lines {
            roff.control("nf", []);
        }
        for line in self.body.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        if keeps_lines {
            roff.control("fi", []);
        }
    }
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
            let title = text.lines().find(|line| line.starts_with(".TH")).unwrap();
            // Name, section, date, what it is of, and the manual it is in.
            assert!(title.contains(r#" 1 " " "verify-build "#), "{title}");
            assert!(title.ends_with(" verify-build"), "{title}");
            assert!(text.matches(".SH NOTES").count() <= 1, "{}", page.name);
            for section in [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "EXAMPLES",
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

    #[test]
    fn closing_words_fall_into_sections() {
        let words = "Two builds are made\nalike.\n\nExamples:\n  run it\n\nIt is not asked\n\
            for:\n  this\n\nExit codes:\n  0  good\n\nFiles:\n  DIR/x";
        let closing = Closing::parse(words);
        let mut roff = Roff::default();
        closing.notes(&mut roff);
        for (name, title) in [("EXAMPLES", "Examples"), ("FILES", "Files")] {
            assert!(closing.section(name, &[title], &mut roff), "{name}");
        }
        assert!(!closing.section("EXIT STATUS", &["Exit status"], &mut roff));
        let text = roff.to_roff();
        let want = ".SH NOTES\nTwo builds are made\nalike.\n.PP\n.nf\nIt is not asked\nfor:\n\
            this\n.fi\n.SH EXAMPLES\n.nf\nrun it\n.fi\n.SH FILES\n.nf\nDIR/x\n.fi\n";
        assert!(text.ends_with(want), "{text}");
    }
}
