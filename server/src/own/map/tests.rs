//! A map against the records of its log.

mod kit;

use std::fs;

use proptest::prelude::*;
use proto::module::PATH_LEN_MAX;
use proto::sumdb::table::KEY_LEN_MAX;

use super::*;
use crate::ledger::failing::{Call, Failing};
use crate::ledger::memory::Memory;
use crate::ledger::{Change, Table};
use crate::store::failing::Fault;
use kit::{Kit, LOG, copy_folder, module, open, runs};

#[tokio::test]
async fn each_module_is_found_while_records_move_from_the_ledger_to_few_files() {
    let mut kit = Kit::new();
    for count in [1, 298, 1, 299, 300, 5, 700, 290] {
        kit.grow("m", count).await;
        let merge = kit.map.runs.clone();
        tokio::task::spawn_blocking(move || merge.merge().unwrap())
            .await
            .unwrap();
    }
    kit.check().await;
    let covered = kit.map.runs.covered();
    assert!(kit.tree.size - covered.size < RECENT_MAX);
    assert_eq!(
        kit.in_ledger().await as u64,
        2 * (kit.tree.size - covered.size)
    );
    assert!(covered.size > 1000);
    assert!(runs(&kit).len() <= 3, "{:?}", runs(&kit));
    kit.open_again().await;
    assert_eq!(kit.map.runs.covered(), covered);
    kit.check().await;
}

#[tokio::test]
async fn what_is_lost_of_ledger_or_files_is_read_from_the_records() {
    let mut kit = Kit::new();
    kit.grow("m", 1700).await;
    kit.grow("m", 20).await;
    let covered = kit.map.runs.covered();
    kit.lose_ledger().await;
    assert_eq!(kit.map.runs.covered(), covered);
    kit.check().await;
    fs::remove_dir_all(kit.map_folder()).unwrap();
    kit.open_again().await;
    kit.check().await;
    assert!(kit.tree.size - kit.map.runs.covered().size < RECENT_MAX);
    // Nothing of the ledger is left that the files have.
    assert!((kit.in_ledger().await as u64) < 2 * RECENT_MAX);
    // And both at once.
    fs::remove_dir_all(kit.map_folder()).unwrap();
    kit.lose_ledger().await;
    kit.check().await;
}

#[tokio::test]
async fn a_ledger_that_is_lost_meanwhile_is_filled_before_a_module_is_said_to_be_absent() {
    let mut kit = Kit::new();
    kit.grow("m", 310).await;
    kit.grow("m", 40).await;
    let keys = kit
        .ledger
        .scan(Table::Logged, "", None, 10_000)
        .await
        .unwrap();
    let gone = keys
        .into_iter()
        .map(|(key, _)| Change::remove(Table::Logged, key));
    kit.ledger.apply(gone.collect()).await.unwrap();
    kit.check().await;
    kit.grow("m", 10).await;
    kit.check().await;
}

#[tokio::test]
async fn the_map_of_another_log_is_not_asked() {
    let mut kit = Kit::new();
    kit.grow("m", 700).await;
    let other = std::mem::take(&mut kit.modules);
    let log = kit.map_folder();
    fs::remove_dir_all(log.parent().unwrap().join("tile")).unwrap();
    kit.tree = Tree::empty();
    kit.batch(
        (0..800)
            .map(|number| module(&format!("corp.example/n{number}")))
            .collect(),
    );
    kit.open_again().await;
    kit.check().await;
    for module in &other {
        assert_eq!(kit.found(module).await, None, "{module}");
    }
}

