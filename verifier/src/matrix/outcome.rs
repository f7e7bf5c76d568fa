//! What the tables show, for the printers.

mod checks;
mod figures;
mod json;
mod split;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proto::attest::digest::Digest;
use proto::attest::observation::{Cause, Outcome as Ending};
use proto::finding::Check;
use proto::inputs::Inputs;
use proto::matrix::groups::Group;
use proto::matrix::table::Table;
use proto::quantity;
use proto::report::figure::{Figure, Table as Drawn};

use crate::exit::Exit;
use crate::progress::Progress;
use crate::report::Report;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// Observations side by side.
#[derive(Debug)]
pub struct Outcome {
    tables: Vec<Table>,
    /// Why programs differ: by table, the group, and the causes.
    causes: Vec<Vec<Why>>,
    refused: Vec<(String, String)>,
}

/// Why one group's program is another one than that of the largest group.
#[derive(Debug)]
pub struct Why {
    /// The group's place in its table.
    pub group: usize,
    /// By what that is known.
    pub source: Source,
    /// The causes, strongest first.
    pub causes: Vec<Cause>,
}

/// By what a cause is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Both programs were compared here.
    Compared,
    /// The host that built it says so.
    Told,
}

impl Source {
    fn words(self) -> &'static str {
        match self {
            Self::Compared => "by comparing both programs",
            Self::Told => "as the host says that built it",
        }
    }
}

impl Outcome {
    /// Finds out why programs differ that are there.
    ///
    /// # Errors
    /// When a program can't be read.
    pub fn of(
        tables: Vec<Table>,
        programs: &BTreeMap<Digest, PathBuf>,
        refused: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        let causes = tables.iter().map(|table| whys(table, programs));
        Ok(Self {
            causes: causes.collect::<anyhow::Result<_>>()?,
            tables,
            refused,
        })
    }

    fn differs(&self) -> bool {
        let mut tables = self.tables.iter();
        tables.any(|table| table.groups.len() > 1 || table.closures.len() > 1)
    }

    fn has_failed(&self) -> bool {
        self.tables.iter().any(|table| !table.failed().is_empty())
    }

    /// Says whether two builds were compared at all.
    fn compares(&self) -> bool {
        let mut tables = self.tables.iter();
        tables.any(|table| {
            table
                .groups
                .iter()
                .map(|group| group.members.len())
                .sum::<usize>()
                > 1
        })
    }
}

/// Tells why each group but the largest gave another program.
fn whys(table: &Table, programs: &BTreeMap<Digest, PathBuf>) -> anyhow::Result<Vec<Why>> {
    let Some((first, others)) = table.groups.split_first() else {
        return Ok(Vec::new());
    };
    let mut whys = Vec::new();
    for (place, group) in others.iter().enumerate() {
        let both = programs
            .get(&first.product)
            .zip(programs.get(&group.product));
        let (source, causes) = match both {
            Some((base, other)) => (Source::Compared, compare(base, other)?),
            None => (Source::Told, told(table, first, group)),
        };
        if !causes.is_empty() {
            whys.push(Why {
                group: place + 1,
                source,
                causes,
            });
        }
    }
    Ok(whys)
}

fn compare(base: &Path, other: &Path) -> anyhow::Result<Vec<Cause>> {
    let report = Report::compare(&[base.to_owned(), other.to_owned()], Progress::new(false))?;
    let causes = report.causes.iter().map(|explained| Cause {
        name: explained.cause.name.as_str(),
        confidence: explained.cause.confidence.as_str().to_owned(),
        summary: explained.cause.summary.clone(),
    });
    Ok(causes.collect())
}

/// What a host said when its own builds differed in this way.
fn told(table: &Table, first: &Group, group: &Group) -> Vec<Cause> {
    let pair = [first.product, group.product];
    let mut entries = table.entries.iter();
    let said = entries.find_map(|entry| match (&entry.observation.result, entry.product()) {
        (Ending::Differed { expected, causes }, Some(product))
            if pair.contains(expected) && pair.contains(&product) && !causes.is_empty() =>
        {
            Some(causes.clone())
        }
        _ => None,
    });
    said.unwrap_or_default()
}

