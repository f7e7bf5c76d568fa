use std::fs;

use proptest::prelude::*;

use super::*;

fn removed(key: &str) -> Entry {
    Entry::Removed {
        key: key.to_owned(),
        at: 7,
    }
}

fn entries() -> Vec<Entry> {
    vec![
        Entry::HeadAccepted {
            database: "sum.golang.org".into(),
            key_hash: "033de0ae".into(),
            size: 12,
            root: "AAAA".into(),
            note: "go.sum database tree\n12\n\n\u{2014} sum".into(),
            at: 1,
        },
        Entry::FirstUse {
            key: "a.example/c/@v/v1.0.0.mod".into(),
            sha256: "00".repeat(32),
            size: 5,
            h1: None,
            standing: Standing::Unproved {
                reason: "proof is off".into(),
            },
            at: 2,
        },
        removed("a.example/c/@v/v1.0.0.mod"),
        Entry::Contents {
            version: "a.example/c@v1.0.0".into(),
            h1: "h1:x".into(),
            files: vec![("a.example/c@v1.0.0/go.mod".into(), "00".into())],
        },
        Entry::Fetched {
            day: "2026-11-26".into(),
            counts: BTreeMap::from([("a.example/c@v1.0.0".into(), 3)]),
        },
    ]
}

fn all(data: &Path) -> Vec<Line> {
    read(data).map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_was_appended_is_read_back() {
    let data = tempfile::tempdir().unwrap();
    assert!(all(data.path()).is_empty());
    for round in 1..=2 {
        let journal = Journal::open(data.path()).unwrap();
        for entry in entries() {
            journal.append(entry).await.unwrap();
        }
        let read = all(data.path());
        assert_eq!(read.len(), round * entries().len());
        for entry in entries() {
            assert!(read.contains(&Line::Entry(entry)));
        }
    }
}

#[tokio::test]
async fn many_at_once_are_all_there_in_order() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    let appends = (0..1000).map(|number| {
        let journal = journal.clone();
        async move { journal.append(removed(&number.to_string())).await }
    });
    for result in futures_util::future::join_all(appends).await {
        result.unwrap();
    }
    let want: Vec<_> = (0..1000)
        .map(|number| Line::Entry(removed(&number.to_string())))
        .collect();
    let mut got = all(data.path());
    got.sort_by_key(|line| format!("{line:?}"));
    let mut want = want;
    want.sort_by_key(|line| format!("{line:?}"));
    assert_eq!(got, want);
}

#[tokio::test]
async fn a_torn_line_costs_itself_alone() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    journal.append(removed("1")).await.unwrap();
    let file = fs::read_dir(folder(data.path())).unwrap().next().unwrap();
    let path = file.unwrap().path();
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"entry\":\"remov");
    fs::write(&path, text).unwrap();
    journal.append(removed("2")).await.unwrap();
    let number = 2;
    let damaged = Line::Damaged { path, number };
    let (first, second) = (Line::Entry(removed("1")), Line::Entry(removed("2")));
    assert_eq!(all(data.path()), [first, damaged, second]);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_says_so() {
    let error = Journal::read_only(Path::new("/nowhere"))
        .append(removed("1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    fs::remove_dir(folder(data.path())).unwrap();
    assert!(journal.append(removed("1")).await.is_err());
    fs::create_dir(folder(data.path())).unwrap();
    journal.append(removed("2")).await.unwrap();
    assert_eq!(all(data.path()), [Line::Entry(removed("2"))]);
    let long = removed(&"x".repeat(LINE_BYTES_MAX));
    let error = journal.append(long).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let data = tempfile::tempdir().unwrap();
    let path = folder(data.path()).join("files-202601.jsonl");
    fs::create_dir(folder(data.path())).unwrap();
    let mut text = vec![b'x'; 2 * LINE_BYTES_MAX + 5];
    text.extend_from_slice(b"\n{\"entry\":\"removed\",\"key\":\"1\",\"at\":7}");
    fs::write(&path, text).unwrap();
    let damaged = Line::Damaged { path, number: 1 };
    assert_eq!(all(data.path()), [damaged, Line::Entry(removed("1"))]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(folder(data.path())).unwrap();
        fs::write(folder(data.path()).join("files-202601.jsonl"), &bytes).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').count();
        prop_assert!(all(data.path()).len() <= lines);
    }

    #[test]
    fn changed_entries_are_read_without_a_panic(at: usize, byte: u8) {
        for entry in entries() {
            let mut line = entry.line().unwrap();
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(read::parse(&line), Some(entry));
            let length = line.len();
            line[at % length] = byte;
            if let Some(entry) = read::parse(&line) {
                prop_assert_eq!(read::parse(&entry.line().unwrap()), Some(entry));
            }
        }
    }
}

#[tokio::test]
async fn a_first_use_is_found_until_the_file_is_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    let key = "a.example/c/@v/v1.0.0.mod";
    let use_of = |key: &str, size| Entry::FirstUse {
        key: key.to_owned(),
        sha256: "00".repeat(32),
        size,
        h1: None,
        standing: Standing::Exempt,
        at: 2,
    };
    assert_eq!(journal.first_use(key).await.unwrap(), None);
    let longer = format!("{key}x");
    let first = [use_of(&longer, 1), use_of(key, 2), use_of(&longer, 3)];
    journal.append_all(first).await.unwrap();
    let size = async || {
        let found = Journal::read_only(data.path()).first_use(key).await;
        found.unwrap().map(|record| record.size)
    };
    assert_eq!(size().await, Some(2));
    let entries = [removed(&longer), removed(key)];
    journal.append_all(entries).await.unwrap();
    assert_eq!(size().await, None);
    journal.append(use_of(key, 4)).await.unwrap();
    assert_eq!(size().await, Some(4));
}

#[tokio::test(start_paused = true)]
async fn an_append_that_the_disk_does_not_take_ends() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::open(data.path()).unwrap();
    let month = date::month(SystemTime::now());
    let path = folder(data.path()).join(format!("files-{month}.jsonl"));
    // Nobody reads from this pipe, and it takes 64 KiB.
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
    rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
    let error = journal.append(removed(&"x".repeat(1 << 20))).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    let error = journal.append(removed("2")).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
}
