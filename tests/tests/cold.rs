//! Cold downloads that many clients wait for, that some of them leave, and that
//! turn out to be wrong on the way.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{World, eventually, target, wait_until};

/// Big enough that its bytes are passed on while they arrive.
fn big() -> Module {
    Module::library("example.com/big", "v1.0.0").with_ballast(24 << 20)
}

#[test]
fn twenty_clients_of_one_cold_zip_cost_one_upstream_transfer() {
    let module = big();
    let zip = module.zip();
    let world = World::with(&[&module]);
    let server = world.serve();
    // Some two seconds long, so that all of them come while it is under way.
    world.origin.fault(".zip", Fault::Throttle(12 << 20));
    let start = Barrier::new(20);
    std::thread::scope(|scope| {
        for client in 0..20 {
            let (start, server, module, zip) = (&start, &server, &module, &zip);
            scope.spawn(move || {
                start.wait();
                // Some at once, some while the bytes flow.
                std::thread::sleep(Duration::from_millis(client * 50));
                let reply = server.get(&target(module, "zip"));
                assert_eq!(reply.status, 200, "{}", reply.text());
                assert!(reply.complete && reply.body == *zip, "client {client}");
            });
        }
    });
    assert_eq!(world.origin.count(".zip"), 1);
    assert_eq!(server.get(&target(&module, "zip")).body, zip);
    assert_eq!(world.origin.count(".zip"), 1);
}

#[test]
fn bytes_of_a_big_zip_flow_before_it_is_all_there() {
    let module = big();
    let world = World::with(&[&module]);
    let server = world.serve();
    world.origin.fault(".zip", Fault::Throttle(6 << 20));
    let start = Instant::now();
    let mut answer = client::begin(server.address(), "GET", &target(&module, "zip"), &[]);
    assert_eq!(answer.status, 200);
    let mut piece = [0; 4096];
    assert!(answer.read_some(&mut piece).unwrap() > 0);
    // The whole takes four seconds; nobody waits for its end to begin.
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    let mut rest = Vec::new();
    assert!(answer.read_rest(&mut rest), "the body was cut");
}

#[test]
fn a_client_that_leaves_stops_nobody_and_the_last_one_lets_it_finish() {
    let module = big();
    let zip = target(&module, "zip");
    let world = World::with(&[&module]);
    let server = world.serve();
    world.origin.fault(".zip", Fault::Throttle(12 << 20));
    let leaver = client::begin(server.address(), "GET", &zip, &[]);
    std::thread::scope(|scope| {
        let stayer = scope.spawn(|| server.get(&zip));
        std::thread::sleep(Duration::from_millis(300));
        drop(leaver);
        let reply = stayer.join().unwrap();
        assert!(reply.complete && reply.body == module.zip());
    });

    let other = Module::library("example.com/other", "v1.0.0").with_ballast(8 << 20);
    let mut world = world;
    world.add(&other);
    let only = client::begin(server.address(), "GET", &target(&other, "zip"), &[]);
    assert_eq!(only.status, 200);
    drop(only);
    wait_until("the fetch that nobody waits for is stored", || {
        world.stored(&other, "zip").exists()
    });
    assert_eq!(server.get(&target(&other, "zip")).body, other.zip());
    assert_eq!(world.origin.count("other/@v/v1.0.0.zip"), 1);
}

#[test]
fn a_big_zip_that_is_not_the_logged_one_never_reaches_its_end() {
    let module = big();
    let mut forged = module.clone();
    forged.go_mod.push_str("// forged\n");
    let world = World::with(&[&module]);
    let server = world.serve();
    world.origin.fault(".zip", Fault::Body(forged.zip()));
    let zip = target(&module, "zip");
    let reply = server.get(&zip);
    assert!(
        reply.status == 403 || !reply.complete,
        "a whole forged zip was handed out with status {}",
        reply.status
    );
    assert!(reply.body.len() < forged.zip().len());
    assert!(!world.stored(&module, "zip").exists());
    // Who asks now learns why.
    let reply = server.get(&zip);
    assert_eq!(reply.status, 403, "{}", reply.text());
    world.origin.heal();
    assert_eq!(eventually(&server, &zip, 200).body, module.zip());
}

#[test]
fn a_small_forged_zip_is_refused_as_text_to_all_who_wait() {
    let module = Module::library("example.com/small", "v1.0.0").with_ballast(200_000);
    let mut forged = module.clone();
    forged.go_mod.push_str("// forged\n");
    let world = World::with(&[&module]);
    let server = world.serve();
    world.origin.fault(".zip", Fault::Body(forged.zip()));
    world.origin.fault(".zip", Fault::Throttle(400_000));
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let reply = server.get(&target(&module, "zip"));
                assert_eq!(reply.status, 403);
                assert!(reply.complete && reply.text().contains("h1:"));
            });
        }
    });
    assert_eq!(world.origin.count(".zip"), 1);
}

#[test]
fn a_cut_transfer_is_taken_up_again_inside_the_server() {
    let module = Module::library("example.com/cut", "v1.0.0").with_ballast(300_000);
    let world = World::with(&[&module]);
    let server = world.serve();
    let once = |fault| Fault::Once(Box::new(fault));
    world.origin.fault(".zip", once(Fault::CutAfter(100_000)));
    let reply = server.get(&target(&module, "zip"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.body, module.zip());

    // As is an upstream that is busy for a moment.
    let busy = Fault::Status(503, "busy\n".to_owned());
    world.origin.fault(".mod", once(busy));
    let reply = server.get(&target(&module, "mod"));
    assert_eq!((reply.status, reply.text()), (200, module.go_mod));
}
