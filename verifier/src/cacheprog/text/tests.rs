//! What is said of sessions, word for word.

use super::*;
use crate::cacheprog::session::{Compared, Requests, SCHEMA, Tool};

fn session(mode: Mode, verdict: Verdict, ending: End) -> Session {
    Session {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: "verify-build".into(),
            version: "1".into(),
        },
        mode,
        folder: "/record".into(),
        started: "2026-11-26T12:00:00Z".into(),
        finished: None,
        ending: Some(ending),
        verdict,
        summary: String::new(),
        requests: Requests::default(),
        compared: Compared::default(),
        findings: Vec::new(),
        findings_omitted: 0,
        not_recorded: Vec::new(),
        problems: Vec::new(),
    }
}

fn said(mut session: Session) -> String {
    session.summary = summary(&session);
    let mut text = Vec::new();
    write(&session, Style::default(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn serving_claims_no_more_than_the_index_and_the_build_ids_show() {
    let mut served = session(Mode::Serve, Verdict::Clean, End::Closed);
    served.requests = Requests {
        hits: 61,
        hits_of_action: 23,
        puts: 1,
        ..Requests::default()
    };
    let text = said(served);
    assert_eq!(
        text,
        "AS INDEXED: 61 outputs handed out, each made in this run or with the SHA-256 in its index line; 23 packages with the action asked for in the build ID; 1 output made\n"
    );
    for never in ["CLEAN", "recorded", "unchanged", "proven"] {
        assert!(!text.contains(never), "{text}");
    }
}

#[test]
fn what_was_not_in_the_record_is_not_equal() {
    let mut audit = session(Mode::Audit, Verdict::Clean, End::Closed);
    audit.compared.equal = 40;
    audit.compared.equal_packages = 20;
    let text = said(audit.clone());
    assert_eq!(
        text,
        "EQUAL: 40 outputs made again, every one equal to the record\n"
    );
    audit.compared.not_recorded = 3;
    let text = said(audit);
    assert_eq!(
        text,
        "PACKAGES EQUAL: 40 outputs made again, every one equal to the record; 3 others are not in it, no package among them\n"
    );
}

#[test]
fn a_recording_is_no_check() {
    let mut record = session(Mode::Record, Verdict::Clean, End::Closed);
    record.requests.puts = 2;
    let text = said(record);
    assert_eq!(text, "RECORDED: 0 outputs handed out, 2 outputs recorded\n");
}

#[test]
fn evidence_is_kept_before_anything_is_deleted() {
    for rule in [
        Rule::FileChanged,
        Rule::ChangedInUse,
        Rule::OtherMaker,
        Rule::EntryDamaged,
    ] {
        for mode in [Mode::Record, Mode::Audit, Mode::Serve] {
            let fix = fix(rule, mode);
            let copy = fix.find("first keep a copy").unwrap();
            for after in ["delete", "record again"] {
                assert!(fix.find(after).is_none_or(|at| copy < at), "{fix}");
            }
        }
    }
}
