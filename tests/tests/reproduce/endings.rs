//! Runs that end another way than with the same bytes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::yard::{Yard, said, walk};

#[test]
fn another_source_gives_another_program_and_the_cause_is_named() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-trimpath", "-buildvcs=false"]);
    yard.write(
        "cmd/tool/plain.go",
        "//go:build !special\n\npackage main\n\nfunc kind() string { return \"PLAIN\" }\n",
    );
    testkit::git::commit_all(&yard.source());
    let answer = yard.with_checkout(&program);
    assert_eq!(answer.value["verdict"], "different", "{:#}", answer.brief());
    assert_eq!(answer.exit, 1);
    let remaining = answer.value["remaining"].as_array().unwrap();
    assert!(!remaining.is_empty());
    assert!(
        remaining
            .iter()
            .all(|one| one["cause"] != "ldflags-variable"),
        "{remaining:?}"
    );
}

#[test]
fn what_is_not_here_leaves_the_answer_open() {
    let mut yard = Yard::new("1.27.");
    let program = yard.install(&[], &["-trimpath"]);
    let path = program.to_str().unwrap();
    let run = |proxy: &str, arguments: &[&str]| {
        let mut command = yard.command(&[&["--format", "json", path], arguments].concat());
        crate::yard::judge(&command.env("GOPROXY", proxy).output().unwrap())
    };
    let kind = |answer: &crate::yard::Answer| {
        assert_eq!(answer.exit, 3, "{:#}", answer.brief());
        assert_eq!(answer.value["verdict"], "unknown");
        answer.value["obstacle"]["kind"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(kind(&run("off", &[])), "source");
    let proxy = yard.proxy();
    assert_eq!(
        kind(&run(&proxy, &["--source", "example.com/tool@v9.9.9"])),
        "source"
    );
    // The source is here, and a module that it requires is not.
    let checkout = yard.source();
    let checkout = ["--source", checkout.to_str().unwrap()];
    let empty = format!("file://{}", yard.at("temporary").display());
    for proxy in ["off", &empty, "http://127.0.0.1:9"] {
        let answer = run(proxy, &checkout);
        assert_eq!(kind(&answer), "source", "{proxy}: {:#}", answer.brief());
        let said = answer.value["obstacle"]["said"].as_str().unwrap();
        assert!(said.contains("example.com/lib"), "{proxy}: {said}");
    }
    assert_eq!(kind(&run(&proxy, &["--time-limit", "1s"])), "limit");
    assert_eq!(kind(&run(&proxy, &["--disk-limit", "1M"])), "limit");
    // Another Go than the one that is needed, and no way to fetch it.
    let old = testkit::go::Toolchain::find("1.24.");
    let answer = run("off", &["--go", old.root().to_str().unwrap()]);
    assert_eq!(kind(&answer), "toolchain");
    let said = answer.value["obstacle"]["said"].as_str().unwrap();
    assert!(said.contains("go1.27.3 is needed"), "{said}");
}

#[test]
fn without_a_c_compiler_for_the_target_nothing_is_said() {
    let mut yard = Yard::new("1.27.");
    let source = "package main\n\n// static int five(void) { return 5; }\nimport \"C\"\n\nfunc init() { println(C.five()) }\n";
    yard.write("cmd/tool/c.go", source);
    testkit::git::commit_all(&yard.source());
    let program = yard.build(&["CGO_ENABLED=1"], &["-trimpath"]);
    let source = yard.source();
    let words = [
        "--format",
        "json",
        program.to_str().unwrap(),
        "--source",
        source.to_str().unwrap(),
    ];
    let output = yard.command(&words).env("CC", "no-such-compiler").output();
    let answer = crate::yard::judge(&output.unwrap());
    assert_eq!(answer.exit, 3, "{:#}", answer.brief());
    assert_eq!(answer.value["obstacle"]["kind"], "c-compiler");
}

#[test]
fn what_can_not_be_read_ends_with_2() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-trimpath"]);
    let path = program.to_str().unwrap();
    let table: [(&[&str], &str); 4] = [
        (&["/no/such/file"], "there is no such file"),
        (&[path, "--source", "neither"], "not a MODULE@VERSION"),
        (&[path, "--disk-limit", "5"], "is not a size"),
        (&[path, "--time-limit", "5"], "is no time"),
    ];
    for (words, want) in table {
        let output = yard.command(words).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(want), "{words:?}: {}", said(&output));
    }
    // What is not a program of Go is an answer.
    let text = yard.at("text");
    std::fs::write(&text, "no program").unwrap();
    let answer = yard.reproduce(&text, &[]);
    assert_eq!(answer.exit, 3);
    assert_eq!(answer.value["obstacle"]["kind"], "file");
}

#[test]
fn a_second_run_goes_on_from_the_work_folder() {
    let mut yard = Yard::new("1.27.");
    let flags = "-ldflags=-s -w -X main.version=v4";
    let program = yard.build(&[], &["-trimpath", flags]);
    let (work, source) = (yard.at("work"), yard.source());
    let words = [
        "--source",
        source.to_str().unwrap(),
        "-o",
        work.to_str().unwrap(),
    ];
    let first = yard.reproduce(&program, &words);
    first.equal();
    assert!(first.builds() > 1);
    let second = yard.reproduce(&program, &words);
    second.equal();
    let steps = second.value["steps"].as_array().unwrap();
    assert!(
        steps.iter().all(|step| step["old"] == true),
        "{:#}",
        second.brief()
    );
    // A work folder belongs to one program.
    let other = yard.build(&[], &["-trimpath"]);
    let mut words = words.to_vec();
    words.push(other.to_str().unwrap());
    let output = yard.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("another program"),
        "{}",
        said(&output)
    );
}

