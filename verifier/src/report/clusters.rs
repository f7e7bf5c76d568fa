//! Three and more files, grouped, as the report holds it.

use serde::Serialize;

use crate::cluster::{self, PARTS};
use crate::compare::name;

/// Files grouped by what they share.
#[derive(Debug, Serialize)]
pub struct Clusters {
    /// The file that the others are compared with, as an index in `files`.
    pub base: usize,
    /// The files outside the largest group; null when no group is the largest.
    pub minority: Option<Vec<usize>>,
    /// Files of equal bytes; the group that others are compared with comes first.
    pub groups: Vec<Group>,
    /// Files grouped by each part of the build ID.
    pub parts: Vec<Part>,
}

/// Files of equal bytes.
#[derive(Debug, Serialize)]
pub struct Group {
    /// The files, as indexes.
    pub files: Vec<usize>,
    /// Parts of the build ID that they share with the first group.
    pub shares: Vec<char>,
    /// Parts in which they differ from it.
    pub differs: Vec<char>,
}

/// Files grouped by one part of the build ID.
#[derive(Debug, Serialize)]
pub struct Part {
    /// `A`, `B`, `C` or `D`.
    pub part: char,
    /// The values, the one that most files have first.
    pub values: Vec<Value>,
}

/// One value and the files that have it.
#[derive(Debug, Serialize)]
pub struct Value {
    /// The value.
    pub value: String,
    /// The files, as indexes.
    pub files: Vec<usize>,
}

impl Clusters {
    /// Takes down what grouping gave.
    pub fn of(clusters: &cluster::Clusters) -> Self {
        let base = clusters.base();
        let group = |files: &Vec<usize>| {
            let first = files.first().copied().unwrap_or(base);
            let (shares, differs) = clusters.agreement(base, first);
            Group {
                files: files.clone(),
                shares,
                differs,
            }
        };
        let values = |part: usize| {
            let value = |(value, files): (proto::buildid::Part, Vec<usize>)| Value {
                value: value.to_string(),
                files,
            };
            clusters.by_part(part).into_iter().map(value).collect()
        };
        Self {
            base,
            minority: clusters.minority(),
            groups: clusters.groups.iter().map(group).collect(),
            parts: (0..PARTS.len())
                .map(|part| Part {
                    part: PARTS[part],
                    values: values(part),
                })
                .collect(),
        }
    }
}

/// Says which files are the exceptions: `2 of 5 files differ from the rest: b, e;
/// all agree in B and C`.
pub fn sentence(clusters: &cluster::Clusters) -> String {
    let count: usize = clusters.groups.iter().map(Vec::len).sum();
    let groups = clusters.groups.len();
    let mut sentence = match clusters.minority() {
        Some(files) => {
            let verb = if files.len() == 1 {
                "differs"
            } else {
                "differ"
            };
            format!(
                "{} of {count} files {verb} from the rest: {}",
                files.len(),
                names(&files)
            )
        }
        None if groups == count => format!("no two of {count} files are equal"),
        None => format!("{count} files are of {groups} kinds, none of them the most frequent"),
    };
    let common = clusters.common();
    if !common.is_empty() {
        sentence.push_str(&format!(
            " (all agree in {} of the build ID)",
            letters(&common)
        ));
    }
    sentence
}

/// Joins the names of files.
pub fn names(files: &[usize]) -> String {
    let names: Vec<String> = files.iter().map(|file| name(*file)).collect();
    names.join(", ")
}

/// Joins the names of parts: `A`, `A and D`, `A, B and D`.
pub fn letters(parts: &[char]) -> String {
    let words: Vec<String> = parts.iter().map(char::to_string).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(", "),
    }
}
