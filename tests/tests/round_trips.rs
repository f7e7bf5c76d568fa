//! What a cold file costs in round trips to the upstream. No clock is read: the upstream
//! answers each request only when all that belong to the same round trip were sent, so a
//! server that asks them one after the other gets no answer.

use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Sumward;
use testkit::world::{World, target};

/// A server that has followed its database for a while, and a module that is new in it,
/// under a head that has grown by so much that the proof needs tiles of two levels.
fn grown() -> (World, Sumward, Module) {
    let known = Module::library("example.com/known", "v1.0.0");
    let cold = Module::library("example.com/cold", "v1.0.0");
    let mut world = World::with(&[&known]);
    let server = world.serve();
    assert_eq!(server.get(&target(&known, "mod")).status, 200);
    world.database.add_filler(600);
    world.add(&cold);
    world.database.add_filler(300);
    world.publish();
    world.origin.forget();
    (world, server, cold)
}

#[test]
fn a_cold_file_is_proved_within_two_round_trips() {
    // How many tiles the proof takes.
    let (world, server, cold) = grown();
    assert_eq!(server.get(&target(&cold, "mod")).status, 200);
    let asked = world.origin.asked();
    let tiles = world.origin.count("/tile/");
    assert!(tiles >= 3, "{asked:?}");
    assert_eq!(world.origin.count(".mod"), 1, "{asked:?}");
    assert_eq!(world.origin.count("/lookup/"), 1, "{asked:?}");
    assert_eq!(asked.len(), 2 + tiles, "nothing else is asked: {asked:?}");

    // The first round trip: file and lookup. The second: all the tiles.
    let (world, server, cold) = grown();
    let until = |part: &str, count| Fault::UntilAsked(part.to_owned(), count);
    world.origin.fault(".mod", until("/lookup/", 1));
    world.origin.fault("/lookup/", until(".mod", 1));
    world.origin.fault("/tile/", until("/tile/", tiles));
    let reply = server.get(&target(&cold, "mod"));
    assert_eq!((reply.status, reply.text()), (200, cold.go_mod.clone()));

    // What the one file proved the other need not ask for again.
    world.origin.forget();
    assert_eq!(server.get(&target(&cold, "zip")).body, cold.zip());
    let asked = world.origin.asked();
    assert_eq!(
        (world.origin.count(".zip"), asked.len()),
        (1, 1),
        "{asked:?}"
    );
}
