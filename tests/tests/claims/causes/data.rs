//! Whose data differs: never the library's that only lies before it.

use super::{STRIPPED, never, said};
use crate::workshop::{Workshop, compare};

const MAIN: &str = "package main

import (
	\"fmt\"
	\"os\"
	\"time\"

	\"example.com/tool/greeting\"
)

var Red = \"\\x1b[31m\"

var Sep = \";\"

var Listen, Admin = 8080, 9090

//go:noinline
func release() string { return \"1.20.3 of 2024-11-02\" }

func main() {
	fmt.Fprintln(os.Stderr, Red, Sep, Listen, Admin, release(), greeting.Text(), time.Now())
}
";

fn shop() -> Workshop {
    let shop = Workshop::new();
    shop.write("main.go", MAIN);
    shop
}

#[test]
fn variables_and_texts_of_package_main() {
    let mut shop = shop();
    for flags in [&[][..], STRIPPED] {
        let base = shop.build(&[], flags);
        for (from, to, symbol) in [
            ("\\x1b[31m", "\\x1b[32m", "main.Red"),
            ("var Sep = \";\"", "var Sep = \"|\"", "main.Sep"),
            ("8080, 9090", "9090, 8080", "main.Listen"),
            (
                "1.20.3 of 2024-11-02",
                "1.30.2 of 2024-02-11",
                "main.release",
            ),
        ] {
            shop.edit("main.go", from, to);
            let other = shop.build(&[], flags);
            shop.edit("main.go", to, from);
            let answer = compare(&[&base, &other]);
            never(
                &answer,
                &["toolchain-patched", "generated-order", "dependency-content"],
            );
            let said = said(&answer, "source-content");
            if flags.is_empty() {
                assert_eq!(answer.causes(), ["source-content"], "{symbol}");
                assert!(said.contains(symbol), "{symbol}: {said}");
            }
        }
    }
}

#[test]
fn texts_of_package_main_in_every_format() {
    let mut shop = shop();
    for target in [
        &["GOOS=windows", "GOARCH=amd64"],
        &["GOOS=darwin", "GOARCH=arm64"],
        &["GOOS=js", "GOARCH=wasm"],
    ] {
        let base = shop.build(target, STRIPPED);
        for (from, to) in [("\\x1b[31m", "\\x1b[32m"), ("8080, 9090", "9090, 8080")] {
            shop.edit("main.go", from, to);
            let other = shop.build(target, STRIPPED);
            shop.edit("main.go", to, from);
            let answer = compare(&[&base, &other]);
            never(
                &answer,
                &["toolchain-patched", "generated-order", "dependency-content"],
            );
            assert_eq!(answer.causes()[0], "source-content", "{target:?}");
        }
    }
}

#[test]
fn two_of_four_constants_exchanged_by_hand() {
    let mut shop = Workshop::new();
    shop.edit(
        "main.go",
        "var stamp",
        "var table = [...]int{11, 12, 13, 14}\n\nvar stamp",
    );
    shop.edit("main.go", "stamp)", "stamp, table[len(stamp)%4])");
    let one = shop.build(&[], &[]);
    shop.edit("main.go", "{11, 12, 13, 14}", "{11, 13, 12, 14}");
    let other = shop.build(&[], &[]);
    let answer = compare(&[&one, &other]);
    never(&answer, &["generated-order", "toolchain-patched"]);
    assert_eq!(answer.causes(), ["source-content"]);
    // Many in another order look generated, and are not proven to be.
    shop.edit("main.go", "{11, 13, 12, 14}", "{14, 13, 11, 12}");
    let many = shop.build(&[], &[]);
    let answer = compare(&[&one, &many]);
    assert_eq!(answer.causes()[0], "generated-order");
    assert_eq!(answer.report["causes"][0]["confidence"], "likely");
}

#[test]
fn a_function_that_nobody_calls() {
    let mut shop = shop();
    for flags in [&[][..], STRIPPED] {
        let one = shop.build(&[], flags);
        let unused = "package greeting\n\nfunc Unused() int { return 7 }\n";
        shop.write("greeting/unused.go", unused);
        let other = shop.build(&[], flags);
        std::fs::remove_file(shop.source().join("greeting/unused.go")).unwrap();
        let answer = compare(&[&one, &other]);
        // Debug information lists the file.
        let pattern = if flags.is_empty() { "XXXX" } else { "XXX=" };
        assert_eq!(answer.pattern(), pattern);
        never(&answer, &["source-content", "unexplained"]);
        assert_eq!(answer.causes(), ["import-unreached"]);
    }
}

/// A distribution patches paths into the standard library.
#[test]
fn a_patched_standard_library_is_no_dependency() {
    let mut shop = shop();
    let flag = |shop: &Workshop, path: &str| {
        let toolchain = testkit::go::Toolchain::find("1.27.");
        // The go command looks for the file by its own name for it.
        let root = std::fs::canonicalize(toolchain.root()).unwrap();
        let file = root.join("src/time/zoneinfo_unix.go");
        let source = std::fs::read_to_string(&file).unwrap();
        assert!(source.contains("/usr/share/zoneinfo/"));
        shop.write(
            "../patched.go",
            &source.replace("/usr/share/zoneinfo/", path),
        );
        let patched = shop.source().join("../patched.go");
        let overlay = serde_json::json!({"Replace": {file.to_str().unwrap(): patched}});
        shop.write("../overlay.json", &overlay.to_string());
        format!(
            "-overlay={}",
            shop.source().join("../overlay.json").display()
        )
    };
    let one = shop.build(&[], &[]);
    // Of one length, and longer.
    for path in [
        "/nix/store/zoneinfo/",
        "/nix/store/tzdata-2024b/share/zoneinfo/",
    ] {
        let flag = flag(&shop, path);
        let other = shop.build(&[], &[&flag]);
        let answer = compare(&[&one, &other]);
        never(&answer, &["dependency-content", "source-content"]);
        assert_eq!(
            answer.causes()[0],
            "toolchain-patched",
            "{:#}",
            answer.report["causes"]
        );
    }
}
