//! Exhaustive checks of small trees, and of tiles of height 8 beyond one full row.

mod paths;

use proptest::prelude::*;

use super::node::stored_count;
use super::plan::TilePlan;
use super::*;

/// Every tree of up to so many records is tried.
const SMALL: u64 = 100;

fn leaf(index: u64) -> Hash {
    record_hash(format!("record {index}\n").as_bytes())
}

fn log(size: u64) -> HashTree {
    let mut log = HashTree::default();
    for index in 0..size {
        assert_eq!(log.push(leaf(index)), index);
    }
    log
}

/// The tree's hash by the words of RFC 6962 §2.1, as slow as it is plain.
fn reference_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_empty_tree(),
        [one] => *one,
        more => {
            let middle = more.len().next_power_of_two() / 2;
            let (left, right) = more.split_at(middle);
            node_hash(reference_hash(left), reference_hash(right))
        }
    }
}

fn read(log: &HashTree, nodes: &[Node]) -> Vec<Hash> {
    nodes.iter().map(|&node| log.hash(node).unwrap()).collect()
}

fn read_tiles(log: &HashTree, tiles: &[Tile]) -> Vec<Vec<u8>> {
    tiles.iter().map(|tile| log.tile(tile).unwrap()).collect()
}

fn flipped(hash: Hash) -> Hash {
    let mut bytes = hash.0;
    bytes[31] ^= 1;
    Hash(bytes)
}

/// All complete subtrees of a tree.
fn all_nodes(size: u64) -> Vec<Node> {
    (0..stored_count(size))
        .map(|stored| Node::from_stored_index(stored).unwrap())
        .collect()
}

#[test]
fn hashes_known_trees() {
    // The eight records that implementations of RFC 6962 test with.
    let records = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let mut log = HashTree::default();
    for record in records {
        log.push(record_hash(&hex::decode(record).unwrap()));
    }
    for (size, hash) in [
        (
            0,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            1,
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ),
        (
            3,
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ),
        (
            8,
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ] {
        let tree = log.tree_at(size).unwrap();
        assert_eq!(hex::encode(tree.hash.0), hash, "{size}");
    }
}

#[test]
fn every_small_tree_has_the_hash_of_the_definition() {
    let log = log(SMALL);
    let leaves: Vec<Hash> = (0..SMALL).map(leaf).collect();
    for size in 0..=SMALL {
        let tree = log.tree_at(size).unwrap();
        let want = reference_hash(&leaves[..size as usize]);
        assert_eq!(tree.hash, want, "{size}");
    }
    assert_eq!(log.tree_at(SMALL + 1), None);
}

#[test]
fn stored_indexes_number_all_hashes_in_order() {
    let mut next = 0;
    for size in 1..=SMALL {
        while next < stored_count(size) {
            let node = Node::from_stored_index(next).unwrap();
            assert!(node.is_in(size) && !node.is_in(size - 1), "{node}");
            assert_eq!(node.stored_index(), Some(next), "{node}");
            next += 1;
        }
    }
    assert_eq!(Node::from_stored_index(u64::MAX), None);
    assert_eq!(
        Node {
            level: 62,
            index: 0
        }
        .end(),
        Some(SIZE_MAX)
    );
    assert_eq!(
        Node {
            level: 62,
            index: 1
        }
        .stored_index(),
        None
    );
    assert_eq!(
        Node {
            level: 200,
            index: 1
        }
        .stored_index(),
        None
    );
}

#[test]
fn every_record_proof_of_every_small_tree_holds_and_no_other_does() {
    let log = log(SMALL);
    for size in 1..=SMALL {
        let tree = log.tree_at(size).unwrap();
        for index in 0..size {
            let plan = ProofPlan::record(size, index).unwrap();
            let proof = plan.finish(&read(&log, plan.nodes())).unwrap();
            let holds = |proof: &[Hash], leaf| check_record(proof, &tree, index, leaf).is_ok();
            assert!(holds(&proof, leaf(index)), "{index} in {size}");
            assert!(!holds(&proof, leaf(index + 1)), "{index} in {size}");
            for bad in bad_proofs(&proof) {
                assert!(!holds(&bad, leaf(index)), "{index} in {size}");
            }
        }
        assert!(ProofPlan::record(size, size).is_err());
        assert!(check_record(&[], &tree, size, leaf(size)).is_err());
    }
}

#[test]
fn every_consistency_proof_of_every_small_tree_holds_and_no_other_does() {
    let log = log(SMALL);
    let lie = |tree: Tree| Tree {
        hash: flipped(tree.hash),
        ..tree
    };
    for newer in 0..=SMALL {
        let new_tree = log.tree_at(newer).unwrap();
        for older in 0..=newer {
            let old_tree = log.tree_at(older).unwrap();
            let plan = ProofPlan::consistency(newer, older).unwrap();
            let proof = plan.finish(&read(&log, plan.nodes())).unwrap();
            let holds =
                |proof: &[Hash], new: &Tree, old: &Tree| check_consistency(proof, new, old).is_ok();
            let case = format!("{older} in {newer}");
            assert!(holds(&proof, &new_tree, &old_tree), "{case}");
            assert!(!holds(&proof, &new_tree, &lie(old_tree)), "{case}");
            if older > 0 {
                assert!(!holds(&proof, &lie(new_tree), &old_tree), "{case}");
            }
            for bad in bad_proofs(&proof) {
                assert!(!holds(&bad, &new_tree, &old_tree), "{case}");
            }
        }
        assert!(ProofPlan::consistency(newer, newer + 1).is_err());
    }
}

/// A proof with each hash changed, one more, and one fewer.
fn bad_proofs(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut bad = vec![[proof, &[leaf(0)]].concat()];
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at] = flipped(changed[at]);
        bad.push(changed);
    }
    if let Some((_, short)) = proof.split_last() {
        bad.push(short.to_vec());
    }
    bad
}

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

proptest! {
    #[test]
    fn stored_indexes_are_invertible(level in 0..=61_u8, index: u64) {
        let node = Node { level, index: index % (SIZE_MAX >> level) };
        let stored = node.stored_index().unwrap();
        prop_assert_eq!(Node::from_stored_index(stored), Some(node));
    }

    #[test]
    fn every_tile_of_any_plan_is_as_wide_as_the_tree_has_it(
        size in 0..=SIZE_MAX,
        height in 0..=32_u8,
        level in 0..=70_u8,
        index: u64,
    ) {
        let tree = Tree { size, hash: leaf(0) };
        let node = Node { level, index: index.checked_shr(level.into()).unwrap_or(index) };
        if let Ok(plan) = TilePlan::new(&tree, height, &[node]) {
            for tile in plan.tiles() {
                let widest = Tile::widest(height, tile.level, tile.index, size);
                prop_assert_eq!(widest, Some(*tile));
            }
        }
    }
}
