//! Tools that strip change no function: what differs beside is named, too.

use std::path::{Path, PathBuf};

use super::{never, said};
use crate::workshop::{Workshop, compare, run};

fn strip(shop: &mut Workshop, file: &Path) -> PathBuf {
    let stripped = shop.output();
    let arguments = ["-o", stripped.to_str().unwrap(), file.to_str().unwrap()];
    run(&shop.source(), "strip", &arguments);
    stripped
}

#[test]
fn what_strip_did_not_do() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &[]);
    shop.edit(
        "greeting/greeting.go",
        "return \"hello\"",
        "return \"hello\"[1:]",
    );
    let other = shop.build(&[], &[]);
    let (bare_one, bare_other) = (strip(&mut shop, &one), strip(&mut shop, &other));
    // Both alike, and on one side only.
    for pair in [[&bare_one, &bare_other], [&one, &bare_other]] {
        let answer = compare(&[pair[0], pair[1]]);
        never(&answer, &["unexplained", "symbols-stripped"]);
        assert_eq!(answer.causes(), ["modified-after-build", "source-content"]);
        let tool = said(&answer, "modified-after-build");
        assert!(tool.contains("differed before that"), "{tool}");
        let source = said(&answer, "source-content");
        assert!(
            source.contains("example.com/tool/greeting.Text"),
            "{source}"
        );
    }
    // The same build, stripped: nothing else.
    let answer = compare(&[&one, &bare_one]);
    assert_eq!(answer.causes(), ["modified-after-build"]);
}

#[test]
fn a_changed_function_behind_another_dynamic_linker() {
    let mut shop = Workshop::new();
    let settings = ["CGO_ENABLED=1"];
    let flag = "-ldflags=-linkmode=external -I /lib/ld-other.so.1";
    let one = shop.build(&settings, &["-ldflags=-linkmode=external"]);
    shop.edit("main.go", "println(", "println(len(stamp), ");
    let other = shop.build(&settings, &[flag]);
    let answer = compare(&[&one, &other]);
    assert_eq!(answer.causes()[..2], ["source-content", "dynamic-linker"]);
    assert!(said(&answer, "source-content").contains("main.main"));
}

/// A value of another length moves what lies behind it, and that is all.
#[test]
fn a_longer_value_leaves_nothing_open() {
    let mut shop = Workshop::new();
    let one = shop.build(&[], &["-ldflags=-s -w -X main.stamp=one"]);
    let other = shop.build(
        &[],
        &["-ldflags=-s -w -X main.stamp=a-value-that-is-longer-by-far"],
    );
    let answer = compare(&[&one, &other]);
    assert_eq!(
        answer.causes(),
        ["ldflags-variable"],
        "{:#}",
        answer.report["causes"]
    );
}

/// What the linker put in is not the source's, beside a text that is.
#[test]
fn a_value_beside_another_text() {
    let mut shop = Workshop::new();
    for strip in ["", "-s -w "] {
        let flags = |value: &str| format!("-ldflags={strip}-X main.stamp={value}");
        let one = shop.build(&[], &[&flags("v1.2.3-of-May")]);
        shop.edit("greeting/greeting.go", "\"hello\"", "\"hullo\"");
        let other = shop.build(&[], &[&flags("v1.2.4-of-May")]);
        shop.edit("greeting/greeting.go", "\"hullo\"", "\"hello\"");
        let answer = compare(&[&one, &other]);
        assert!(said(&answer, "ldflags-variable").contains("of-May"));
        let source = said(&answer, "source-content");
        assert!(source.contains("hullo"), "{source}");
        assert!(!source.contains("of-May"), "{source}");
    }
}
