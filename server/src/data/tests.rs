use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::journal::{self, Entry, Line};
use crate::ledger::sled::Sled;
use crate::ledger::{Change, FileRecord, Standing, Table};

fn open(folder: &Path) -> Result<Data, Error> {
    Data::open(folder, Mode::Exclusive)
}

#[test]
fn a_new_folder_says_its_format_and_lets_one_process_in() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/data");
    let data = open(&folder).unwrap();
    assert_eq!(fs::read_to_string(folder.join("format")).unwrap(), "2\n");
    assert!(matches!(open(&folder), Err(Error::InUse { .. })));
    let reader = Data::open(&folder, Mode::ReadOnly).unwrap();
    assert!(reader.is_read_only());
    drop(data);
    open(&folder).unwrap();
}

#[test]
fn a_newer_format_is_refused_and_both_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (text, want) in [
        (
            "3\n",
            "has format 3, and this program knows formats up to 2",
        ),
        ("99999999999\n", "has format 99999999999"),
        ("0\n", "should hold the number"),
        ("two\n", "holds \"two"),
    ] {
        fs::write(folder.path().join("format"), text).unwrap();
        for mode in [Mode::Exclusive, Mode::ReadOnly] {
            let error = Data::open(folder.path(), mode).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        let now = fs::read_to_string(folder.path().join("format")).unwrap();
        assert_eq!(now, text);
    }
    // A hole, of which no more than the start is read.
    let file = File::create(folder.path().join("format")).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("should hold the number"), "{error}");
}

#[tokio::test]
async fn a_folder_of_version_1_is_converted_and_its_index_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let at = Standing::Proved {
        database: "sum.golang.org".into(),
        record: 1,
        key: String::new(),
        record_hash: String::new(),
    };
    let sled = Sled::open(path).unwrap();
    for (key, standing) in [("proved", at), ("exempt", Standing::Exempt)] {
        let record = FileRecord {
            sha256: "00".repeat(32),
            size: 1,
            h1: None,
            standing,
            stored_at: 7,
            evicted_at: None,
        };
        let change = Change::put(Table::Files, key, &record).unwrap();
        sled.apply(vec![change]).await.unwrap();
    }
    drop(sled);
    let heads = path.join("sumdb/sum.golang.org/heads");
    fs::create_dir_all(&heads).unwrap();
    let root = "A".repeat(43);
    let note = format!("go.sum database tree\n12\n{root}=\n\n\u{2014} sum.golang.org Az3grg==\n");
    fs::write(heads.join("12"), &note).unwrap();
    // Interrupted once.
    fs::create_dir(path.join("index.v1.part")).unwrap();
    for _ in 0..2 {
        let mut data = open(path).unwrap();
        let sled = Sled::open(path).unwrap();
        let journal = Journal::open(path).unwrap();
        data.convert(&sled, &journal).await.unwrap();
        assert!(sled.get(Table::Files, "proved").await.unwrap().is_some());
    }
    assert!(path.join("index.v1/db").is_file());
    assert_eq!(fs::read_to_string(path.join("format")).unwrap(), "2\n");
    let lines: Vec<_> = journal::read(path).map(Result::unwrap).collect();
    let first_use = Entry::FirstUse {
        key: "exempt".into(),
        sha256: "00".repeat(32),
        size: 1,
        h1: None,
        standing: Standing::Exempt,
        at: 7,
    };
    assert_eq!(lines[0], Line::Entry(first_use));
    let Line::Entry(Entry::HeadAccepted {
        database,
        key_hash,
        size,
        ..
    }) = &lines[1]
    else {
        panic!("{lines:?}");
    };
    assert_eq!(
        (database.as_str(), key_hash.as_str(), *size),
        ("sum.golang.org", "033de0ae", 12)
    );
    assert_eq!(lines.len(), 2, "once");
}

#[test]
fn what_stands_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let link = folder.path().join("link");
    symlink(folder.path().join("nowhere"), &link).unwrap();
    let error = |path: &Path| open(path).unwrap_err();
    assert!(matches!(error(&file), Error::NotAFolder { .. }));
    let below = error(&file.join("data"));
    assert!(
        below.to_string().contains("file is not a folder"),
        "{below}"
    );
    assert!(
        error(&link)
            .to_string()
            .contains("nowhere, which does not exist")
    );
    let absent = Data::open(&folder.path().join("absent"), Mode::ReadOnly);
    assert!(matches!(absent, Err(Error::Absent { .. })));
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    symlink("nowhere", data.join("modules")).unwrap();
    assert!(matches!(error(&data), Error::Dangling { .. }));
}

/// The text for a folder that may not be written to.
#[test]
fn a_folder_that_is_not_ours_names_user_and_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    let opened = open(&path);
    let Err(error) = opened else {
        // Whoever may do everything is stopped by nothing.
        assert!(rustix::process::geteuid().is_root());
        return;
    };
    let text = error.to_string();
    assert!(
        text.contains("may not write to") && text.contains("uid"),
        "{text}"
    );
}

#[test]
fn a_folder_open_for_reading_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("modules")).unwrap();
    let data = Data::open(folder.path(), Mode::ReadOnly).unwrap();
    assert!(data.is_read_only());
    assert_eq!(data.path(), folder.path());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
