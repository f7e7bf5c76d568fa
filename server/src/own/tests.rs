mod kit;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;
use crate::ledger::failing::Call;
use crate::ledger::{Change, Table};
use crate::store::failing::Fault;
use kit::{Kit, add, check, module};

#[tokio::test]
async fn lookups_that_wait_are_signed_together_and_each_module_has_one_record() {
    let kit = Kit::new();
    let own = kit.open().await;
    let signed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&signed);
    kit.ledger.fail(move |call| {
        count.fetch_add(usize::from(call == Call::Advance), Ordering::Relaxed);
        None
    });
    let asked = (0..600).map(|number| {
        let own = Arc::clone(&own);
        async move { own.lookup(&module(number % 300), None).await.unwrap() }
    });
    let answers = join_all(asked).await;
    for (one, other) in answers.iter().zip(&answers[300..]) {
        assert_eq!((one.id, &one.record), (other.id, &other.record));
    }
    assert_eq!(kit.admit.asked.load(Ordering::Relaxed), 300);
    let signed = signed.load(Ordering::Relaxed);
    assert!(signed < 30, "{signed} signatures for 300 records");
    check(&own, 300).await;
}

#[tokio::test]
async fn what_was_logged_is_there_after_a_start_and_without_the_ledger() {
    let mut kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..260).await;
    let before = own.lookup(&module(7), None).await.unwrap();
    drop(own);
    let own = kit.open().await;
    check(&own, 260).await;
    drop(own);
    kit.lose_ledger();
    let own = kit.open().await;
    check(&own, 260).await;
    let after = own.lookup(&module(7), None).await.unwrap();
    assert_eq!(before.bytes, after.bytes);
    add(&own, 258..262).await;
    check(&own, 262).await;
}

#[tokio::test]
async fn a_ledger_that_is_lost_while_the_server_runs_gives_no_module_a_second_record() {
    let kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..5).await;
    let keys = kit.ledger.scan(Table::Logged, "", None, 100).await.unwrap();
    let heads = kit.ledger.scan(Table::Heads, "", None, 100).await.unwrap();
    let lost = (keys
        .into_iter()
        .map(|(key, _)| Change::remove(Table::Logged, key)))
    .chain(
        heads
            .into_iter()
            .map(|(key, _)| Change::remove(Table::Heads, key)),
    );
    kit.ledger.apply(lost.collect()).await.unwrap();
    own.lately.clear();
    add(&own, 0..5).await;
    // The first finds that the ledger has no head, the next one goes on.
    let _ = own.lookup(&module(5), None).await;
    add(&own, 0..7).await;
    check(&own, 7).await;
}

#[tokio::test]
async fn however_the_ledger_fails_the_log_goes_on_and_has_each_module_once() {
    let kind = io::ErrorKind::StorageFull;
    for call in [Call::Get, Call::Apply, Call::Flush, Call::Advance] {
        for fault in [Fault::NotDone(kind), Fault::Done(kind)] {
            for nth in 0..4 {
                let kit = Kit::new();
                let own = kit.open().await;
                add(&own, 0..3).await;
                let mut left: i32 = nth;
                kit.ledger.fail(move |it| {
                    if it != call {
                        return None;
                    }
                    left -= 1;
                    (left < 0).then_some(fault)
                });
                for number in 3..6 {
                    // It may fail, and it may not.
                    let _ = own.lookup(&module(number), None).await;
                }
                kit.ledger.heal();
                let size = own.size();
                add(&own, 0..8).await;
                assert!(own.size() >= size);
                check(&own, 8).await;
                drop(own);
                check(&kit.open().await, 8).await;
            }
        }
    }
}

