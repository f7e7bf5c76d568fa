use super::super::regroup::Regroup;
use super::super::{HashTree, Level, Tile, record_hash};
use super::*;

const LIMITS: Limits = Limits {
    waiting_max: 1000,
    batch_max: 300,
    record_bytes_max: 100,
};

fn form() -> Form {
    Form {
        entries: Entries::Lines,
        check: |record| match record.starts_with(b"record ") {
            true => Ok(()),
            false => Err("it does not begin with record"),
        },
        key: |record| Some(record.split(|byte| *byte == b'\n').next()?.to_vec()),
    }
}

fn record(number: u64) -> Vec<u8> {
    format!("record {number}\nof this log\n").into_bytes()
}

fn empty() -> Tree {
    HashTree::default().tree()
}

/// Tiles as a disk keeps them: a partial one until a wider one comes.
#[derive(Default)]
struct Disk(HashMap<(Level, u64), (Tile, Vec<u8>)>);

impl Disk {
    fn write(&mut self, batch: &Batch) {
        for (tile, bytes) in &batch.tiles {
            self.0
                .insert((tile.level, tile.index), (*tile, bytes.clone()));
        }
    }

    fn read(&self, tile: &Tile) -> Vec<u8> {
        let (held, bytes) = &self.0[&(tile.level, tile.index)];
        assert_eq!(held, tile, "the widest is what is kept");
        bytes.clone()
    }

    fn read_all(&self, tiles: &[Tile]) -> Vec<Vec<u8>> {
        tiles.iter().map(|tile| self.read(tile)).collect()
    }

    fn make(&self, wanted: &Tile, size: u64) -> Option<Vec<u8>> {
        let regroup = Regroup::new(wanted, size)?;
        let (bytes, pieces) = (regroup.bytes(), regroup.pieces_left());
        let made: Vec<Vec<u8>> = regroup
            .map(|piece| {
                let stored = self.read(&piece.tile);
                match wanted.level {
                    Level::Data => piece.records(&stored, Entries::Lines, Entries::Lines),
                    Level::Hashes(_) => piece.hashes(&stored),
                }
                .unwrap()
            })
            .collect();
        assert_eq!(made.len() as u64, pieces);
        let made = made.concat();
        assert!(bytes.is_none_or(|bytes| bytes == made.len() as u64));
        Some(made)
    }
}

#[test]
fn every_log_of_up_to_600_records_has_the_tree_and_tiles_of_its_records() {
    for batch_size in [1, 3, 255, 256, 257, 300] {
        let mut sequencer = Sequencer::new(form(), LIMITS, empty());
        let (mut disk, mut want) = (Disk::default(), HashTree::default());
        let mut number = 0;
        while number < 600 {
            for _ in 0..batch_size {
                sequencer.offer(record(number)).unwrap();
                number += 1;
            }
            let plan = sequencer.plan().unwrap();
            let data = disk.read_all(plan.tiles());
            let batch = plan.finish(&data).unwrap();
            disk.write(&batch);
            let numbers = sequencer.sequenced(&batch);
            assert_eq!(numbers.len() as u64, batch_size);
            for (_, id) in numbers {
                assert_eq!(want.push(record_hash(&record(id))), id);
            }
            assert_eq!(sequencer.head(), want.tree());
            if batch_size != 1 || number % 37 == 0 {
                check_tiles(&disk, &want);
            }
        }
    }
}

/// Every tile of every height to 11 and of some widths is what the tree of hashes says.
fn check_tiles(disk: &Disk, want: &HashTree) {
    let size = want.size();
    for height in 1..=11 {
        for level in 0..=10 {
            let level = Level::Hashes(level);
            let mut index = 0;
            while let Some(widest) = Tile::widest(height, level, index, size) {
                for width in [1, widest.width / 2, widest.width] {
                    let tile = Tile { width, ..widest };
                    if width > 0 {
                        assert_eq!(disk.make(&tile, size), want.tile(&tile), "{tile}");
                    }
                }
                let width = widest.width + 1;
                assert_eq!(disk.make(&Tile { width, ..widest }, size), None);
                index += 1;
            }
        }
        check_records(disk, height, size);
    }
}

fn check_records(disk: &Disk, height: u8, size: u64) {
    let mut index = 0;
    while let Some(tile) = Tile::widest(height, Level::Data, index, size) {
        let first = index << height;
        let want: Vec<Vec<u8>> = (first..first + u64::from(tile.width))
            .map(|number| [record(number), vec![b'\n']].concat())
            .collect();
        assert_eq!(disk.make(&tile, size), Some(want.concat()), "{tile}");
        index += 1;
    }
}

