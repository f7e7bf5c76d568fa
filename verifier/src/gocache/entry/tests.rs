//! Entries that are made up here, beside what must be said of them.

use proto::buildid::Part;
use proto::gocache::Id;

use super::*;
use crate::gocache::reading::{Read, Reading};

const ACTION: Id = Id([7; 32]);

/// A package archive whose header has this line in place of a build ID's.
fn archive(line: &str) -> Vec<u8> {
    let header = format!("go object linux amd64 go1.27.3\n{line}\n\n$$\n");
    let member = format!(
        "__.PKGDEF       0           0     0     644     {:<10}`\n",
        header.len()
    );
    format!("!<arch>\n{member}{header}code").into_bytes()
}

/// One with a build ID that holds.
fn signed(action: &Id) -> Vec<u8> {
    let zeros = "A".repeat(20);
    let with = |content: &str| archive(&format!("build id \"{}/{content}\"", action.part()));
    let draft = with(&zeros);
    let id = format!("{}/{zeros}", action.part());
    let text = String::from_utf8(draft).unwrap();
    let zeroed = text.replace(&id, &"\0".repeat(id.len()));
    let content = Part::from_sha256(&Id::of(zeroed.as_bytes()).0);
    with(&content.to_string())
}

fn read(bytes: &[u8]) -> Read {
    let mut reading = Reading::new();
    bytes.chunks(13).for_each(|piece| reading.update(piece));
    reading.finish()
}

/// Judges an entry whose index line and output fit each other.
fn judged(bytes: &[u8], role: Role) -> State {
    let read = read(bytes);
    let index = Index {
        action: ACTION,
        output: Id::of(bytes),
        size: bytes.len() as u64,
        time_ns: 1,
    };
    let kind = read.kind;
    judge(
        &ACTION,
        &Line::Sound(index),
        Some(&Output::File(read)),
        kind,
        role,
    )
}

#[test]
fn a_package_of_its_action_is_sound() {
    for role in [Role::Package, Role::Untold] {
        assert_eq!(judged(&signed(&ACTION), role), State::Sound);
    }
}

#[test]
fn a_package_of_another_action_is_poisoned() {
    let other = Id([8; 32]);
    for role in [Role::Package, Role::Untold] {
        assert_eq!(
            judged(&signed(&other), role),
            State::Poisoned(Poison::OtherAction {
                found: other.part()
            })
        );
    }
}

#[test]
fn a_package_without_the_go_commands_build_id_is_poisoned() {
    let text = "x".repeat(41);
    let part = ACTION.part();
    for line in [
        String::new(),
        "main".into(),
        "build id \"\"".into(),
        "build id \"redacted\"".into(),
        format!("build id \"{text}\""),
        format!("build id \"{part}\""),
        format!("build id \"{part}/{part}/{part}/{part}\""),
        // Escaped, it is not the go command's.
        format!("build id \"{part}/\\x41{}\"", "A".repeat(19)),
        format!("build-id \"{part}/{part}\""),
    ] {
        for role in [Role::Package, Role::Untold] {
            let state = judged(&archive(&line), role);
            let is_unsigned = matches!(state, State::Poisoned(Poison::NoBuildId { .. }));
            assert!(is_unsigned, "{line:?} {role:?}: {state:?}");
        }
    }
    // Not even a header.
    let bare = b"!<arch>\n__.PKGDEF       0           0     0     644     0         `\n";
    assert!(matches!(
        judged(bare, Role::Untold),
        State::Poisoned(Poison::NoBuildId { found: None })
    ));
}

#[test]
fn a_package_whose_code_was_changed_is_poisoned() {
    let mut bytes = signed(&ACTION);
    *bytes.last_mut().unwrap() ^= 1;
    assert!(matches!(
        judged(&bytes, Role::Untold),
        State::Poisoned(Poison::BuildId { .. })
    ));
}

#[test]
fn archives_of_other_compilers_are_neither_sound_nor_poisoned() {
    let gccgo = b"!<arch>\n_buildid.o/     0           0     0     644     0         `\n";
    for role in [Role::Package, Role::Untold] {
        assert!(matches!(judged(gccgo, role), State::Unjudged(_)));
    }
}

#[test]
fn what_stands_beside_a_package_carries_no_action() {
    assert_eq!(judged(b"./a.go\n", Role::Beside), State::Sound);
    assert_eq!(judged(b"anything", Role::Untold), State::Sound);
    assert_eq!(
        judged(b"anything", Role::Package),
        State::Poisoned(Poison::NoArchive { kind: Kind::Other })
    );
}

#[test]
fn programs_need_a_build_id_as_packages_do() {
    let program = |link_action, go_version: Option<&str>, is_checked| Program {
        name: "tool".into(),
        size: 1,
        sha256: [0; 32],
        go_version: go_version.map(str::to_owned),
        path: None,
        link_action,
        changed: None,
        is_checked,
    };
    let judge = |program| made_by(&ACTION, &Output::Program(program), Role::Untold);
    let own = Some(ACTION.part());
    let go = Some("go1.27.3");
    assert_eq!(judge(program(own, go, true)), State::Sound);
    assert!(matches!(
        judge(program(Some(Id([8; 32]).part()), go, true)),
        State::Poisoned(Poison::OtherAction { .. })
    ));
    assert!(matches!(
        judge(program(None, go, true)),
        State::Poisoned(Poison::NoBuildId { .. })
    ));
    // Too large to be looked into, or of a format that is not read.
    for unread in [program(None, None, false), program(own, go, false)] {
        assert!(matches!(judge(unread), State::Unjudged(_)));
    }
}