/// Digits of a digest that is told in short.
const DIGEST_SHOWN: usize = 12;

fn short(digest: &str) -> String {
    digest.chars().take(DIGEST_SHOWN).collect()
}

/// Says the same thing once, and how often: `a ×2`.
fn repeated(words: Vec<String>) -> Vec<String> {
    let said = words.chunk_by(|one, other| one == other);
    said.map(|same| match same {
        [one] => one.clone(),
        _ => format!("{} ×{}", same[0], same.len()),
    })
    .collect()
}

/// Says of tables about one package what their inputs do not share.
fn other_inputs(tables: &[Table]) -> Vec<String> {
    let firsts = tables.iter().filter_map(|table| table.entries.first());
    let all: Vec<&Inputs> = firsts.map(|entry| &entry.observation.inputs).collect();
    let mut notes = Vec::new();
    for (index, other) in all.iter().enumerate() {
        let mut before = all[..index].iter();
        if let Some(one) = before.find(|one| one.package == other.package) {
            notes.push(format!(
                "two sets of inputs of {} differ in {}",
                one.package,
                one.differing(other).join(", ")
            ));
        }
    }
    notes
}

/// Says of a table what it shows, in a sentence.
fn sentence(table: &Table) -> String {
    let hosts = quantity::count(table.rows().len(), "host", "hosts");
    let builds = quantity::count(table.entries.len(), "build", "builds");
    let failed = match table.failed().len() {
        0 => String::new(),
        count => format!("; {} failed", quantity::count(count, "build", "builds")),
    };
    let said = match (table.groups.as_slice(), table.closures.as_slice()) {
        ([], _) => "no build gave a program".to_owned(),
        ([one], [_] | []) => format!("one program, sha256:{}", one.product),
        ([one], closures) => format!(
            "one program, sha256:{}, from {} sets of compiled packages",
            one.product,
            closures.len()
        ),
        (several, _) => {
            let minority = several.iter().filter(|group| group.is_minority);
            let minority: Vec<String> = minority
                .map(|group| format!("{} on {}", group.letter, group.hosts.join(", ")))
                .collect();
            let who = if minority.is_empty() {
                "no group has more hosts than another".to_owned()
            } else {
                format!("in the minority: {}", minority.join("; "))
            };
            format!("{} programs; {who}", several.len())
        }
    };
    format!("{hosts}, {builds}: {said}{failed}")
}

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "matrix"
    }

    fn exit(&self) -> Exit {
        if self.differs() {
            Exit::Different
        } else if self.has_failed() || !self.refused.is_empty() || !self.compares() {
            Exit::Inconclusive
        } else {
            Exit::Same
        }
    }

    fn verdict(&self) -> &'static str {
        match self.exit() {
            Exit::Same => "AGREE",
            Exit::Different => "DIFFERENT",
            Exit::Unreadable => "UNREADABLE",
            Exit::Inconclusive => "INCONCLUSIVE",
        }
    }

    fn summary(&self) -> String {
        let sentences: Vec<String> = self.tables.iter().map(sentence).collect();
        match sentences.as_slice() {
            [] => "no observation could be read".to_owned(),
            [one] => one.clone(),
            several => format!(
                "{} sets of inputs, which are not compared with each other: {}",
                several.len(),
                several.join(" | ")
            ),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "signatures are not checked here, and nothing is certified: that does verify-build certify"
                .to_owned(),
        ];
        notes.extend(other_inputs(&self.tables));
        for (file, why) in &self.refused {
            notes.push(format!("{file} is not an observation: {why}"));
        }
        notes
    }

    fn checks(&self) -> Vec<Check> {
        self.tables
            .iter()
            .zip(&self.causes)
            .flat_map(|(table, whys)| checks::of(table, whys))
            .collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.value())?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        self.write(style, out)
    }

    fn tables(&self) -> Vec<Drawn> {
        self.tables.iter().flat_map(figures::tables).collect()
    }

    fn figures(&self) -> Vec<Figure> {
        let evidence = self.tables.iter().map(figures::evidence);
        evidence.map(Figure::Table).collect()
    }
}
