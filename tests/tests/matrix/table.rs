//! What was wanted beside what was said.

use std::fmt;

use serde_json::Value;
use testkit::environment;

use crate::pairs::Pair;
use crate::yard::Yard;

/// One pair, judged.
pub(crate) struct Row {
    name: String,
    want: [String; 2],
    got: [String; 2],
    confidence: String,
    pattern: String,
    others: Vec<String>,
    /// What was wanted of them.
    others_wanted: Option<&'static [&'static str]>,
}

impl Row {
    /// Compares the two programs of a pair.
    pub(crate) fn of(pair: &Pair, yard: &Yard) -> Self {
        let output = environment::command("verify-build")
            .args(["--format", "json"])
            .args([yard.program(&pair.a), yard.program(&pair.b)])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        testkit::schema::check(&report);
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let causes = report["causes"].as_array().unwrap();
        let verdict = word(&report["verdict"]);
        let exit = i32::from(verdict == "different");
        assert_eq!(output.status.code(), Some(exit), "{}: {verdict}", pair.name);
        Self {
            name: pair.name.clone(),
            want: [
                if pair.cause.is_some() {
                    "different"
                } else {
                    "identical"
                }
                .into(),
                pair.cause.unwrap_or("-").into(),
            ],
            got: [
                word(&report["verdict"]),
                word(&report["causes"][0]["cause"]),
            ],
            confidence: word(&report["causes"][0]["confidence"]),
            pattern: word(&report["comparisons"][0]["pattern"]),
            others: causes
                .iter()
                .skip(1)
                .map(|cause| word(&cause["cause"]))
                .collect(),
            others_wanted: pair.others,
        }
    }

    /// Whether verdict and first cause are the wanted ones, and the others where
    /// that is asked.
    pub(crate) fn holds(&self) -> bool {
        self.want == self.got
            && self
                .others_wanted
                .is_none_or(|wanted| wanted == self.others)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.holds() { "yes" } else { "NO" };
        let [verdict, cause] = &self.want;
        let [said, first] = &self.got;
        write!(
            f,
            "| {} | {verdict} | {said} | {cause} | {first} | {} | {} | {} | {mark} |",
            self.name,
            self.confidence,
            self.pattern,
            self.others.join(", ")
        )
    }
}

/// The table, in Markdown.
pub(crate) fn print(rows: &[Row]) -> String {
    let mut text = "| pair | verdict wanted | said | cause wanted | named first | confidence | A/B/C/D | further | holds |\n|-|-|-|-|-|-|-|-|-|\n".to_owned();
    for row in rows {
        text.push_str(&format!("{row}\n"));
    }
    let held = rows.iter().filter(|row| row.holds()).count();
    text.push_str(&format!("\n{held} of {} pairs as wanted\n", rows.len()));
    text
}
