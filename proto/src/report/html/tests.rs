use proptest::prelude::*;

use super::*;
use crate::report::sample;

fn text(sample: &Answer) -> String {
    page(sample, &sample::shown(sample))
}

/// The tags of a page, one after the other, with the names of their attributes.
fn tags(page: &str) -> Vec<String> {
    let (head, body) = page.split_once("</head>").unwrap();
    // The style sheet is the one place where a "<" could be no tag.
    let head = head.split("<style>").next().unwrap();
    let names = |tag: &str| {
        // Every second piece between quotes is a value.
        let outside = tag.split('"').step_by(2);
        outside.collect::<String>()
    };
    format!("{head}{body}")
        .split('<')
        .skip(1)
        .map(|rest| names(rest.split('>').next().unwrap()))
        .collect()
}

#[test]
fn the_page_stands_alone_and_forbids_itself_everything_else() {
    let page = text(&sample::plain());
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    for forbidden in [
        "<script", "<img", "<link", "<iframe", "<object", "@import", "url(", " style=",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"));
    assert!(
        page.contains("Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-")
    );
}

#[test]
fn the_page_says_the_answer_why_and_what_to_change() {
    let page = text(&sample::plain());
    let order = [
        "<h1>",
        "FAILED",
        "summary words",
        "table words",
        "cell words",
        "finding words",
        "place words",
        "left words",
        "Fix",
        "fix words",
    ];
    let mut at = page.find("<body>").unwrap();
    for part in order {
        at += page[at..]
            .find(part)
            .unwrap_or_else(|| panic!("{part} after {at}"));
    }
    assert!(page.contains("exit code 1"));
}

proptest! {
    #[test]
    fn hostile_text_stays_text(text in sample::hostile()) {
        let hostile = self::text(&sample::with(|kind| format!("{text}{kind}")));
        prop_assert_eq!(tags(&hostile), tags(&self::text(&sample::plain())));
        let is_shown = |letter: char| letter == '\n' || clean(&letter.to_string()) == letter.to_string();
        prop_assert!(hostile.replace(STYLE, "").chars().all(is_shown));
    }
}
