//! Exhaustive checks of small trees, and of tiles of height 8 beyond one full row.

mod paths;
mod plans;

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

#[test]
fn a_full_tile_is_checked_by_the_hash_in_its_parent() {
    let mut log = HashTree::default();
    for id in 0..1_100_u64 {
        log.push(record_hash(&id.to_be_bytes()));
    }
    let tile = |path: &str| Tile::parse(path).unwrap();
    let bytes = |tile: &Tile| log.tile(tile).unwrap();
    let check = |below: &str, above: &str| {
        let (below, above) = (tile(below), tile(above));
        below.check_below(&bytes(&below), &above, &bytes(&above))
    };
    for index in 0..4 {
        check(&format!("tile/8/0/00{index}"), "tile/8/1/000.p/4").unwrap();
    }
    check("tile/8/0/001", "tile/8/1/000.p/2").unwrap();
    for (below, above) in [
        ("tile/8/0/002", "tile/8/1/000.p/2"),
        ("tile/8/0/002", "tile/8/0/003"),
        ("tile/8/0/003.p/9", "tile/8/1/000.p/4"),
    ] {
        let error = check(below, above).unwrap_err();
        assert!(matches!(error, Error::NotAPrefix { .. }), "{below} {above}");
    }
    let (below, above) = (tile("tile/8/0/001"), tile("tile/8/1/000.p/4"));
    for at in [0, 4_000, 8_191] {
        let mut data = bytes(&below);
        data[at] ^= 1;
        let error = below
            .check_below(&data, &above, &bytes(&above))
            .unwrap_err();
        assert!(matches!(error, Error::TileMismatch { .. }), "{at}");
    }
    assert!(below.check_below(&[0; 32], &above, &bytes(&above)).is_err());
}
