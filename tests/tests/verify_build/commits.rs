//! What version control leaves in a build.

use crate::workshop::{Workshop, compare, run};

fn commit(shop: &Workshop, message: &str) {
    let source = shop.source();
    run(&source, "git", &["add", "-A"]);
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    let arguments = [&author[..], &["commit", "--quiet", "-m", message]].concat();
    run(&source, "git", &arguments);
}

fn repository() -> Workshop {
    let shop = Workshop::new();
    run(&shop.source(), "git", &["init", "--quiet", "."]);
    commit(&shop, "first");
    shop
}

#[test]
fn commits_and_uncommitted_changes() {
    let mut shop = repository();
    let first = shop.build(&[], &[]);
    shop.write("NOTES", "nothing that is compiled\n");
    let dirty = shop.build(&[], &[]);
    let answer = compare(&[&first, &dirty]);
    let cause = answer.proves_only("vcs-modified");
    assert!(
        cause["summary"]
            .as_str()
            .unwrap()
            .starts_with("b was built"),
        "{cause:#}"
    );
    assert_eq!(answer.pattern(), "XX=X");
    commit(&shop, "second");
    let second = shop.build(&[], &[]);
    let answer = compare(&[&first, &second]);
    answer.proves_only("vcs-revision");
    assert_eq!((answer.pattern(), answer.remaining()), ("XX=X", 0));
}

#[test]
fn version_control_on_one_side() {
    let mut shop = repository();
    let (with, without) = (shop.build(&[], &[]), shop.build(&[], &["-buildvcs=false"]));
    compare(&[&with, &without]).proves_only("vcs-missing");
}

#[test]
fn a_tag_that_only_one_machine_has() {
    let mut shop = repository();
    let untagged = shop.build(&[], &[]);
    run(&shop.source(), "git", &["tag", "v1.2.3"]);
    let tagged = shop.build(&[], &[]);
    compare(&[&untagged, &tagged]).proves_only("version-stamp");
}
