//! Runs beside a `BTreeMap`, and runs that are damaged.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Map = BTreeMap<Vec<u8>, u64>;

fn run(map: &Map) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut file = Vec::new();
    for (key, &number) in map {
        file.extend(writer.push(key, number).unwrap());
    }
    file.extend(writer.finish());
    file
}

fn footer(file: &[u8]) -> Result<Footer, Error> {
    let start = file.len().saturating_sub(Footer::LEN);
    Footer::parse(file.len() as u64, &file[start..])
}

fn read(file: &[u8]) -> impl Fn(&Place) -> Result<Vec<u8>, Error> {
    |place| Ok(file.get(place.range()).unwrap_or_default().to_vec())
}

fn get(file: &[u8], key: &[u8]) -> Result<Option<u64>, Error> {
    find(&footer(file)?, key, read(file))
}

fn all(file: &[u8]) -> Result<Map, Error> {
    let entries = Walk::new(&footer(file)?).entries(read(file));
    entries
        .map(|entry| entry.map(|entry| (entry.key, entry.number)))
        .collect()
}

/// Keys as a database has them, some thousand of them: several levels of blocks.
fn modules(count: u64) -> Map {
    let key = |id: u64| {
        format!(
            "example.com/team{:02}/m{:05}@v1.{}.0",
            id % 17,
            id / 20,
            id % 20
        )
    };
    (0..count).map(|id| (key(id).into_bytes(), id)).collect()
}

#[test]
fn every_key_is_found_and_no_other() {
    for count in [0, 1, 2, 300, 301, 30_000] {
        let map = modules(count);
        let file = run(&map);
        assert_eq!(footer(&file).unwrap().entries, count);
        for (key, &number) in &map {
            assert_eq!(get(&file, key), Ok(Some(number)));
            for other in [&key[..key.len() - 1], &[&key[..], b"0"].concat()] {
                assert_eq!(get(&file, other), Ok(map.get(other).copied()));
            }
        }
        for other in [&b""[..], b"a", b"zzz", b"\xff\xff"] {
            assert_eq!(get(&file, other), Ok(None));
        }
        assert_eq!(all(&file).unwrap(), map);
    }
}

#[test]
fn blocks_are_small_and_levels_are_few() {
    let map = modules(60_000);
    let file = run(&map);
    let footer = footer(&file).unwrap();
    assert_eq!(footer.root.level, 2);
    assert_eq!(footer.file_len(), file.len() as u64);
    let mut reads = Vec::new();
    let mut read = |place: &Place| {
        reads.push(place.len);
        Ok::<_, Error>(file[place.range()].to_vec())
    };
    let key = map.keys().nth(40_000).unwrap();
    assert!(find(&footer, key, &mut read).unwrap().is_some());
    assert_eq!(reads.len(), 3);
    assert!(reads.iter().all(|len| *len < 4_300), "{reads:?}");
    let per_key = file.len() / map.len();
    assert!(per_key < 14, "{per_key} bytes a key");
}

#[test]
fn the_longest_keys_make_blocks_that_can_be_read() {
    let key = |last: u8| {
        let mut key = vec![b'a'; KEY_LEN_MAX];
        key[0] = last;
        key
    };
    let map: Map = (0..200)
        .map(|last| (key(last), u64::MAX - u64::from(last)))
        .collect();
    let file = run(&map);
    assert_eq!(all(&file).unwrap(), map);
    for (key, &number) in &map {
        assert_eq!(get(&file, key), Ok(Some(number)));
    }
    let same_but_last = |last: u8| {
        let mut key = vec![b'a'; KEY_LEN_MAX];
        key[KEY_LEN_MAX - 1] = last;
        key
    };
    let map: Map = (0..200)
        .map(|last| (same_but_last(last), last.into()))
        .collect();
    assert_eq!(all(&run(&map)).unwrap(), map);
}

#[test]
fn refuses_keys_out_of_order_and_goes_on_as_before() {
    let mut writer = Writer::default();
    writer.push(b"b", 1).unwrap();
    for key in [&b"b"[..], b"a", b""] {
        assert!(matches!(writer.push(key, 2), Err(Error::Order { .. })));
    }
    let long = vec![b'c'; KEY_LEN_MAX + 1];
    assert!(matches!(
        writer.push(&long, 2),
        Err(Error::KeyTooLong { .. })
    ));
    writer.push(b"c", 3).unwrap();
    assert_eq!(writer.entries(), 2);
    let want = Map::from([(b"b".to_vec(), 1), (b"c".to_vec(), 3)]);
    assert_eq!(all(&writer.finish()).unwrap(), want);
}