#[tokio::test]
async fn a_log_that_is_put_back_has_the_modules_that_it_had() {
    let mut kit = Kit::new();
    kit.grow("m", 350).await;
    kit.grow("m", 10).await;
    let (tree, copy) = (kit.tree, kit.folder.path().join("copy"));
    copy_folder(&kit.map_folder().with_file_name("tile"), &copy);
    for (count, kind) in [(20, "the ledger"), (400, "the files")] {
        kit.grow("late", count).await;
        let late = kit.modules.split_off(360);
        kit.put_back(&copy, tree);
        kit.open_again().await;
        kit.check().await;
        kit.grow("new", 30).await;
        kit.check().await;
        for module in &late {
            let found = kit.found(module).await;
            assert_eq!(found, None, "{module}, of which {kind} knew");
        }
        kit.put_back(&copy, tree);
        kit.open_again().await;
    }
}

#[tokio::test]
async fn what_an_older_version_had_in_the_ledger_goes_and_is_found_in_files() {
    let mut kit = Kit::new();
    kit.batch(
        (0..400)
            .map(|number| module(&format!("corp.example/m{number}")))
            .collect(),
    );
    // A number for each module, one for all, and paths by their skeletons.
    let mut changes = vec![Change::put(Table::Logged, LOG, &400).unwrap()];
    for (id, module) in (0_u64..).zip(&kit.modules) {
        let path = module.path.as_str();
        changes.push(Change::put(Table::Logged, format!("{LOG} {module}"), &id).unwrap());
        changes.push(Change::put(Table::Logged, format!("{LOG}  {path}"), &path).unwrap());
    }
    kit.ledger.apply(changes).await.unwrap();
    kit.open_again().await;
    kit.check().await;
    assert_eq!(kit.in_ledger().await, 0);
    assert_eq!(kit.map.runs.covered(), kit.tree);
}

#[tokio::test]
async fn a_map_that_names_the_record_of_another_module_is_an_error() {
    let mut kit = Kit::new();
    kit.grow("m", 310).await;
    kit.grow("m", 10).await;
    for (id, wrong) in [(5, 4), (315, 5)] {
        let module = kit.modules[id].clone();
        let entry = Entry {
            key: key_of(&module),
            number: wrong,
        };
        // Whoever reads alone asks the first file that has it.
        let staging = Staging::open_in(&kit.folder.path().join("staging")).unwrap();
        let other = Runs::open(kit.folder.path().join(format!("wrong{id}")), Some(staging));
        other.append([entry].into_iter(), &kit.tree).unwrap();
        kit.map.runs = Arc::new(other);
        let error = kit.map.record(&module, &kit.tree).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("index rebuild"), "{error}");
    }
}

