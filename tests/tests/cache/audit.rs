//! `verify-build cache audit`.

use crate::desk::{Desk, picture, replace};

#[test]
fn sound_caches_are_clean_and_left_alone() {
    for version in ["1.21.", "1.24.", "1.27."] {
        let desk = Desk::warm(version);
        if version != "1.21." {
            // Since Go 1.24 the program itself is kept, in a folder.
            desk.go(&["run", "-trimpath", "."]);
        }
        let before = picture(&desk.cache());
        let answer = desk.audit();
        answer.is("clean", 0);
        assert_eq!(answer.findings().len(), 0, "{:#}", answer.report);
        assert!(
            picture(&desk.cache()) == before,
            "the audit changed the cache"
        );

        let counts = &answer.report["counts"];
        let kinds = &counts["kinds"];
        let programs = kinds["program"].as_u64().unwrap_or_default();
        assert_eq!(programs, u64::from(version != "1.21."), "{kinds:#}");
        let archives = kinds["archive"].as_u64().unwrap();
        assert!(archives > 20, "{kinds:#}");
        assert_eq!(counts["build_ids_checked"], archives + programs);
        assert!(kinds["generated"].as_u64().unwrap() > 2, "{kinds:#}");
    }
}

#[test]
fn a_poisoned_package_is_linked_by_go_and_named_by_the_audit() {
    for version in ["1.21.", "1.27."] {
        let desk = Desk::warm(version);
        assert_eq!(desk.build(), "hello, builder 7\n");
        let archive = desk.archive("./greeting");
        replace(&archive, "hello, builder", "hello, poison!");
        assert_eq!(desk.build(), "hello, poison! 7\n", "go noticed");

        let answer = desk.audit();
        answer.is("poisoned", 1);
        let found = answer.one("cache-poisoned");
        assert_eq!(found["package"], "example.com/tool/greeting");
        assert_eq!(found["path"], archive.to_str().unwrap());
        assert_eq!(found["confidence"], "proven");
        assert_eq!(answer.findings().len(), 1);
    }
}
