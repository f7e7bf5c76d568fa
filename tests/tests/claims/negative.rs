//! The negative matrix: changed inputs against sentences that must not appear, in
//! every format a report is printed in. It writes `target/kept/claims/table.md`.

#[path = "negative/cases.rs"]
mod cases;
#[path = "negative/installations.rs"]
mod installations;
#[path = "negative/patches.rs"]
mod patches;
#[path = "negative/programs.rs"]
mod programs;
#[path = "negative/sentences.rs"]
mod sentences;

use std::fmt::Write as _;
use std::sync::Mutex;

use cases::Case;
use sentences::{SENTENCES, Said};

/// Reports made at the same time.
const PARALLEL: usize = 2;

#[test]
fn no_changed_input_is_passed_off_as_unchanged() {
    let yard = programs::Yard::new();
    let mut cases = cases::all(&yard);
    cases.extend(installations::all(&yard));
    let answers = answers(&cases);
    let table = print(&cases, &answers);
    println!("{table}");
    let place = testkit::environment::kept("claims").join("table.md");
    std::fs::write(place, &table).unwrap();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .zip(&answers)
        .filter(|(_, said)| !said.is_nothing())
        .map(|(case, said)| format!("{}, {}: {said}", case.row, case.file))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} say too much:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// What is looked for can be found: the sentence that is right of an unchanged input is
/// seen in every format that says it.
#[test]
fn what_is_right_of_an_unchanged_input_is_recognised() {
    let yard = programs::Yard::new();
    let cases = cases::unchanged(&yard).into_iter();
    for (case, sentence) in cases.chain(installations::unchanged(&yard)) {
        let said = Said::of(&case);
        assert_eq!(
            said.formats(sentence),
            sentence.formats(),
            "{}: {said}",
            case.row
        );
    }
}

/// What was said of each case, in their order.
fn answers(cases: &[Case]) -> Vec<Said> {
    let next = Mutex::new(cases.iter().enumerate());
    let done: Mutex<Vec<(usize, Said)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let case = next.lock().unwrap().next();
                    let Some((index, case)) = case else { return };
                    let said = Said::of(case);
                    done.lock().unwrap().push((index, said));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, said)| said).collect()
}

/// A row a case: where a sentence appears, the formats that have it.
fn print(cases: &[Case], answers: &[Said]) -> String {
    let mut table = "| changed input | file | says |".to_owned();
    for sentence in SENTENCES {
        write!(table, " {} |", sentence.name()).unwrap();
    }
    table.push_str("\n|---|---|---|");
    table.push_str(&"---|".repeat(SENTENCES.len()));
    for (case, said) in cases.iter().zip(answers) {
        let first = said.first.replace('|', "\\|");
        write!(table, "\n| {} | {} | {first} |", case.row, case.file).unwrap();
        for sentence in SENTENCES {
            let formats = said.formats(sentence);
            let cell = if formats.is_empty() {
                "–".to_owned()
            } else {
                format!("**{formats}**")
            };
            write!(table, " {cell} |").unwrap();
        }
    }
    table.push('\n');
    table
}
