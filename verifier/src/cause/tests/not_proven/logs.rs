//! Logs of what the go command hashed: equal inputs prove nothing about output.

use std::sync::Arc;

use proto::buildid::BuildId;
use proto::buildinfo::quote;
use proto::hashlog::Log;
use sha2::{Digest as _, Sha256};

use super::*;

/// Lines as the go command writes them for one action.
fn block(name: &str, payloads: &[&str]) -> Vec<String> {
    let mut lines = vec![format!("HASH[{name}]")];
    let quoted = |payload: &&str| format!("HASH[{name}]: {}", quote::quote(payload));
    lines.extend(payloads.iter().map(quoted));
    let hash = hex::encode(Sha256::digest(payloads.concat()));
    lines.push(format!("HASH[{name}]: {hash}"));
    lines
}

/// A program that links package q, which is compiled from one line and came out
/// as some content.
fn linked(q_line: &str, q_content: &str) -> Artifact {
    linked_from(&["cgo \"x\"\n", q_line], q_content)
}

/// The same of a package that is compiled from these lines.
fn linked_from(q_lines: &[&str], q_content: &str) -> Artifact {
    let lines = [
        block("build q", &[&[GO], q_lines].concat()),
        block("build m", &[GO, &format!("import q {q_content}\n")]),
        block(
            "link m",
            &[
                GO,
                "packagemain bbbb/mmmm\n",
                &format!("packagefile q={q_content}\n"),
            ],
        ),
    ];
    let log = Log::read(lines.concat().join("\n").as_bytes()).unwrap();
    let part = |name: &str| log.named(name).next().unwrap().part();
    let (link, main) = (part("link m"), part("build m"));
    let text = format!("{link}/{main}/{main}/{link}");
    let mut artifact = built(GO, "");
    artifact.image.build_id = Some(Located {
        value: BuildId::parse(&text).unwrap(),
        range: 0..0,
    });
    artifact.go.build_id = artifact.image.build_id.clone().map(|id| id.value);
    artifact.log = Some(Arc::new(log));
    artifact
}

#[test]
fn only_inputs_that_differ_are_proven() {
    let (one, other) = ("file q.go xxxx\n", "file q.go yyyy\n");
    check(
        "only-inputs-that-differ-are-proven",
        [
            row(
                "a file",
                linked(one, "q1"),
                linked(other, "q2"),
                &[Name::SourceContent],
            ),
            // C that no action names, or the compiler: nothing says which.
            row("equal inputs", linked(one, "q1"), linked(one, "q2"), &[]),
            row(
                "equal inputs, and no C",
                linked_from(&[one], "q1"),
                linked_from(&[one], "q2"),
                &[],
            ),
            row(
                "four files",
                linked_from(
                    &[
                        "file a.go x\n",
                        "file b.go x\n",
                        "file c.go x\n",
                        "file d.go x\n",
                    ],
                    "q1",
                ),
                linked_from(
                    &[
                        "file a.go y\n",
                        "file b.go y\n",
                        "file c.go y\n",
                        "file d.go y\n",
                    ],
                    "q2",
                ),
                &[Name::SourceContent],
            ),
            row(
                "a file and a go line",
                linked_from(&["file a.go x\n", "go 1.21\n"], "q1"),
                linked_from(&["file a.go y\n", "go 1.22\n"], "q2"),
                &[Name::SourceContent, Name::GodebugDefault],
            ),
        ],
    );
}

#[test]
fn logs_of_one_link_or_of_one_file_tell_nothing() {
    let (a, b) = (
        linked("file q.go xxxx\n", "q1"),
        linked("file q.go yyyy\n", "q2"),
    );
    let told = |a: &Artifact, b: &Artifact| {
        let diff = Diff::of(a, b);
        let pair = Pair::new(a, b, &diff, ["a".into(), "b".into()]);
        hashed::explain(&pair).map(|hashed| (hashed.is_complete, hashed.causes.len()))
    };
    assert_eq!(told(&a, &b), Some((true, 1)));
    assert_eq!(told(&a, &a), None);
    let mut without = linked("file q.go yyyy\n", "q2");
    without.log = None;
    assert_eq!(told(&a, &without), None);
    assert_eq!(told(&without, &b), None);
    // A log of another build has not the actions that the build ID names.
    let mut other = linked("file q.go yyyy\n", "q2");
    other.log = a.log.clone();
    assert_eq!(told(&a, &other), None);
}
