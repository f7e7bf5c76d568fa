//! Heads that follow each other, and heads that contradict each other.

use super::*;

#[test]
fn follows_heads_in_any_order() {
    let sizes = [
        1, 2, 255, 256, 257, 511, 4_000, 65_535, 65_536, 65_537, SIZE,
    ];
    for ours in sizes {
        let current = head(&LOG, ours);
        for size in sizes {
            let plan = HeadPlan::new(Some(&current), head(&LOG, size)).unwrap();
            let data = read(&LOG, plan.tiles());
            let want = match size.cmp(&ours) {
                std::cmp::Ordering::Less => Relation::Older,
                std::cmp::Ordering::Equal => Relation::Same,
                std::cmp::Ordering::Greater => Relation::Newer,
            };
            assert_eq!(plan.finish(&data).unwrap().relation, want, "{ours} {size}");
            let id = size - 1;
            let proved = lookup(&LOG, Some(&current), id, &answer(&LOG, id, size)).unwrap();
            assert_eq!((proved.relation, proved.id), (want, id));
            assert!(proved.record.h1(&module(id)).is_some());
        }
    }
    let first = lookup(&LOG, None, 3, &answer(&LOG, 3, 300)).unwrap();
    assert_eq!(first.relation, Relation::First);
    assert!(first.relation.moves_forward());
}

#[test]
fn a_head_of_nothing_is_followed_too() {
    let empty = head(&HashTree::default(), 0);
    for (current, offered) in [
        (None, &empty),
        (Some(head(&LOG, 300)), &empty),
        (Some(empty.clone()), &head(&LOG, 300)),
    ] {
        let plan = HeadPlan::new(current.as_ref(), offered.clone()).unwrap();
        let data = read(&LOG, plan.tiles());
        assert!(plan.finish(&data).is_ok());
    }
}

#[test]
fn a_fork_is_found_and_proved() {
    for (fork, older, newer) in [
        (3, 10, 20),
        (250, 256, 600),
        (10, 511, 600),
        (599, 600, 601),
        (0, 1, 2),
    ] {
        let other = log(newer, fork);
        let ours = head(&LOG, older);
        let plan = HeadPlan::new(Some(&ours), head(&other, newer)).unwrap();
        let data = read(&other, plan.tiles());
        let Err(Error::Fork(found)) = plan.finish(&data) else {
            panic!("no fork at {fork} between {older} and {newer}");
        };
        assert!(found.is_evidence());
        assert_eq!((&found.older, found.newer.tree.size), (&ours, newer));
        let text = found.to_string();
        assert!(text.contains(str::from_utf8(&found.older.note).unwrap()));
        assert!(text.contains(str::from_utf8(&found.newer.note).unwrap()));
        for hash in &found.proof {
            assert!(text.contains(&hash.to_string()));
        }
        // Seen the other way round: an older head of the other log is offered.
        let ours = head(&LOG, newer);
        let plan = HeadPlan::new(Some(&ours), head(&other, fork + 1)).unwrap();
        let data = read(&LOG, plan.tiles());
        assert!(matches!(plan.finish(&data), Err(Error::Fork(found)) if found.is_evidence()));
    }
}

#[test]
fn two_heads_of_one_size_are_a_fork_without_tiles() {
    let other = log(10, 9);
    let Err(Error::Fork(found)) = HeadPlan::new(Some(&head(&LOG, 10)), head(&other, 10)) else {
        panic!("no fork");
    };
    assert!(found.is_evidence());
    assert!(found.to_string().contains("Both are heads of 10 records"));
    assert!(matches!(
        lookup(&other, Some(&head(&LOG, 10)), 3, &answer(&other, 3, 10)),
        Err(Error::Fork(_))
    ));
}

#[test]
fn evidence_that_proves_nothing_is_told_apart() {
    let fork = Fork {
        older: head(&LOG, 10),
        newer: head(&LOG, 20),
        computed: LOG.tree_at(10).unwrap().hash,
        proof: Vec::new(),
    };
    assert!(!fork.is_evidence());
    let fork = Fork {
        computed: tlog::Hash([1; 32]),
        ..fork
    };
    assert!(!fork.is_evidence());
}

#[test]
fn a_bad_tile_is_never_taken_for_a_fork() {
    let ours = head(&LOG, 4_000);
    for size in [300, 65_537, SIZE] {
        let bytes = answer(&LOG, 256, size);
        let plan =
            LookupPlan::new(Some(&ours), &bytes, &module(256), &signer().verifier()).unwrap();
        let mut data = read(&LOG, plan.tiles());
        for tile in 0..data.len() {
            for offset in (0..data[tile].len()).step_by(32) {
                data[tile][offset] ^= 1;
                let refused = plan.clone().finish(&data);
                assert!(matches!(refused, Err(Error::Tree(_))), "{refused:?}");
                data[tile][offset] ^= 1;
            }
        }
        // Nor are the true tiles of a log that forked before.
        let other = log(size.max(4_000), 100);
        let data = read(&other, plan.tiles());
        assert!(matches!(plan.finish(&data), Err(Error::Tree(_))));
    }
}
