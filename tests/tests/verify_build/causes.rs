//! One pair of builds for each cause that two files can show.

use proto::buildid::BuildId;
use proto::buildid::content::{self, Exclusions, Variant};

use crate::workshop::{Workshop, compare, run};

#[test]
fn trimpath_on_one_side() {
    let mut shop = Workshop::new();
    // The go command itself sets this variable as -X does.
    shop.edit("main.go", "import \"", "import \"runtime\"\n\nimport \"");
    shop.edit("main.go", "println(", "println(runtime.GOROOT(), ");
    // With cgo on, the go command tells the C flags of the plain build alone.
    for cgo in ["CGO_ENABLED=0", "CGO_ENABLED=1"] {
        let (trimmed, plain) = (shop.build(&[cgo], &[]), shop.build_plain(&[cgo], &[]));
        let answer = compare(&[&trimmed, &plain]);
        let cause = answer.proves_only("source-path");
        assert!(cause["fix"].as_str().unwrap().contains("-trimpath"));
        assert_eq!(answer.pattern(), "XXXX", "{cgo}");
    }
}

#[test]
fn source_folders_without_trimpath() {
    let (mut here, mut there) = (Workshop::new(), Workshop::new());
    let answer = compare(&[&here.build_plain(&[], &[]), &there.build_plain(&[], &[])]);
    let cause = answer.proves_only("source-path");
    assert_eq!(cause["evidence"][0]["a"].as_str(), here.source().to_str());
    assert_eq!(cause["evidence"][0]["b"].as_str(), there.source().to_str());
}

#[test]
fn another_go_version() {
    let (mut old, mut new) = (Workshop::with("1.21."), Workshop::new());
    let answer = compare(&[&old.build(&[], &[]), &new.build(&[], &[])]);
    let cause = answer.proves_only("go-version");
    assert!(
        cause["evidence"][0]["a"]
            .as_str()
            .unwrap()
            .starts_with("go1.21.")
    );
    let answer = compare(&[&old.build_plain(&[], &[]), &new.build_plain(&[], &[])]);
    answer.proves("go-version");
    assert_eq!(
        answer.causes(),
        ["go-version", "source-path", "goroot-path"]
    );
}

#[test]
fn stripped_after_the_build_is_not_linked_without_symbols() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &[]);
    let stripped = shop.output();
    run(
        &shop.source(),
        "strip",
        &["-o", stripped.to_str().unwrap(), built.to_str().unwrap()],
    );
    let answer = compare(&[&built, &stripped]);
    let cause = answer.proves_only("modified-after-build");
    assert!(
        cause["summary"]
            .as_str()
            .unwrap()
            .starts_with("b was changed")
    );
    assert_eq!(answer.report["files"][1]["self_check"]["status"], "changed");
    assert_eq!(answer.pattern(), "====");

    let (without, debug_less) = (
        shop.build(&[], &["-ldflags=-s"]),
        shop.build(&[], &["-ldflags=-w"]),
    );
    let cause = compare(&[&built, &without]);
    assert!(
        cause.proves_only("symbols-stripped")["summary"]
            .as_str()
            .unwrap()
            .contains("-ldflags=-s")
    );
    let cause = compare(&[&built, &debug_less]);
    assert!(
        cause.proves_only("symbols-stripped")["summary"]
            .as_str()
            .unwrap()
            .contains("-ldflags=-w")
    );
    // With the flags in the build information, as without -trimpath.
    let (with, without) = (
        shop.build_plain(&[], &[]),
        shop.build_plain(&[], &["-ldflags=-s -w"]),
    );
    compare(&[&with, &without]).proves_only("symbols-stripped");
}

/// Without symbols on either side, only where the sections lie tells of strip.
#[test]
fn what_strip_left_of_two_files() {
    let mut shop = Workshop::new();
    let mut bare =
        |value: &str| shop.build(&[], &[&format!("-ldflags=-s -w -X main.stamp={value}")]);
    let (one, other) = (bare("monday"), bare("friday"));
    for file in [&one, &other] {
        run(&shop.source(), "strip", &[file.to_str().unwrap()]);
    }
    let summary = |answer: &crate::workshop::Answer| {
        let cause = answer.proves("modified-after-build");
        cause["summary"].as_str().unwrap().to_owned()
    };
    let stripped = summary(&compare(&[&one, &other]));
    assert!(stripped.contains("written anew"), "{stripped}");
    let whole = shop.build(&[], &["-ldflags=-s -w"]);
    let edited = shop.output();
    let mut bytes = std::fs::read(&whole).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x5a;
    std::fs::write(&edited, bytes).unwrap();
    let edited = summary(&compare(&[&whole, &edited]));
    assert!(edited.contains("edited, signed or damaged"), "{edited}");
}