#[test]
fn no_damaged_byte_makes_a_wrong_answer() {
    let map = modules(700);
    let mut file = run(&map);
    let keys: Vec<&Vec<u8>> = map.keys().step_by(175).collect();
    for at in 0..file.len() {
        file[at] ^= 1 << (at % 8);
        for key in &keys {
            if let Ok(found) = get(&file, key) {
                assert_eq!(found, map.get(*key).copied(), "byte {at}");
            }
        }
        assert!(all(&file).is_err(), "byte {at}");
        file[at] ^= 1 << (at % 8);
    }
}

#[test]
fn a_file_that_is_cut_short_or_longer_is_no_table() {
    let file = run(&modules(700));
    for len in 0..file.len() {
        assert!(footer(&file[..len]).is_err(), "{len}");
    }
    let longer = [&file[..], b"x"].concat();
    assert!(footer(&longer).is_err());
    // A footer at the end of another file.
    let other = [&file[..], &file[file.len() - Footer::LEN..]].concat();
    let refused = Error::Footer("its length is not that of its content");
    assert_eq!(footer(&other), Err(refused));
}

#[test]
fn a_block_in_the_place_of_another_is_refused() {
    let map = modules(700);
    let file = run(&map);
    let footer = footer(&file).unwrap();
    let root = Block::open(&footer.root, file[footer.root.range()].to_vec()).unwrap();
    let mut lookup = Lookup::new(&footer, b"example.com/team00/m00000@v1.0.0");
    lookup.give(&root).unwrap();
    let Step::Read(place) = lookup.step() else {
        panic!("{:?}", lookup.step());
    };
    assert!(matches!(lookup.give(&root), Err(Error::OtherBlock { .. })));
    let other = file[place.len..2 * place.len].to_vec();
    assert!(matches!(
        Block::open(&place, other),
        Err(Error::BlockDamaged { offset: 0, .. })
    ));
    let mut walk = Walk::new(&footer);
    walk.step().unwrap();
    walk.give(root.clone()).unwrap();
    assert!(matches!(walk.give(root), Err(Error::OtherBlock { .. })));
}

#[test]
fn malformed_blocks_are_refused_though_their_hash_is_right() {
    let open = |bytes: &[u8]| {
        let place = Place::of(100, bytes).unwrap();
        let root = Footer::new(1, place);
        let block = Block::open(&place, bytes.to_vec())?;
        Lookup::new(&root, b"k").give(&block)
    };
    assert_eq!(open(b"\0\0\x01k\x05"), Ok(()));
    for (bytes, why) in [
        (&b"\0\0\x02k"[..], "rest is cut short"),
        (b"\0\0\x01k", "no number"),
        (b"\0\0\x01k\x80", "number is cut short"),
        (
            b"\0\0\x01k\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            "65 bits",
        ),
        (b"\0\x01\x01k\x05", "shares bytes with nothing"),
        (b"\0\0\x01j\x05\0\x01j\x05", "twice"),
        (b"\0\0\x01j\x05\x01\0\x05", "twice, nothing more"),
        (b"\0\0\x01b\x05\0\x01a\x05", "descends"),
        (b"\0\0\x02ab\x05\0\x02ac\x05", "shares less than it could"),
        (b"\0\0\xff\xff\xff\xff\x0f", "endless key"),
        (b"\x01\0\0\0\x05", "no hash"),
        (&[&b"\x01\0\0\0\0"[..], &[0; 32]].concat(), "empty block"),
        (
            &[&b"\x01\0\0\x60\x05"[..], &[0; 32]].concat(),
            "behind its parent",
        ),
    ] {
        assert!(
            matches!(open(bytes), Err(Error::BlockMalformed { .. })),
            "{why}"
        );
    }
}

#[test]
fn runs_that_have_become_many_are_merged() {
    for (entries, want) in [
        (&[][..], None),
        (&[5], None),
        (&[9, 5], None),
        (&[5, 5], Some(0)),
        (&[5, 9], Some(0)),
        (&[100, 5, 5], Some(1)),
        (&[10, 5, 5], Some(0)),
        (&[u64::MAX, u64::MAX], Some(0)),
    ] {
        assert_eq!(merge_from(entries), want, "{entries:?}");
    }
    // A thousand runs of one length, each merged when it is due.
    let (mut runs, mut copied) = (Vec::new(), 0);
    for _ in 0..1000_u64 {
        runs.push(10_000);
        if let Some(from) = merge_from(&runs) {
            let merged = runs.drain(from..).sum();
            copied += merged;
            runs.push(merged);
        }
        assert!(runs.len() <= 10, "{runs:?}");
    }
    assert!(copied <= 10 * runs.iter().sum::<u64>(), "{copied}");
}

