//! The tables as the page shows them.

use proto::attest::observation::{Audit, Evidence};
use proto::matrix::Entry;
use proto::matrix::groups::Group;
use proto::matrix::table::Table;
use proto::report::figure::{Figure, Row, Table as Drawn, Value};

use super::words;

/// Digits of a digest in a cell.
const DIGEST_SHOWN: usize = 12;

/// Draws a table, its groups, and what tells them apart.
pub(super) fn of(table: &Table) -> Vec<Figure> {
    let mut figures = vec![Figure::Table(cells(table)), Figure::Table(groups(table))];
    if table.closures.len() > 1 {
        figures.push(Figure::Table(closures(table)));
    }
    let splits = table.splits.iter().chain(&table.closure_splits);
    let rows: Vec<Row> = splits
        .map(|split| Row {
            values: vec![
                Value::Words(split.facts.join(" and ")),
                Value::Words(words(split)),
            ],
            agrees: None,
        })
        .collect();
    if !rows.is_empty() {
        figures.push(Figure::Table(Drawn {
            title: "What goes with the difference".into(),
            note: "A trace and no proof: of a few hosts many facts fit by chance. Those with the fewest values come first.".into(),
            columns: vec!["fact".into(), "values and groups".into()],
            rows,
            left_out: 0,
        }));
    }
    figures.push(Figure::Table(evidence(table)));
    figures
}

fn cells(table: &Table) -> Drawn {
    let mut columns = vec![
        "host".to_owned(),
        "image".to_owned(),
        "processors".to_owned(),
    ];
    columns.extend(table.columns());
    let rows = table.rows();
    let rows = rows.iter().map(|row| {
        let first = row
            .cells
            .iter()
            .flatten()
            .next()
            .and_then(|index| table.entries.get(*index));
        let host = first.map(|entry| &entry.observation.host);
        let mut values = vec![
            Value::Words(row.host.clone()),
            host.and_then(|host| host.image.clone())
                .map_or(Value::Absent, Value::Words),
            host.map_or(Value::Absent, |host| Value::Words(host.cpus.to_string())),
        ];
        values.extend(row.cells.iter().map(|cell| value(table, cell)));
        let mut builds = row.cells.iter().flatten();
        let is_like_first = |index: &usize| {
            let first = table.groups.first();
            first.is_some_and(|group| group.members.contains(index))
                && table.closure(*index).is_none_or(|one| one == 0)
        };
        Row {
            values,
            agrees: Some(builds.all(is_like_first)),
        }
    });
    Drawn {
        title: format!("Hosts and caches, inputs {}", short(&table.inputs.to_string())),
        note: "In each cell stands which program came out: a is that of the largest group of hosts. ≠ packages: the \
               program is from other compiled packages than that of other builds."
            .into(),
        columns,
        rows: rows.collect(),
        left_out: 0,
    }
}

/// What stands in a cell: the letters of its builds.
fn value(table: &Table, cell: &[usize]) -> Value {
    if cell.is_empty() {
        return Value::Absent;
    }
    let mut is_odd = false;
    let words: Vec<String> = cell
        .iter()
        .map(|index| {
            let Some(group) = table.group(*index) else {
                is_odd = true;
                return "failed".to_owned();
            };
            let other_packages = table.closure(*index).is_some_and(|closure| closure > 0);
            is_odd |= other_packages || group.letter != "a";
            let packages = if other_packages { " ≠ packages" } else { "" };
            format!(
                "{} {}{packages}",
                group.letter,
                short(&group.product.to_string())
            )
        })
        .collect();
    let words = words.join(", ");
    if is_odd {
        Value::Alarm(words)
    } else {
        Value::Good(words)
    }
}

fn groups(table: &Table) -> Drawn {
    let row = |group: &Group| {
        let pattern = group.pattern.clone().map_or(Value::Absent, Value::Code);
        let hosts = Value::Words(group.hosts.join(", "));
        Row {
            values: vec![
                Value::Words(group.letter.clone()),
                Value::Code(group.product.to_string()),
                pattern,
                Value::Number(group.hosts.len()),
                hosts,
            ],
            agrees: Some(!group.is_minority),
        }
    };
    Drawn {
        title: "Programs".into(),
        note: "A, B, C and D of the build ID beside those of program a: what went into the link, what went into package \
               main, what compiling it gave, the file. A row is marked that fewer hosts have."
            .into(),
        columns: ["", "sha256", "A/B/C/D", "hosts", "which"].map(str::to_owned).to_vec(),
        rows: table.groups.iter().map(row).collect(),
        left_out: 0,
    }
}

fn closures(table: &Table) -> Drawn {
    let rows = table
        .closures
        .iter()
        .enumerate()
        .map(|(place, (root, members))| {
            let builds = members.iter().filter_map(|index| table.entries.get(*index));
            let builds: Vec<String> = builds
                .map(|entry| {
                    format!(
                        "{}, {}",
                        entry.host(),
                        entry.observation.cache.mode.as_str()
                    )
                })
                .collect();
            Row {
                values: vec![
                    Value::Code(root.to_string()),
                    Value::Words(builds.join("; ")),
                ],
                agrees: Some(place == 0),
            }
        });
    Drawn {
        title: "Compiled packages".into(),
        note: "Builds of equal inputs take in equal packages. Equal programs from other packages do not clear a cache: \
               what differs was not reached."
            .into(),
        columns: vec!["root".into(), "builds".into()],
        rows: rows.collect(),
        left_out: 0,
    }
}

fn evidence(table: &Table) -> Drawn {
    let row = |entry: &Entry| {
        let cache = &entry.observation.cache;
        let audit = match &cache.audit {
            Audit::Clean {} => Value::Good("clean".into()),
            Audit::Damaged { findings } => Value::Alarm(findings.join("; ")),
            Audit::None {} => Value::Words("not judged".into()),
        };
        let known = match cache.evidence {
            Evidence::Requests => "asked for (GOCACHEPROG)",
            Evidence::Listing => "listed before and after",
            Evidence::None => "not known",
        };
        Row {
            values: vec![
                Value::Words(entry.host()),
                Value::Words(cache.mode.as_str().into()),
                Value::Number(usize::try_from(cache.hits).unwrap_or(usize::MAX)),
                Value::Number(usize::try_from(cache.puts).unwrap_or(usize::MAX)),
                Value::Words(known.into()),
                audit,
            ],
            agrees: None,
        }
    };
    Drawn {
        title: "What builds took from their caches".into(),
        note: String::new(),
        columns: ["host", "cache", "found", "made", "known by", "audit"]
            .map(str::to_owned)
            .to_vec(),
        rows: table.entries.iter().map(row).collect(),
        left_out: 0,
    }
}

pub(super) fn short(digest: &str) -> String {
    digest.chars().take(DIGEST_SHOWN).collect()
}