#[tokio::test]
async fn however_the_ledger_fails_nothing_is_lost() {
    for which in [Call::Get, Call::Apply, Call::Flush, Call::Scan] {
        for at in 0..6 {
            for fault in [
                Fault::NotDone(io::ErrorKind::TimedOut),
                Fault::Done(io::ErrorKind::TimedOut),
            ] {
                let mut kit = Kit::new();
                kit.grow("m", 290).await;
                let mut calls = 0;
                kit.ledger.fail(move |call| {
                    calls += usize::from(call == which);
                    (call == which && calls == at + 1).then_some(fault)
                });
                let modules = (290..320).map(|number| module(&format!("corp.example/m{number}")));
                let batch = kit.batch(modules.collect());
                // It is durable in the log whatever becomes of this.
                let _ = kit.map.add(&batch).await;
                kit.ledger.heal();
                kit.map.settle(&kit.tree).await.unwrap();
                kit.check().await;
                kit.grow("m", 400).await;
                kit.check().await;
                assert!((kit.in_ledger().await as u64) <= 2 * RECENT_MAX);
            }
        }
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_leaves_the_records_in_the_ledger() {
    let mut kit = Kit::new();
    fs::create_dir_all(kit.map_folder().parent().unwrap()).unwrap();
    fs::write(kit.map_folder(), "a file in its place").unwrap();
    kit.grow("m", 400).await;
    kit.check().await;
    assert_eq!(kit.map.runs.covered().size, 0);
    fs::remove_file(kit.map_folder()).unwrap();
    kit.grow("m", 1).await;
    assert_eq!(kit.map.runs.covered(), kit.tree);
    kit.check().await;
}

#[tokio::test]
async fn a_damaged_file_is_noticed_and_made_anew() {
    let mut kit = Kit::new();
    kit.grow("m", 500).await;
    let [run] = &runs(&kit)[..] else { panic!() };
    let whole = fs::read(run).unwrap();
    // A block below the root: it is noticed when it is read.
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    fs::write(run, &bytes).unwrap();
    kit.map = open(&kit.folder, &kit.ledger, true);
    kit.map.settle(&kit.tree).await.unwrap();
    let mut errors = 0;
    for module in &kit.modules {
        match kit.map.record(module, &kit.tree).await {
            Ok(found) => assert!(found.is_some(), "{module}"),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                assert!(error.to_string().contains("index rebuild"), "{error}");
                errors += 1;
            }
        }
    }
    assert!(errors > 0);
    kit.map.make_anew(&kit.tree).await.unwrap();
    kit.check().await;
    // Its end, its whole content, its name, and the list: noticed at the start.
    for damage in 0..4 {
        let [run] = &runs(&kit)[..] else { panic!() };
        match damage {
            0 => fs::write(run, &whole[..whole.len() - 1]).unwrap(),
            1 => fs::write(run, "").unwrap(),
            2 => fs::remove_file(run).unwrap(),
            _ => fs::write(kit.map_folder().join("runs"), "{}").unwrap(),
        }
        kit.open_again().await;
        kit.check().await;
    }
}

#[tokio::test]
async fn whoever_reads_along_finds_what_was_moved_and_writes_nothing() {
    let mut kit = Kit::new();
    kit.grow("m", 290).await;
    let reader = open(&kit.folder, &kit.ledger, false);
    for count in [20, 310, 900, 1] {
        kit.grow("m", count).await;
        kit.map.runs.merge().unwrap();
        for (id, module) in (0..).zip(&kit.modules) {
            assert_eq!(reader.recorded(module).await.unwrap(), Some(id), "{module}");
        }
    }
    let before = kit.map.runs.covered();
    reader.settle(&Tree::empty()).await.unwrap();
    assert_eq!(kit.map.runs.covered(), before);
    // Alone with an empty ledger it keeps everything there.
    let ledger = Arc::new(Failing::new(Memory::default()));
    fs::remove_dir_all(kit.map_folder()).unwrap();
    let alone = open(&kit.folder, &ledger, false);
    alone.settle(&kit.tree).await.unwrap();
    for (id, module) in (0..).zip(&kit.modules) {
        assert_eq!(alone.recorded(module).await.unwrap(), Some(id));
    }
    assert!(!kit.map_folder().exists());
}

#[tokio::test]
async fn a_path_that_looks_like_an_earlier_one_is_told_wherever_that_is_kept() {
    let mut kit = Kit::new();
    let one = |path: &str| vec![module(path)];
    let batch = kit.batch(one("corp.example/pay1oad"));
    kit.map.add(&batch).await.unwrap();
    let told = |path: &str| Alike {
        path: path.to_owned(),
        earlier: "corp.example/pay1oad".to_owned(),
    };
    let batch = kit.batch(one("corp.example/payload"));
    let alike = kit.map.add(&batch).await.unwrap();
    assert_eq!(alike, [told("corp.example/payload")]);
    // Now it is in a file.
    kit.grow("m", 300).await;
    kit.open_again().await;
    let next = ModuleVersion::parse("corp.example/pay1oad@v1.1.0").unwrap();
    let batch = kit.batch(vec![next]);
    assert_eq!(kit.map.add(&batch).await.unwrap(), []);
    let batch = kit.batch(one("corp.example/payIoad"));
    let alike = kit.map.add(&batch).await.unwrap();
    assert_eq!(alike, [told("corp.example/payIoad")]);
    // In one batch, and with the files made anew.
    let batch = kit.batch(vec![module("corp.example/rn"), module("corp.example/m")]);
    let alike = kit.map.add(&batch).await.unwrap();
    assert_eq!(alike.len(), 1, "{alike:?}");
    kit.map.make_anew(&kit.tree).await.unwrap();
    kit.open_again().await;
    let batch = kit.batch(vec![
        ModuleVersion::parse("corp.example/payload@v1.1.0").unwrap(),
    ]);
    let alike = kit.map.add(&batch).await.unwrap();
    assert_eq!(alike, [told("corp.example/payload")]);
}

#[tokio::test]
async fn what_a_crash_has_left_is_removed_by_whoever_writes() {
    let mut kit = Kit::new();
    kit.grow("m", 400).await;
    let stray = kit.map_folder().join("5a".repeat(32));
    let others = kit.map_folder().join("checkpoint");
    fs::write(&stray, "nobody names it").unwrap();
    fs::write(&others, "of a log whose name ends so").unwrap();
    drop(open(&kit.folder, &kit.ledger, false));
    assert!(stray.exists());
    kit.open_again().await;
    assert!(!stray.exists());
    assert!(others.exists());
    kit.check().await;
}

#[test]
fn a_merge_that_nobody_needs_any_more_ends_and_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let staging = Staging::open_in(&folder.path().join("staging")).unwrap();
    let runs = Runs::open(folder.path().join("map"), Some(staging));
    for (number, key) in (0..).zip(["a", "b"]) {
        let entry = Entry {
            key: key.into(),
            number,
        };
        let covered = Tree {
            size: number + 1,
            ..Tree::empty()
        };
        runs.append([entry].into_iter(), &covered).unwrap();
    }
    runs.end();
    let error = runs.merge().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    assert_eq!(runs.covered().size, 2);
    // A list and two files.
    assert_eq!(fs::read_dir(folder.path().join("map")).unwrap().count(), 3);
    assert_eq!(runs.find(b"a").unwrap(), Some(0));
    assert_eq!(runs.find(b"b").unwrap(), Some(1));
    assert_eq!(runs.find(b"c").unwrap(), None);
}

