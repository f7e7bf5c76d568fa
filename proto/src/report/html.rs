//! One page with everything, for any browser: no script, nothing fetched.
//!
//! What comes from files is escaped by the template and cleaned of what has no
//! look of its own. Should something slip through all the same, the page forbids
//! itself every script, picture and connection, and every style but its own one,
//! which it names by hash.

mod checks;
mod figures;
mod picture;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::figure::Figure;
use super::{Answer, Tone};
use crate::visible::clean;

const STYLE: &str = include_str!("html/style.css");

/// What the page shows beside the answer.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Cards, tables and pictures.
    pub figures: Vec<Figure>,
    /// What the two sides of each check's evidence are called, in the order of the
    /// checks; `None` where there may be one side.
    pub sides: Vec<Option<[String; 2]>>,
}

/// Returns the page.
pub fn page(answer: &Answer, shown: &Shown) -> String {
    markup(answer, shown).into_string()
}

fn markup(answer: &Answer, shown: &Shown) -> Markup {
    let (mark, class) = look(answer.tone);
    let summary = clean(&answer.summary);
    // Cards say what the letters stand for, so they come before the findings.
    let (cards, others): (Vec<&Figure>, Vec<&Figure>) = shown
        .figures
        .iter()
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
                title { (answer.verdict) ": " (summary) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=(format!("banner {}", class)) {
                    p class="tool" { (answer.program) " " (answer.command) }
                    h1 { span class="mark" aria-hidden="true" { (mark) } " " (answer.verdict) }
                    p class="summary" { (summary) }
                }
                main {
                    @for note in &answer.notes { p class="note" { strong { "Note: " } (clean(note)) } }
                    @for figure in &cards { (figures::draw(figure, 0)) }
                    @for table in &answer.tables { (figures::draw_table(table)) }
                    (checks::draw(answer, &shown.sides))
                    @for (number, figure) in others.iter().enumerate() { (figures::draw(figure, number)) }
                }
                footer {
                    p {
                        (answer.program) " " (answer.version) ", exit code " (answer.exit_code)
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

/// Returns the sign and the colour of an answer, which stand beside its word: none of
/// them has to be seen to understand.
fn look(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Neutral => ("i", "neutral"),
        // Different all the same.
        Tone::Accepted => ("\u{2260}", "open"),
        Tone::Good => ("=", "good"),
        Tone::Bad => ("\u{2260}", "bad"),
        Tone::Open => ("?", "open"),
    }
}

#[cfg(test)]
mod tests;
