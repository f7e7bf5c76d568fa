//! The labelled matrix: pairs of builds of one program, each with the verdict
//! and the cause that `verify-build` must name first. `tests/matrix.sh` runs it
//! and shows the table.

#[cfg(test)]
#[path = "matrix/build.rs"]
mod build;
#[cfg(test)]
#[path = "matrix/golden.rs"]
mod golden;
#[cfg(test)]
#[path = "matrix/pairs.rs"]
mod pairs;
#[cfg(test)]
#[path = "matrix/table.rs"]
mod table;
#[cfg(test)]
#[path = "matrix/yard.rs"]
mod yard;

#[cfg(test)]
use std::collections::BTreeSet;

#[test]
fn every_pair_gets_its_verdict_and_its_cause_first() {
    let yard = yard::Yard::new();
    let pairs = pairs::all();
    let builds: BTreeSet<&build::Build> =
        pairs.iter().flat_map(|pair| [&pair.a, &pair.b]).collect();
    yard.make(builds);
    let rows: Vec<table::Row> = pairs
        .iter()
        .map(|pair| table::Row::of(pair, &yard))
        .collect();
    let text = table::print(&rows);
    println!("{text}");
    std::fs::write(testkit::environment::kept("matrix").join("table.md"), text).unwrap();
    assert!(rows.len() >= 60, "only {} pairs", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| !row.holds())
        .map(ToString::to_string)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let differing = golden::differing(&pairs, &yard);
    assert!(
        differing.is_empty(),
        "{} texts are not as they are kept:\n{}",
        differing.len(),
        differing.join("\n")
    );
}