/// Symbol tables of Windows and macOS hold what is imported, and stay with -s.
#[test]
fn no_symbols_and_no_debug_information_on_other_platforms() {
    let mut shop = Workshop::new();
    for platform in [
        ["GOOS=windows", "GOARCH=amd64"],
        ["GOOS=darwin", "GOARCH=arm64"],
    ] {
        let full = shop.build(&platform, &[]);
        for flag in ["-s", "-w"] {
            let less = shop.build(&platform, &[&format!("-ldflags={flag}")]);
            let answer = compare(&[&full, &less]);
            let cause = answer.proves_only("symbols-stripped");
            let summary = cause["summary"].as_str().unwrap();
            assert!(
                summary.ends_with(&format!("(-ldflags={flag})")),
                "{summary}"
            );
        }
    }
}

#[test]
fn linker_variables_with_and_without_symbols_and_flags() {
    let mut shop = Workshop::new();
    let mut build = |flags: &str| shop.build(&[], &[flags]);
    let (one, other) = (
        build("-ldflags=-X main.stamp=monday"),
        build("-ldflags=-X main.stamp=friday"),
    );
    let answer = compare(&[&one, &other]);
    assert_eq!(
        answer.proves_only("ldflags-variable")["evidence"][0]["where"],
        "variable main.stamp"
    );
    assert_eq!((answer.pattern(), answer.remaining()), ("X==X", 0));
    let longer = build("-ldflags=-X main.stamp=wednesday");
    compare(&[&one, &longer]).proves_only("ldflags-variable");

    let (one, other) = (
        build("-ldflags=-s -X main.stamp=monday"),
        build("-ldflags=-s -X main.stamp=friday"),
    );
    let answer = compare(&[&one, &other]);
    // The variable accounts for every byte: no dependency is guessed at beside it,
    // and nothing is left open.
    assert_eq!(answer.causes(), ["ldflags-variable"]);
    assert_eq!(answer.report["causes"][0]["confidence"], "likely");

    let mut build = |flags: &str| shop.build_plain(&[], &[flags]);
    let (one, other) = (
        build("-ldflags=-s -X main.stamp=monday"),
        build("-ldflags=-s -X main.stamp=friday"),
    );
    let answer = compare(&[&one, &other]);
    assert_eq!(
        answer.proves_only("ldflags-variable")["evidence"][0]["where"],
        "-ldflags: -X main.stamp"
    );
}

#[test]
fn build_ids_by_hand() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &[]);
    let (none, own) = (
        shop.build(&[], &["-ldflags=-buildid="]),
        shop.build(&[], &["-ldflags=-buildid=mine"]),
    );
    let answer = compare(&[&built, &none]);
    // Without an ID there is no self-check, and the note may as well have been cut out.
    assert_eq!(answer.causes(), ["build-id-flag", "unexplained"]);
    assert_eq!(answer.report["causes"][0]["confidence"], "likely");
    compare(&[&built, &own]).proves_only("build-id-flag");
    let without_gnu = shop.build(&[], &["-ldflags=-B none"]);
    compare(&[&built, &without_gnu]).proves_only("gnu-build-id-flag");
}

#[test]
fn settings_that_build_information_names() {
    let mut shop = Workshop::new();
    let plain = shop.build(&[], &[]);
    let table: [(&[&str], &[&str], &str); 5] = [
        (&[], &["-tags=extra"], "build-tags"),
        (&[], &["-gcflags=-N -l"], "compiler-flags"),
        (&[], &["-buildmode=pie"], "build-mode"),
        (&["GOAMD64=v2"], &[], "cpu-level"),
        (&["CGO_ENABLED=1"], &[], "cgo-enabled"),
    ];
    for (settings, flags, cause) in table {
        let other = shop.build(settings, flags);
        compare(&[&plain, &other]).proves_only(cause);
    }
}

#[test]
fn other_platforms_and_what_differs_within_one() {
    let mut shop = Workshop::new();
    let linux = shop.build(&[], &[]);
    for (platform, format) in [
        (["GOOS=windows", "GOARCH=amd64"], "PE"),
        (["GOOS=darwin", "GOARCH=arm64"], "Mach-O"),
        (["GOOS=js", "GOARCH=wasm"], "WebAssembly"),
        (["GOOS=linux", "GOARCH=386"], "ELF"),
    ] {
        let one = shop.build(&platform, &[]);
        compare(&[&linux, &one]).proves("target");
        let tagged = shop.build(&platform, &["-tags=extra"]);
        let answer = compare(&[&one, &tagged]);
        answer.proves_only("build-tags");
        assert_eq!(answer.report["files"][0]["format"]["name"], format);
        assert_eq!(answer.report["files"][0]["self_check"]["status"], "intact");
        let plain = shop.build_plain(&platform, &[]);
        compare(&[&one, &plain]).proves_only("source-path");
        let stamped = shop.build(&platform, &["-ldflags=-X main.stamp=monday"]);
        let answer = compare(&[&one, &stamped]);
        assert!(
            answer.causes().contains(&"ldflags-variable"),
            "{:#}",
            answer.report["causes"]
        );
    }
}

