use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::escape::BREAK;
use super::*;
use crate::report::sample;
use crate::visible::clean;

/// Everything that a page may hold, as a reader of Markdown sees it.
fn words(page: &str) -> Result<String, String> {
    let mut words = String::new();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::BlockQuote(_)
                | Tag::Strong
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell,
            )
            | Event::End(_)
            | Event::SoftBreak => words.push('\n'),
            other => return Err(format!("{other:?} in\n{page}")),
        }
    }
    Ok(words)
}

#[test]
fn says_the_answer_why_and_what_to_change() {
    let page = page(&sample::plain());
    assert!(
        page.starts_with("### verify-build compare: FAILED\n\nsummary words\n"),
        "{page}"
    );
    for part in [
        "\n#### table words\n\nabout words\n\n| one | column words |  |\n| --- | --- | --- |\n\
         | cell words | `code words` | **differs** |\n\n… 1 more row\n",
        "#### check words `subject words`: failed",
        "**1. `build-tags`** (proven): finding words",
        "| `place words` | `left words` | (absent) |",
        "**Fix:** fix words",
        "#### check words `subject words`: undecided",
        "1 check passed.",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn a_finding_about_one_thing_has_one_column() {
    let mut answer = sample::plain();
    answer.is_comparison = false;
    let page = page(&answer);
    let table = "| where | what is there |\n| --- | --- |\n| `place words` | `left words` |\n";
    assert!(page.contains(table), "{page}");
    assert!(!page.contains("(absent)"), "{page}");
}

#[test]
fn a_check_that_passed_in_spite_of_something_is_shown_in_full() {
    let page = page(&sample::accepted());
    let want = "#### check words `subject words`: passed\n\nreason words\n\n**1. `build-tags`** (proven): finding words\n";
    assert!(page.contains(want), "{page}");
    assert!(!page.contains("1 check passed"), "{page}");
}

#[test]
fn is_never_longer_than_services_take() {
    let mut sample = sample::plain();
    let check = sample.checks[0].clone();
    sample.checks = std::iter::repeat_n(check, 2000).collect();
    let page = page(&sample);
    assert!(page.len() <= BYTES_MAX, "{}", page.len());
    assert!(page.contains("more entries are left out here"), "{page}");
    words(&page).unwrap();
}

proptest! {
    #[test]
    fn hostile_text_stays_text(text in sample::hostile()) {
        let sample = sample::with(|kind| format!("x{text}{kind}"));
        let page = page(&sample);
        let words = words(&page).map_err(TestCaseError::fail)?.replace('\u{200b}', "");
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let summary = clean(&sample.summary);
        if summary.chars().count() < 1000 {
            prop_assert!(squeezed(&words).contains(&squeezed(&summary)), "{} in {}", summary, words);
        }
        // Names and numbers call nobody; addresses become no links.
        for (event, range) in Parser::new_ext(&page, Options::ENABLE_TABLES).into_offset_iter() {
            if !matches!(event, Event::Text(_)) {
                continue;
            }
            let found = |mark| page[range.clone()].match_indices(mark).map(|(at, _)| range.start + at);
            for at in found("://").chain(found(".")) {
                prop_assert!(!page[at..].starts_with("://") || page[..at].ends_with('\\'));
                prop_assert!(!page[..at].to_ascii_lowercase().ends_with("www"));
            }
            for at in found("@").chain(found("#")) {
                let is_break = page[..at].ends_with('&');
                prop_assert!(is_break || page[at + 1..].starts_with(BREAK));
            }
        }
    }
}
