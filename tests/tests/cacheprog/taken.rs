//! The packages that a build took in: the same list from a cold cache, from a warm one,
//! and in another folder.

use std::collections::BTreeSet;
use std::path::Path;

use proto::attest::digest::Digest;
use proto::gocache::kind::Kind;
use verifier::cacheprog::taken::{How, Taken};
use verifier::gocache::package::State;

use crate::desk::{Desk, outputs};

/// Builds with a session of `mode` and returns what it took in.
#[track_caller]
fn build(desk: &Desk, mode: &str, record: &str, out: &str) -> Taken {
    let list = desk.path("taken");
    let mode = format!("{mode} --taken '{}'", list.display());
    let out = desk.path(out);
    desk.must(
        &mode,
        record,
        &["build", "-trimpath", "-o", out.to_str().unwrap()],
    );
    Taken::parse(&std::fs::read_to_string(list).unwrap()).unwrap()
}

#[test]
fn cold_and_warm_here_and_elsewhere_take_in_equal_packages() {
    let (desk, elsewhere) = (Desk::new("1.27."), Desk::new("1.27."));
    let cold = build(&desk, "record", "record", "cold");
    assert_eq!(cold.count(How::Hit), 0);
    assert!(cold.count(How::Put) > 20, "{}", cold.count(How::Put));
    let warm = build(&desk, "record", "record", "warm");
    assert_eq!(
        (warm.count(How::Hit), warm.count(How::Put)),
        (cold.count(How::Put), 0)
    );
    let other = build(&elsewhere, "record", "record", "cold");
    let list = |taken: &Taken| taken.closure().unwrap();
    assert_eq!(list(&warm), list(&cold));
    assert_eq!(list(&other), list(&cold));
    for taken in [&cold, &warm, &other] {
        assert_eq!(
            taken.in_state(State::Sound).len() as u64,
            list(taken).summary().count
        );
    }
    // Nothing but packages is in it, though the cache has more.
    let packages: BTreeSet<Digest> = outputs(&desk.path("record"))
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .filter(|bytes| Kind::sniff(bytes) == Kind::Archive)
        .map(|bytes| Digest::of(&bytes))
        .collect();
    let closure = list(&cold);
    let taken: BTreeSet<Digest> = closure.packages().iter().map(|one| one.output).collect();
    assert_eq!(taken, packages);
    assert!(outputs(&desk.path("record")).len() > packages.len());
}

#[test]
fn a_cache_beneath_is_believed_and_left_as_it_is() {
    let desk = Desk::new("1.27.");
    let cold = build(&desk, "record", "below", "cold");
    let before = names(&desk.path("below"));
    // Content changed in place, header and size kept: the go command would not notice.
    let greeting = outputs(&desk.path("below"))
        .into_iter()
        .find(|path| holds(path, b"hello") && holds(path, b"!<arch>"))
        .unwrap();
    let mut bytes = std::fs::read(&greeting).unwrap();
    let at = memchr::memmem::rfind(&bytes, b"hello").unwrap();
    bytes[at..at + 5].copy_from_slice(b"jello");
    std::fs::write(&greeting, &bytes).unwrap();

    let beneath = format!("record --beneath '{}'", desk.path("below").display());
    let warm = build(&desk, &beneath, "above", "poisoned");
    assert_eq!(
        (warm.count(How::Hit), warm.count(How::Put)),
        (cold.count(How::Put), 0)
    );
    assert_eq!(
        warm.in_state(State::Poisoned),
        ["example.com/tool/greeting"]
    );
    let honest = cold.closure().unwrap();
    let taken = warm.closure().unwrap();
    let others = taken
        .packages()
        .iter()
        .filter(|one| !honest.packages().contains(one));
    let others: Vec<_> = others.map(|one| one.path.as_str()).collect();
    assert_eq!(
        others,
        ["example.com/tool/greeting"],
        "its real hash is told"
    );
    assert!(holds(&desk.path("poisoned"), b"jello") && !holds(&desk.path("cold"), b"jello"));
    let now = names(&desk.path("below"));
    let sessions = |name: &&String| !name.contains("sessions");
    assert!(
        before
            .iter()
            .filter(sessions)
            .eq(now.iter().filter(sessions))
    );
    assert_eq!(std::fs::read(&greeting).unwrap(), bytes);
    // What it lacks is made, and kept above.
    desk.write(
        "other/other.go",
        "package other\n\nfunc Number() int { return 8 }\n",
    );
    desk.write(
        "main.go",
        "package main\n\nimport \"example.com/tool/other\"\n\nfunc main() { println(other.Number()) }\n",
    );
    let more = build(&desk, &beneath, "above", "more");
    assert_eq!(more.count(How::Put), 2, "other and main");
    assert!(more.count(How::Hit) > 20);
}

fn holds(path: &Path, text: &[u8]) -> bool {
    memchr::memmem::find(&std::fs::read(path).unwrap(), text).is_some()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            names.push(path.display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    names.sort();
    names
}
