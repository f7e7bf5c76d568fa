//! What is known of stored files, beside the files: records in tables.
//!
//! A record never says what no file and no journal entry does, but for what is
//! dispensable ([`Table::is_dispensable`]), so a ledger that is lost is made anew.

use std::fmt::Debug;
use std::io;

use async_trait::async_trait;

#[cfg(test)]
pub(crate) mod failing;
pub(crate) mod memory;
mod pages;
pub(crate) mod record;
pub(crate) mod sled;

pub(crate) use pages::Pages;
pub(crate) use record::{Absence, Contents, FileRecord, Standing, Use};

/// The records. Values are bytes; [`record`] has their types.
///
/// Every call ends, with `TimedOut` where the ledger does not answer.
#[async_trait]
pub(crate) trait Ledger: Send + Sync + Debug {
    /// Returns a record.
    ///
    /// # Errors
    /// What the ledger answers.
    async fn get(&self, table: Table, key: &str) -> io::Result<Option<Vec<u8>>>;

    /// Returns the records of some keys, in the order of the keys: one call for all of
    /// them. [`files`] asks for many.
    ///
    /// # Errors
    /// What the ledger answers.
    async fn get_each(&self, table: Table, keys: Vec<String>) -> io::Result<Vec<Option<Vec<u8>>>>;

    /// Makes changes, all or none. Readers see them on return; they are durable
    /// soon, or after [`flush`](Self::flush).
    ///
    /// # Errors
    /// What the ledger answers. The changes may then be made or not.
    async fn apply(&self, changes: Vec<Change>) -> io::Result<()>;

    /// Makes all changes durable.
    ///
    /// # Errors
    /// What the ledger answers.
    async fn flush(&self) -> io::Result<()>;

    /// Returns at most `limit` records whose keys begin with `prefix`, in key order,
    /// behind the key `after` where one is given.
    ///
    /// # Errors
    /// What the ledger answers.
    async fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Vec<(String, Vec<u8>)>>;

    /// Makes `new` the newest head of a log where `old` is (`None`: where there is
    /// none yet): the whole signed note. Durable as other changes are.
    ///
    /// # Errors
    /// What the ledger answers: the head may then be advanced or not. Inside, a
    /// [`Conflict`] when another head is the newest.
    async fn advance(
        &self,
        log: &str,
        old: Option<&[u8]>,
        new: &[u8],
    ) -> io::Result<Result<(), Conflict>>;

    /// Tells whether records may be missing of which files and journal tell: it was begun
    /// empty and has not been made anew.
    fn may_lack_records(&self) -> bool;
}

/// Another head than was thought is a log's newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The newest head; `None` where there is none.
    pub(crate) current: Option<Vec<u8>>,
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where the record is.
    pub(crate) table: Table,
    /// Its key there.
    pub(crate) key: String,
    /// What it becomes; `None` removes it.
    pub(crate) value: Option<Vec<u8>>,
}

impl Change {
    /// Writes a record.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn put(
        table: Table,
        key: impl Into<String>,
        record: &impl serde::Serialize,
    ) -> io::Result<Self> {
        Ok(Self {
            table,
            key: key.into(),
            value: Some(serde_json::to_vec(record)?),
        })
    }

    /// Removes a record.
    pub(crate) fn remove(table: Table, key: impl Into<String>) -> Self {
        Self {
            table,
            key: key.into(),
            value: None,
        }
    }
}

/// A kind of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    /// [`FileRecord`] by [`Key`](crate::store::Key).
    Files,
    /// [`Absence`] by key: what upstream said does not exist.
    Absences,
    /// [`Contents`] of each proved zip, by `module@version`, escaped.
    Contents,
    /// [`Use`] by key.
    Used,
    /// How often a version was fetched, by `<day>/<module>@<version>` and perhaps
    /// `/<client address>`: a decimal number.
    Fetched,
    /// The newest head of each log: the whole signed note.
    Heads,
    /// The newest records of a database of our own: the number of each, by
    /// `<database> <module>@<version>`, escaped, and by `<database> recent` which they are;
    /// and when records came. The older ones are in files.
    Logged,
    /// [`Miss`](crate::shelf::missing::Miss) by `module@version`: what was asked for and
    /// could not be had.
    Missing,
}

impl Table {
    /// All tables.
    pub(crate) const ALL: [Self; 8] = [
        Self::Files,
        Self::Absences,
        Self::Contents,
        Self::Used,
        Self::Fetched,
        Self::Heads,
        Self::Logged,
        Self::Missing,
    ];

