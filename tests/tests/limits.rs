//! Nothing a client or an upstream does takes more than its share.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use testkit::client;
use testkit::module::Module;
use testkit::world::{World, target, wait_until};

fn world() -> (World, Module) {
    let module = Module::library("example.com/thing", "v1.0.0").with_ballast(100_000);
    (World::with(&[&module]), module)
}

/// Whether the other side closes the connection within five seconds.
fn is_closed(mut stream: TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_client_that_dribbles_its_head_is_cut_off_and_hinders_nobody() {
    let (world, module) = world();
    let server = world.serve_with("limits: {header_read_timeout: 1s, idle_timeout: 1s}\n");
    let mut slow: Vec<TcpStream> = (0..50)
        .map(|_| TcpStream::connect(server.address()).unwrap())
        .collect();
    for stream in &mut slow {
        stream
            .write_all(b"GET /example.com/thing/@v/list HTT")
            .unwrap();
    }
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    for stream in slow {
        assert!(is_closed(stream), "a slow head is waited for");
    }
    // As is a connection on which nothing is asked at all.
    let silent = TcpStream::connect(server.address()).unwrap();
    assert!(is_closed(silent), "a silent connection is kept");
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let module = Module::library("example.com/thing", "v1.0.0").with_ballast(30 << 20);
    let world = World::with(&[&module]);
    let server = world.serve_with("limits: {write_stall_timeout: 1s}\n");
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    let mut answer = client::begin(server.address(), "GET", &target(&module, "zip"), &[]);
    std::thread::sleep(Duration::from_secs(4));
    let mut body = Vec::new();
    assert!(!answer.read_rest(&mut body), "a stalled client got it all");
    assert!(body.len() < 30 << 20);
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let (world, module) = world();
    // Of a proxy that is trusted the clients are bounded, not the proxy: one address
    // alone would not get all four.
    let server = world.serve_with(
        "limits: {connections_max: 4, idle_timeout: 20s}\nclients: {trusted_proxies: [127.0.0.1]}\n",
    );
    assert_eq!(server.get(&target(&module, "mod")).status, 200);
    let held: Vec<TcpStream> = (0..4)
        .map(|_| {
            // An answered request on each, so that all four are surely accepted.
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            let mut piece = [0; 512];
            assert!(stream.read(&mut piece).unwrap() > 0);
            stream
        })
        .collect();
    std::thread::scope(|scope| {
        let fifth = scope.spawn(|| server.get(&target(&module, "mod")));
        std::thread::sleep(Duration::from_millis(500));
        assert!(!fifth.is_finished(), "a fifth connection was served");
        drop(held);
        assert_eq!(fifth.join().unwrap().status, 200);
    });
}

#[test]
fn a_head_or_path_too_large_is_refused() {
    let (world, _) = world();
    let server = world.serve_with("limits: {header_bytes_max: 8KiB}\n");
    let padding = "x".repeat(64 * 1024);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nPadding: {padding}\r\n\r\n");
    // It may be hung up on before all of it is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn below_the_disk_floor_nothing_new_is_fetched_and_the_rest_is_served() {
    let (world, module) = world();
    let other = Module::library("example.com/other", "v1.0.0");
    let mut world = world;
    world.add(&other);
    let server = world.serve();
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    drop(server);
    let server = world.serve_with("cache: {disk_free_min: 1000TiB}\n");
    assert_eq!(server.get(&target(&module, "zip")).status, 200);
    let reply = server.get(&target(&other, "zip"));
    assert_eq!(reply.status, 503, "{}", reply.text());
    let text = reply.text();
    assert!(text.contains("disk") || text.contains("space"), "{text}");
    assert_eq!(world.origin.count("other/@v/v1.0.0.zip"), 0);
}

#[test]
fn what_upstream_sends_beyond_its_limit_is_refused() {
    let (world, module) = world();
    let server = world.serve_with("limits: {zip_bytes_max: 50KiB, text_bytes_max: 64KiB}\n");
    let reply = server.get(&target(&module, "zip"));
    assert!(
        matches!(reply.status, 403 | 502),
        "{} {}",
        reply.status,
        reply.text()
    );
    assert!(!world.stored(&module, "zip").exists());
    let list = world.tree().join("example.com/thing/@v/list");
    std::fs::write(list, "v1.0.0\n".repeat(20_000)).unwrap();
    let reply = server.get("/example.com/thing/@v/list");
    assert!(
        matches!(reply.status, 403 | 502),
        "{} {}",
        reply.status,
        reply.text()
    );
}

#[test]
fn waiting_clients_that_give_up_leave_nothing_behind() {
    let module = Module::library("example.com/slow", "v1.0.0").with_ballast(2 << 20);
    let world = World::with(&[&module]);
    let server = world.serve();
    world
        .origin
        .fault(".zip", testkit::origin::Fault::Throttle(1 << 20));
    let start = Instant::now();
    let clients: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", target(&module, "zip"));
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert!(start.elapsed() < Duration::from_secs(2));
    // Who leaves before the server has read the request has asked for nothing.
    wait_until("it is asked for", || world.origin.count(".zip") > 0);
    drop(clients);
    wait_until("the zip is stored", || {
        world.stored(&module, "zip").exists()
    });
    assert_eq!(world.origin.count(".zip"), 1);
    assert_eq!(server.get(&target(&module, "zip")).body, module.zip());
}

#[test]
fn slow_zips_that_nobody_waits_for_hold_up_no_list_and_end() {
    let modules: Vec<Module> = (0..4)
        .map(|number| {
            let path = format!("example.com/slow{number}");
            Module::library(&path, "v1.0.0").with_ballast(1 << 20)
        })
        .collect();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    let server = world.serve_with("limits: {fetches_max: 4, unwatched_max: 1s}\n");
    // Some hours each.
    world
        .origin
        .fault(".zip", testkit::origin::Fault::Throttle(100));
    let clients: Vec<TcpStream> = modules
        .iter()
        .map(|module| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            let request = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", target(module, "zip"));
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    wait_until("all four are under way", || {
        world.origin.open_answers() == 4
    });
    for module in &modules {
        let list = format!("/{}/@v/list", module.path);
        assert_eq!(server.get(&list).status, 200);
        assert_eq!(server.get(&target(module, "mod")).status, 200);
    }
    drop(clients);
    wait_until("they are ended", || world.origin.open_answers() == 0);
    world.origin.heal();
    for module in &modules {
        let reply = server.get(&target(module, "zip"));
        assert!(reply.status == 200 && reply.body == module.zip());
    }
}