#[test]
fn linkers() {
    let mut shop = Workshop::new();
    let mut build = |flags: &str| shop.build(&["CGO_ENABLED=1"], &[flags]);
    let own = build("-ldflags=-linkmode=auto");
    let host = build("-ldflags=-linkmode=external");
    compare(&[&own, &host]).proves_only("link-mode");
    let still = build("-ldflags=-linkmode=external -extldflags=-static");
    compare(&[&host, &still]).proves_only("external-link-flags");
    let again = build("-ldflags=-linkmode=internal");
    let answer = compare(&[&own, &again]);
    assert_eq!(
        (answer.causes(), answer.pattern()),
        (vec!["import-unreached", "linker-flags"], "X===")
    );
    assert_eq!(answer.remaining(), 0);
}

#[test]
fn what_go_mod_and_the_command_line_say() {
    let mut shop = Workshop::new();
    let plain = shop.build(&[], &[]);
    let by_file = shop.build(&[], &["main.go"]);
    compare(&[&plain, &by_file]).proves_only("package-arguments");
    shop.write("go.mod", "module example.com/tool\n\ngo 1.22\n");
    let newer = shop.build(&[], &[]);
    compare(&[&plain, &newer]).proves_only("godebug-default");
}

#[test]
fn dependencies_replaced_by_folders() {
    let mut shop = Workshop::new();
    for folder in ["one", "other"] {
        shop.write(
            &format!("{folder}/go.mod"),
            "module example.com/dep\n\ngo 1.21\n",
        );
        shop.write(
            &format!("{folder}/dep.go"),
            "package dep\n\nconst Text = \"dep\"\n",
        );
    }
    shop.write(
        "go.mod",
        "module example.com/tool\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./one\n",
    );
    shop.edit(
        "greeting/greeting.go",
        "package greeting",
        "package greeting\n\nimport _ \"example.com/dep\"",
    );
    let one = shop.build(&[], &[]);
    shop.edit("go.mod", "./one", "./other");
    let other = shop.build(&[], &[]);
    compare(&[&one, &other]).proves_only("dependency-replaced");
    shop.edit("go.mod", "v1.0.0", "v1.0.1");
    let newer = shop.build(&[], &[]);
    let answer = compare(&[&other, &newer]);
    assert_eq!(answer.exit, 1);
}

#[test]
fn a_text_of_the_source_by_the_function_that_uses_it() {
    let mut shop = Workshop::new();
    let first = shop.build(&[], &[]);
    shop.edit("greeting/greeting.go", "\"hello\"", "\"howdy\"");
    let greeted = shop.build(&[], &[]);
    let answer = compare(&[&first, &greeted]);
    assert_eq!(answer.pattern(), "XX=X");
    assert_eq!(answer.causes(), ["source-content"]);
    let cause = &answer.report["causes"][0];
    assert_eq!(cause["confidence"], "likely");
    let place = cause["evidence"][0]["where"].as_str().unwrap();
    assert!(place.contains("which the code of "), "{place}");
    shop.edit("main.go", "println(", "println(\"well\", ");
    let changed = shop.build(&[], &[]);
    let answer = compare(&[&greeted, &changed]);
    assert_eq!(answer.pattern(), "XXXX");
    answer.proves_only("source-content");
}

/// What a poisoned cache entry leaves: all inputs equal, other bytes, and a
/// content ID that holds.
#[test]
fn equal_inputs_with_other_bytes_raise_an_alarm() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &[]);
    let mut bytes = std::fs::read(&built).unwrap();
    let report = compare(&[&built, &built]).report;
    let file = &report["files"][0];
    let id = file["build_id"]["text"].as_str().unwrap().to_owned();
    let offset = file["build_id"]["offset"].as_u64().unwrap() as usize;
    let gnu = hex::decode(file["host_id"]["value"].as_str().unwrap()).unwrap();
    let gnu_at = bytes
        .windows(gnu.len())
        .position(|window| window == gnu)
        .unwrap() as u64;
    let hello = bytes
        .windows(5)
        .position(|window| window == b"hello")
        .unwrap();
    bytes[hello] = b'j';
    let exclusions = Exclusions {
        signature: None,
        host_id: Some(gnu_at..gnu_at + 20),
    };
    let content = content::part(&bytes, &id, &exclusions, Variant::WithoutHostId);
    let BuildId::Program(program) = BuildId::parse(&id).unwrap() else {
        panic!("{id}")
    };
    let patched = proto::buildid::Program { content, ..program }.to_string();
    bytes[offset..offset + patched.len()].copy_from_slice(patched.as_bytes());
    let poisoned = shop.output();
    std::fs::write(&poisoned, &bytes).unwrap();
    let answer = compare(&[&built, &poisoned]);
    assert_eq!(answer.report["files"][1]["self_check"]["status"], "intact");
    assert_eq!(answer.pattern(), "===X");
    assert_eq!(answer.causes(), ["cache-poisoned", "unexplained"]);
    let open = &answer.report["causes"][1]["evidence"][0];
    assert_eq!(
        (open["a"].as_str(), open["b"].as_str()),
        (Some("68"), Some("6a")),
        "{open:#}"
    );
}