#[tokio::test]
async fn a_batch_that_only_the_ledger_has_is_finished_by_the_next_start() {
    let kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..3).await;
    let (checkpoint, mark) = (kit.log().join("checkpoint"), kit.path("key.head"));
    let before = [&checkpoint, &mark].map(|path| fs::read(path).unwrap());
    add(&own, 3..4).await;
    let after = [&checkpoint, &mark].map(|path| fs::read(path).unwrap());
    drop(own);
    for lost in [0..1, 0..2] {
        for at in lost {
            fs::write([&checkpoint, &mark][at], &before[at]).unwrap();
        }
        let own = kit.open().await;
        assert_eq!(own.unsigned(), None);
        check(&own, 4).await;
        let now = [&checkpoint, &mark].map(|path| fs::read(path).unwrap());
        assert_eq!(now, after);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_the_records_that_come_then() {
    let kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..3).await;
    let checkpoint = kit.log().join("checkpoint");
    let note = fs::read(&checkpoint).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    fs::create_dir(&checkpoint).unwrap();
    fs::write(checkpoint.join("in the way"), "").unwrap();
    let error = own.lookup(&module(3), None).await.unwrap_err();
    assert!(matches!(error, Error::Internal { .. }), "{error}");
    // Nobody has been told of more.
    assert_eq!(own.size(), 3);
    check(&own, 3).await;
    fs::remove_dir_all(&checkpoint).unwrap();
    fs::write(&checkpoint, note).unwrap();
    add(&own, 0..5).await;
    check(&own, 5).await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test]
async fn a_restored_copy_is_served_and_not_signed_until_a_person_says_so() {
    let mut kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..3).await;
    copy(&kit.path("data"), &kit.path("backup"));
    add(&own, 3..5).await;
    drop(own);
    fs::remove_dir_all(kit.path("data")).unwrap();
    fs::rename(kit.path("backup"), kit.path("data")).unwrap();
    kit.lose_ledger();
    let mark = kit.path("key.head");
    let newer = fs::read(&mark).unwrap();
    for (there, words) in [(true, "of 5 records"), (false, "is missing")] {
        if !there {
            fs::remove_file(&mark).unwrap();
        }
        for accepted in [None, Some(5), Some(4), Some(0)] {
            let own = kit.open_with(accepted).await;
            let reason = own.unsigned().unwrap();
            assert!(reason.contains(words), "{reason}");
            assert!(reason.contains("--accept-head 3"), "{reason}");
            check(&own, 3).await;
            let error = own.lookup(&module(3), None).await.unwrap_err();
            assert!(matches!(error, Error::Unsigned { .. }), "{error}");
            assert_eq!(own.size(), 3);
        }
    }
    fs::write(&mark, "no head").unwrap();
    assert!(
        kit.open()
            .await
            .unsigned()
            .unwrap()
            .contains("cannot be read")
    );
    fs::write(&mark, newer).unwrap();
    let own = kit.open_with(Some(3)).await;
    assert_eq!(own.unsigned(), None);
    add(&own, 0..6).await;
    check(&own, 6).await;
    drop(own);
    assert_eq!(
        kit.open().await.unsigned(),
        None,
        "it was meant for one start"
    );
}

#[tokio::test]
async fn a_ledger_that_does_not_answer_at_the_start_is_waited_for() {
    let kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..3).await;
    drop(own);
    let kind = io::ErrorKind::TimedOut;
    kit.ledger.fail(move |_| Some(Fault::NotDone(kind)));
    let own = kit.open().await;
    assert_eq!(own.size(), 3);
    assert!(own.unsigned().unwrap().contains("cannot be read"));
    own.tick().await;
    assert!(own.lookup(&module(3), None).await.is_err());
    kit.ledger.heal();
    own.tick().await;
    assert_eq!(own.unsigned(), None);
    add(&own, 0..5).await;
    check(&own, 5).await;
}

