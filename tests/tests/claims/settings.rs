//! Versions, modules, folders and settings: what they prove, what follows from
//! them, and what nothing tells.

#[path = "settings/c.rs"]
mod c;

use std::path::{Path, PathBuf};

use proto::buildinfo::blob;
use tempfile::TempDir;
use testkit::fuzz::resealed;
use testkit::go::{Go, Toolchain};
use testkit::module::Module;
use testkit::zip::Entry;

use crate::workshop::{Answer, Workshop, compare, run};

/// The whole report as text, in which sentences are looked for.
fn text(answer: &Answer) -> String {
    answer.report["causes"].to_string()
}

#[track_caller]
fn never(answer: &Answer, sentences: &[&str]) {
    let text = text(answer);
    for sentence in sentences {
        assert!(
            !text.contains(sentence),
            "{sentence}: {:#}",
            answer.report["causes"]
        );
    }
}

#[track_caller]
fn proves_nothing(answer: &Answer) {
    let causes = answer.report["causes"].as_array().unwrap();
    let proven = causes.iter().any(|cause| cause["confidence"] == "proven");
    assert!(!proven, "{causes:#?}");
}

/// A proxy with a module, and a workshop whose program requires it.
fn with_dependency() -> (TempDir, Workshop) {
    let proxy = tempfile::tempdir().unwrap();
    let mut dep = Module::library("example.com/Dep", "v1.0.0");
    let loud = "package dep\n\n//go:noinline\nfunc Loud() { println(\"dep\") }\n";
    dep.files.push(Entry::new("loud.go", loud.as_bytes()));
    dep.write(proxy.path());
    let shop = Workshop::new();
    shop.write(
        "go.mod",
        "module example.com/tool\n\ngo 1.21\n\nrequire example.com/Dep v1.0.0\n",
    );
    shop.write("go.sum", &dep.go_sum());
    (proxy, shop)
}

fn proxy_setting(proxy: &TempDir) -> String {
    format!("GOPROXY=file://{}", proxy.path().display())
}

/// The module cache has any name; one of these lies in the source folder. A function
/// that was put into others leaves its file's name in debug information alone.
#[test]
fn module_caches_in_two_folders() {
    let (proxy, mut shop) = with_dependency();
    let elsewhere = tempfile::tempdir().unwrap();
    let caches = [
        shop.source().join("modcache"),
        elsewhere.path().join("v/go/pkg/mod"),
    ];
    for call in ["dep.Loud()", "println(dep.Name())"] {
        shop.write(
            "extra.go",
            &format!(
                "package main\n\nimport dep \"example.com/Dep\"\n\nfunc init() {{ {call} }}\n"
            ),
        );
        let [a, b] = caches.clone().map(|cache| {
            let setting = format!("GOMODCACHE={}", cache.display());
            shop.build_plain(&[&proxy_setting(&proxy), &setting], &[])
        });
        let answer = compare(&[&a, &b]);
        let cause = answer.proves_only("module-cache-path");
        let evidence = &cause["evidence"][0];
        let begins = |side: &str, cache: &Path| {
            let path = evidence[side].as_str().unwrap();
            assert!(path.starts_with(cache.to_str().unwrap()), "{evidence:#}");
        };
        begins("a", &caches[0]);
        begins("b", &caches[1]);
        never(&answer, &["source folder", "source-content"]);
        let sources = &answer.report["files"][0]["sources"];
        assert_eq!(sources["tree"].as_str(), shop.source().to_str());
    }
}