    /// Returns its name in a database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Absences => "absences",
            Self::Contents => "contents",
            Self::Used => "used",
            Self::Fetched => "fetched",
            Self::Heads => "heads",
            Self::Logged => "logged",
            Self::Missing => "missing",
        }
    }

    /// Tells whether nothing makes it anew: it is dispensable.
    pub(crate) fn is_dispensable(self) -> bool {
        match self {
            // Hash, size and proof from the files; that unproved bytes were the first
            // under their name, from the journal.
            Self::Files => false,
            Self::Contents | Self::Fetched => false,
            // The files of `DATA/sumdb/<name>/heads` have them, and the next one is
            // put in whatever is there.
            Self::Heads => false,
            // The tiles of the log have the records.
            Self::Logged => false,
            // Asked for again.
            Self::Absences => true,
            // It begins with the next use, and with the next one who asks.
            Self::Used | Self::Missing => true,
        }
    }
}

/// Returns the record of a file.
///
/// # Errors
/// What the ledger answers; `InvalidData` for a record that cannot be parsed.
pub(crate) async fn file(
    ledger: &dyn Ledger,
    key: &crate::store::Key,
) -> io::Result<Option<FileRecord>> {
    typed(ledger, Table::Files, key.as_str()).await
}

/// Returns the records of many files, in the order of the keys.
///
/// # Errors
/// As [`file()`].
pub(crate) async fn files(
    ledger: &dyn Ledger,
    keys: &[crate::store::Key],
) -> io::Result<Vec<Option<FileRecord>>> {
    let keys = keys.iter().map(|key| key.as_str().to_owned());
    typed_each(ledger, Table::Files, keys.collect()).await
}

/// Returns records of any kind that is JSON, in the order of the keys.
///
/// # Errors
/// As [`file()`].
pub(crate) async fn typed_each<T: serde::de::DeserializeOwned>(
    ledger: &dyn Ledger,
    table: Table,
    keys: Vec<String>,
) -> io::Result<Vec<Option<T>>> {
    let mut records = Vec::with_capacity(keys.len());
    for some in keys.chunks(AT_ONCE) {
        for value in ledger.get_each(table, some.to_vec()).await? {
            let parsed = value.map(|value| serde_json::from_slice(&value));
            records.push(parsed.transpose()?);
        }
    }
    Ok(records)
}

/// Records that are asked for in one call: a slow disk looks for each, and the call has
/// a bound.
pub(crate) const AT_ONCE: usize = 200;

/// Returns a record of any kind that is JSON.
///
/// # Errors
/// As [`file()`].
pub(crate) async fn typed<T: serde::de::DeserializeOwned>(
    ledger: &dyn Ledger,
    table: Table,
    key: &str,
) -> io::Result<Option<T>> {
    let value = ledger.get(table, key).await?;
    let parsed = value.map(|value| serde_json::from_slice(&value));
    Ok(parsed.transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Key;

    #[tokio::test]
    async fn records_of_many_files_come_in_the_order_of_their_keys() {
        let data = tempfile::tempdir().unwrap();
        let sled = sled::Sled::open(data.path()).unwrap();
        let memory = memory::Memory::default();
        let key = |number: usize| Key::parse(&format!("m.example/x/@v/v1.0.{number}.zip"));
        let numbers = (0..2 * AT_ONCE + 1).rev();
        let keys: Vec<Key> = numbers.map(|number| key(number).unwrap()).collect();
        let is_there = |at: usize| at != AT_ONCE;
        let ledgers: [&dyn Ledger; 2] = [&sled, &memory];
        for ledger in ledgers {
            let mut changes = Vec::new();
            for (at, key) in keys.iter().enumerate().filter(|(at, _)| is_there(*at)) {
                let record = FileRecord {
                    sha256: String::new(),
                    size: at as u64,
                    h1: None,
                    standing: Standing::Exempt,
                    stored_at: 0,
                    evicted_at: None,
                };
                changes.push(Change::put(Table::Files, key.as_str(), &record).unwrap());
            }
            ledger.apply(changes).await.unwrap();
            let found = files(ledger, &keys).await.unwrap();
            let sizes = found.iter().map(|it| it.as_ref().map(|it| it.size));
            let want = (0..keys.len()).map(|at| is_there(at).then_some(at as u64));
            assert!(sizes.eq(want));
        }
    }
}
