//! Runs that end another way than with an answer about bytes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bench::{Bench, said};

#[test]
fn what_does_not_build_is_said_with_the_words_of_go() {
    let bench = Bench::new();
    bench.write(
        "broken/main.go",
        "package main\n\nfunc main() { nothing() }\n",
    );
    bench.write("library/library.go", "package library\n");
    bench.write("another/another.go", "package another\n");
    let table: &[(&[&str], &str)] = &[
        (&["./broken"], "undefined: nothing"),
        (&["./library"], "is package library, no program"),
        (&["./none"], "directory not found"),
        (&["-trimpath"], "name the package"),
        (
            &[".", "--timeout", "5m"],
            "--timeout belongs to verify-build",
        ),
        (&[".", "./broken"], "name one program"),
        (
            &["./library", "./another"],
            "none of the 2 packages that this names is a program",
        ),
        (
            &["--gocache", "/nowhere", "."],
            "is not a build cache of go",
        ),
    ];
    for (words, want) in table {
        let output = bench.command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(said(&output).contains(want), "{words:?}: {}", said(&output));
        assert!(output.stdout.is_empty());
        bench.assert_nothing_left();
    }
    let full = bench.toolexec("echo write x: no space left on device >&2; exit 1");
    let output = bench.command(&[&full, "."]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("below TMPDIR"), "{}", said(&output));
}

#[test]
fn a_variation_without_a_build_leaves_the_answer_open() {
    let bench = Bench::new();
    let toolexec = bench.toolexec("case $HOME in *other-home) echo no key here >&2; exit 1;; esac");
    let answer = bench.rebuild(&["--vary", "home,umask", &toolexec, "-trimpath", "."]);
    assert_eq!(answer.exit, 3, "{:#}", answer.value["summary"]);
    assert_eq!(answer.value["verdict"], "inconclusive");
    let failing = &answer.value["failing"];
    assert_eq!(failing[0]["varied"][0], "home");
    assert!(failing[0]["said"].as_str().unwrap().contains("no key here"));
    assert_eq!(answer.varied(), ["umask"]);
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let bench = Bench::new();
    let toolexec = bench.toolexec("sleep 300 & echo $! > \"$(dirname \"$0\")/pid\"; wait");
    let mut command = bench.command(&[&toolexec, "."]);
    let run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let file = bench.beside("pid");
    let start = Instant::now();
    let child = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.ends_with('\n') {
            break text.trim().to_owned();
        }
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "no step was begun"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(said(&output).contains("interrupted"), "{}", said(&output));
    bench.assert_nothing_left();
    let process = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
    assert!(process.is_empty() || process.contains(") Z "), "{process}");
}

#[test]
fn a_build_that_takes_too_long_is_stopped() {
    let bench = Bench::new();
    let toolexec = bench.toolexec("sleep 300");
    let output = bench
        .command(&["--timeout", "3s", &toolexec, "."])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("took longer than 3 seconds"),
        "{}",
        said(&output)
    );
    bench.assert_nothing_left();
}
