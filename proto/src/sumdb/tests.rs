//! Settings, answers, and what follows from them, with a database of the tests'.

mod heads;
mod recorded;
mod tiles;

use std::sync::LazyLock;

use super::client::{HeadPlan, LookupPlan, Relation, TileCheck};
use super::*;
use crate::module::ModuleVersion;
use crate::note::SignerKey;
use crate::tlog::{HashTree, Level, Tile, record_hash};

const SIZE: u64 = 70_000;

/// The tests' database: record n is about `example.com/m@v0.0.n`.
static LOG: LazyLock<HashTree> = LazyLock::new(|| log(SIZE, SIZE));

fn signer() -> SignerKey {
    SignerKey::from_seed("sum.example.com", [7; 32]).unwrap()
}

fn module(id: u64) -> ModuleVersion {
    ModuleVersion::parse(&format!("example.com/m@v0.0.{id}")).unwrap()
}

fn record(id: u64) -> String {
    let hash = record_hash(&id.to_be_bytes());
    format!("example.com/m v0.0.{id} h1:{hash}\nexample.com/m v0.0.{id}/go.mod h1:{hash}\n")
}

/// A log of `size` records that are other ones from number `fork` on.
fn log(size: u64, fork: u64) -> HashTree {
    let mut log = HashTree::default();
    for id in 0..size {
        let other = if id < fork { "" } else { "other\n" };
        log.push(record_hash(format!("{}{other}", record(id)).as_bytes()));
    }
    log
}

fn head(log: &HashTree, size: u64) -> Head {
    let text = checkpoint::format(&log.tree_at(size).unwrap());
    let note = note::sign(&text, &[&signer()]).unwrap();
    Head::open(&note, &signer().verifier()).unwrap()
}

fn answer(log: &HashTree, id: u64, size: u64) -> Vec<u8> {
    let mut bytes = format!("{id}\n{}\n", record(id)).into_bytes();
    bytes.extend_from_slice(&head(log, size).note);
    bytes
}

fn read(log: &HashTree, tiles: &[Tile]) -> Vec<Vec<u8>> {
    tiles.iter().map(|tile| log.tile(tile).unwrap()).collect()
}

fn lookup(
    log: &HashTree,
    current: Option<&Head>,
    id: u64,
    answer: &[u8],
) -> Result<client::Proved, Error> {
    let plan = LookupPlan::new(current, answer, &module(id), &signer().verifier())?;
    let data = read(log, plan.tiles());
    plan.finish(&data)
}

#[test]
fn reads_settings_as_the_go_command_does() {
    let public = Setting::default();
    let key = signer().verifier();
    let with_url = |key: VerifierKey, url: &str| Setting::Database {
        key,
        url: Some(url.to_owned()),
    };
    let public_key = VerifierKey::parse(PUBLIC_KEY).unwrap();
    for (text, want) in [
        ("off", Setting::Off),
        ("sum.golang.org", public.clone()),
        (PUBLIC_KEY, public),
        (
            "sum.golang.org https://sum.golang.org/",
            with_url(public_key.clone(), "https://sum.golang.org"),
        ),
        (
            "sum.golang.google.cn",
            with_url(public_key, "https://sum.golang.google.cn"),
        ),
        (
            &format!("  {key}\thttp://127.0.0.1:8081/db "),
            with_url(key.clone(), "http://127.0.0.1:8081/db"),
        ),
        (&key.to_string(), Setting::Database { key, url: None }),
    ] {
        let setting = Setting::parse(text).unwrap();
        assert_eq!(setting, want, "{text}");
        assert_eq!(
            Setting::parse(&setting.to_string()).unwrap(),
            want,
            "{text}"
        );
    }
}

#[test]
fn refuses_settings_that_mean_nothing() {
    let named = |name: &str| {
        SignerKey::from_seed(name, [1; 32])
            .map(|key| key.verifier().to_string())
            .unwrap_or_default()
    };
    for bad in [
        "",
        " ",
        "on",
        "off off",
        "sum.example.com",
        "sum.golang.org+033de0ae",
        "sum.golang.org https://a https://b",
        "sum.golang.org sum.golang.org",
        "sum.golang.org ftp://sum.golang.org",
        "sum.golang.org https://",
        &PUBLIC_KEY.replace("033d", "033e"),
        &named("sum.example.com/"),
        &named("sum.example.com//db"),
        &named("sum.example.com/../db"),
        &named("../db"),
        &named(".example.com"),
        &named("user@example.com"),
        &named("example.com/db?x"),
        &named("example.com/db#x"),
        &named("example.com/%2e"),
        &named("https://example.com"),
    ] {
        assert!(Setting::parse(bad).is_err(), "{bad}");
    }
    assert!(Setting::parse(&named("example.com:8080/team/db")).is_ok());
}

#[test]
fn refuses_malformed_answers() {
    let good = String::from_utf8(answer(&LOG, 5, 10)).unwrap();
    assert_eq!(LookupAnswer::parse(good.as_bytes()).unwrap().id, 5);
    for (bad, why) in [
        (String::new(), "nothing"),
        (good[2..].to_owned(), "no number"),
        (good.replacen("5\n", "05\n", 1), "zero in front"),
        (good.replacen("5\n", "+5\n", 1), "sign"),
        (good.replacen("5\n", "five\n", 1), "word"),
        (good.replacen("5\n", "5\n\n", 1), "blank line first"),
        (
            good.replacen("5\n", "99999999999999999999\n", 1),
            "too many digits",
        ),
        (good.replace("\n\n", "\n"), "no blank line"),
        (good.replace('\n', "\r\n"), "carriage returns"),
        (good.replacen("v0", "v\t0", 1), "control character"),
        ("5\nrecord\n".into(), "no note"),
        ("x".repeat(3_000_000), "too long"),
    ] {
        assert!(LookupAnswer::parse(bad.as_bytes()).is_err(), "{why}");
    }
}

