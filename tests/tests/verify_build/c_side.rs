//! Programs with C in them: what the C compiler, the host's linker and the
//! system's libraries leave, and which flag or tool it comes from.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::workshop::{Workshop, compare, run, verify_build};

/// The program of the workshop with a C function in its second package.
struct CShop(Workshop);

impl CShop {
    fn new() -> Self {
        let shop = Workshop::new();
        shop.write(
            "greeting/greeting.go",
            "package greeting

// #include \"count.h\"
// static int sum(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * FACTOR; return s; }
import \"C\"

//go:noinline
func Text() string { return \"hello\"[:C.sum(3)] }
",
        );
        shop.write("greeting/count.h", "#define FACTOR 1\n");
        Self(shop)
    }

    fn build(&mut self, settings: &[&str], flags: &[&str]) -> PathBuf {
        self.0
            .build(&[&["CGO_ENABLED=1"], settings].concat(), flags)
    }
}

fn inspect(file: &std::path::Path) -> Value {
    let output = verify_build()
        .args(["inspect", "--format", "json"])
        .arg(file)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    testkit::schema::check(&report);
    report["files"][0].clone()
}

#[test]
fn libraries_and_linker_flags() {
    let mut shop = CShop::new();
    let plain = shop.build(&[], &[]);
    let linkage = &inspect(&plain)["linkage"];
    assert_eq!(linkage["static"], false);
    assert_eq!(linkage["libraries"], json!(["libc.so.6"]));
    let newest = linkage["versions"][0]["names"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert!(
        newest.as_str().unwrap().starts_with("GLIBC_2."),
        "{linkage:#}"
    );

    let with_math = shop.build(&["CGO_LDFLAGS=-Wl,--no-as-needed -lm"], &[]);
    let answer = compare(&[&plain, &with_math]);
    let cause = answer.proves_only("c-library");
    assert_eq!(cause["evidence"][0]["where"], ".dynamic: NEEDED");
    assert_eq!(cause["evidence"][0]["b"], "libm.so.6 libc.so.6");

    let flags = "-ldflags=-linkmode=external -extldflags=";
    let is_static = shop.build(&[], &[&format!("{flags}-static")]);
    compare(&[&plain, &is_static]).proves_only("external-link-flags");
    assert_eq!(inspect(&is_static)["linkage"]["static"], true);

    let guarded = shop.build(&[], &[&format!("{flags}-Wl,-z,now,-rpath,/opt/lib")]);
    let answer = compare(&[&plain, &guarded]);
    let cause = answer.proves_only("external-link-flags");
    assert_eq!(cause["evidence"][0]["b"], "RUNPATH /opt/lib");
    assert_eq!(cause["evidence"][1]["b"], "bind-now relro");

    let elsewhere = shop.build(&[], &["-ldflags=-linkmode=external -I /lib/ld-other.so.1"]);
    compare(&[&plain, &elsewhere]).proves_only("dynamic-linker");

    let gold = shop.build(&[], &[&format!("{flags}-fuse-ld=gold")]);
    let answer = compare(&[&plain, &gold]);
    let cause = answer.proves_only("host-linker");
    assert!(
        cause["evidence"][0]["b"]
            .as_str()
            .unwrap()
            .starts_with("gold "),
        "{cause:#}"
    );
}

#[test]
fn debug_information_split_off_by_a_packaging_tool() {
    let mut shop = CShop::new();
    let built = shop.build(&[], &[]);
    let (split, debug) = (shop.0.output(), shop.0.output());
    std::fs::write(&debug, "debug information").unwrap();
    let arguments = [
        "--strip-debug",
        &format!("--add-gnu-debuglink={}", debug.display()),
        built.to_str().unwrap(),
        split.to_str().unwrap(),
    ];
    run(&shop.0.source(), "objcopy", &arguments);
    let answer = compare(&[&built, &split]);
    answer.proves("modified-after-build");
    assert_eq!(answer.causes(), ["modified-after-build", "split-debug"]);
    let name = debug.file_name().unwrap().to_str().unwrap();
    let evidence = &answer.report["causes"][1]["evidence"][0];
    assert!(
        evidence["b"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{name} ")),
        "{evidence:#}"
    );
}

#[test]
fn flags_of_the_c_compiler_hidden_by_trimpath() {
    let mut shop = CShop::new();
    let plain = shop.build(&[], &[]);
    let first = |answer: &crate::workshop::Answer| {
        let cause = &answer.report["causes"][0];
        (
            cause["cause"].as_str().unwrap().to_owned(),
            cause["confidence"].as_str().unwrap().to_owned(),
            cause["evidence"][0]["where"].as_str().unwrap().to_owned(),
        )
    };
    // Other flags leave other code in Go's own C functions.
    let other = shop.build(&["CGO_CFLAGS=-g -O1"], &[]);
    let (cause, confidence, place) = first(&compare(&[&plain, &other]));
    assert_eq!(
        (cause.as_str(), confidence.as_str()),
        ("cgo-flags", "likely")
    );
    assert!(place.starts_with("C function "), "{place}");
    // Without -g there is no debug information of C.
    let silent = shop.build(&["CGO_CFLAGS=-O2"], &[]);
    let (cause, _, place) = first(&compare(&[&plain, &silent]));
    assert_eq!(cause, "cgo-flags");
    assert!(place.ends_with(" and 0 units of C"), "{place}");
    // Flags that the compiler records are proof.
    let telling = ["CGO_CFLAGS=-g -O2 -grecord-gcc-switches"];
    let recorded = shop.build(&telling, &[]);
    let with_define = shop.build(
        &["CGO_CFLAGS=-g -O2 -grecord-gcc-switches -funroll-loops"],
        &[],
    );
    let answer = compare(&[&recorded, &with_define]);
    let cause = answer.proves_only("cgo-flags");
    let evidence = &cause["evidence"][0];
    assert!(
        evidence["where"]
            .as_str()
            .unwrap()
            .starts_with("flags in DW_AT_producer of ")
    );
    assert!(
        evidence["b"].as_str().unwrap().contains("-funroll-loops"),
        "{evidence:#}"
    );
    // Another header leaves Go's own functions as they were.
    shop.0.edit("greeting/count.h", "FACTOR 1", "FACTOR 5");
    let header = shop.build(&[], &[]);
    let (cause, confidence, place) = first(&compare(&[&plain, &header]));
    assert_eq!(
        (cause.as_str(), confidence.as_str()),
        ("c-source", "likely")
    );
    assert!(place.ends_with("_Cfunc_sum"), "{place}");
}

#[test]
fn random_names_of_temporary_folders() {
    let mut shop = CShop::new();
    let mut cold = |flags: &[&str]| {
        let cache = tempfile::tempdir().unwrap();
        let setting = format!("GOCACHE={}", cache.path().display());
        shop.build(
            &["CGO_CFLAGS=-g -O2 -grecord-gcc-switches", &setting],
            flags,
        )
    };
    let (one, other) = (cold(&[]), cold(&[]));
    let answer = compare(&[&one, &other]);
    let cause = answer.proves_only("cgo-temp-path");
    let place = cause["evidence"][0]["where"].as_str().unwrap();
    assert!(
        place.starts_with("-frandom-seed of _cgo_export.c"),
        "{place}"
    );
    // What the compiler leaves is told by inspect, too.
    let debug = &inspect(&one)["debug"];
    let made = |language: &str| {
        let producers = debug["producers"].as_array().unwrap();
        producers.iter().any(|made| made["language"] == language)
    };
    assert!(made("go") && made("c") && made("assembly"), "{debug:#}");
}

#[test]
fn compressed_debug_information_is_unpacked_and_compared() {
    let mut shop = Workshop::new();
    for platform in ["GOOS=linux", "GOOS=windows", "GOOS=darwin"] {
        let packed = shop.build(&[platform], &[]);
        let plain = shop.build(&[platform], &["-ldflags=-compressdwarf=false"]);
        let answer = compare(&[&packed, &plain]);
        let cause = answer.proves("debug-compression");
        let summary = cause["summary"].as_str().unwrap();
        assert!(
            summary.ends_with("equal once unpacked"),
            "{platform}: {summary}"
        );
    }
}
