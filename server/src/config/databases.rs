//! Checksum databases in the syntax of `GOSUMDB` and as entries of the file.

use proto::goproxy::list::redacted;
use proto::sumdb::Setting;
use serde::{Deserialize, Serialize};
use serde_norway::Value;

use super::Database;
use super::kind::{Kind, OFF, OrOff, Said, name, scalar};
use super::schema::Schema;
use super::unit::Timeout;
use super::upstream_list::check_url;
use super::word::ModulePatterns;

/// `off`, or a list of databases, each a text or an entry of keys.
///
/// `off` reads as the public database: it is relayed also where nothing is proved.
/// Which of the two was written, [`Config::load`](super::Config::load) looks up.
pub(super) struct Databases;

impl Kind for Databases {
    type Setting = Vec<Database>;

    fn parse(text: &str) -> Result<Vec<Database>, String> {
        Self::read(&Value::String(text.to_owned()))
    }

    fn print(databases: &Vec<Database>) -> String {
        let names: Vec<_> = databases.iter().map(|it| it.name.as_str()).collect();
        names.join(",")
    }

    fn read(value: &Value) -> Result<Vec<Database>, String> {
        if is_off(value) {
            return Ok(vec![Database::public()]);
        }
        let Value::Sequence(items) = value else {
            return Err(format!(
                "want a list such as [sum.golang.org], or `off`; found {}",
                name(value)
            ));
        };
        let databases: Vec<_> = items.iter().map(read_database).collect::<Result<_, _>>()?;
        if databases.is_empty() {
            return Err("no database; write `databases: off` to prove nothing".to_owned());
        }
        check_names(&databases)?;
        Ok(databases)
    }

    fn write(databases: &Vec<Database>) -> Value {
        let entries: Vec<_> = databases.iter().map(DatabaseEntry::of).collect();
        serde_norway::to_value(entries).expect("each key of an entry is a text")
    }

    fn schema() -> Schema {
        Schema::List(&ENTRY_KEYS)
    }
}

/// Tells whether `databases` says `off`.
pub(super) fn is_off(value: &Value) -> bool {
    scalar(value).is_ok_and(|text| text == OFF)
}

/// An entry as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DatabaseEntry {
    name: Option<Said<Text>>,
    key: Option<Said<Text>>,
    url: Option<Said<UrlText>>,
    modules: Option<Said<ModulePatterns>>,
    head_age_max: Option<Said<OrOff<Timeout>>>,
}

const ENTRY_KEYS: [&str; 5] = ["name", "key", "url", "modules", "head_age_max"];

impl DatabaseEntry {
    fn of(database: &Database) -> Self {
        Self {
            name: Some(Said(database.name.clone())),
            key: Some(Said(database.key.to_string())),
            url: database.url.clone().map(Said),
            modules: database.modules.clone().map(Said),
            head_age_max: Some(Said(database.head_age_max)),
        }
    }
}

fn read_database(value: &Value) -> Result<Database, String> {
    if let Ok(text) = scalar(value) {
        return parse(&text);
    }
    if !value.is_mapping() {
        return Err(format!("want a text or keys, found {}", name(value)));
    }
    let entry: DatabaseEntry =
        serde_norway::from_value(value.clone()).map_err(|e| e.to_string())?;
    let name = entry.name.map(|name| name.0);
    let Some(mut setting) = entry.key.map(|key| key.0).or_else(|| name.clone()) else {
        return Err("a database needs a `name` or a `key`".to_owned());
    };
    if let Some(Said(url)) = entry.url {
        setting = format!("{setting} {url}");
    }
    let database = parse(&setting)?;
    if let Some(name) = name.filter(|name| *name != database.name) {
        return Err(format!(
            "is named `{name}`, but its key is of `{}`",
            database.name
        ));
    }
    let head_age_max = entry.head_age_max.map(|age| age.0);
    Ok(Database {
        modules: entry.modules.map(|modules| modules.0),
        head_age_max: head_age_max.unwrap_or(database.head_age_max),
        ..database
    })
}

/// Parses one database in the syntax of `GOSUMDB`.
fn parse(text: &str) -> Result<Database, String> {
    match Setting::parse(text).map_err(|error| error.to_string())? {
        Setting::Off => Err(
            "`off` stands alone; leave it out to name databases, or write `databases: off`"
                .to_owned(),
        ),
        Setting::Database { key, url } => {
            url.as_deref().map_or(Ok(()), check_url)?;
            let public = Database::public();
            let is_public = key.name() == public.name;
            Ok(Database {
                name: key.name().to_owned(),
                head_age_max: public.head_age_max.filter(|_| is_public),
                key,
                url,
                modules: None,
            })
        }
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

/// A text that [`parse`] looks at.
struct Text;

impl Kind for Text {
    type Setting = String;

    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn print(text: &String) -> String {
        text.clone()
    }
}

/// A URL that [`parse`] looks at.
struct UrlText;

impl Kind for UrlText {
    type Setting = String;

    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn print(url: &String) -> String {
        redacted(url)
    }
}