#[test]
fn a_path_has_one_key_and_its_skeleton_another_and_the_longest_has_room() {
    let of = |path: &str| ModuleVersion::parse(&format!("{path}@v1.0.0")).unwrap();
    let mut long = format!("corp.example/{}", "a/".repeat(PATH_LEN_MAX / 2));
    long.truncate(PATH_LEN_MAX - 1);
    long.push('a');
    let paths = ["corp.example/a", "corp.example/b", &long];
    let mut keys: Vec<_> = paths.iter().map(|path| key_of(&of(path))).collect();
    keys.extend(paths.iter().map(|path| first_key(path)));
    assert!(keys.iter().all(|key| key.len() <= KEY_LEN_MAX / 2));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 6);
}

/// What may happen to a log.
#[derive(Clone, Debug)]
enum Event {
    Grow(usize),
    OpenAgain,
    LoseLedger,
    LoseFiles,
    MakeAnew,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_usize..400).prop_map(Event::Grow),
        1 => Just(Event::OpenAgain),
        1 => Just(Event::LoseLedger),
        1 => Just(Event::LoseFiles),
        1 => Just(Event::MakeAnew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_happens_each_module_has_its_number(events in proptest::collection::vec(event(), 1..12)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut kit = Kit::new();
            for event in events {
                match event {
                    Event::Grow(count) => drop(kit.grow("m", count).await),
                    Event::OpenAgain => kit.open_again().await,
                    Event::LoseLedger => kit.lose_ledger().await,
                    Event::LoseFiles => {
                        let _ = fs::remove_dir_all(kit.map_folder());
                        kit.open_again().await;
                    }
                    Event::MakeAnew => kit.map.make_anew(&kit.tree).await.unwrap(),
                }
            }
            kit.check().await;
            let covered = kit.map.runs.covered();
            assert!(kit.tree.size - covered.size < RECENT_MAX);
        });
    }
}
