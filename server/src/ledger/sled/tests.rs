use std::fs;

use super::aside::{BROKEN, BROKEN_MAX};
use super::*;

/// What goes wrong in a call of sled.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing is done.
    DiskFull,
    /// It is done, and an error is told.
    DoneAndFailed,
    /// It never returns. Ends when the sender is dropped.
    Hang(mpsc::Receiver<()>),
}

impl Fault {
    pub(super) fn happen<T>(self, work: impl FnOnce() -> open::Result<T>) -> open::Result<T> {
        match self {
            Self::DiskFull => Err(full()),
            Self::DoneAndFailed => work().and(Err(full())),
            Self::Hang(end) => {
                let _ = end.recv();
                Err(full())
            }
        }
    }
}

fn full() -> ::sled::Error {
    ::sled::Error::Io(io::ErrorKind::StorageFull.into())
}

impl Inner {
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap().take()
    }
}

impl Sled {
    fn fail_with(&self, fault: Fault) {
        *self.inner.fault.lock().unwrap() = Some(fault);
    }
}

const QUICK: Limits = Limits {
    call: Duration::from_millis(200),
    leftover: Duration::from_millis(100),
    retry: Duration::from_millis(1),
};

fn put(table: Table, key: &str, value: &str) -> Change {
    Change {
        table,
        key: key.to_owned(),
        value: Some(value.into()),
    }
}

async fn get(ledger: &dyn Ledger, table: Table, key: &str) -> Option<String> {
    let value = ledger.get(table, key).await.unwrap();
    value.map(|value| String::from_utf8(value).unwrap())
}

