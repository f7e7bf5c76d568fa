//! `--explain-with`: causes proved by what the go command hashed.

use std::path::PathBuf;

use testkit::schema;

use crate::workshop::{Answer, Workshop, verify_build};

type Built = [PathBuf; 2];

fn explain(a: &Built, b: &Built) -> Answer {
    let output = run(a, b);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    schema::check(&report);
    Answer {
        exit: output.status.code().unwrap(),
        report,
    }
}

fn run(a: &Built, b: &Built) -> std::process::Output {
    let logs = format!("{},{}", a[1].display(), b[1].display());
    verify_build()
        .args(["--format", "json", "--explain-with", &logs])
        .args([&a[0], &b[0]])
        .output()
        .unwrap()
}

/// What a proven cause says, with the lines of both logs at `place`.
#[track_caller]
fn lines(answer: &Answer, cause: &str, place: &str) -> (String, [String; 2]) {
    let found = answer.proves(cause);
    let evidence = found["evidence"].as_array().unwrap();
    let line = evidence
        .iter()
        .find(|line| line["where"] == place)
        .unwrap_or_else(|| panic!("{found:#}"));
    let side = |side: &str| line[side].as_str().unwrap_or_default().to_owned();
    (
        found["summary"].as_str().unwrap().to_owned(),
        [side("a"), side("b")],
    )
}

/// A package that main does not import itself.
fn with_indirect(version: &str) -> Workshop {
    let shop = Workshop::with(version);
    shop.write(
        "deep/deep.go",
        "package deep\n\n//go:noinline\nfunc Word() string { return \"deep\" }\n",
    );
    shop.write(
        "greeting/greeting.go",
        "package greeting\n\nimport \"example.com/tool/deep\"\n\n\
         //go:noinline\nfunc Text() string { return deep.Word() }\n",
    );
    shop
}

#[test]
fn a_file_of_an_indirect_dependency_is_named() {
    for version in ["1.21.", "1.27."] {
        let mut shop = with_indirect(version);
        let one = shop.build_logged(&[], &[]);
        shop.edit("deep/deep.go", "\"deep\"", "\"down\"");
        let other = shop.build_logged(&[], &[]);
        let answer = explain(&one, &other);
        // Neither main's compile action nor its imports differ.
        assert_eq!((answer.exit, answer.pattern()), (1, "X==X"));
        let place = "hashed for build example.com/tool/deep";
        let (summary, [a, b]) = lines(&answer, "source-content", place);
        assert_eq!(
            summary,
            "file deep.go of package example.com/tool/deep differs"
        );
        assert!(a.starts_with("file deep.go ") && b.starts_with("file deep.go ") && a != b);
        assert_eq!(answer.causes(), ["source-content"]);
    }
}

#[test]
fn linker_variables_are_read_off_the_log_under_trimpath() {
    let mut shop = Workshop::new();
    // Stripped, so that the files themselves do not tell.
    let mut build = |stamp| {
        let flags = format!("-ldflags=-s -X main.stamp={stamp}");
        shop.build_logged(&[], &[&flags])
    };
    let (one, other) = (build("monday"), build("friday"));
    let answer = explain(&one, &other);
    let place = "hashed for link example.com/tool";
    let (summary, [a, _]) = lines(&answer, "ldflags-variable", place);
    assert!(summary.contains("main.stamp"), "{summary}");
    assert_eq!(a, r#"linkflags ["-s" "-X" "main.stamp=monday"]"#);
    assert_eq!(answer.causes(), ["ldflags-variable"]);
}

#[test]
fn c_flags_that_trimpath_hides_are_read_off_the_log() {
    let mut shop = Workshop::new();
    shop.write(
        "greeting/greeting.go",
        "package greeting\n\n// static int level(void) { return LEVEL; }\nimport \"C\"\n\n\
         func Text() int { return int(C.level()) }\n",
    );
    let mut build = |flags| shop.build_logged(&["CGO_ENABLED=1", flags], &[]);
    let one = build("CGO_CFLAGS=-O2 -DLEVEL=1");
    let other = build("CGO_CFLAGS=-O2 -DLEVEL=2");
    let answer = explain(&one, &other);
    let place = "hashed for build example.com/tool/greeting";
    let (_, [a, b]) = lines(&answer, "cgo-flags", place);
    assert!(
        a.contains("-DLEVEL=1") && b.contains("-DLEVEL=2"),
        "{a} {b}"
    );
    assert_eq!(answer.causes(), ["cgo-flags"]);
}

#[test]
fn the_go_line_and_embedded_files_are_named() {
    let mut shop = Workshop::new();
    let one = shop.build_logged(&[], &[]);
    shop.edit("go.mod", "go 1.21", "go 1.22");
    let other = shop.build_logged(&[], &[]);
    let answer = explain(&one, &other);
    let place = "hashed for build example.com/tool";
    let (_, [a, b]) = lines(&answer, "godebug-default", place);
    assert_eq!([a, b], ["go 1.21", "go 1.22"]);

    shop.write(
        "greeting/greeting.go",
        "package greeting\n\nimport _ \"embed\"\n\n//go:embed words/text\nvar text string\n\n\
         func Text() string { return text }\n",
    );
    shop.write("greeting/words/text", "hello");
    let one = shop.build_logged(&[], &[]);
    shop.write("greeting/words/text", "howdy");
    let other = shop.build_logged(&[], &[]);
    let answer = explain(&one, &other);
    let place = "hashed for build example.com/tool/greeting";
    let (summary, _) = lines(&answer, "embedded-file", place);
    assert_eq!(
        summary,
        "embedded file words/text of package example.com/tool/greeting differs"
    );
}

#[test]
fn a_log_that_is_not_the_files_own_is_refused() {
    let mut shop = Workshop::new();
    let one = shop.build_logged(&[], &[]);
    shop.edit("main.go", "\"none\"", "\"some\"");
    let other = shop.build_logged(&[], &[]);
    let forged = [one[0].clone(), shop.output()];
    let log = std::fs::read_to_string(&one[1]).unwrap();
    let line = "HASH[link example.com/tool]: \"linkflags []\\n\"";
    assert!(log.contains(line));
    // One changed line, and the hash left as it is.
    std::fs::write(
        &forged[1],
        log.replace(line, &line.replace("[]\\n", "[\\\"-s\\\"]\\n")),
    )
    .unwrap();
    let empty = [one[0].clone(), shop.output()];
    std::fs::write(&empty[1], "# example.com/tool\nwarning: nothing\n").unwrap();
    let swapped = [one[0].clone(), other[1].clone()];
    for (first, why) in [
        (&swapped, "does not belong to"),
        (&forged, "does not belong to"),
        (&empty, "holds no actions of a go command"),
    ] {
        let output = run(first, &other);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{said}");
        assert!(said.contains("GODEBUG=gocachehash=1"), "{said}");
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
    }
    let output = verify_build()
        .arg("--explain-with")
        .arg(&one[1])
        .args([&one[0], &other[0]])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 log for 2 files"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
