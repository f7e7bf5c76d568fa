//! What each mark lacks.

use super::world::World;
use crate::attest::certify::{decide, records_lacking};
use crate::attest::decision::Decision;
use crate::attest::evidence::{Evidence, OTHERS_MAX, Recorded};
use crate::attest::observation::Module;
use crate::attest::quorum::Mark;
use crate::dirhash::H1;
use crate::module::ModuleVersion;
use crate::note::SignerKey;
use crate::sumdb::client::LookupPlan;
use crate::sumdb::own::{self, SignedHead};
use crate::tlog::{HashTree, record_hash};

fn missing(decision: &Decision, mark: Mark) -> String {
    let mut marks = decision.marks.iter();
    let state = marks.find(|state| state.of == mark).unwrap();
    state.missing.join("; ")
}

#[test]
fn modules_need_a_proof_each_and_are_those_that_all_hosts_name() {
    let mut world = World::new();
    let decision = world.decide();
    assert_eq!(
        missing(&decision, Mark::M),
        "no module is linked in beside the main one"
    );
    for host in 0..3 {
        world.each(host, |one| {
            let product = one.product.as_mut().unwrap();
            product.modules.push(Module {
                path: "example.com/a".into(),
                version: "v1.0.0".into(),
                sum: "h1:x".into(),
                replace: None,
            });
        });
    }
    let decision = world.decide();
    assert_eq!(decision.votes, 3);
    assert_eq!(
        missing(&decision, Mark::M),
        "no proof of the checksum database is here for example.com/a v1.0.0"
    );
    // No host alone says which modules need a proof.
    world.each(0, |one| one.product.as_mut().unwrap().modules.clear());
    let decision = world.decide();
    assert_eq!(decision.votes, 3);
    assert_eq!(
        missing(&decision, Mark::M),
        "hosts that built the program name different modules"
    );
}

const TOOLCHAIN: &str = "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64";
const LINKED: &str = "example.com/a@v1.0.0";

fn h1(number: u8) -> H1 {
    crate::dirhash::go_mod(&[number])
}

/// Hosts that tell the hash of their toolchain, and link one module into the program.
fn world() -> World {
    let mut world = World::new();
    let database = SignerKey::from_seed("sum.example.com", [50; 32]).unwrap();
    let key = database.verifier();
    world
        .quorum
        .push_str(&format!("checksum_database: {key}\n"));
    for host in 0..3 {
        world.each(host, |one| {
            one.host.toolchain_h1 = Some(h1(1).to_string());
            one.product.as_mut().unwrap().modules = vec![Module {
                path: "example.com/a".into(),
                version: "v1.0.0".into(),
                sum: h1(2).to_string(),
                replace: None,
            }];
        });
    }
    world
}

/// What a database by this seed says of a module.
fn record(seed: u8, of: &str, hash: H1) -> Recorded {
    let database = SignerKey::from_seed("sum.example.com", [seed; 32]).unwrap();
    let module = ModuleVersion::parse(of).unwrap();
    let text = own::text(&module, hash, h1(9));
    let mut log = HashTree::default();
    log.push(record_hash(b"another"));
    log.push(record_hash(text.as_bytes()));
    let head = SignedHead::sign(log.tree(), &[&database]).unwrap();
    let answer = own::lookup_answer(1, text.as_bytes(), &head.note);
    let plan = LookupPlan::new(None, &answer, &module, &database.verifier()).unwrap();
    let tiles = plan.tiles().iter().map(|tile| log.tile(tile).unwrap());
    Recorded {
        module: module.path.to_string(),
        version: module.version.to_string(),
        tiles: tiles.collect(),
        answer,
    }
}

/// Which of +T and +M are shown with these records, and which records are lacking.
fn with(records: &[Recorded]) -> (Vec<Mark>, Vec<String>) {
    let mut world = world();
    let (quorum, mut evidence) = world.made();
    evidence.records = records.to_vec();
    let lacking = records_lacking(&quorum, &evidence, &world.asked);
    let decision = decide(&quorum, &evidence, world.asked.clone(), World::tool());
    assert_eq!(decision.votes, 3);
    let marks = decision.marks().into_iter();
    let lacking = lacking.iter().map(ToString::to_string);
    (marks.collect(), lacking.collect())
}

#[test]
fn toolchain_and_modules_that_the_database_proves_bring_both_marks() {
    let (toolchain, module) = (record(50, TOOLCHAIN, h1(1)), record(50, LINKED, h1(2)));
    assert_eq!(
        with(&[]),
        (vec![], vec![LINKED.to_owned(), TOOLCHAIN.to_owned()])
    );
    assert_eq!(
        with(std::slice::from_ref(&toolchain)),
        (vec![Mark::T], vec![LINKED.to_owned()])
    );
    assert_eq!(
        with(std::slice::from_ref(&module)),
        (vec![Mark::M], vec![TOOLCHAIN.to_owned()])
    );
    assert_eq!(with(&[toolchain, module]), (vec![Mark::T, Mark::M], vec![]));
}

#[test]
fn records_that_do_not_prove_the_hash_bring_no_mark_and_hide_none_that_do() {
    let good = record(50, TOOLCHAIN, h1(1));
    let of_another_database = record(51, TOOLCHAIN, h1(1));
    let mut cut = good.clone();
    cut.tiles.pop();
    let mut other_tile = good.clone();
    other_tile.tiles[0][0] ^= 1;
    for bad in [of_another_database, cut, other_tile] {
        assert_eq!(with(std::slice::from_ref(&bad)).0, []);
        assert_eq!(with(&[bad, good.clone()]).0, [Mark::T]);
    }
    // It is proved, and has another hash: nothing is lacking, and nothing shown.
    let (marks, lacking) = with(&[record(50, TOOLCHAIN, h1(3))]);
    assert_eq!((marks, lacking), (vec![], vec![LINKED.to_owned()]));
}

#[test]
fn no_more_records_are_lacking_than_a_certificate_can_take() {
    let other = record(50, "example.com/other@v1.0.0", h1(4));
    let full: Vec<Recorded> = std::iter::repeat_n(other, OTHERS_MAX).collect();
    assert_eq!(with(&full), (vec![], vec![]));
    assert_eq!(with(&full[1..]), (vec![], vec![LINKED.to_owned()]));
}

#[test]
fn two_records_of_one_module_have_one_order() {
    let records = [
        record(50, TOOLCHAIN, h1(1)),
        record(50, TOOLCHAIN, h1(3)),
        record(50, TOOLCHAIN, h1(1)),
    ];
    let sorted = |records: &[Recorded]| {
        let mut evidence = Evidence {
            records: records.to_vec(),
            ..Evidence::default()
        };
        evidence.sort();
        evidence.records
    };
    assert_eq!(sorted(&records), sorted(&records[..2]));
    assert_eq!(sorted(&records[1..]), sorted(&records[..2]));
}
