//! Flags of the linker that a program does not record, found with the other build's log.

use std::path::PathBuf;

use testkit::schema;

use crate::workshop::{Answer, Workshop, verify_build};

/// Compares two programs of which the second alone has a log.
fn explain(a: &PathBuf, [b, log]: &[PathBuf; 2]) -> Answer {
    let output = verify_build()
        .args(["--format", "json", "--explain-with"])
        .arg(format!("-,{}", log.display()))
        .args([a, b])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    schema::check(&report);
    Answer {
        exit: output.status.code().unwrap(),
        report,
    }
}

/// A program with one variable that has a value and one that has none.
fn shop(version: &str) -> Workshop {
    let shop = Workshop::with(version);
    shop.write(
        "main.go",
        "package main\n\nimport \"example.com/tool/greeting\"\n\nvar stamp = \"none\"\n\nvar commit string\n\n\
         func main() { println(greeting.Text(), stamp, commit) }\n",
    );
    shop
}

fn flags(answer: &Answer) -> &serde_json::Value {
    &answer.report["comparisons"][0]["linker_flags"]
}

/// Builds the given program with flags, the other one without any; returns what is found.
#[track_caller]
fn finds(shop: &mut Workshop, hidden: &str, own: &[&str]) -> Answer {
    let a = shop.build(&[], &[&format!("-ldflags={hidden}")]);
    let b = shop.build_logged(&[], own);
    let answer = explain(&a, &b);
    let found = flags(&answer);
    assert_eq!(found["found"], hidden, "{found:#}");
    let command = answer.report["comparisons"][0]["next"]["command"]
        .as_str()
        .unwrap();
    assert!(
        command.contains(&format!("-ldflags='{hidden}'")),
        "{command}"
    );
    // The fix followed: the very bytes.
    let again = shop.build(
        &[],
        &[&format!("-ldflags={}", found["found"].as_str().unwrap())],
    );
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(again).unwrap());
    let causes = answer.report["causes"].as_array().unwrap();
    assert!(
        causes.iter().all(|cause| cause["confidence"] == "proven"),
        "{causes:#?}"
    );
    answer
}

#[test]
fn symbols_in_every_order() {
    for version in ["1.21.", "1.27."] {
        let mut shop = shop(version);
        for hidden in ["-w -s", "-s -w"] {
            let answer = finds(&mut shop, hidden, &[]);
            assert_eq!(answer.causes(), ["symbols-stripped"]);
        }
    }
}

#[test]
fn variables_of_a_stripped_program_by_the_other_ones_names() {
    let mut shop = shop("1.27.");
    let hidden = "-s -w -X main.stamp=1.2.3 -X main.commit=0123456789abcdef";
    let answer = finds(&mut shop, hidden, &[]);
    assert_eq!(answer.causes(), ["ldflags-variable", "symbols-stripped"]);
    // In another order, from a build with other values of its own.
    let hidden = "-X=main.commit=fedcba -X=main.stamp=2 -s -w";
    let own = ["-ldflags=-X main.stamp=9"];
    finds(&mut shop, hidden, &own);
}

#[test]
fn what_is_not_found_is_said_with_how_many_were_tried() {
    let mut shop = shop("1.27.");
    let a = shop.build(&[], &["-ldflags=-s -w -X main.unheard=of"]);
    let b = shop.build_logged(&[], &[]);
    let answer = explain(&a, &b);
    let found = flags(&answer);
    assert_eq!(found["found"], serde_json::Value::Null);
    assert_eq!(found["is_exhausted"], true);
    assert!(found["tried"].as_u64().unwrap() > 100, "{found:#}");
    let text = verify_build()
        .arg("--explain-with")
        .arg(format!("-,{}", b[1].display()))
        .args([&a, &b[0]])
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("the linker's flags of a were not found"),
        "{text}"
    );
}

/// Nothing is looked for where package main is not the same.
#[test]
fn another_source_is_no_matter_of_flags() {
    let mut shop = shop("1.27.");
    let a = shop.build(&[], &["-ldflags=-s -w"]);
    shop.edit("main.go", "\"none\"", "\"some\"");
    let b = shop.build_logged(&[], &[]);
    let answer = explain(&a, &b);
    assert_eq!(*flags(&answer), serde_json::Value::Null);
}

/// The cause that says which variables the linker set.
fn set_by_linker(answer: &Answer) -> &serde_json::Value {
    let causes = answer.report["causes"].as_array().unwrap();
    let variable = causes
        .iter()
        .find(|cause| cause["cause"] == "ldflags-variable");
    variable.unwrap_or_else(|| panic!("{causes:#?}"))
}

