//! Checksum databases in the syntax of `GOSUMDB` and as entries of the file.

use proto::module::pattern::Patterns;
use proto::sumdb::Setting;

use super::Database;
use super::yaml::{Document, Entry, Section};

/// Which databases were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Choice {
    /// None: nothing is to be proved.
    Off,
    /// These, never an empty list.
    Of(Vec<Database>),
}

/// Parses the values of `--database`, or the one of `GOSUMDB`.
pub(super) fn parse_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Choice, String> {
    let mut choices = Vec::new();
    for text in texts {
        choices.push(parse(text)?);
    }
    let has_off = choices.contains(&None);
    if has_off && choices.len() > 1 {
        return Err("`off` stands alone; leave it out to name databases".to_owned());
    }
    let databases: Vec<_> = choices.into_iter().flatten().collect();
    if has_off {
        return Ok(Choice::Off);
    }
    check_names(&databases)?;
    Ok(Choice::Of(databases))
}

/// Reads `databases` of the file: a list of texts and of sections, or `off`.
pub(super) fn read(document: &Document, root: &mut Section<'_>) -> Option<Choice> {
    if root.is_text(KEY, "off") {
        return Some(Choice::Off);
    }
    let entries = root.entries(KEY)?;
    let mut databases = Vec::new();
    for entry in entries {
        let (path, database) = match entry {
            Entry::Text { path, text } => match parse(&text) {
                Ok(Some(database)) => (path, Ok(database)),
                Ok(None) => (path, Err("`off` stands alone: `databases: off`".to_owned())),
                Err(message) => (path, Err(message)),
            },
            Entry::Section(section) => (section.path().to_owned(), from_section(section)),
        };
        match database {
            Ok(database) => databases.push(database),
            Err(message) => document.problem(&path, message),
        }
    }
    if let Err(message) = check_names(&databases) {
        document.problem(KEY, message);
    }
    if databases.is_empty() {
        document.problem(KEY, "no database; write `databases: off` to prove nothing");
        return None;
    }
    Some(Choice::Of(databases))
}

fn from_section(mut section: Section<'_>) -> Result<Database, String> {
    let as_is = |text: &str| Ok(text.to_owned());
    let name = section.parsed("name", as_is);
    let key = section.parsed("key", as_is);
    let url = section.parsed("url", as_is);
    let modules = section.list("modules", parse_patterns);
    section.done();
    let Some(mut setting) = key.or_else(|| name.clone()) else {
        return Err("a database needs a `name` or a `key`".to_owned());
    };
    if let Some(url) = url {
        setting = format!("{setting} {url}");
    }
    let database = parse(&setting)?.ok_or("`off` is no name of a database")?;
    if let Some(name) = name.filter(|name| *name != database.name) {
        return Err(format!(
            "is named `{name}`, but its key is of `{}`",
            database.name
        ));
    }
    Ok(Database {
        modules,
        ..database
    })
}

pub(super) fn parse_patterns(text: &str) -> Result<Patterns, String> {
    Patterns::parse(text).map_err(|error| error.to_string())
}

/// Parses one database in the syntax of `GOSUMDB`; `None` is `off`.
fn parse(text: &str) -> Result<Option<Database>, String> {
    match Setting::parse(text).map_err(|error| error.to_string())? {
        Setting::Off => Ok(None),
        Setting::Database { key, url } => Ok(Some(Database {
            name: key.name().to_owned(),
            head_age_max: if key.name() == Database::public().name {
                Database::public().head_age_max
            } else {
                None
            },
            key,
            url,
            modules: None,
        })),
    }
}

/// A second database of a name would be served under the same path.
fn check_names(databases: &[Database]) -> Result<(), String> {
    for (index, database) in databases.iter().enumerate() {
        if databases[..index].iter().any(|it| it.name == database.name) {
            return Err(format!("`{}` is named twice", database.name));
        }
    }
    Ok(())
}

const KEY: &str = "databases";
