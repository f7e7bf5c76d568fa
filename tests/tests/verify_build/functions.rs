//! Functions, tables, embedded files and string variables that differ: by name,
//! in stripped programs too.

use std::path::PathBuf;

use serde_json::Value;

use crate::workshop::{Answer, Workshop, compare};

const DEPENDENCY: &str = "package near

// Sum is compiled on its own, so that a change of it stays in it.
//
//go:noinline
func Sum(numbers []int) (sum int) {
	for _, number := range numbers {
		sum += number
	}
	return sum
}
";

const MAIN: &str = "package main

import (
	\"embed\"
	\"fmt\"
	\"os\"

	\"example.com/near\"
	\"example.com/tool/greeting\"
)

//go:embed assets
var assets embed.FS

//go:embed assets/notice.txt
var notice string

var stamp = \"none\"

var order = [...]int{5, 9, 1, 7, 3, 11, 2, 8}

//go:noinline
func pick(n int) int { return order[n%len(order)] + 1 }

func main() {
	data, err := assets.ReadFile(\"assets/data.json\")
	fmt.Println(string(data), err, notice, stamp, greeting.Text())
	fmt.Println(near.Sum([]int{pick(len(os.Args)), 2}), order[len(os.Args)])
}
";

/// A program with a dependency in a folder of its own, embedded files and a
/// table.
fn shop(go: &str) -> Workshop {
    let shop = Workshop::with(go);
    shop.write(
        "go.mod",
        "module example.com/tool\n\ngo 1.21\n\nrequire example.com/near v1.0.0\n\nreplace example.com/near => ./near\n",
    );
    shop.write("near/go.mod", "module example.com/near\n\ngo 1.21\n");
    shop.write("near/near.go", DEPENDENCY);
    shop.write("main.go", MAIN);
    shop.write("assets/notice.txt", "Keep this file.\n");
    shop.write(
        "assets/data.json",
        "{\"built\": \"2026-01-02T03:04:05Z\"}\n",
    );
    shop
}

/// Builds stripped, changes one file, builds again, and puts the file back.
fn edited(
    shop: &mut Workshop,
    target: &[&str],
    (file, from, to): (&str, &str, &str),
) -> (PathBuf, PathBuf) {
    let one = shop.build(target, &["-ldflags=-s"]);
    shop.edit(file, from, to);
    let other = shop.build(target, &["-ldflags=-s"]);
    shop.edit(file, to, from);
    (one, other)
}

fn functions(answer: &Answer) -> &Value {
    let functions = &answer.report["comparisons"][0]["functions"];
    assert!(functions.is_object(), "{:#}", answer.report);
    functions
}

fn changed(answer: &Answer) -> Vec<&str> {
    let listed = functions(answer)["functions"].as_array().unwrap();
    let changed = listed.iter().filter(|one| one["change"] == "changed");
    changed.map(|one| one["name"].as_str().unwrap()).collect()
}

const IN_MAIN: (&str, &str, &str) = ("main.go", "] + 1 }", "] * 7 }");
const IN_DEPENDENCY: (&str, &str, &str) = ("near/near.go", "sum += number", "sum -= 3 * number");

/// The architectures whose operands are read, in every file format and line
/// table there is a toolchain for.
const TARGETS: [(&str, &[&str]); 7] = [
    ("1.21.", &["GOARCH=amd64"]),
    ("1.24.", &["GOARCH=arm64"]),
    ("1.27.", &["GOARCH=amd64"]),
    ("1.27.", &["GOARCH=386"]),
    ("1.27.", &["GOARCH=arm"]),
    ("1.27.", &["GOOS=windows", "GOARCH=amd64"]),
    ("1.27.", &["GOOS=darwin", "GOARCH=arm64"]),
];

#[test]
fn one_changed_function_is_the_one_named() {
    for (go, target) in TARGETS {
        let mut shop = shop(go);
        let (one, other) = edited(&mut shop, target, IN_MAIN);
        let answer = compare(&[&one, &other]);
        let cause = answer.proves_only("source-content");
        assert_eq!(changed(&answer), ["main.pick"], "{target:?}");
        let place = cause["evidence"][0]["where"].as_str().unwrap();
        assert_eq!(place, "function main.pick (example.com/tool/main.go)");

        let (one, other) = edited(&mut shop, target, IN_DEPENDENCY);
        let answer = compare(&[&one, &other]);
        answer.proves_only("dependency-content");
        assert_eq!(changed(&answer), ["example.com/near.Sum"], "{target:?}");
        let counts = &functions(&answer)["counts"];
        assert_eq!(counts["unclear"], 0, "{target:?} {counts}");
        assert!(counts["same"].as_u64().unwrap() > 500, "{counts}");
    }
}

/// A stamp of another length moves what lies behind it and changes no code.
#[test]
fn what_only_moved_is_not_called_changed() {
    for (go, target) in TARGETS {
        let mut shop = shop(go);
        let short = shop.build(target, &["-ldflags=-s -X main.stamp=one"]);
        let long = "-ldflags=-s -X main.stamp=2026-01-02T03:04:05Z+a+much+longer+text+than+it+was";
        let long = shop.build(target, &[long]);
        let answer = compare(&[&short, &long]);
        let counts = &functions(&answer)["counts"];
        for kind in ["changed", "only_a", "only_b", "lines"] {
            assert_eq!(counts[kind], 0, "{target:?} {counts}");
        }
        // Data that moved alone, by a step of its own, leaves doubt.
        assert!(counts["unclear"].as_u64().unwrap() <= 3, "{counts}");
        assert!(counts["shifted"].as_u64().unwrap() > 0, "{counts}");
        let first = &answer.report["causes"][0];
        assert_eq!(first["cause"], "ldflags-variable", "{target:?} {first:#}");
    }
}

#[test]
fn small_numbers_do_not_pass_for_addresses_where_those_are_absolute() {
    // On 386 any four bytes could be an address, on arm any word, and these are off
    // by one alike.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let functions: String = (0_u8..)
        .zip(names)
        .map(|(number, name)| {
            format!(
                "//go:noinline\nfunc {name}(of *[9]uint8, at int) int {{\n\
                 \tif of[at] == KIND+{number} || of[at+1] == KIND {{ return at }}\n\
                 \tof[at] = KIND+{number}\n\treturn at*{number} + 1\n}}\n\n"
            )
        })
        .collect();
    let calls: String = names
        .map(|name| format!("\tprintln({name}(of, 1))\n"))
        .concat();
    let source = |kind: u8, text: &str| {
        let head = "package main\n\nvar stamp string\n\nfunc main() {\n\tof := new([9]uint8)\n";
        let main = format!("{head}{calls}\tprintln(stamp, \"{text}\")\n}}\n\n");
        main + &functions.replace("KIND", &kind.to_string())
    };
    for target in [["GOARCH=386"], ["GOARCH=arm"], ["GOARCH=amd64"]] {
        let mut shop = Workshop::new();
        let mut build = |kind, stamp| {
            shop.write("main.go", &source(kind, "text"));
            shop.build(&target, &[&format!("-ldflags=-s -X main.stamp={stamp}")])
        };
        let (one, other) = (
            build(14, "short"),
            build(15, "so-much-longer-that-data-moves"),
        );
        let expected = names.map(|name| format!("main.{name}"));
        let answer = compare(&[&one, &other]);
        let mut found = changed(&answer);
        found.sort_unstable();
        assert_eq!(found, expected, "{target:?}");
    }
}

#[test]
fn functions_of_a_module_without_native_code() {
    let mut shop = shop("1.27.");
    let (one, other) = edited(&mut shop, &["GOOS=js", "GOARCH=wasm"], IN_DEPENDENCY);
    let answer = compare(&[&one, &other]);
    let packages = functions(&answer)["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 1, "{packages:#?}");
    assert_eq!(packages[0]["package"], "example.com/near");
}

#[test]
fn linked_in_another_order() {
    let mut shop = shop("1.27.");
    let one = shop.build(&[], &["-ldflags=-s"]);
    let other = shop.build(&[], &["-ldflags=-s -randlayout=7"]);
    let answer = compare(&[&one, &other]);
    answer.proves_only("link-order");
    assert_eq!(functions(&answer)["counts"]["changed"], 0);
    assert!(functions(&answer)["reordered"].as_u64().unwrap() > 100);
}

#[test]
fn a_table_in_another_order() {
    for go in ["1.21.", "1.27."] {
        let mut shop = shop(go);
        let change = ("main.go", "{5, 9, 1, 7, 3,", "{9, 7, 5, 1, 3,");
        let (one, other) = edited(&mut shop, &[], change);
        let answer = compare(&[&one, &other]);
        assert_eq!(answer.causes(), ["generated-order"]);
        // Who changes an order by hand leaves the same.
        assert_eq!(answer.report["causes"][0]["confidence"], "likely");
        // With other elements it is no longer the same table.
        let change = ("main.go", "{5, 9, 1, 7, 3,", "{9, 7, 5, 4, 3,");
        let (one, other) = edited(&mut shop, &[], change);
        let answer = compare(&[&one, &other]);
        assert!(!answer.causes().contains(&"generated-order"));
        assert_eq!(answer.causes()[0], "source-content");
    }
}

#[test]
fn embedded_files_by_name() {
    for go in ["1.21.", "1.24.", "1.27."] {
        let mut shop = shop(go);
        let change = ("assets/data.json", "03:04:05Z", "04:05:06Z");
        let (one, other) = edited(&mut shop, &[], change);
        let answer = compare(&[&one, &other]);
        let cause = answer.proves_only("embedded-file");
        assert_eq!(
            cause["evidence"][0]["where"],
            "embedded file assets/data.json"
        );
        let summary = cause["summary"].as_str().unwrap();
        assert!(summary.contains("date or time"), "{summary}");
    }
    // Longer content moves the rest, and the name stays proven.
    let mut shop = shop("1.27.");
    let change = ("assets/data.json", "}\n", ", \"more\": [1, 2, 3, 4, 5]}\n");
    let (one, other) = edited(&mut shop, &["GOOS=windows"], change);
    compare(&[&one, &other]).proves_only("embedded-file");
    let change = ("assets/notice.txt", "file.\n", "file.\r\n");
    let (one, other) = edited(&mut shop, &[], change);
    let answer = compare(&[&one, &other]);
    let fix = answer.proves_only("embedded-file")["fix"].as_str().unwrap();
    assert!(fix.contains(".gitattributes"), "{fix}");
}

/// A text variable of an embedded file has no name of the file with it.
#[test]
fn an_embedded_text_without_a_file_system() {
    let mut shop = shop("1.27.");
    shop.edit("main.go", "//go:embed assets\nvar assets", "var assets");
    let change = ("assets/notice.txt", "Keep this file", "Burn this file");
    let (one, other) = edited(&mut shop, &[], change);
    let answer = compare(&[&one, &other]);
    let first = &answer.report["causes"][0];
    assert_eq!(first["cause"], "embedded-file", "{first:#}");
    assert_eq!(first["confidence"], "likely");
    assert_eq!(first["evidence"][0]["a"], "\"Keep this file.\\n\"");
}

#[test]
fn variables_set_by_the_linker_in_stripped_files() {
    let mut shop = shop("1.27.");
    let mut build = |value: &str| shop.build(&[], &[&format!("-ldflags=-s -X main.stamp={value}")]);
    let one = build("2026-01-02T03:04:05Z");
    for value in ["2026-01-02T03:04:06Z", "2026-01-02"] {
        let answer = compare(&[&one, &build(value)]);
        let first = &answer.report["causes"][0];
        assert_eq!(first["cause"], "ldflags-variable", "{value} {first:#}");
        assert_eq!(first["confidence"], "likely");
        let summary = first["summary"].as_str().unwrap();
        assert!(summary.contains("date or time"), "{summary}");
        assert_eq!(first["evidence"][0]["b"], format!("{value:?}"));
    }
}

/// Another line above a function changes what a stack trace says, and no code.
#[test]
fn lines_that_moved() {
    let mut shop = shop("1.27.");
    let change = (
        "near/near.go",
        "package near\n",
        "package near\n\n// One more.\n",
    );
    let (one, other) = edited(&mut shop, &[], change);
    let answer = compare(&[&one, &other]);
    answer.proves_only("dependency-content");
    let counts = &functions(&answer)["counts"];
    assert_eq!(
        (&counts["changed"], &counts["lines"]),
        (&0.into(), &1.into())
    );
}
