//! What version control said: commits, changes, tags, other repositories.

use std::path::Path;

use super::desk::{Built, Desk};
use crate::workshop::compare;

fn commit(desk: &Desk, folder: &Path) -> String {
    desk.run(
        folder,
        "git init --quiet . && git add -A && git commit --quiet -m first",
    );
    desk.run(folder, "git rev-parse HEAD").trim().to_owned()
}

#[test]
fn what_version_control_said_of_the_given_file() {
    let desk = Desk::new();
    let source = desk.path("source");
    let first = commit(&desk, &source);
    let line = "go build -trimpath .";
    let a = desk.build(&source, line, "first");
    // Another commit.
    desk.run(
        &source,
        "echo // >> main.go && git commit --quiet -a -m second",
    );
    let b = desk.build(&source, line, "second");
    let built = Built {
        a: a.clone(),
        b,
        source: source.clone(),
    };
    desk.reaches(&built, "vcs-revision", &format!("git checkout {first}"));
    // An untracked file in one tree.
    desk.run(&source, &format!("git checkout --quiet {first}"));
    std::fs::write(source.join("untracked"), "").unwrap();
    let dirty = desk.build(&source, line, "dirty");
    let built = Built {
        a: a.clone(),
        b: dirty.clone(),
        source: source.clone(),
    };
    let answer = compare(&[&a, &dirty]);
    let fix = answer.fix("vcs-modified");
    assert!(fix.contains("git stash --include-untracked"), "{fix}");
    assert!(fix.contains("no Go function has other code"), "{fix}");
    desk.run(&source, "git stash --quiet --include-untracked");
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    let answer = compare(&[&dirty, &a]);
    let fix = answer.fix("vcs-modified");
    assert!(fix.contains("touch untracked"), "{fix}");
    desk.run(&source, "touch untracked");
    let built = Built {
        a: dirty,
        b: a.clone(),
        source: source.clone(),
    };
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    desk.run(&source, "rm untracked");
    // Without the stamp.
    let bare = desk.build(&source, "go build -trimpath -buildvcs=false .", "bare");
    let stamped = Built {
        a: a.clone(),
        b: bare.clone(),
        source: source.clone(),
    };
    desk.reaches(&stamped, "vcs-missing", &format!("git cat-file -t {first}"));
    let plain = Built {
        a: bare,
        b: a.clone(),
        source: source.clone(),
    };
    desk.reaches(&plain, "vcs-missing", "-buildvcs=false");
    // A tag that only the first clone had.
    desk.run(&source, "git tag v1.2.3");
    // The module cache remembers which tags a commit had.
    let afresh = format!("go clean -modcache && {line}");
    let tagged = desk.build(&source, &afresh, "tagged");
    desk.run(&source, "git tag --delete v1.2.3");
    let answer = compare(&[&tagged, &a]);
    let fix = answer.fix("version-stamp");
    let tag = format!("git tag v1.2.3 {first}");
    assert!(fix.contains(&tag), "{fix}");
    desk.run(&source, &tag);
    let built = Built {
        a: tagged,
        b: a,
        source,
    };
    let again = desk.build(&built.source, &afresh, "again");
    assert_eq!(compare(&[&built.a, &again]).exit, 0);
}

/// A program built inside the repository of another one.
#[test]
fn a_commit_of_another_repository() {
    let desk = Desk::new();
    let source = desk.path("source");
    let own = commit(&desk, &source);
    let packaging = desk.path("packaging");
    desk.source("packaging/work/tool");
    std::fs::write(packaging.join("recipe"), "builds tool\n").unwrap();
    let foreign = commit(&desk, &packaging);
    assert_ne!(own, foreign);
    let line = "go build -trimpath .";
    let a = desk.build(&packaging.join("work/tool"), line, "a");
    let b = desk.build(&source, line, "b");
    let answer = compare(&[&a, &b]);
    let fix = answer.fix("vcs-revision");
    let ask = format!("git cat-file -t {foreign}");
    assert!(
        fix.contains(&ask) && fix.contains("inside another repository"),
        "{fix}"
    );
    let has = |folder: &Path| desk.run(folder, &format!("{ask} || echo no"));
    assert_eq!(has(&source).trim(), "no");
    assert_eq!(has(&packaging).trim(), "commit");
    // The checkout put into that repository.
    desk.run(
        &packaging,
        &format!(
            "rm -r work/tool && cp -r {} work/tool && rm -r work/tool/.git",
            source.display()
        ),
    );
    let built = Built {
        a,
        b,
        source: packaging.join("work/tool"),
    };
    assert_eq!(desk.follow(&built, &answer).exit, 0);
}
