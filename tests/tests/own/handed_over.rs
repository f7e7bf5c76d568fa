//! A new head reaches the witnesses before anybody else: seen by what the server gives out
//! while it sends one, by servers that die around the sending, and by older copies.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proto::note::CosignerKey;
use proto::witness::origin_hash;
use testkit::client;
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::wait_until;

use super::witnessed::{Witness, checkpoint, keygen, serve_before, start, start_at};
use super::{Corp, NAME, lookup, size};

/// Stands before a witness, and looks what the server gives out while it sends a head.
struct Gate {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// The server that sends.
    server: Option<SocketAddr>,
    /// Records under the heads that were sent, and under the head given out meanwhile.
    sent: Vec<(u64, u64)>,
}

impl Gate {
    fn before(witness: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let looking = Arc::clone(&seen);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = pass_on(&mut stream.unwrap(), witness, &looking);
            }
        });
        Self { address, seen }
    }

    fn watch(&self, server: &Sumward) {
        self.seen.lock().unwrap().server = Some(server.address());
    }

    fn sent(&self) -> Vec<(u64, u64)> {
        self.seen.lock().unwrap().sent.clone()
    }
}

/// Hands a request to the witness and its answer back; `None` where somebody has gone.
fn pass_on(stream: &mut TcpStream, witness: SocketAddr, seen: &Mutex<Seen>) -> Option<()> {
    let body = read_body(stream)?;
    let text = String::from_utf8(body.clone()).ok()?;
    let sent = text.split("\n\n").nth(1)?.lines().nth(1)?.parse().ok()?;
    let server = seen.lock().unwrap().server;
    if let Some(given_out) = server.and_then(given_out) {
        seen.lock().unwrap().sent.push((sent, given_out));
    }
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: {witness}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let reply = ask(witness, &[head.as_bytes(), &body].concat())?;
    stream.write_all(&reply).ok()
}

/// Records under the head that a server gives out.
fn given_out(server: SocketAddr) -> Option<u64> {
    let request =
        format!("GET /sumdb/{NAME}/latest HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    let reply = String::from_utf8(ask(server, request.as_bytes())?).ok()?;
    let (_, note) = reply.split_once("go.sum database tree\n")?;
    note.lines().next()?.parse().ok()
}

fn ask(of: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(of).ok()?;
    stream.write_all(request).ok()?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).ok()?;
    Some(reply)
}

fn read_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_ascii_lowercase()).ok()?;
            let length = head
                .lines()
                .find_map(|it| it.strip_prefix("content-length: "));
            let length: usize = length?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                return Some(bytes.split_off(end + 4));
            }
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

/// One of two sumwards, each the other's witness.
struct Side {
    corp: Corp,
    /// The key of the witness that it asks.
    asks: CosignerKey,
    gate: Gate,
    /// Ends with it.
    witness: Option<Witness>,
}

impl Side {
    /// Puts two together; each has modules `m0` to `m3`.
    fn both() -> [Self; 2] {
        let corps = [Corp::of(&[]), Corp::of(&[])];
        for corp in &corps {
            for number in 0..4 {
                let path = format!("corp.example/m{number}");
                Module::library(&path, "v1.0.0").write(corp.private_tree.path());
            }
        }
        let [a, b] = &corps;
        let keys = [
            keygen(a, "witness.a.example/w"),
            keygen(b, "witness.b.example/w"),
        ];
        let of_a = start(b, a);
        let of_b = start(a, b);
        let [a, b] = corps;
        let [key_a, key_b] = keys;
        let side = |corp, asks, witness: Witness| Self {
            corp,
            asks,
            gate: Gate::before(witness.address),
            witness: Some(witness),
        };
        [side(a, key_b, of_a), side(b, key_a, of_b)]
    }

    fn serve(&self, more: &[&str]) -> Sumward {
        // While it starts nobody can be asked what it gives out.
        self.gate.seen.lock().unwrap().server = None;
        serve_before(&self.corp, &self.asks, self.gate.address, more)
    }

    /// Records under the head that the witness has cosigned last.
    fn cosigned(&self) -> u64 {
        let address = self.witness.as_ref().unwrap().address;
        let kept = client::get(address, &format!("/{}/checkpoint", origin_hash(NAME)));
        assert_eq!(kept.status, 200);
        kept.text().lines().nth(1).unwrap().parse().unwrap()
    }

    fn is_cosigned(&self, server: &Sumward) -> bool {
        checkpoint(server).contains(&format!("\u{2014} {} ", self.asks.name()))
    }
}

fn module(number: usize) -> String {
    format!("corp.example/m{number}@v1.0.0")
}

