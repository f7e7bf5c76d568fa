use proptest::prelude::*;

use super::*;
use crate::dirhash::Summary;
use crate::module::ModuleVersion;

fn release(version: &str) -> Release {
    Release::new(version, Target::parse("linux/amd64").unwrap()).unwrap()
}

#[test]
fn reads_version_files_of_every_age() {
    let read = |text: &str| VersionFile::parse(text.as_bytes()).unwrap();
    let file = read("go1.27.3\ntime 2026-10-19T22:20:36Z\n");
    assert_eq!(file.version, "go1.27.3");
    assert_eq!(file.time.as_deref(), Some("2026-10-19T22:20:36Z"));
    // Until Go 1.20 there was no newline and no time.
    assert_eq!(read("go1.19.8").version, "go1.19.8");
    assert_eq!(
        read("devel go1.28-ab12 Mon\n").version,
        "devel go1.28-ab12 Mon"
    );
    for bad in [&b""[..], b"\n", b"  \nx", b"go1\x1b[31m\n", b"\xff\n"] {
        assert!(VersionFile::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn releases_and_modules_are_inverses() {
    for (version, target) in [
        ("go1.27.3", "linux/amd64"),
        ("go1.21.13", "windows/arm64"),
        ("go1.27rc2", "darwin/arm64"),
        ("go1.21.0", "linux/armv6l"),
        ("go1.9.2rc2", "linux/s390x"),
    ] {
        let release = Release::new(version, Target::parse(target).unwrap()).unwrap();
        assert_eq!(Release::of_module(release.module()).unwrap(), release);
        assert_eq!(
            (release.version(), release.target().to_string()),
            (version, target.into())
        );
    }
    assert_eq!(release("go1.27.3").minor(), Some(27));
    assert_eq!(release("go1.27rc2").minor(), Some(27));
    assert_eq!(release("go2.0").minor(), None);
    let known = |version| release(version).rules_are_known();
    assert!(known("go1.21.0") && known("go2.0") && !known("go1.20.14"));
}

#[test]
fn what_is_no_release_is_refused() {
    let target = || Target::parse("linux/amd64").unwrap();
    for version in [
        "",
        "1.27.3",
        "go",
        "gone",
        "devel go1.28-ab12",
        "go1.27 X",
        "go1.27/x",
        "go1.27\n",
    ] {
        assert!(Release::new(version, target()).is_err(), "{version}");
    }
    for text in [
        "",
        "linux",
        "/amd64",
        "linux/",
        "Linux/amd64",
        "linux/amd64/x",
        "linux/../x",
    ] {
        assert!(Target::parse(text).is_err(), "{text}");
    }
    for module in [
        "golang.org/toolchain@v0.0.1-go1.27.3",
        "golang.org/toolchain@v0.0.2-go1.27.3.linux-amd64",
        "golang.org/x/mod@v0.42.0",
    ] {
        let module = ModuleVersion::parse(module).unwrap();
        assert!(Release::of_module(&module).is_err(), "{module}");
    }
}

#[test]
fn packs_as_releases_are_packed() {
    let new = release("go1.27.3");
    let old = release("go1.21.13");
    for (name, want) in [
        ("VERSION", "VERSION"),
        ("src/go.mod", "src/_go.mod"),
        (
            "src/cmd/go/testdata/x/go.mod",
            "src/cmd/go/testdata/x/_go.mod",
        ),
        ("src/cmd/go.model", "src/cmd/go.model"),
        ("go.mod", "_go.mod"),
        ("src/xgo.mod", "src/xgo.mod"),
        ("bin/go", "bin/go"),
        ("pkg/include/textflag.h", "pkg/include/textflag.h"),
        (
            "pkg/tool/linux_amd64/compile",
            "pkg/tool/linux_amd64/compile",
        ),
        ("lib/time/zoneinfo.zip", "lib/time/zoneinfo.zip"),
        ("__init__.py", "__init__.py"),
    ] {
        assert_eq!(place(name, &new), Place::Module(want.into()), "{name}");
        assert_eq!(place(name, &old), Place::Module(want.into()), "{name}");
    }
    for (name, want) in [
        ("test/fixedbugs/x.go", Outside::ArchiveOnly),
        ("doc/go_spec.html", Outside::ArchiveOnly),
        (".git/HEAD", Outside::Leftover),
        ("VERSION.cache", Outside::Leftover),
        ("src/x/.DS_Store", Outside::Leftover),
        ("bin/gopls", Outside::Program),
        ("bin/go.exe", Outside::Program),
        ("pkg/linux_amd64/fmt.a", Outside::Package),
        ("pkg/tool/darwin_arm64/compile", Outside::Tool),
        ("pkg/tool/linux_amd64/dist", Outside::Tool),
    ] {
        assert_eq!(place(name, &new), Place::Outside(want), "{name}");
        assert_eq!(place(name, &old), Place::Outside(want), "{name}");
    }
    // Go 1.25 ceased to ship most tools.
    let pack = "pkg/tool/linux_amd64/pack";
    assert_eq!(place(pack, &old), Place::Module(pack.into()));
    assert_eq!(place(pack, &new), Place::Outside(Outside::Tool));
    let windows = Release::new("go1.27.3", Target::parse("windows/amd64").unwrap()).unwrap();
    assert_eq!(
        place("bin/go.exe", &windows),
        Place::Module("bin/go.exe".into())
    );
    assert_eq!(place("bin/go", &windows), Place::Outside(Outside::Program));
}

#[test]
fn folders_are_passed_over_only_when_nothing_in_them_belongs() {
    let release = release("go1.27.3");
    for name in [
        "test",
        ".git",
        "pkg/linux_amd64",
        "pkg/obj",
        "pkg/tool/darwin_arm64",
    ] {
        let outside = folder_outside(name, &release);
        assert!(outside.is_some(), "{name}");
        let below = place(&format!("{name}/x"), &release);
        assert_eq!(outside.map(Place::Outside), Some(below), "{name}");
    }
    for name in [
        "",
        "src",
        "src/test",
        "bin",
        "pkg",
        "pkg/tool",
        "pkg/tool/linux_amd64",
        "pkg/include",
    ] {
        assert_eq!(folder_outside(name, &release), None, "{name}");
    }
}

#[test]
fn purposes_follow_names() {
    for (name, want) in [
        ("bin/go", Purpose::Program),
        ("pkg/tool/linux_amd64/compile", Purpose::Program),
        ("pkg/include/textflag.h", Purpose::Setting),
        ("src/runtime/proc.go", Purpose::Runtime),
        ("src/internal/runtime/maps/map.go", Purpose::Runtime),
        ("src/runtime/proc_test.go", Purpose::Test),
        ("src/fmt/print.go", Purpose::Library),
        (
            "src/internal/trace/traceviewer/static/trace_viewer_full.html",
            Purpose::Library,
        ),
        ("src/cmd/compile/main.go", Purpose::Command),
        ("src/cmd/compile/README.md", Purpose::Document),
        ("src/go/testdata/x.go", Purpose::Test),
        ("src/make.bash", Purpose::Document),
        ("LICENSE", Purpose::Document),
        ("__init__.py", Purpose::Document),
        ("__pycache__/__init__.pyc", Purpose::Document),
        ("go.env", Purpose::Setting),
        ("VERSION", Purpose::Setting),
        ("lib/time/zoneinfo.zip", Purpose::Setting),
        ("lib/fips140/v1.0.0-c2097c7c.zip", Purpose::Library),
        ("lib/fips140/README.md", Purpose::Document),
    ] {
        assert_eq!(Purpose::of(name), want, "{name}");
    }
}

fn manifest(files: &[(&str, u8)]) -> Manifest {
    let mut manifest = Manifest::new(release("go1.27.3"));
    for (name, fill) in files {
        manifest.insert(name, [*fill; 32]);
    }
    manifest
}

#[test]
fn names_what_differs() {
    let ours = manifest(&[("VERSION", 1), ("bin/go", 2), ("new", 3)]);
    let release = manifest(&[("VERSION", 1), ("bin/go", 9), ("LICENSE", 4)]);
    let difference = ours.difference(&release);
    assert_eq!(difference.added, ["new"]);
    assert_eq!(difference.missing, ["LICENSE"]);
    assert_eq!(difference.changed, ["bin/go"]);
    assert_eq!((difference.same, difference.len()), (1, 3));
    assert!(ours.difference(&ours).is_empty());
}

#[test]
fn completes_documents_when_the_record_says_so() {
    let sha = |text: &str| -> [u8; 32] { hex::decode(text).unwrap().try_into().unwrap() };
    let mut whole = manifest(&[("VERSION", 1), ("bin/go", 2), ("src/fmt/print.go", 3)]);
    for (name, form) in [
        (
            "CONTRIBUTING.md",
            "1244fcb5fbb7f0629bc134e99a90c18e63097a66d034acee0f18eabdd4fb32d9",
        ),
        (
            "LICENSE",
            "2d36597f7117c38b006835ae7f537487207d8ec407aa9d9980794b2030cbc067",
        ),
        (
            "PATENTS",
            "96f408bfae65bf137fc2525d3ecb030271c50c1e90799f87abf8846d8dd505cc",
        ),
        (
            "README.md",
            "8247b7c5de1e74854aac1a08aa5894444d1d33b4045c70d5cc3367ad0e25c3f3",
        ),
        (
            "SECURITY.md",
            "f82d6b06e77402da0dcb80a42b58d284ef3533eb7573ccf21f2ad344368bfb0c",
        ),
        // branch: release-branch.go1.27
        (
            "codereview.cfg",
            "cca5b4c30eb016cef709956a8b1edd1d740395497e1b625fa28e51eaaa3bc262",
        ),
    ] {
        whole.insert(name, sha(form));
    }
    let recorded = whole.h1();
    let mut tree = manifest(&[("VERSION", 1), ("bin/go", 2), ("src/fmt/print.go", 3)]);
    tree.insert("__init__.py", [4; 32]);
    assert_eq!(tree.completed(recorded).unwrap(), whole);
    tree.insert(
        "LICENSE",
        sha("2d36597f7117c38b006835ae7f537487207d8ec407aa9d9980794b2030cbc067"),
    );
    assert_eq!(tree.completed(recorded).unwrap(), whole);
    // Nothing that matters is ever left out or filled in.
    for (name, fill) in [("bin/go", 9), ("src/new.go", 3), ("go.env", 3)] {
        let mut changed = tree.clone();
        changed.insert(name, [fill; 32]);
        assert_eq!(changed.completed(recorded), None, "{name}");
    }
    tree.remove("src/fmt/print.go");
    assert_eq!(tree.completed(recorded), None);
}

#[test]
fn settings_of_a_packager_are_told_from_the_releases() {
    let sha = |text: &str| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
    let mut tree = manifest(&[("VERSION", 1), ("bin/go", 2)]);
    for name in [
        "CONTRIBUTING.md",
        "LICENSE",
        "PATENTS",
        "README.md",
        "SECURITY.md",
        "codereview.cfg",
    ] {
        tree.insert(name, [3; 32]);
    }
    let mut whole = tree.clone();
    whole.insert("go.env", sha(GO_ENV));
    tree.insert("go.env", [4; 32]);
    let completed = tree.completed(whole.h1()).unwrap();
    assert_eq!(completed, whole);
    assert_eq!(tree.difference(&completed).changed, ["go.env"]);
    // Whoever has taken it away has changed more.
    tree.remove("go.env");
    assert_eq!(tree.completed(whole.h1()), None);
}

#[test]
fn refuses_lists_that_are_written_otherwise() {
    let good = manifest(&[("VERSION", 1), ("bin/go", 2)]).text();
    assert!(Manifest::parse(good.as_bytes()).is_ok());
    let mut lines: Vec<&str> = good.split_inclusive('\n').collect();
    lines.reverse();
    let twice = format!("{}{good}", lines[1]);
    for bad in [
        String::new(),
        "\n".into(),
        good.trim_end().into(),
        good.replace('\n', "\r\n"),
        good.replace("  ", " "),
        good.replace("01", "0A"),
        good.replace("01", "0x"),
        good.replacen("go1.27.3", "go1.27.2", 1),
        good.replace("golang.org/toolchain", "golang.org/x/mod"),
        good.replace("VERSION", ""),
        format!("{good}\n"),
        lines.concat(),
        twice,
    ] {
        assert!(Manifest::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn parse_and_text_are_inverses(
        files in proptest::collection::btree_map("[a-z]{1,3}(/[a-zA-Z_. é]{1,4}){0,2}", any::<[u8; 32]>(), 1..20)
    ) {
        let mut manifest = Manifest::new(release("go1.21.13"));
        let mut summary = Summary::new();
        for (name, sha256) in &files {
            manifest.insert(name, *sha256);
            summary.add_hash(&format!("{}/{name}", manifest.release().module()), *sha256).unwrap();
        }
        prop_assert_eq!(&Manifest::parse(manifest.text().as_bytes()).unwrap(), &manifest);
        prop_assert_eq!(manifest.h1(), summary.finish());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Manifest::parse(&bytes);
        let _ = VersionFile::parse(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = place(&text, &release("go1.27.3"));
        let _ = Purpose::of(&text);
    }
}