fn merged(maps: &[Map], duplicates: Duplicates) -> Result<Map, Error> {
    let files: Vec<Vec<u8>> = maps.iter().map(run).collect();
    let walks = files
        .iter()
        .map(|file| Walk::new(&footer(file).unwrap()).entries(read(file)));
    Merge::new(walks, duplicates)
        .map(|entry| entry.map(|entry| (entry.key, entry.number)))
        .collect()
}

#[test]
fn one_key_has_one_number() {
    let one = Map::from([(b"a".to_vec(), 1), (b"b".to_vec(), 2)]);
    let same = Map::from([(b"b".to_vec(), 2), (b"c".to_vec(), 3)]);
    let other = Map::from([(b"b".to_vec(), 1)]);
    let want = Map::from([(b"a".to_vec(), 1), (b"b".to_vec(), 2), (b"c".to_vec(), 3)]);
    assert_eq!(
        merged(&[one.clone(), same.clone()], Duplicates::Refuse),
        Ok(want)
    );
    let refused = merged(
        &[one.clone(), same.clone(), other.clone()],
        Duplicates::Refuse,
    );
    let numbers = [1, 2];
    let key = "b".to_owned();
    assert_eq!(refused, Err(Error::TwoNumbers { key, numbers }));
    let lowest = merged(&[one, same, other], Duplicates::KeepLowest).unwrap();
    assert_eq!(lowest[&b"b"[..]], 1);
}

#[test]
fn the_versions_of_a_module_are_neighbours() {
    let mut map = Map::new();
    for (number, text) in [
        "a.b/c@v1.0.0",
        "a.b/c@v1.1.0",
        "a.b/c/d@v1.0.0",
        "a.b/c-d@v1.0.0",
    ]
    .into_iter()
    .enumerate()
    {
        let module = ModuleVersion::parse(text).unwrap();
        map.insert(key_of(&module), number as u64);
    }
    let file = run(&map);
    let walk = Walk::from(&footer(&file).unwrap(), b"a.b/c@");
    let of_module: Vec<Entry> = walk
        .entries(read(&file))
        .map(Result::unwrap)
        .take_while(|entry| entry.key.starts_with(b"a.b/c@"))
        .collect();
    let numbers: Vec<u64> = of_module.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [0, 1]);
}

/// Short keys of few letters, so that many share much.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(
            prop_oneof![Just(b'a'), Just(b'b'), Just(0), Just(255)],
            0..8
        ),
        prop::collection::vec(any::<u8>(), 0..3),
        "[ab]{0,3}(github.com/){0,40}[a-c]{0,4}".prop_map(String::into_bytes),
    ]
}

fn maps() -> impl Strategy<Value = Map> {
    prop::collection::btree_map(keys(), prop_oneof![0..300_u64, any::<u64>()], 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_run_is_the_map_that_it_was_made_of(map in maps(), others in prop::collection::vec(keys(), 20)) {
        let file = run(&map);
        prop_assert_eq!(all(&file).unwrap(), map.clone());
        for key in map.keys().chain(&others) {
            prop_assert_eq!(get(&file, key), Ok(map.get(key).copied()));
        }
        for start in &others {
            let walk = Walk::from(&footer(&file).unwrap(), start);
            let got: Vec<Entry> = walk.entries(read(&file)).map(Result::unwrap).collect();
            let entry = |(key, number): (&Vec<u8>, &u64)| Entry { key: key.clone(), number: *number };
            let want: Vec<Entry> = map.range(start.clone()..).map(entry).collect();
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn merged_runs_are_the_union(maps in prop::collection::vec(maps(), 0..5)) {
        let mut want = Map::new();
        for (key, number) in maps.iter().flatten() {
            let held = want.entry(key.clone()).or_insert(*number);
            *held = (*held).min(*number);
        }
        prop_assert_eq!(merged(&maps, Duplicates::KeepLowest), Ok(want));
    }

    #[test]
    fn any_bytes_are_a_run_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(get(&bytes, b"k").is_err());
    }
}