#[test]
fn heads_reach_the_witness_before_they_are_given_out_also_when_the_server_dies_between() {
    for side in &Side::both() {
        let server = side.serve(&[]);
        side.gate.watch(&server);
        assert_eq!(lookup(&server, &module(0)).status, 200);
        let sent = side.gate.sent();
        let first = sent.iter().find(|(sent, _)| *sent == 1);
        assert_eq!(first, Some(&(1, 0)), "{sent:?}");
        assert!(side.is_cosigned(&server), "in the answer after the lookup");
        server.kill();

        // Signed, in the ledger and in the mark, and not sent; then sent and not given out.
        for (step, at, known) in [("Marked", 1, 1), ("Witnessed", 2, 3)] {
            let mut dying = side.serve(&["--own-end-after", step]);
            side.gate.watch(&dying);
            let address = dying.address();
            let target = format!("/sumdb/{NAME}/lookup/{}", module(at));
            let mut stream = TcpStream::connect(address).unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert_eq!(answer, b"", "{step}: nobody was told");
            assert!(!dying.wait(Duration::from_secs(30)).unwrap().success());
            assert_eq!(side.cosigned(), known, "{step}");

            let server = side.serve(&[]);
            assert_eq!(size(&server), at as u64 + 1, "{step}: it is finished");
            assert!(side.is_cosigned(&server), "{step}: and sent before");
            assert_eq!(side.cosigned(), at as u64 + 1);
            server.kill();
        }
    }
}

#[test]
fn cosignatures_outlive_a_restart_and_the_index() {
    let [mut side, _other] = Side::both();
    let server = side.serve(&[]);
    assert_eq!(lookup(&server, &module(0)).status, 200);
    let before = checkpoint(&server);
    assert!(before.contains(side.asks.name()), "{before}");
    server.kill();
    side.witness = None;
    let server = side.serve(&[]);
    assert_eq!(checkpoint(&server), before, "and nobody could be asked");
    server.kill();
    fs::remove_dir_all(side.corp.data().join("index")).unwrap();
    let rebuild = ["index", "rebuild", "--config", &side.corp.config()];
    let (ok, said) = side.corp.setup().tool(&rebuild);
    assert!(ok, "{said}");
    let server = side.serve(&[]);
    assert_eq!(checkpoint(&server), before);
    server.kill();
    // What is damaged is no cosignature, and stops nothing.
    let file = side.corp.data().join("log").join(NAME).join("cosigned");
    fs::write(&file, before.replace('1', "2")).unwrap();
    let server = side.serve(&[]);
    server.wait_for("kept cosignatures are not read");
    assert!(!side.is_cosigned(&server));
    assert_eq!(lookup(&server, &module(1)).status, 200);
}

/// Puts folder or file `from` in the place of `to`.
fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_witness_knows_of_an_older_copy_and_stands_in_for_a_lost_mark() {
    let [mut side, _other] = Side::both();
    let server = side.serve(&[]);
    assert_eq!(lookup(&server, &module(0)).status, 200);
    server.kill();
    let (data, mark) = (side.corp.data(), side.corp.mark());
    let old = side.corp.folder.path().join("old");
    let old_mark = side.corp.folder.path().join("old.head");
    copy(&data, &old);
    copy(&mark, &old_mark);
    let server = side.serve(&[]);
    assert_eq!(lookup(&server, &module(1)).status, 200);
    server.kill();
    let new = side.corp.folder.path().join("new");
    copy(&data, &new);

    // With the mark of that day: only the witness knows better.
    copy(&old, &data);
    copy(&old_mark, &mark);
    let server = side.serve(&[]);
    assert_eq!(lookup(&server, &module(0)).status, 200, "served on");
    let reply = lookup(&server, &module(2));
    assert_eq!(reply.status, 503, "{}", reply.text());
    server.wait_for("has cosigned a head of 2 records, and only 1 are here");
    assert_eq!(size(&server), 1);
    server.kill();

    // The newest folder without its mark. Heads may have been given out that no witness knows.
    copy(&new, &data);
    fs::remove_file(&mark).unwrap();
    let server = side.serve(&[]);
    assert_eq!(lookup(&server, &module(2)).status, 503);
    assert!(!mark.exists());
    server.kill();
    let stop = ["--set", "own.unwitnessed=stop"];
    // One that cannot be read stays.
    fs::write(&mark, "damaged").unwrap();
    let server = side.serve(&stop);
    assert_eq!(lookup(&server, &module(2)).status, 503);
    assert_eq!(fs::read_to_string(&mark).unwrap(), "damaged");
    server.kill();
    fs::remove_file(&mark).unwrap();
    let server = side.serve(&stop);
    server.wait_for("the witnesses vouch that no newer head was signed");
    assert_eq!(lookup(&server, &module(2)).status, 200);
    assert!(mark.exists());
    server.kill();
    fs::remove_file(&mark).unwrap();
    side.witness = None;
    let server = side.serve(&stop);
    assert_eq!(lookup(&server, &module(3)).status, 503);
    assert_eq!(lookup(&server, &module(2)).status, 200);
}

#[test]
fn with_stop_no_head_is_given_out_that_too_few_have_cosigned() {
    let [mut side, other] = Side::both();
    let stop = ["--set", "own.unwitnessed=stop"];
    let server = side.serve(&stop);
    assert_eq!(lookup(&server, &module(0)).status, 200);
    let witness = side.witness.take().unwrap();
    let kept = witness.address;
    drop(witness);
    let reply = lookup(&server, &module(1));
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(size(&server), 1);
    assert!(
        side.is_cosigned(&server),
        "the head that is given out still is"
    );
    server.kill();
    // It comes back under its address, and what waited is given out.
    let back = start_at(&other.corp, &side.corp, &kept.to_string());
    let server = side.serve(&stop);
    wait_until("it is logged", || lookup(&server, &module(1)).status == 200);
    assert_eq!(size(&server), 2);
    drop(back);
}
