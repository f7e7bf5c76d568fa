//! The tables as the page shows them.

use proto::attest::observation::{Audit, Evidence};
use proto::matrix::Entry;
use proto::matrix::groups::Group;
use proto::matrix::table::Table;
use proto::quantity;
use proto::report::figure::{Row, Table as Drawn, Value};

use super::{repeated, short, split};

/// Draws hosts and caches, the groups, and what tells them apart.
pub(super) fn tables(table: &Table) -> Vec<Drawn> {
    let mut tables = vec![cells(table), groups(table)];
    if table.closures.len() > 1 {
        tables.push(closures(table));
    }
    let programs = split::of_programs(table).into_iter();
    let packages = split::of_packages(table).into_iter();
    let named = programs
        .map(|told| ("the program", told))
        .chain(packages.map(|told| ("the packages", told)));
    let rows: Vec<Row> = named
        .map(|(what, (split, words))| Row {
            values: vec![
                Value::Words(split.facts.join(" and ")),
                Value::Words(what.to_owned()),
                Value::Words(words),
            ],
            agrees: None,
        })
        .collect();
    if !rows.is_empty() {
        tables.push(Drawn {
            title: "What goes with the difference".into(),
            note: "A trace and no proof: of a few hosts many facts fit by chance. Those with the fewest values come first.".into(),
            columns: vec!["fact".into(), "tells apart".into(), "how".into()],
            rows,
            left_out: 0,
        });
    }
    tables
}

fn cells(table: &Table) -> Drawn {
    // What came out stands first: on a narrow screen the rest is out of sight.
    let mut columns = vec!["host".to_owned()];
    columns.extend(table.columns());
    columns.extend(["image", "processors"].map(str::to_owned));
    let rows = table.rows();
    let rows = rows.iter().map(|row| {
        let first = row
            .cells
            .iter()
            .flatten()
            .next()
            .and_then(|index| table.entries.get(*index));
        let host = first.map(|entry| &entry.observation.host);
        let mut values = vec![Value::Words(row.host.clone())];
        values.extend(row.cells.iter().map(|cell| value(table, cell)));
        values.push(
            host.and_then(|host| host.image.clone())
                .map_or(Value::Absent, Value::Words),
        );
        values.push(host.map_or(Value::Absent, |host| Value::Words(host.cpus.to_string())));
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
            format!("{}{packages}", group.letter)
        })
        .collect();
    let words = repeated(words).join(", ");
    if is_odd {
        Value::Alarm(words)
    } else {
        Value::Good(words)
    }
}

fn groups(table: &Table) -> Drawn {
    let row = |group: &Group| {
        let pattern = group.pattern.as_deref().unwrap_or("no build ID");
        let (count, hosts) = (group.hosts.len(), group.hosts.join(", "));
        Row {
            values: vec![
                Value::Words(format!("{} {pattern}", group.letter)),
                Value::Code(group.product.to_string()),
                Value::Words(format!("{count}: {hosts}")),
            ],
            agrees: Some(!group.is_minority),
        }
    };
    Drawn {
        title: "Programs".into(),
        note: "Behind the letter stands which parts A, B, C and D of the build ID are those of program a: what went into \
               the link, what went into package main, what compiling it gave, the file. A row is marked that fewer hosts \
               have."
            .into(),
        columns: ["program", "sha256", "hosts"].map(str::to_owned).to_vec(),
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
                    Value::Words(quantity::count(members.len(), "build", "builds")),
                    Value::Code(root.to_string()),
                    Value::Words(repeated(builds).join("; ")),
                ],
                agrees: Some(place == 0),
            }
        });
    Drawn {
        title: "Compiled packages".into(),
        note: "Builds of equal inputs take in equal packages. Equal programs from other packages do not clear a cache: \
               what differs was not reached."
            .into(),
        columns: ["", "root", "which"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        left_out: 0,
    }
}

/// Draws what each build took from its cache.
pub(super) fn evidence(table: &Table) -> Drawn {
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
