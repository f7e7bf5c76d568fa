//! Twenty clients, one cold zip of 80 MiB, one slow upstream: what it costs to
//! be proved on the way. Prints a table beside the numbers of the design.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::sumward::Sumward;
use testkit::world::{World, target};

const CLIENTS: usize = 20;
const ZIP_BYTES: usize = 80 << 20;
const UPSTREAM_BYTES_PER_SECOND: u64 = 20 << 20;

/// When the first byte of a body was there, and when its last.
#[derive(Clone, Copy)]
struct Times {
    first: Duration,
    whole: Duration,
}

fn main() {
    let module = Module::library("example.com/cold", "v1.0.0").with_ballast(ZIP_BYTES);
    let length = module.zip().len();
    let world = World::with(&[&module]);
    let zip = target(&module, "zip");
    let slow = Fault::Throttle(UPSTREAM_BYTES_PER_SECOND);
    world.origin.fault(".zip", slow);

    let alone = download(world.origin.address(), &zip, length);
    world.origin.forget();
    let server = world.setup().start();
    // The database is followed before: what is measured is the transfer.
    let _ = server.get(&target(&module, "mod"));
    let idle_kib = memory_kib(&server, "VmRSS:");
    let all: Vec<Times> = std::thread::scope(|scope| {
        let start = || download(server.address(), &zip, length);
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(start)).collect();
        // All are started before any is waited for.
        let mut all = Vec::new();
        for client in clients {
            all.push(client.join().expect("a client finished"));
        }
        all
    });
    let peak_kib = memory_kib(&server, "VmHWM:");
    let first = all
        .iter()
        .map(|times| times.first)
        .max()
        .unwrap_or_default();
    let whole = all
        .iter()
        .map(|times| times.whole)
        .max()
        .unwrap_or_default();

    println!("| 20 clients, one cold 80 MiB zip | measured | design |");
    println!("|---|---|---|");
    println!(
        "| upstream transfers | {} | 1 |",
        world.origin.count(".zip")
    );
    let late = first.saturating_sub(alone.first).as_millis();
    println!("| last client's first byte after the upstream's | {late} ms | 50 ms |");
    let ratio = whole.as_secs_f64() / alone.whole.as_secs_f64();
    println!(
        "| all done, of the upstream's own {:.2} s | {ratio:.3} | 1.2 |",
        alone.whole.as_secs_f64()
    );
    println!(
        "| peak memory (idle {} MiB) | {} MiB | 95 MiB |",
        idle_kib >> 10,
        peak_kib >> 10
    );
}

fn download(address: SocketAddr, target: &str, length: usize) -> Times {
    let start = Instant::now();
    let mut answer = client::begin(address, "GET", target, &[]);
    assert_eq!(answer.status, 200, "{target}");
    let mut piece = vec![0; 256 << 10];
    let mut read = answer.read_some(&mut piece).expect("a first byte");
    let first = start.elapsed();
    while read < length {
        match answer.read_some(&mut piece).expect("more bytes") {
            0 => panic!("{target} was cut after {read} bytes"),
            more => read += more,
        }
    }
    Times {
        first,
        whole: start.elapsed(),
    }
}

fn memory_kib(server: &Sumward, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()))
        .expect("read the server's status");
    let line = status.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .expect("a line with its memory")
}