#[tokio::test]
async fn the_index_tells_of_each_record_across_tiles_and_of_a_damaged_one() {
    let kit = Kit::new();
    let own = kit.open().await;
    let asked = (0..600).map(|number| {
        let own = Arc::clone(&own);
        async move { own.lookup(&module(number), None).await.unwrap() }
    });
    join_all(asked).await;
    let index = own.index(0, 1000).await.unwrap();
    assert!(index.is_sorted_by_key(|(_, at)| *at));
    for (id, (module, _)) in (0..600).zip(&index) {
        let answered = own.logged(module).await.unwrap().unwrap();
        assert_eq!(answered.id, id);
    }
    assert_eq!(index.len(), 600);
    let (_, at) = index[300];
    assert_eq!(own.index(at, 200).await.unwrap(), index[300..500]);
    let tile = kit.log().join("tile/8/data/001");
    let text = fs::read_to_string(&tile).unwrap();
    fs::write(&tile, text.replacen("h1:", "h1;", 1)).unwrap();
    assert_eq!(own.index(0, 256).await.unwrap(), index[..256]);
    let error = own.index(0, 257).await.unwrap_err();
    assert!(error.to_string().contains("record 256"), "{error}");
}

#[tokio::test]
async fn a_disk_that_does_not_answer_is_waited_for_so_long_and_the_record_is_logged_once() {
    let kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..2).await;
    let admitted = kit.admit.admit(&module(2), None).await.unwrap();
    let record = own::text(&module(2), admitted.zip, admitted.go_mod);
    let held = own.queue.hold().await;
    // The clock runs ahead here alone: the journal's thread is none that it waits for.
    tokio::time::pause();
    for _ in 0..2 {
        let waiting = own.queue.append(module(2), record.clone().into_bytes());
        let error = waiting.await.unwrap_err();
        let Error::Internal { kind, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(kind, io::ErrorKind::TimedOut);
    }
    tokio::time::resume();
    check(&own, 2).await;
    drop(held);
    add(&own, 0..4).await;
    check(&own, 4).await;
}

#[tokio::test]
async fn a_lost_log_gives_out_no_first_head_again() {
    let mut kit = Kit::new();
    let own = kit.open().await;
    add(&own, 0..2).await;
    drop(own);
    fs::remove_dir_all(kit.path("data")).unwrap();
    kit.lose_ledger();
    let own = kit.open().await;
    for answered in [own.latest(), own.checkpoint()] {
        assert!(matches!(answered, Err(Error::Unsigned { .. })));
    }
}

#[tokio::test]
async fn tiles_that_are_lost_or_damaged_are_not_built_on() {
    for damage in [true, false] {
        let kit = Kit::new();
        let own = kit.open().await;
        add(&own, 0..3).await;
        drop(own);
        let tile = kit.log().join("tile/8/0/000.p/3");
        if damage {
            let mut bytes = fs::read(&tile).unwrap();
            bytes[40] ^= 1;
            fs::write(&tile, bytes).unwrap();
        } else {
            fs::remove_file(&tile).unwrap();
        }
        let own = kit.open().await;
        assert!(own.unsigned().is_some());
        assert!(own.lookup(&module(3), None).await.is_err());
    }
}

#[tokio::test]
async fn large_tiles_are_sent_in_pieces_that_are_the_same_bytes() {
    use futures_util::TryStreamExt as _;
    let kit = Kit::new();
    let own = kit.open().await;
    let asked = (0..3000).map(|number| {
        let own = Arc::clone(&own);
        async move { own.lookup(&module(number), None).await.unwrap() }
    });
    join_all(asked).await;
    let reader = own.reader.clone();
    let tile = Tile::parse("tile/12/data/000.p/2999").unwrap();
    let Some(TileBody::Whole(whole)) = own.tile(&tile).await.unwrap() else {
        panic!("a tile of 12 stored ones is made whole");
    };
    let plan = proto::tlog::regroup::Regroup::new(&tile, own.size()).unwrap();
    let turn = Arc::new(tokio::sync::Semaphore::new(1));
    let turn = turn.acquire_owned().await.unwrap();
    let pieces = reader.pieces(plan, Entries::Lines, turn);
    let pieces: Vec<_> = pieces.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), whole);
}
