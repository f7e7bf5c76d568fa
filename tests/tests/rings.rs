//! Servers behind servers: what a client says of the way of its request decides
//! nothing, and a ring of servers is noticed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::TcpListener;

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::{Setup, Sumward};
use testkit::world::{World, target, wait_until};

/// A breaker that stays open, if anything opens it.
const TOUCHY: &str = "\
upstream:
  attempts: 1
  breaker: {failures_max: 2, open_min: 10m, open_max: 10m}
";

fn modules() -> Vec<Module> {
    let module = |number| Module::library(&format!("example.com/m{number}"), "v1.0.0");
    (0..12).map(module).collect()
}

/// A server in front of `parent`, with data of its own.
fn edge(world: &World, parent: &Sumward) -> Sumward {
    let data = world.data().with_file_name("edge");
    let key = world.database.verifier_key();
    Setup::new(&data, &parent.url(), &key)
        .with_config(TOUCHY)
        .start()
}

#[test]
fn no_way_that_a_client_makes_up_closes_the_way_for_others() {
    let modules = modules();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    let parent = world.setup().with_config(TOUCHY).start();
    let edge = edge(&world, &parent);
    let instance = parent.get("/.well-known/sumward-instance").text();
    let long = vec!["x"; 16].join(",");
    let ways = [instance.trim().to_owned(), long, "x".repeat(3000)];
    for (way, module) in ways.iter().cycle().zip(&modules[..9]) {
        for ending in ["list", "mod", "zip"] {
            let target = target(module, ending).replace("v1.0.0.list", "list");
            let via = [("Sumward-Via", way.as_str())];
            let _ = client::send(edge.address(), "GET", &target, &via);
            let _ = client::send(parent.address(), "GET", &target, &via);
        }
    }
    for module in &modules {
        for server in [&edge, &parent] {
            let reply = server.get(&target(module, "zip"));
            assert_eq!(reply.status, 200, "{}: {}", module.path, reply.text());
        }
    }
}

#[test]
fn what_a_parent_cannot_fetch_does_not_close_the_way_to_what_it_has() {
    let modules = modules();
    let mut world = World::with(&modules.iter().collect::<Vec<_>>());
    let parent = world.setup().with_config(TOUCHY).start();
    let edge = edge(&world, &parent);
    let (stored, others) = modules.split_first().unwrap();
    for ending in ["mod", "zip"] {
        assert_eq!(parent.get(&target(stored, ending)).status, 200);
    }
    world.origin.stop();
    for module in others {
        let reply = edge.get(&target(module, "mod"));
        assert_eq!(reply.status, 503, "{}: {}", module.path, reply.text());
        assert!(reply.header("retry-after").is_some());
    }
    for ending in ["mod", "zip"] {
        let reply = edge.get(&target(stored, ending));
        assert_eq!(reply.status, 200, "{ending}: {}", reply.text());
    }
}

#[test]
fn one_transfer_serves_whoever_asks_and_whatever_they_say_of_their_way() {
    let module = Module::library("example.com/slow", "v1.0.0").with_ballast(6 << 20);
    let world = World::with(&[&module]);
    let server = world.serve();
    world.origin.fault(".zip", Fault::Throttle(6 << 20));
    let address = server.address();
    let target = target(&module, "zip");
    std::thread::scope(|scope| {
        let ask = |headers: &'static [(&str, &str)]| {
            let target = &target;
            scope.spawn(move || client::send(address, "GET", target, headers))
        };
        let first = ask(&[]);
        wait_until("upstream answers", || world.origin.open_answers() > 0);
        let others = [
            ask(&[("Sumward-Via", "x")]),
            ask(&[("Sumward-Via", "x,y,z")]),
            ask(&[("Sumward-Via", "")]),
        ];
        for asked in others.into_iter().chain([first]) {
            let reply = asked.join().unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert!(reply.complete && reply.body == module.zip());
        }
    });
    assert_eq!(world.origin.count(".zip"), 1);
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_ring_of_servers_is_noticed_by_lists_and_lookups_alike() {
    let world = World::with(&[]);
    let (first, second) = (free_port(), free_port());
    let start = |listen: u16, upstream: u16| {
        let data = world.data().with_file_name(format!("ring{listen}"));
        let upstream = format!("http://127.0.0.1:{upstream}");
        Setup::new(&data, &upstream, &world.database.verifier_key())
            .with_config("upstream: {attempts: 1}\n")
            .with_arguments(&["--listen", &format!("127.0.0.1:{listen}")])
            .start()
    };
    let one = start(first, second);
    let _other = start(second, first);
    // The kit waits for an answer less long than the server for an upstream's.
    for target in [
        "/example.com/thing/@v/list",
        "/example.com/thing/@v/v1.0.0.zip",
        "/sumdb/sum.example/test/lookup/example.com/thing@v1.0.0",
    ] {
        let reply = one.get(target);
        let text = reply.text();
        assert!(reply.status >= 500, "{target}: {} {text}", reply.status);
        assert!(text.contains("passed through"), "{target}: {text}");
    }
    assert_eq!(one.get("/healthz").status, 200);
}
