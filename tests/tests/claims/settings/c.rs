//! The C side: flags that no file records, and the go command's temporary folder.

use std::path::PathBuf;

use tempfile::TempDir;
use testkit::go::{Go, Toolchain};

use super::{never, proves_nothing};
use crate::workshop::{Workshop, compare};

/// A program with C in two packages, and an own C file in one.
struct Shop {
    folder: TempDir,
    builds: usize,
}

impl Shop {
    fn new() -> Self {
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
            builds: 0,
        };
        let write = |name: &str, text: &str| {
            let path = shop.source().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("go.mod", "module example.com/tool\n\ngo 1.21\n");
        write(
            "main.go",
            "package main\n\nimport \"example.com/tool/inner\"\n\n// static int twice(int n) { return 2 * n; }\n\
             import \"C\"\n\nfunc main() { println(int(C.twice(C.int(inner.Three())))) }\n",
        );
        write(
            "inner/inner.go",
            "package inner\n\n// int three(void);\nimport \"C\"\n\nfunc Three() int { return int(C.three()) }\n",
        );
        write("inner/three.c", "int three(void) { return 3; }\n");
        // Passes on all but the flag that hides the temporary folder.
        write(
            "cc",
            "#!/bin/sh\nfor word; do\n\tshift\n\tcase $word in -ffile-prefix-map=*) ;; *) set -- \"$@\" \"$word\" ;; esac\n\
             done\nexec gcc \"$@\"\n",
        );
        super::run(&shop.source(), "chmod", &["+x", "cc"]);
        shop
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    /// Builds, and compiles the program's own packages anew for it.
    fn build(&mut self, settings: &[(&str, &str)], flags: &[&str]) -> PathBuf {
        let go = Go::new(&Toolchain::find("1.27."), "off", "off").with("CGO_ENABLED", "1");
        let go = settings
            .iter()
            .fold(go, |go, (name, value)| go.with(name, value));
        let format = "{{if not .Standard}}{{.Export}}{{end}}";
        let list = [&["list", "-export", "-deps", "-f", format], flags, &["."]].concat();
        let listed = go.must(&self.source(), &list);
        for export in listed.lines().filter(|line| !line.is_empty()) {
            std::fs::remove_file(export).unwrap();
        }
        self.builds += 1;
        let output = self.folder.path().join(format!("build-{}", self.builds));
        let build = [&["build", "-o", output.to_str().unwrap()], flags, &["."]].concat();
        go.must(&self.source(), &build);
        output
    }

    fn twice(&mut self, settings: &[(&str, &str)], flags: &[&str]) -> [PathBuf; 2] {
        [(); 2].map(|()| self.build(settings, flags))
    }
}

/// golang/go#63851: a -trimpath of the compiler takes the place of the go command's.
#[test]
fn trimpath_given_to_the_compiler_by_hand() {
    let mut shop = Shop::new();
    let flag = format!("-gcflags=-trimpath={}", shop.source().display());
    for flags in [&["-trimpath", &flag][..], &[&flag]] {
        let [a, b] = shop.twice(&[], flags);
        let answer = compare(&[&a, &b]);
        answer.proves("cgo-temp-path");
        never(&answer, &["source folder", "source-path", "source-content"]);
    }
}

/// golang/go#80211: gcc records its flags, and a seed for each file.
#[test]
fn flags_that_gcc_records() {
    let mut shop = Shop::new();
    let record = [("CGO_CFLAGS", "-g -O2 -grecord-gcc-switches")];
    let [a, b] = shop.twice(&record, &["-trimpath"]);
    let answer = compare(&[&a, &b]);
    answer.proves_only("cgo-temp-path");
    never(&answer, &["source-content", "source-path"]);
}

/// What C objects hold, and linking leaves out: two files do not tell what it was.
#[test]
fn what_does_not_reach_the_program() {
    let mut shop = Shop::new();
    let cc = shop.source().join("cc");
    let cc = [("CC", cc.to_str().unwrap())];
    let [a, b] = shop.twice(&cc, &["-trimpath", "-ldflags=-s -w"]);
    let answer = compare(&[&a, &b]);
    assert_eq!(answer.remaining(), 0);
    assert!(
        answer.causes().contains(&"cgo-temp-path"),
        "{:?}",
        answer.causes()
    );
    proves_nothing(&answer);
    never(&answer, &["a comment or white space"]);

    // golang/go#77086
    let [a, b] = ["one", "two"].map(|folder| {
        let flags = format!("-L/build/{folder}");
        shop.build(&[("CGO_LDFLAGS", &flags)], &["-trimpath"])
    });
    let answer = compare(&[&a, &b]);
    assert_eq!(answer.remaining(), 0);
    assert!(
        answer.causes().contains(&"cgo-flags"),
        "{:?}",
        answer.causes()
    );
    proves_nothing(&answer);
    never(&answer, &["a comment or white space"]);
}

/// golang/go#60865: with a C flag that it does not know, the go command leaves the
/// linking to the host's linker.
#[test]
fn c_flags_that_choose_the_linker() {
    let mut shop = Workshop::new();
    shop.write(
        "main.go",
        "package main\n\nimport \"net\"\n\nfunc main() { println(net.JoinHostPort(\"a\", \"b\")) }\n",
    );
    let mut build = |flags: &str, linker: &[&str]| {
        let flags = format!("CGO_CFLAGS=-g -O2{flags}");
        shop.build(&["CGO_ENABLED=1", &flags], linker)
    };
    let answer = compare(&[&build("", &[]), &build(" -fcf-protection", &[])]);
    // Which of the two it was, two files do not tell; the cure is for both.
    assert_eq!(answer.causes(), ["link-mode", "cgo-flags"]);
    let fix = answer.report["causes"][0]["fix"].as_str().unwrap();
    assert!(fix.starts_with("set CC, CGO_CFLAGS, "), "{fix}");
    never(&answer, &["toolchain-patched"]);
    // The linker alone is no cure.
    for mode in [
        "-ldflags=-linkmode=internal",
        "-ldflags=-linkmode=internal -s -w",
    ] {
        let answer = compare(&[&build("", &[mode]), &build(" -fcf-protection", &[mode])]);
        assert_eq!(
            answer.causes()[0],
            "cgo-flags",
            "{:#}",
            answer.report["causes"]
        );
        never(&answer, &["toolchain-patched", "call themselves"]);
    }
}