#[test]
fn a_tile_beyond_every_tree_is_in_none() {
    for path in ["tile/30/0/000", "tile/30/63/000.p/1", "tile/8/8/000.p/1"] {
        assert!(Regroup::new(&Tile::parse(path).unwrap(), 600).is_none());
    }
    let far = Tile::parse("tile/30/0/x999/x999/x999/999.p/1").unwrap();
    assert!(Regroup::new(&far, super::super::SIZE_MAX).is_none());
}

#[test]
fn two_with_one_key_are_one_record() {
    let mut sequencer = Sequencer::new(form(), LIMITS, empty());
    let first = sequencer.offer(record(1)).unwrap();
    let other = sequencer.offer(record(2)).unwrap();
    let again = sequencer.offer(b"record 1\nwith other words\n".to_vec());
    assert_eq!(again, Ok(first));
    let batch = sequencer.plan().unwrap().finish(&[]).unwrap();
    // While it is under way, too.
    assert_eq!(sequencer.offer(record(2)), Ok(other));
    assert_eq!(sequencer.sequenced(&batch), [(first, 0), (other, 1)]);
    assert_eq!(batch.records, [record(1), record(2)]);
    assert!(sequencer.plan().is_none());
}

#[test]
fn one_batch_is_under_way_at_a_time_and_a_failed_one_is_forgotten() {
    let mut sequencer = Sequencer::new(form(), LIMITS, empty());
    let first = sequencer.offer(record(1)).unwrap();
    let plan = sequencer.plan().unwrap();
    let second = sequencer.offer(record(2)).unwrap();
    assert!(sequencer.plan().is_none());
    drop(plan);
    assert_eq!(sequencer.failed(), [first]);
    let batch = sequencer.plan().unwrap().finish(&[]).unwrap();
    assert_eq!(batch.records, [record(2)]);
    assert_eq!(sequencer.sequenced(&batch), [(second, 0)]);
    // It is not a duplicate of what failed.
    let third = sequencer.offer(record(1)).unwrap();
    assert_ne!(third, first);
}

#[test]
fn limits_hold_and_what_is_no_record_stops_nobody() {
    let limits = Limits {
        waiting_max: 2,
        batch_max: 1,
        record_bytes_max: 30,
    };
    let mut sequencer = Sequencer::new(form(), limits, empty());
    for (bytes, want) in [
        (
            &b"nothing"[..],
            Error::Record("it does not begin with record"),
        ),
        (
            b"record 1",
            Error::Record("it is not lines without a blank one"),
        ),
        (&[b'a'; 31], Error::TooLong { len: 31, max: 30 }),
    ] {
        assert_eq!(sequencer.offer(bytes.to_vec()), Err(want));
    }
    sequencer.offer(record(1)).unwrap();
    sequencer.offer(record(2)).unwrap();
    assert_eq!(sequencer.offer(record(3)), Err(Error::Full { max: 2 }));
    assert!(sequencer.offer(record(2)).is_ok());
    let batch = sequencer.plan().unwrap().finish(&[]).unwrap();
    assert_eq!(batch.records.len(), 1);
    assert_eq!(sequencer.offer(record(3)), Err(Error::Full { max: 2 }));
    sequencer.sequenced(&batch);
    sequencer.offer(record(3)).unwrap();
}

#[test]
fn tiles_that_are_not_those_of_the_tree_are_not_built_on() {
    let mut sequencer = Sequencer::new(form(), LIMITS, empty());
    let mut disk = Disk::default();
    for number in 0..300 {
        sequencer.offer(record(number)).unwrap();
    }
    let batch = sequencer.plan().unwrap().finish(&[]).unwrap();
    disk.write(&batch);
    sequencer.sequenced(&batch);
    sequencer.offer(record(300)).unwrap();
    let plan = sequencer.plan().unwrap();
    let good = disk.read_all(plan.tiles());
    assert!(plan.clone().finish(&good).is_ok());
    for at in 0..good.len() {
        for byte in [0, good[at].len() - 3] {
            let mut bad = good.clone();
            bad[at][byte] ^= 1;
            assert!(plan.clone().finish(&bad).is_err(), "{}", plan.tiles()[at]);
        }
        let mut bad = good.clone();
        bad[at].clear();
        assert!(plan.clone().finish(&bad).is_err());
        bad.remove(at);
        assert!(plan.clone().finish(&bad).is_err());
    }
}

#[test]
fn a_head_is_never_gone_back_on() {
    let mut sequencer = Sequencer::new(form(), LIMITS, empty());
    let tree = |size| Tree {
        size,
        hash: record_hash(b""),
    };
    sequencer.go_on_from(tree(7)).unwrap();
    let backwards = Error::Backwards {
        offered: 6,
        reached: 7,
    };
    assert_eq!(sequencer.go_on_from(tree(6)), Err(backwards));
    assert_eq!(sequencer.head(), tree(7));
}