/// Without any log: values are told, and never of other data.
#[test]
fn values_that_the_linker_put_in_are_told_without_a_log() {
    let mut shop = shop("1.27.");
    let plain = shop.build(&[], &[]);
    let set = shop.build(
        &[],
        &["-ldflags=-s -w -X main.stamp=1.2.3 -X main.commit=0123abc"],
    );
    let answer = crate::workshop::compare(&[&set, &plain]);
    let variable = set_by_linker(&answer);
    let evidence = variable["evidence"].as_array().unwrap();
    let of = |name: &str| {
        evidence
            .iter()
            .find(|one| one["where"] == format!("variable {name}"))
    };
    assert_eq!(
        of("main.commit").unwrap()["a"],
        "\"0123abc\" (put in by the linker)"
    );
    assert_eq!(of("main.commit").unwrap()["b"], serde_json::Value::Null);
    assert_eq!(of("main.stamp").unwrap()["b"], "\"none\" (of the source)");
    let is_variable =
        |one: &&serde_json::Value| one["where"].as_str().unwrap().contains("variable");
    assert_eq!(
        evidence.iter().filter(is_variable).count(),
        2,
        "{evidence:#?}"
    );
    let fix = variable["fix"].as_str().unwrap();
    for flag in ["-X main.stamp=1.2.3", "-X main.commit=0123abc"] {
        assert!(fix.contains(flag), "{fix}");
    }
    // The same text as the source's, in a copy of the linker's own.
    let copy = shop.build(&[], &["-ldflags=-s -w -X main.stamp=none"]);
    let answer = crate::workshop::compare(&[&copy, &plain]);
    let variable = set_by_linker(&answer);
    let evidence = &variable["evidence"];
    assert_eq!(evidence[0]["a"], "\"none\" (put in by the linker)");
    // Without symbols on either side no name is known.
    let bare = shop.build(&[], &["-ldflags=-s -w"]);
    let answer = crate::workshop::compare(&[&set, &bare]);
    let variable = set_by_linker(&answer);
    assert!(
        variable["fix"]
            .as_str()
            .unwrap()
            .contains("build once without -s"),
        "{variable:#}"
    );
    assert!(
        variable["summary"]
            .as_str()
            .unwrap()
            .contains("main.main uses"),
        "{variable:#}"
    );
    // Other source: a variable without a value that gets one there is no flag.
    shop.edit("main.go", "var commit string", "var commit = \"0123abc\"");
    let other = shop.build(&[], &["-ldflags=-s -w"]);
    let answer = crate::workshop::compare(&[&other, &bare]);
    assert!(
        !answer.causes().contains(&"ldflags-variable"),
        "{:#}",
        answer.report["causes"]
    );
}

/// A text behind what moved, by the function that uses it; what only moved is no other text.
#[test]
fn texts_behind_what_moved() {
    let mut shop = shop("1.27.");
    let long = "-ldflags=-s -w -X main.stamp=a-value-that-is-long-enough-to-move-what-follows";
    let one = shop.build(&[], &["-ldflags=-s -w"]);
    let moved = shop.build(&[], &[long]);
    shop.edit("greeting/greeting.go", "\"hello\"", "\"howdy\"");
    let other = shop.build(&[], &[long]);
    let answer = crate::workshop::compare(&[&one, &moved]);
    assert!(
        !answer.causes().contains(&"source-content"),
        "{:#}",
        answer.report["causes"]
    );
    let answer = crate::workshop::compare(&[&one, &other]);
    let causes = answer.report["causes"].as_array().unwrap();
    let text = causes
        .iter()
        .find(|cause| cause["cause"] == "source-content");
    let text = text.unwrap_or_else(|| panic!("{causes:#?}"));
    let evidence = &text["evidence"][0];
    assert!(
        evidence["where"]
            .as_str()
            .unwrap()
            .contains("greeting.Text"),
        "{text:#}"
    );
    assert!(
        evidence["a"].as_str().unwrap().starts_with("\"hello"),
        "{text:#}"
    );
    assert!(
        evidence["b"].as_str().unwrap().starts_with("\"howdy"),
        "{text:#}"
    );
    assert_ne!(text["confidence"], "proven");
}

/// A number of a table behind what moved, by the variable, or without symbols by the function
/// that uses it.
#[test]
fn numbers_behind_what_moved() {
    let mut shop = shop("1.27.");
    shop.write(
        "greeting/greeting.go",
        "package greeting\n\nvar weights = [8]int{1, 2, 3, 4, 5, 6, 7, 8}\n\n\
         //go:noinline\nfunc Text() string { return \"hello\"[weights[len(weights)-8]:] }\n",
    );
    let long = "-X main.stamp=a-value-that-is-long-enough-to-move-what-follows";
    let mut built = |weights: &str, flags: &str| {
        shop.edit("greeting/greeting.go", "5, 6, 7, 8}", weights);
        let program = shop.build(&[], &[&format!("-ldflags={flags}")]);
        shop.edit("greeting/greeting.go", weights, "5, 6, 7, 8}");
        program
    };
    for (strip, want) in [("", "greeting.weights"), ("-s -w ", "greeting.Text")] {
        let one = built("5, 6, 7, 8}", strip);
        let moved = built("5, 6, 7, 8}", &format!("{strip}{long}"));
        let other = built("5, 6, 77, 8}", &format!("{strip}{long}"));
        let answer = crate::workshop::compare(&[&one, &moved]);
        assert!(
            !answer.causes().contains(&"source-content"),
            "{:#}",
            answer.report["causes"]
        );
        let answer = crate::workshop::compare(&[&one, &other]);
        let causes = answer.report["causes"].as_array().unwrap();
        let number = causes
            .iter()
            .find(|cause| cause["cause"] == "source-content");
        let number = number.unwrap_or_else(|| panic!("{causes:#?}"));
        let place = number["evidence"][0]["where"].as_str().unwrap();
        assert!(place.contains(want), "{number:#}");
        assert_ne!(number["confidence"], "proven");
    }
}