#[test]
fn a_module_that_a_build_tag_pulls_in() {
    let (proxy, mut shop) = with_dependency();
    shop.write(
        "extra.go",
        "//go:build extra\n\npackage main\n\nimport dep \"example.com/Dep\"\n\nfunc init() { println(dep.Name()) }\n",
    );
    let mut build = |flags: &[&str]| shop.build(&[&proxy_setting(&proxy)], flags);
    let (with, without) = (build(&["-tags=extra"]), build(&[]));
    let answer = compare(&[&with, &without]);
    let cause = answer.proves_only("build-tags");
    let places: Vec<&str> = cause["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evidence| evidence["where"].as_str().unwrap())
        .collect();
    assert_eq!(
        places,
        ["build info: build -tags", "build info: dep example.com/Dep"]
    );
    never(&answer, &["go.mod", "different versions"]);
}

/// Two versions are two sources; a version and a folder may be.
#[test]
fn programs_of_go_install() {
    let proxy = tempfile::tempdir().unwrap();
    let bins = tempfile::tempdir().unwrap();
    let install = |version: &str| {
        let module = Module::tool("example.com/tool", version, "cmd");
        module.write(proxy.path());
        let bin = bins.path().join(version);
        let address = format!("file://{}", proxy.path().display());
        let go = Go::new(&Toolchain::find("1.27."), &address, "off")
            .with("GOFLAGS", "-trimpath -modcacherw")
            .with("GOBIN", bin.to_str().unwrap());
        let package = format!("example.com/tool/cmd@{version}");
        go.must(proxy.path(), &["install", &package]);
        bin.join("cmd")
    };
    let (one, other) = (install("v1.2.3"), install("v1.2.4"));
    let answer = compare(&[&one, &other]);
    let cause = answer.proves_only("main-version");
    assert_eq!(
        cause["summary"],
        "two versions of example.com/tool: a was built from v1.2.3, b from v1.2.4"
    );
    never(&answer, &["same source", "fetch all tags", "version-stamp"]);

    let mut shop = Workshop::new();
    let source = "package main\n\nfunc main() { println(\"example.com/tool@v1.2.3\") }\n";
    shop.write("cmd/main.go", source);
    let built = shop.output();
    let arguments = ["build", "-trimpath", "-o", built.to_str().unwrap(), "./cmd"];
    let go = Go::new(&Toolchain::find("1.27."), "off", "off");
    go.must(&shop.source(), &arguments);
    let answer = compare(&[&one, &built]);
    assert!(
        answer.causes().contains(&"version-stamp"),
        "{:?}",
        answer.causes()
    );
    proves_nothing(&answer);
    never(&answer, &["for the same source", "the same commit"]);
}

fn without_section(shop: &mut Workshop, file: &Path) -> PathBuf {
    let bare = shop.output();
    let arguments = [
        "--remove-section",
        ".go.buildinfo",
        file.to_str().unwrap(),
        bare.to_str().unwrap(),
    ];
    run(&shop.source(), "objcopy", &arguments);
    bare
}

/// objcopy takes the build information, and the build ID was never there.
#[test]
fn no_build_information() {
    let flags = ["-ldflags=-s -w -buildid="];
    let (mut old, mut new) = (Workshop::with("1.24."), Workshop::new());
    let (one, other) = (old.build(&[], &flags), new.build(&[], &flags));
    let bare_one = without_section(&mut old, &one);
    let bare_other = without_section(&mut new, &other);
    let answer = compare(&[&bare_one, &bare_other]);
    let cause = answer.proves_only("go-version");
    let place = cause["evidence"][0]["where"].as_str().unwrap();
    assert!(place.contains("runtime.buildVersion"), "{place}");
    let version = |toolchain: &str| format!("go{}", Toolchain::find(toolchain).version());
    assert_eq!(cause["evidence"][0]["a"], version("1.24."));
    assert_eq!(cause["evidence"][0]["b"], version("1.27."));
    never(&answer, &["call themselves", "source of package"]);

    // On one side only.
    let answer = compare(&[&other, &bare_other]);
    let cause = answer.proves("buildinfo-missing");
    let summary = cause["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("b has no build information"),
        "{summary}"
    );
    never(
        &answer,
        &["empty GOCACHE", "source of package", "go-version"],
    );
}

/// Go 1.19 does not record -buildmode. A program of go1.21 is made into one of
/// go1.19 by taking that away, with a content ID that holds.
#[test]
fn a_setting_that_an_older_go_does_not_record() {
    let (mut old, mut new) = (Workshop::with("1.21."), Workshop::new());
    let (old, new) = (old.build(&[], &[]), new.build(&[], &[]));
    let mut bytes = std::fs::read(&old).unwrap();
    compare(&[&old, &new]).proves_only("go-version");
    let at = blob::find(&bytes, 0, 0).unwrap();
    let found = blob::parse(&bytes, at, |_, _| None).unwrap();
    let lines: String = found
        .modules
        .lines()
        .filter(|line| !line.contains("-buildmode") && !line.contains("DefaultGODEBUG"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(lines, found.modules);
    let framed = [&blob::FRAME_START[..], lines.as_bytes(), &blob::FRAME_END].concat();
    let version = b"go1.19.13";
    let mut made = bytes[at..at + 32].to_vec();
    made.push(u8::try_from(version.len()).unwrap());
    made.extend(version);
    made.extend([
        u8::try_from(framed.len() & 0x7f | 0x80).unwrap(),
        u8::try_from(framed.len() >> 7).unwrap(),
    ]);
    made.extend(framed);
    made.resize(found.range.len(), 0);
    bytes[at..at + made.len()].copy_from_slice(&made);
    let double = old.with_extension("double");
    std::fs::write(&double, resealed(&bytes).unwrap()).unwrap();
    let answer = compare(&[&double, &new]);
    assert_eq!(answer.report["files"][0]["go_version"], "go1.19.13");
    assert_eq!(answer.report["files"][0]["self_check"]["status"], "intact");
    let cause = answer.proves_only("go-version");
    let fix = cause["fix"].as_str().unwrap();
    // The first file is given; no go command fetches its release by GOTOOLCHAIN.
    assert!(fix.contains("golang.org/dl/go1.19.13@latest"), "{fix}");
    let (_, text) = crate::said(&[
        "--given".as_ref(),
        "none".as_ref(),
        double.as_os_str(),
        new.as_os_str(),
    ]);
    assert!(text.contains("where go1.19.13 is"), "{text}");
    never(
        &answer,
        &["build-mode", "different modes", "add \\\"toolchain"],
    );
}