/// What an earlier run put up and built of another source is not an answer for this one.
#[test]
fn a_work_folder_tells_one_source_from_another() {
    let mut yard = Yard::new("1.21.");
    let program = yard.build(&[], &["-trimpath", "-buildvcs=false"]);
    let (work, source) = (yard.at("work"), yard.source());
    let verdict = || {
        let source = source.to_str().unwrap();
        let words = ["--source", source, "-o", work.to_str().unwrap()];
        let answer = yard.reproduce(&program, &words);
        answer.value["verdict"].as_str().unwrap().to_owned()
    };
    let (own, other) = ("cmd/tool/plain.go", "cmd/tool/special.go");
    let own = std::fs::read_to_string(source.join(own)).unwrap();
    let other = std::fs::read_to_string(source.join(other)).unwrap();
    let other = other.replace("//go:build special", "//go:build !special");
    assert_eq!(verdict(), "equal");
    yard.write("cmd/tool/plain.go", &other);
    testkit::git::commit_all(&source);
    assert_eq!(verdict(), "different", "another commit");
    // Without a commit that would tell what is built.
    std::fs::remove_dir_all(source.join(".git")).unwrap();
    for (text, want) in [(&own, "equal"), (&other, "different"), (&own, "equal")] {
        yard.write("cmd/tool/plain.go", text);
        assert_eq!(verdict(), want, "a folder that git does not know");
    }
}

#[test]
fn the_checkout_and_the_home_folder_are_not_touched() {
    let mut yard = Yard::new("1.21.");
    let program = yard.build(&[], &["-trimpath"]);
    let list = || {
        let mut all = Vec::new();
        for folder in [yard.source(), yard.at("home")] {
            let mut files = walk(&folder);
            files.sort();
            for file in files {
                let about = file.symlink_metadata().unwrap();
                all.push((file, about.len(), about.modified().unwrap()));
            }
        }
        all
    };
    let before = list();
    yard.with_checkout(&program).equal();
    assert_eq!(list(), before);
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let mut yard = Yard::new("1.27.");
    let program = yard.build(&[], &["-trimpath"]);
    let source = yard.source();
    let mut command = yard.command(&[
        program.to_str().unwrap(),
        "--source",
        source.to_str().unwrap(),
    ]);
    let run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let is_building = || {
        let works = std::fs::read_dir(yard.at("temporary")).unwrap();
        let mut works = works.map(|work| work.unwrap().path());
        works.any(|work| work.join("trees/commit.ready").is_file())
    };
    while !is_building() {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "nothing is built"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let left: Vec<_> = std::fs::read_dir(yard.at("temporary")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn every_format_tells_the_answer() {
    let mut yard = Yard::new("1.21.");
    let program = yard.build(&[], &["-trimpath", "-ldflags=-s -w -X main.version=v5"]);
    let source = yard.source();
    let work = yard.at("work");
    for (format, want) in [
        ("text", "REPRODUCED: "),
        ("html", "This program"),
        ("junit", "same bytes from the source"),
        ("markdown", "is what"),
        ("github", ""),
        ("sarif", "2.1.0"),
    ] {
        let words = [
            "--format",
            format,
            program.to_str().unwrap(),
            "--source",
            source.to_str().unwrap(),
            "-o",
            work.to_str().unwrap(),
        ];
        let output = yard.command(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let want = if format == "html" { "REPRODUCED" } else { want };
        assert!(text.contains(want), "{format}: {text}");
    }
}

/// The linker takes a value for a variable that no package has, and the build ID's hash over
/// its flags is all that changes.
#[test]
fn a_value_that_only_the_build_id_knows_of_leaves_the_answer_open() {
    let mut yard = Yard::new("1.27.");
    let flags = "-ldflags=-s -w -X main.version=v6 -X main.secret=hunter2";
    let program = yard.build(&[], &["-trimpath", "-buildvcs=false", flags]);
    let answer = yard.with_checkout(&program);
    assert_eq!(answer.value["verdict"], "unknown", "{:#}", answer.brief());
    assert_eq!(answer.exit, 3);
    assert_eq!(answer.value["obstacle"]["kind"], "flags");
    let said = answer.value["obstacle"]["said"].as_str().unwrap();
    assert!(said.contains("a secret, maybe"), "{said}");
    assert!(
        answer.notes().contains("fits none of"),
        "{}",
        answer.notes()
    );
    let commands = answer.value["commands"].to_string();
    assert!(commands.contains("main.version=v6"), "{commands}");
    // A function that differs is another program, whatever the flags were.
    yard.write(
        "cmd/tool/plain.go",
        "//go:build !special\n\npackage main\n\nfunc kind() string { return \"PLAIN\" }\n",
    );
    testkit::git::commit_all(&yard.source());
    let answer = yard.with_checkout(&program);
    assert_eq!(answer.value["verdict"], "different", "{:#}", answer.brief());
    assert_eq!(answer.exit, 1);
}
