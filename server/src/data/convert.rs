//! Data folders of older formats.
//!
//! Version 1 had no journal, and its records of proofs named no key. Its module
//! tree and its databases stay as they are. Its index is copied to `index.v1`
//! and used on: what it alone tells is journaled, and a proof without a key is
//! looked for again when the file is asked for.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use proto::note;
use proto::tlog::checkpoint;

use super::{Error, failed};
use crate::journal::{Entry, Journal, seconds};
use crate::ledger::{FileRecord, Ledger, Pages, Table};
use crate::store::folder::{read_small, sync_folder};

/// Tells whether a folder without a format was written by version 1.
pub(super) fn is_version_1(folder: &Path) -> bool {
    ["modules", "index", "sumdb"]
        .iter()
        .any(|inner| folder.join(inner).exists())
}

/// Copies the index, unless an earlier start did.
pub(super) fn copy_index(folder: &Path) -> Result<(), Error> {
    let (from, to) = (folder.join("index"), folder.join("index.v1"));
    let part = folder.join("index.v1.part");
    if to.exists() || !from.is_dir() {
        return Ok(());
    }
    let copy = || {
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        copy_folder(&from, &part)?;
        fs::rename(&part, &to)?;
        sync_folder(folder)
    };
    copy().map_err(|error| failed("copying the index to", &to, error))
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    sync_folder(to)
}

/// Journals the files that no database proves.
pub(super) async fn journal_first_uses(ledger: &dyn Ledger, journal: &Journal) -> io::Result<()> {
    let mut pages = Pages::of(ledger, Table::Files, "");
    while let Some(records) = pages.next().await? {
        let entries = records.into_iter().filter_map(|(key, value)| {
            match serde_json::from_slice::<FileRecord>(&value) {
                Ok(record) => Entry::first_use(&key, &record),
                Err(error) => {
                    tracing::error!(key, %error, "a record cannot be read, and is not journaled");
                    None
                }
            }
        });
        journal.append_all(entries).await?;
    }
    Ok(())
}

/// Journals the accepted heads of all databases, with the time of their files.
pub(super) async fn journal_heads(data: &Path, journal: &Journal) -> io::Result<()> {
    let mut folders = vec![data.join("sumdb")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if !path.is_dir() {
                continue;
            }
            match path.file_name().and_then(|name| name.to_str()) {
                Some("heads") => journal.append_all(heads(&path)?).await?,
                Some("tile" | "lookup" | "fork") => {}
                // A database's name may have slashes.
                _ => folders.push(path),
            }
        }
    }
    Ok(())
}

fn heads(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let note = read_small(&path, note::LEN_MAX as u64 + 1)?.unwrap_or_default();
        let modified = fs::metadata(&path)?.modified()?;
        found.extend(head(&note, modified));
    }
    Ok(found)
}

/// Reads a stored head. It was verified before it was stored, and is verified
/// again by whoever uses it.
fn head(note: &[u8], modified: SystemTime) -> Option<Entry> {
    let note = String::from_utf8(note.to_vec()).ok()?;
    let (text, signatures) = note.split_once("\n\n")?;
    let tree = checkpoint::parse(&format!("{text}\n")).ok()?;
    let (database, signature) = signatures.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let hash = key_hash(signature.lines().next()?)?;
    Some(Entry::HeadAccepted {
        database: database.to_owned(),
        key_hash: hash,
        size: tree.size,
        root: tree.hash.to_string(),
        at: seconds(modified),
        note: note.clone(),
    })
}

/// The first four bytes of a signature.
fn key_hash(signature: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(signature)
        .ok()?;
    bytes.get(..4).map(hex::encode)
}
