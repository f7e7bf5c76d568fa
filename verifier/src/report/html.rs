//! One page with everything, for any browser: no script, nothing fetched.
//!
//! What comes from files is escaped by the template and cleaned of what has no
//! look of its own. Should something slip through all the same, the page forbids
//! itself every script, picture and connection, and every style but its own one,
//! which it names by hash.

mod checks;
mod figures;
mod picture;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use proto::visible::clean;
use sha2::{Digest as _, Sha256};

use super::figure::Figure;
use super::printed::Printed;
use crate::exit::Exit;

const STYLE: &str = include_str!("html/style.css");

/// Writes the page.
///
/// # Errors
/// What the writer returns.
pub fn write(printed: &dyn Printed, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(printed).into_string().as_bytes())
}

fn page(printed: &dyn Printed) -> Markup {
    let verdict = Verdict::of(printed);
    let summary = clean(&printed.summary());
    // Cards say what the letters stand for, so they come before the findings.
    let (cards, others): (Vec<Figure>, Vec<Figure>) = printed
        .figures()
        .into_iter()
        .partition(|figure| matches!(figure, Figure::Cards(_)));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (verdict.word) ": " (summary) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(format!("banner {}", verdict.class)) {
                    p class="tool" { "verify-build " (printed.command()) }
                    h1 { span class="mark" aria-hidden="true" { (verdict.mark) } " " (verdict.word) }
                    p class="summary" { (summary) }
                }
                main {
                    @for note in printed.notes() { p class="note" { strong { "Note: " } (clean(&note)) } }
                    @for figure in &cards { (figures::draw(figure, 0)) }
                    (checks::draw(printed))
                    @for (number, figure) in others.iter().enumerate() { (figures::draw(figure, number)) }
                }
                footer {
                    p {
                        "verify-build " (env!("CARGO_PKG_VERSION")) ", exit code " (printed.exit().code())
                    }
                }
            }
        }
    }
}

fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The answer as the page shows it: a word, a sign and a colour, so that none of
/// them has to be seen to understand.
struct Verdict {
    word: &'static str,
    mark: &'static str,
    class: &'static str,
}

impl Verdict {
    fn of(printed: &dyn Printed) -> Self {
        let word = printed.verdict();
        let (mark, class) = match printed.exit() {
            _ if printed.command() == "inspect" => ("i", "neutral"),
            // Accepted, and different all the same.
            Exit::Same if word == "DIFFERENT" => ("\u{2260}", "open"),
            Exit::Same => ("=", "good"),
            Exit::Different => ("\u{2260}", "bad"),
            Exit::Unreadable | Exit::Inconclusive => ("?", "open"),
        };
        Self { word, mark, class }
    }
}

#[cfg(test)]
mod tests;
