//! Heads of the log before witnesses: two sumwards, each the other's witness, and a
//! witness that does not answer.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use proto::note::CosignerKey;
use testkit::client;
use testkit::sumward::Sumward;
use testkit::world::wait_until;

use super::{Corp, NAME, lookup};

/// A running witness. Dropping it kills it, as a power cut would.
pub(super) struct Witness {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the key of a witness that one side runs.
pub(super) fn keygen(of: &Corp, name: &str) -> CosignerKey {
    let file = of.folder.path().join("witness.key").display().to_string();
    let command = ["witness", "keygen", name, "--out", &file];
    let output = of.setup().command(&command).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    CosignerKey::parse(said.lines().next().unwrap()).unwrap()
}

/// Starts the witness of one side, which knows the log of the other.
pub(super) fn start(of: &Corp, other: &Corp) -> Witness {
    start_at(of, other, "127.0.0.1:0")
}

/// The same at an address.
pub(super) fn start_at(of: &Corp, other: &Corp, listen: &str) -> Witness {
    let folder = of.folder.path();
    let key = folder.join("witness.key");
    let settings = format!(
        "key: {}\nlogs:\n  - keys: ['{}']\n",
        key.display(),
        other.key
    );
    let file = folder.join("witness.yaml");
    std::fs::write(&file, settings).unwrap();
    let file = file.display().to_string();
    let data = folder.join("witness").display().to_string();
    let line = [
        "witness", "serve", &file, "--listen", listen, "--data", &data,
    ];
    let mut command = of.setup().command(&line);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit_once("http://").unwrap().1;
    let address = address.parse().unwrap();
    Witness { child, address }
}

pub(super) fn serve_before(
    corp: &Corp,
    key: &CosignerKey,
    address: SocketAddr,
    more: &[&str],
) -> Sumward {
    let witnesses = format!("own.witnesses=['{key} http://{address}']");
    let setup = corp.setup().with_arguments(&["--set", &witnesses]);
    setup.with_arguments(more).start()
}

pub(super) fn checkpoint(server: &Sumward) -> String {
    server.get(&format!("/sumdb/{NAME}/checkpoint")).text()
}

#[test]
fn two_sumwards_are_each_others_witnesses() {
    let (a, b) = (Corp::of(&[]), Corp::of(&[]));
    let keys = [
        keygen(&a, "witness.a.example/w"),
        keygen(&b, "witness.b.example/w"),
    ];
    let witnesses = [start(&a, &b), start(&b, &a)];
    let servers = [
        serve_before(&a, &keys[1], witnesses[1].address, &[]),
        serve_before(&b, &keys[0], witnesses[0].address, &[]),
    ];
    let names = ["witness.b.example/w", "witness.a.example/w"];
    for (server, name) in servers.iter().zip(names) {
        let is_cosigned = |records: &str| {
            let text = checkpoint(server);
            text.lines().nth(1) == Some(records) && text.contains(&format!("\u{2014} {name} "))
        };
        wait_until("the empty log is cosigned", || is_cosigned("0"));
        assert_eq!(lookup(server, "corp.example/tools@v1.0.0").status, 200);
        wait_until("the next head is cosigned", || is_cosigned("1"));
        // The go command's form is another text, which no witness signs.
        let latest = server.get(&format!("/sumdb/{NAME}/latest")).text();
        assert!(!latest.contains(name), "{latest}");
        let metrics = server.get("/metrics").text();
        let line = format!("sumward_database_cosignatures{{database=\"{NAME}\"}} 1");
        wait_until("it is counted", || {
            server.get("/metrics").text().contains(&line)
        });
        assert!(
            metrics.contains("sumward_database_unwitnessed"),
            "{metrics}"
        );
        let page = server.get("/").text();
        assert!(page.contains("cosigned by 1 of 1 witnesses"), "{page}");
    }
    // One that knows more than a restarted log thinks is asked again with the right proof.
    let [first, second] = servers;
    drop(first);
    let server = serve_before(&a, &keys[1], witnesses[1].address, &[]);
    wait_until("the head is cosigned again", || {
        checkpoint(&server).contains("witness.b.example/w")
    });
    drop(second);
}

#[test]
fn too_few_cosignatures_are_an_alarm_and_a_stop_where_that_is_set() {
    let corp = Corp::of(&[]);
    let key = keygen(&corp, "witness.a.example/w");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    for (what, status) in [("alarm", 200), ("stop", 503)] {
        let unwitnessed = format!("own.unwitnessed={what}");
        let more = ["--set", "own.cosigned_within=1s", "--set", &unwitnessed];
        let server = serve_before(&corp, &key, address, &more);
        server.wait_for("too few witnesses have cosigned the newest head");
        let line = format!("sumward_database_unwitnessed{{database=\"{NAME}\"}} 1");
        wait_until("it is an alarm", || {
            server.get("/metrics").text().contains(&line)
        });
        let module = match what {
            "alarm" => "corp.example/tools@v1.0.0",
            _ => "corp.example/tools@v1.1.0",
        };
        let reply = lookup(&server, module);
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        // What is logged is served on.
        assert_eq!(lookup(&server, "corp.example/tools@v1.0.0").status, 200);
        let page = client::get(server.address(), "/").text();
        assert!(page.contains("cosigned by 0 of 1 witnesses"), "{page}");
    }
}

#[test]
fn witnesses_that_cannot_be_meant_are_refused_at_the_start() {
    let corp = Corp::of(&[]);
    let key = keygen(&corp, "witness.a.example/w");
    for (setting, want) in [
        ("own.witnesses=[nobody]".to_owned(), "own.witnesses"),
        (
            format!("own.witnesses=['{key} http://a.example', '{key} http://b.example']"),
            "one key or one name",
        ),
        ("own.witnesses_needed=1".to_owned(), "but there are 0"),
    ] {
        let setup = corp.setup().with_arguments(&["--set", &setting]);
        let (status, said) = setup.run_to_end();
        assert_eq!(status.code(), Some(64), "{setting}: {said}");
        assert!(said.contains(want), "{setting}: {said}");
    }
}