#[test]
fn a_record_speaks_for_its_own_lines_alone() {
    let hash = |byte: u8| tlog::Hash([byte; 32]).to_string();
    let text = format!(
        "example.com/m v0.0.1 h1:{}\nexample.com/m v0.0.1/go.mod h1:{}\n\
         example.com/m v0.0.2/go.mod h1:{}\n\
         example.com/m v0.0.3 h1:{}\nexample.com/m v0.0.3 h1:{}\n\
         example.com/m v0.0.4 h2:{}\n",
        hash(1),
        hash(2),
        hash(3),
        hash(4),
        hash(5),
        hash(6)
    );
    let record = Record::parse(text.as_bytes()).unwrap();
    let h1 = |id| record.h1(&module(id)).map(|h1| h1.to_string());
    let go_mod = |id| record.go_mod_h1(&module(id)).map(|h1| h1.to_string());
    assert_eq!(h1(1), Some(format!("h1:{}", hash(1))));
    assert_eq!(go_mod(1), Some(format!("h1:{}", hash(2))));
    assert_eq!((h1(2), go_mod(2)), (None, Some(format!("h1:{}", hash(3)))));
    assert_eq!(h1(3), None, "two answers are none");
    assert_eq!(h1(4), None, "another algorithm");
    assert_eq!((h1(5), go_mod(5)), (None, None));
    for bad in ["", "\n", "a", "a\n\nb\n", "\na\n", "a\0\n", "a\r\n"] {
        assert!(Record::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

fn head_with(more: &str, size: u64) -> Vec<u8> {
    let tree = LOG.tree_at(size).unwrap();
    let text = format!("{}{more}", checkpoint::format(&tree));
    note::sign(&text, &[&signer()]).unwrap()
}

#[test]
fn refuses_a_hash_that_stands_in_the_tree_note() {
    // The attack of CVE-2026-56864: the record is about another module, and the note
    // has, after its three lines, the one that the client is looking for.
    let mut bytes = format!("3\n{}\n", record(3)).into_bytes();
    bytes.extend_from_slice(&head_with(&record(4), 10));
    for id in [3, 4] {
        let error = lookup(&LOG, None, id, &bytes).unwrap_err();
        let Error::HashInHead { line } = error else {
            panic!("{error}");
        };
        assert!(line.starts_with("example.com/m v0.0.4 h1:"), "{line}");
    }
}

#[test]
fn refuses_heads_with_whatever_may_pass_for_a_go_sum_line() {
    let key = signer().verifier();
    let open = |more: &str| Head::open(&head_with(more, 10), &key);
    let hash = "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=";
    for line in [
        format!("rsc.io/quote v1.5.2 {hash}"),
        format!("rsc.io/quote v1.5.2/go.mod {hash}"),
        format!("  rsc.io/quote v1.5.2 {hash}"),
        format!("rsc.io/quote   v1.5.2   {hash} "),
        format!("rsc.io/quote\u{a0}v1.5.2\u{2003}{hash}"),
        format!("a b c rsc.io/quote v1.5.2 {hash}"),
        format!("rsc.io/quote v1.5.2 {hash} and more"),
        "rsc.io/quote v1.5.2 h1:".to_owned(),
        "rsc.io/quote v1.5.2 h2:x".to_owned(),
        format!("a harmless line\n\nrsc.io/quote v1.5.2 {hash}"),
    ] {
        let error = open(&format!("{line}\n")).unwrap_err();
        assert!(matches!(error, Error::HashInHead { .. }), "{line}: {error}");
    }
    for line in [
        "",
        "time 1790000000",
        "witness https://h1.example/",
        "hash:x h:1 h1",
    ] {
        assert!(open(&format!("{line}\n")).is_ok(), "{line}");
    }
    // A control character never stands in a note, so a tab does not either.
    let tree = checkpoint::format(&LOG.tree_at(10).unwrap());
    let with_tab = format!("{tree}rsc.io/quote\tv1.5.2\t{hash}\n");
    assert!(note::sign(&with_tab, &[&signer()]).is_err());
}

#[test]
fn a_tile_of_records_is_cut_to_fewer() {
    let tile = |width| Tile {
        height: TILE_HEIGHT,
        level: Level::Data,
        index: 0,
        width,
    };
    let text = |count: u64| (0..count).map(|id| record(id) + "\n").collect::<String>();
    let cut = |to, from, count| cut_records(&tile(to), &tile(from), text(count).as_bytes());
    assert_eq!(cut(3, 9, 9).unwrap(), text(3).as_bytes());
    assert_eq!(cut(9, 9, 9).unwrap(), text(9).as_bytes());
    assert!(cut(3, 9, 8).is_err());
    assert!(cut(10, 9, 9).is_err());
}

#[test]
fn refuses_records_beyond_the_head_or_not_in_the_log() {
    assert!(matches!(
        lookup(&LOG, None, 10, &answer(&LOG, 10, 10)),
        Err(Error::BeyondHead { id: 10, size: 10 })
    ));
    // Record 4 of this log is another one than the answer says.
    let other = log(10, 4);
    assert!(matches!(
        lookup(&other, None, 4, &answer(&other, 4, 10)),
        Err(Error::RecordMismatch { id: 4, .. })
    ));
    let misplaced = String::from_utf8(answer(&LOG, 5, 10)).unwrap();
    let misplaced = misplaced.replacen('5', "6", 1);
    assert!(matches!(
        lookup(&LOG, None, 5, misplaced.as_bytes()),
        Err(Error::RecordMismatch { id: 6, .. })
    ));
}