/// Asks until the ledger answers again.
async fn settled(ledger: &dyn Ledger) {
    while ledger.get(Table::Files, "any").await.is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn records_outlive_the_process() {
    let data = tempfile::tempdir().unwrap();
    let sled = Sled::open(data.path()).unwrap();
    let changes = Table::ALL.map(|table| put(table, "a", table.name()));
    sled.apply(changes.to_vec()).await.unwrap();
    drop(sled);
    // It has records, and yet it was begun empty and not made anew to the end.
    let sled = Sled::open(data.path()).unwrap();
    assert_eq!(*sled.emptied().borrow(), 1);
    sled.remade().await.unwrap();
    drop(sled);
    let sled = Sled::open(data.path()).unwrap();
    for table in Table::ALL {
        let value = get(&sled, table, "a").await;
        assert_eq!(value.as_deref(), Some(table.name()));
    }
    let change = Change::remove(Table::Files, "a");
    sled.apply(vec![change]).await.unwrap();
    assert_eq!(get(&sled, Table::Files, "a").await, None);
    assert_eq!(*sled.emptied().borrow(), 0);
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_told_so() {
    let data = tempfile::tempdir().unwrap();
    let _sled = Sled::open(data.path()).unwrap();
    let error = Sled::open(data.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert!(error.to_string().contains("another sumward"), "{error}");
}

#[tokio::test]
async fn scans_go_on_behind_a_key() {
    let data = tempfile::tempdir().unwrap();
    let sled = Sled::open(data.path()).unwrap();
    let keys = ["a/1", "a/2", "a/3", "b/1"];
    let changes = keys.iter().map(|key| put(Table::Used, key, "x")).collect();
    sled.apply(changes).await.unwrap();
    let scan = async |prefix, after, limit| {
        let found = sled.scan(Table::Used, prefix, after, limit).await.unwrap();
        found.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(scan("a/", None, 2).await, ["a/1", "a/2"]);
    assert_eq!(scan("a/", Some("a/2"), 2).await, ["a/3"]);
    assert_eq!(scan("b", Some("a/2"), 2).await, ["b/1"]);
    assert_eq!(scan("", None, 9).await, keys);
    assert!(scan("c", None, 9).await.is_empty());
}

#[tokio::test]
async fn of_two_heads_that_follow_one_only_one_is_taken() {
    let data = tempfile::tempdir().unwrap();
    let sled = Sled::open(data.path()).unwrap();
    let advance = async |old, new| sled.advance("log", old, new).await.unwrap();
    let conflict = |current: Option<&[u8]>| {
        let current = current.map(<[u8]>::to_vec);
        Err(Conflict { current })
    };
    assert_eq!(advance(Some(b"0"), b"1").await, conflict(None));
    assert_eq!(advance(None, b"1").await, Ok(()));
    assert_eq!(advance(None, b"2").await, conflict(Some(b"1")));
    assert_eq!(advance(Some(b"1"), b"2").await, Ok(()));
    assert_eq!(advance(Some(b"1"), b"3").await, conflict(Some(b"2")));
    assert_eq!(get(&sled, Table::Heads, "log").await.unwrap(), "2");
}

#[tokio::test]
async fn after_an_error_it_is_opened_again_without_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let sled = Sled::open_within(data.path(), QUICK).unwrap();
    sled.remade().await.unwrap();
    let change = |key| vec![put(Table::Files, key, "x")];
    sled.apply(change("before")).await.unwrap();
    for (fault, key) in [
        (Fault::DiskFull, "nothing written"),
        (Fault::DoneAndFailed, "written"),
    ] {
        sled.fail_with(fault);
        let error = sled.apply(change(key)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        settled(&sled).await;
    }
    sled.apply(change("after")).await.unwrap();
    for (key, want) in [
        ("before", true),
        ("nothing written", false),
        ("written", true),
        ("after", true),
    ] {
        let found = get(&sled, Table::Files, key).await.is_some();
        assert_eq!(found, want, "{key}");
    }
    assert_eq!(*sled.emptied().borrow(), 1, "at the start alone");
}

#[tokio::test]
async fn a_call_that_hangs_ends_in_time_and_the_next_ones_are_answered() {
    let data = tempfile::tempdir().unwrap();
    let sled = Sled::open_within(data.path(), QUICK).unwrap();
    sled.apply(vec![put(Table::Files, "a", "x")]).await.unwrap();
    let (end, ended) = mpsc::channel();
    sled.fail_with(Fault::Hang(ended));
    let error = sled.flush().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let mut emptied = sled.emptied();
    emptied.mark_unchanged();
    settled(&sled).await;
    // The call that hangs holds the old one.
    assert!(emptied.has_changed().unwrap(), "to be made anew");
    sled.apply(vec![put(Table::Files, "b", "x")]).await.unwrap();
    assert!(get(&sled, Table::Files, "b").await.is_some());
    drop(end);
}

fn broken(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().contains(BROKEN));
    paths.sort();
    paths
}

#[tokio::test]
async fn one_that_cannot_be_read_is_moved_aside() {
    let data = tempfile::tempdir().unwrap();
    for round in 1..=4_usize {
        let sled = Sled::open(data.path()).unwrap();
        assert_eq!(*sled.emptied().borrow(), 1, "round {round}");
        assert_eq!(broken(data.path()).len(), (round - 1).min(BROKEN_MAX));
        let mark = data.path().join("index/round");
        fs::write(mark, round.to_string()).unwrap();
        for number in 0..1000 {
            let change = put(Table::Files, &format!("{number}"), &"x".repeat(500));
            sled.apply(vec![change]).await.unwrap();
        }
        drop(sled);
        for entry in fs::read_dir(data.path().join("index")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("round") {
                let mut bytes = fs::read(&path).unwrap();
                bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x55);
                fs::write(&path, bytes).unwrap();
            }
        }
    }
    let newest = broken(data.path()).pop().unwrap();
    let round = fs::read_to_string(newest.join("round")).unwrap();
    assert_eq!(round, "3", "the newest is kept");
}

#[tokio::test]
async fn a_file_in_its_place_is_moved_aside_as_well() {
    let data = tempfile::tempdir().unwrap();
    fs::write(folder(data.path()), b"not a folder").unwrap();
    let sled = Sled::open_within(data.path(), QUICK).unwrap();
    sled.apply(vec![put(Table::Files, "a", "x")]).await.unwrap();
    assert_eq!(broken(data.path()).len(), 1);
}
