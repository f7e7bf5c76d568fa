//! What each mark lacks.

use super::world::World;
use crate::attest::decision::Decision;
use crate::attest::observation::Module;
use crate::attest::quorum::Mark;

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
