//! Tiles planned, read and held against a head.

use super::*;

#[test]
fn every_subtree_of_every_small_tree_is_read_from_tiles() {
    let log = log(SMALL);
    for height in 1..=3 {
        for size in 0..=SMALL {
            let tree = log.tree_at(size).unwrap();
            let nodes = all_nodes(size);
            let plan = TilePlan::new(&tree, height, &nodes).unwrap();
            let data = read_tiles(&log, plan.tiles());
            let want = read(&log, &nodes);
            assert_eq!(plan.finish(&data).unwrap(), want, "{height} {size}");
            for node in nodes {
                let plan = TilePlan::new(&tree, height, &[node]).unwrap();
                let data = read_tiles(&log, plan.tiles());
                let want = read(&log, &[node]);
                assert_eq!(plan.finish(&data).unwrap(), want, "{height} {size} {node}");
            }
        }
    }
}

#[test]
fn no_hash_of_any_tile_can_be_changed() {
    let log = log(SMALL);
    for height in 1..=3 {
        for size in 1..=SMALL {
            let tree = log.tree_at(size).unwrap();
            let plan = TilePlan::new(&tree, height, &all_nodes(size)).unwrap();
            let data = read_tiles(&log, plan.tiles());
            assert_every_hash_counts(&plan, &data, &format!("{height} {size}"));
        }
    }
}

#[test]
fn no_hash_of_any_record_plan_can_be_changed_at_height_2() {
    let log = log(300);
    for size in 1..=300 {
        let tree = log.tree_at(size).unwrap();
        for index in (0..size).step_by(11).chain([size - 1]) {
            let plan = TilePlan::new(&tree, 2, &[Node::record(index)]).unwrap();
            let data = read_tiles(&log, plan.tiles());
            assert_every_hash_counts(&plan, &data, &format!("{index} in {size}"));
        }
    }
}

#[test]
fn no_hash_can_be_changed_at_height_8_beyond_a_full_row() {
    let log = log(70_000);
    for size in [65_535, 65_536, 70_000] {
        let tree = log.tree_at(size).unwrap();
        for index in [0, 255, 256, 40_000, 65_534, size - 1] {
            let plan = TilePlan::new(&tree, 8, &[Node::record(index)]).unwrap();
            let data = read_tiles(&log, plan.tiles());
            let want = vec![leaf(index)];
            assert_eq!(plan.finish(&data).unwrap(), want, "{index} in {size}");
        }
        // Between them these records have tiles at the edge, children of those, and
        // children of the children.
        let records = [0, size - 300, size - 1].map(Node::record);
        let plan = TilePlan::new(&tree, 8, &records).unwrap();
        let data = read_tiles(&log, plan.tiles());
        assert_every_hash_counts(&plan, &data, &size.to_string());
    }
}

#[test]
fn consistency_proofs_need_no_tile_beyond_those_of_the_older_tree() {
    for height in [1, 2, 3, 8] {
        for newer in (1..=600).step_by(13) {
            let tree = Tree {
                size: newer,
                hash: leaf(0),
            };
            for older in 1..newer {
                let mut nodes = Node::peaks(older).unwrap();
                let alone = TilePlan::new(&tree, height, &nodes).unwrap();
                nodes.extend(ProofPlan::consistency(newer, older).unwrap().nodes());
                let both = TilePlan::new(&tree, height, &nodes).unwrap();
                assert_eq!(alone.tiles(), both.tiles(), "{height} {older} {newer}");
            }
        }
    }
}

#[test]
fn one_tile_is_proved_by_its_own_plan() {
    let log = log(SMALL);
    let tree = log.tree();
    for (level, index) in (0..4).flat_map(|level| (0..30).map(move |index| (level, index))) {
        let Some(widest) = Tile::widest(2, Level::Hashes(level), index, SMALL) else {
            continue;
        };
        for width in 1..=widest.width {
            let plan = TilePlan::for_tile(&tree, &Tile { width, ..widest }).unwrap();
            assert!(plan.tiles().contains(&widest));
            let data = read_tiles(&log, plan.tiles());
            assert_eq!(plan.finish(&data), Ok(vec![]));
            assert_every_hash_counts(&plan, &data, &widest.path());
        }
    }
    let beyond = Tile::parse("tile/2/0/025").unwrap();
    assert!(matches!(
        TilePlan::for_tile(&tree, &beyond),
        Err(Error::NotInTree { .. })
    ));
}

#[test]
fn refuses_parts_that_do_not_fit_the_plan() {
    let log = log(70);
    let plan = TilePlan::new(&log.tree(), 3, &[Node::record(3)]).unwrap();
    let mut data = read_tiles(&log, plan.tiles());
    let tile = plan.tiles()[0];
    data[0].push(0);
    let want = tile.hashes_len() as u64;
    let refused = Error::TileLength {
        tile,
        want,
        got: want + 1,
    };
    assert_eq!(plan.finish(&data), Err(refused));
    data.pop();
    assert!(matches!(plan.finish(&data), Err(Error::PartCount { .. })));
}

#[test]
fn refuses_plans_that_no_tree_or_tile_has() {
    let tree = log(70).tree();
    assert!(matches!(
        TilePlan::new(&tree, 3, &[Node::record(70)]),
        Err(Error::NotInTree { .. })
    ));
    for height in [0, 31, 255] {
        let refused = TilePlan::new(&tree, height, &[]).err();
        assert_eq!(refused, Some(Error::TileHeight(height)));
    }
    let huge = Tree {
        size: SIZE_MAX + 1,
        hash: leaf(0),
    };
    assert!(matches!(
        TilePlan::new(&huge, 8, &[]),
        Err(Error::TreeTooLarge { .. })
    ));
}

#[test]
fn plans_the_largest_tree_at_every_height() {
    for height in 1..=HEIGHT_MAX {
        for size in [SIZE_MAX - 1, SIZE_MAX] {
            let hash = leaf(0);
            let plan = TilePlan::new(&Tree { size, hash }, height, &[Node::record(0)]).unwrap();
            assert!((1..=124).contains(&plan.tiles().len()), "{height}");
        }
    }
}

/// Changes every hash of every tile of a plan, one after the other.
fn assert_every_hash_counts(plan: &TilePlan, data: &[Vec<u8>], case: &str) {
    let mut data = data.to_vec();
    for tile in 0..data.len() {
        for offset in (0..data[tile].len()).step_by(32) {
            data[tile][offset] ^= 0x80;
            let refused = matches!(
                plan.finish(&data),
                Err(Error::EdgeMismatch { .. } | Error::TileMismatch { .. })
            );
            assert!(refused, "{case}: {} at {offset}", plan.tiles()[tile]);
            data[tile][offset] ^= 0x80;
        }
    }
}
