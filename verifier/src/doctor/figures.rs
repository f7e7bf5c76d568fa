//! What the page shows beside the checks: the host at a glance, its Gos, its settings.

use jiff::civil::Date;
use proto::quantity;
use proto::report::figure::{Card, Cards, Figure, Row, Table, Value};

use super::facts::{Content, Facts, Installation};
use super::rules::support_words;
use super::settings::Setting;

/// Returns the parts of the page below the findings.
pub(super) fn of(facts: &Facts, today: Date) -> Vec<Figure> {
    vec![
        Figure::Cards(host(facts)),
        Figure::Table(gos(facts, today)),
        Figure::Table(settings(facts)),
    ]
}

fn words(text: &str) -> Value {
    match text {
        "" => Value::Absent,
        text => Value::Code(text.to_owned()),
    }
}

fn card(title: &str, rows: Vec<(&str, Value)>) -> Card {
    let rows = rows.into_iter();
    Card {
        letter: String::new(),
        title: title.to_owned(),
        facts: rows.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn host(facts: &Facts) -> Cards {
    let (system, c, cache) = (&facts.system, &facts.c, &facts.cache);
    let libc = format!("{} {}", system.libc, system.libc_version);
    let folder = cache.folder.as_ref();
    let system = vec![
        ("name", words(&system.name)),
        ("kernel", words(&system.kernel)),
        ("C library", words(libc.trim())),
        ("GOARCH", words(&system.goarch)),
        ("SELinux", words(&facts.guards.selinux)),
    ];
    let compilers = vec![
        ("C", words(&c.cc.version)),
        ("C++", words(&c.cxx.version)),
        ("linker", words(&c.linker.version)),
        ("pkg-config", words(&c.pkg_config.version)),
    ];
    let cache = vec![
        ("folder", words(folder.map_or("", |folder| &folder.path))),
        ("outputs", Value::Number(cache.outputs)),
        ("size", Value::Words(quantity::size(cache.bytes))),
        ("hashed", Value::Number(cache.hashed)),
    ];
    Cards {
        title: "The host".into(),
        cards: vec![
            card("System", system),
            card("Compilers", compilers),
            card("Build cache", cache),
        ],
    }
}

fn gos(facts: &Facts, today: Date) -> Table {
    let row = |go: &Installation| {
        let content = match &go.content {
            Content::NotAsked => "not compared",
            Content::Official => "the release",
            Content::Repackaged => "the release in all that can change a program",
            Content::Modified(_) => "not the release",
            Content::Unknown(_) => "can't be told",
        };
        Row {
            values: vec![
                words(go.version()),
                words(&go.root),
                go.on_path.map_or(Value::Absent, Value::Number),
                words(&go.packager),
                Value::Words(support_words(go.version(), today)),
                Value::Words(content.into()),
            ],
            agrees: None,
        }
    };
    let columns = [
        "version",
        "folder",
        "place on the PATH",
        "packager",
        "security fixes",
        "by content",
    ];
    Table {
        title: "Go installations".into(),
        note: String::new(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: facts.gos.iter().map(row).collect(),
        left_out: 0,
    }
}

fn settings(facts: &Facts) -> Table {
    let row = |(name, setting): (&String, &Setting)| Row {
        values: vec![
            Value::Code(name.clone()),
            words(&setting.value),
            Value::Words(setting.origin.words().into()),
        ],
        agrees: None,
    };
    Table {
        title: "What the go command is told".into(),
        note: "Values that may be secret are not shown.".into(),
        columns: ["name", "value", "set by"].map(str::to_owned).to_vec(),
        rows: facts.settings.set.iter().map(row).collect(),
        left_out: 0,
    }
}
