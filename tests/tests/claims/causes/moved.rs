//! "Only moved" needs that everything follows from what moved.

use super::{STRIPPED, changed, never};
use crate::workshop::{Answer, Workshop, compare};

/// Variables side by side, and a function that adds two of them.
const MAIN: &str = "package main

import \"os\"

var A, B, C = 11, 22, 33

//go:noinline
func sum() int { return A + B }

//go:noinline
func rest() int { return A + 2*B + 3*C }

func main() {
	A, B, C = len(os.Args), len(os.Args)+1, len(os.Args)+2
	println(sum(), rest())
}
";

const TARGETS: [&[&str]; 4] = [
    &["GOARCH=amd64"],
    &["GOARCH=386"],
    &["GOOS=windows", "GOARCH=amd64"],
    &["GOOS=darwin", "GOARCH=arm64"],
];

/// Expects that one function has other code, because of its source.
#[track_caller]
fn is_changed_alone(name: &str, answer: &Answer) {
    never(answer, &["unexplained", "toolchain-patched"]);
    assert_eq!(answer.causes(), ["source-content"]);
    let functions = &answer.report["comparisons"][0]["functions"];
    assert_eq!(functions["functions"][0]["name"], name);
    assert_eq!(functions["counts"]["changed"], 1);
}

#[test]
fn operands_exchanged_are_other_code_where_nothing_moved() {
    for target in TARGETS {
        let mut shop = Workshop::new();
        shop.write("main.go", MAIN);
        for flags in [&[][..], STRIPPED] {
            let one = shop.build(target, flags);
            shop.edit("main.go", "return A + B }", "return B + C }");
            let other = shop.build(target, flags);
            shop.edit("main.go", "return B + C }", "return A + B }");
            is_changed_alone("main.sum", &compare(&[&one, &other]));
        }
    }
}

/// Two functions of one size whose order matters.
const TWO: &str = "//go:noinline
func add() { A += 3 }

//go:noinline
func flip() { A ^= 3 }

func main() { add(); flip(); println(A) }

var A = 5
";

#[test]
fn functions_exchanged_leave_no_code_the_same_that_calls_them() {
    let turned = TWO
        .replace("add() { A += 3 }", "flip() { A ^= 3 }")
        .replacen(
            "flip() { A ^= 3 }\n\nfunc main",
            "add() { A += 3 }\n\nfunc main",
            1,
        )
        .replace("add(); flip();", "flip(); add();");
    for target in TARGETS {
        let mut shop = Workshop::new();
        for flags in [&[][..], STRIPPED] {
            let [one, other] = [TWO, &turned].map(|text| {
                shop.write("main.go", &format!("package main\n\n{text}"));
                shop.build(target, flags)
            });
            // Its bytes are the same, and it calls them in the other order.
            is_changed_alone("main.main", &compare(&[&one, &other]));
        }
    }
}

#[test]
fn bytes_that_no_header_names_always_count() {
    let mut shop = Workshop::new();
    for flags in [&[][..], STRIPPED] {
        let built = shop.build(&[], flags);
        let one = changed(&mut shop, &built, |bytes| bytes.extend(b"one payload"));
        let other = changed(&mut shop, &built, |bytes| bytes.extend(b"two payload"));
        let answer = compare(&[&one, &other]);
        never(&answer, &[]);
        let said = super::said(&answer, "modified-after-build");
        assert!(said.contains("which no header names"), "{said}");
    }
    // Without a build ID nothing says that a file was changed: the bytes do.
    let built = shop.build(&[], &["-ldflags=-s -w -buildid="]);
    let one = changed(&mut shop, &built, |bytes| bytes.extend(b"one payload"));
    let other = changed(&mut shop, &built, |bytes| bytes.extend(b"two payload"));
    let answer = compare(&[&one, &other]);
    never(&answer, &[]);
    let said = super::said(&answer, "unexplained");
    assert!(said.contains("(after the last section)"), "{said}");
}

/// The program starts elsewhere: a header that follows from nothing.
#[test]
fn another_entry_point_counts() {
    let mut shop = Workshop::new();
    for flags in ["-ldflags=-s -w -buildid=", "-ldflags=-buildid="] {
        let built = shop.build(&[], &[flags]);
        // e_entry is at 24 of a 64-bit file.
        let other = changed(&mut shop, &built, |bytes| bytes[24] ^= 0x20);
        let answer = compare(&[&built, &other]);
        never(&answer, &[]);
        let said = super::said(&answer, "unexplained");
        assert!(said.contains("(headers)"), "{said}");
    }
}
