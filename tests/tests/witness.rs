//! `sumward witness`, started and ended as an operator would, asked over HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use proto::note::{self, CosignerKey, SignerKey};
use proto::tlog::checkpoint::Checkpoint;
use proto::tlog::{HashTree, ProofPlan, record_hash};
use proto::witness::{AddCheckpoint, Answer, Policy, origin_hash};
use tempfile::TempDir;
use testkit::client;
use testkit::environment;

/// A log of the tests' own: record n is "n", or another one from number `fork` on.
struct Log {
    key: SignerKey,
}

impl Log {
    fn new(origin: &str) -> Self {
        Self {
            key: SignerKey::from_seed(origin, [7; 32]).unwrap(),
        }
    }

    fn tree(size: u64, fork: u64) -> HashTree {
        let mut tree = HashTree::default();
        for id in 0..size {
            let other = if id < fork { "" } else { " other" };
            tree.push(record_hash(format!("{id}{other}\n").as_bytes()));
        }
        tree
    }

    fn text(&self, tree: &HashTree) -> String {
        Checkpoint {
            origin: self.key.name().to_owned(),
            tree: tree.tree(),
            extensions: Vec::new(),
        }
        .to_string()
    }

    fn request(&self, old: u64, tree: &HashTree) -> String {
        let plan = ProofPlan::consistency(tree.size(), old).unwrap();
        let hashes: Vec<_> = plan
            .nodes()
            .iter()
            .filter_map(|node| tree.hash(*node))
            .collect();
        let note = note::sign(&self.text(tree), &[&self.key]).unwrap();
        let proof = plan.finish(&hashes).unwrap();
        AddCheckpoint::new(old, proof, &note).unwrap().to_string()
    }
}

/// The files of one witness: its key, its settings, its data folder.
struct Desk {
    folder: TempDir,
    key: CosignerKey,
}

impl Desk {
    fn new(name: &str, logs: &[&Log]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("witness.key");
        let output = environment::command("sumward")
            .args(["witness", "keygen", name, "--out"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        let key = CosignerKey::parse(said.lines().next().unwrap()).unwrap();
        let mut settings = format!("key: {}\nlogs:\n", file.display());
        for log in logs {
            settings += &format!("  - keys: ['{}']\n", log.key.verifier());
        }
        fs::write(folder.path().join("witness.yaml"), settings).unwrap();
        Self { folder, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = environment::command("sumward");
        command
            .env("HOME", self.folder.path())
            .args(["witness", "serve"])
            .arg(self.path("witness.yaml"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.path("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self) -> Witness {
        let mut child = self.command().spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line
            .trim_end()
            .strip_prefix("sumward witness serves on http://");
        let Some(address) = address.map(|address| address.parse().unwrap()) else {
            let mut log = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut log)
                .unwrap();
            panic!("no address: {line}{log}");
        };
        // Its log is read, so that it is never kept waiting.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Witness { child, address }
    }
}

/// A running witness. Dropping it kills it, as a power cut would.
struct Witness {
    child: Child,
    address: SocketAddr,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Witness {
    fn add(&self, body: &str) -> Answer {
        let (status, kind, body) = post(self.address, "/add-checkpoint", body.as_bytes());
        Answer::parse(status, &kind, &body).unwrap()
    }

    fn status(&self, body: &str) -> u16 {
        self.add(body).status()
    }
}

fn post(address: SocketAddr, path: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A witness that has heard enough may close.
    let _ = stream.write_all(body);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    let end = reply
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(reply[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let kind = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-type")
            .then(|| value.to_owned())
    });
    (status, kind.unwrap_or_default(), reply[end + 4..].to_vec())
}

#[track_caller]
fn assert_cosigned(answer: &Answer, key: &CosignerKey, text: &str) {
    let Answer::Cosigned(signatures) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(signatures.len(), 1);
    assert!(key.check(text, &signatures[0]).unwrap() > 1_700_000_000);
}

#[test]
fn a_log_grows_under_the_eyes_of_a_witness_that_is_killed_again_and_again() {
    let log = Log::new("log.example/one");
    let desk = Desk::new("witness.example/w1", &[&log]);
    let mode = fs::metadata(desk.path("witness.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut size = 0;
    for grown in [1, 5, 300] {
        let witness = desk.start();
        let tree = Log::tree(grown, grown);
        assert_cosigned(
            &witness.add(&log.request(size, &tree)),
            &desk.key,
            &log.text(&tree),
        );
        // What is cosigned may be cosigned again, with a new time.
        assert_cosigned(
            &witness.add(&log.request(grown, &tree)),
            &desk.key,
            &log.text(&tree),
        );
        drop(witness);
        size = grown;
        let witness = desk.start();
        let conflict = Answer::Conflict { size };
        assert_eq!(witness.add(&log.request(0, &tree)), conflict);
        // The last record is another one now.
        let forked = Log::tree(grown, grown - 1);
        assert_eq!(witness.status(&log.request(grown, &forked)), 422);
        let longer = Log::tree(grown + 7, grown - 1);
        assert_eq!(witness.status(&log.request(grown, &longer)), 422);
        let evidence = fs::read_dir(desk.path("data/evidence")).unwrap().count();
        assert!(evidence >= 3, "both heads and the facts: {evidence}");
        let kept = client::get(
            witness.address,
            &format!("/{}/checkpoint", origin_hash(log.key.name())),
        );
        assert_eq!(kept.status, 200);
        let opened = note::open(&kept.body, &[log.key.verifier()]).unwrap();
        assert_eq!(opened.text, log.text(&tree));
        assert_eq!(
            note::cosignatures(&opened, std::slice::from_ref(&desk.key))
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn refusals_are_those_of_the_protocol() {
    let log = Log::new("log.example/one");
    let desk = Desk::new("witness.example/w1", &[&log]);
    let witness = desk.start();
    let tree = Log::tree(5, 5);
    let good = log.request(0, &tree);
    assert_eq!(
        witness.status(&Log::new("log.example/two").request(0, &tree)),
        404
    );
    let stranger = Log {
        key: SignerKey::from_seed("log.example/one", [8; 32]).unwrap(),
    };
    assert_eq!(witness.status(&stranger.request(0, &tree)), 403);
    for malformed in [
        "",
        "old 0\n",
        &good[1..],
        &good.replacen("old 0", "old 00", 1),
    ] {
        assert_eq!(witness.status(malformed), 400, "{malformed}");
    }
    assert_eq!(witness.status(&good.replacen("old 0", "old 9", 1)), 400);
    assert_eq!(witness.status(&good.replacen("old 0", "old 4", 1)), 409);
    let (status, kind, body) = post(
        witness.address,
        "/add-checkpoint",
        good.replacen("old 0", "old 4", 1).as_bytes(),
    );
    assert_eq!(
        (status, &*kind, &*body),
        (409, "text/x.tlog.size", &b"0\n"[..])
    );
    let long = vec![b'x'; proto::witness::REQUEST_LEN_MAX + 1];
    assert_eq!(post(witness.address, "/add-checkpoint", &long).0, 400);
    assert_eq!(post(witness.address, "/elsewhere", b"").0, 404);
    let get = |path: &str| client::get(witness.address, path);
    assert_eq!(get("/add-checkpoint").status, 405);
    assert_eq!(get("/add-checkpoint").header("allow"), Some("POST"));
    assert_eq!(get("/healthz").status, 200);
    assert_eq!(
        get(&format!("/{}/checkpoint", origin_hash("log.example/one"))).status,
        404
    );
    // After all that, nothing is remembered.
    assert_cosigned(&witness.add(&good), &desk.key, &log.text(&tree));
}

#[test]
fn two_witnesses_watch_two_logs_and_one_fork_is_refused_by_both() {
    let logs = [Log::new("log.example/one"), Log::new("log.example/two")];
    let watched: Vec<&Log> = logs.iter().collect();
    let desks = ["w1.example", "w2.example"].map(|name| Desk::new(name, &watched));
    let running = [desks[0].start(), desks[1].start()];
    let keys = desks.iter().map(|desk| desk.key.clone()).collect();
    let policy = Policy::new(keys, 2, Some(3600)).unwrap();
    let now = std::time::SystemTime::now();
    let now_s = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for log in &logs {
        let tree = Log::tree(40, 40);
        let request = log.request(0, &tree);
        let (text, mut signatures) =
            note::parse(&note::sign(&log.text(&tree), &[&log.key]).unwrap()).unwrap();
        for witness in &running {
            let Answer::Cosigned(cosigned) = witness.add(&request) else {
                panic!("not cosigned");
            };
            signatures.extend(cosigned);
        }
        let note = note::assemble(&text, &signatures).unwrap();
        let opened = note::open(&note, &[log.key.verifier()]).unwrap();
        assert!(policy.judge(&opened, now_s).unwrap().is_met());
        let forked = log.request(40, &Log::tree(41, 39));
        for witness in &running {
            assert_eq!(witness.status(&forked), 422);
        }
    }
}

#[test]
fn one_process_alone_has_the_memory_of_a_witness() {
    let log = Log::new("log.example/one");
    let desk = Desk::new("witness.example/w1", &[&log]);
    let _running = desk.start();
    let output = desk.command().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("in use"),
        "{said}"
    );
}

#[test]
fn settings_that_mean_nothing_end_with_64() {
    let log = Log::new("log.example/one");
    let desk = Desk::new("witness.example/w1", &[&log]);
    let run = |settings: Option<&str>| {
        let file = desk.path("witness.yaml");
        match settings {
            Some(settings) => fs::write(&file, settings).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let output = desk.command().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    for settings in [Some("key: k\nlogs: []\n"), Some("keys: k\n"), None] {
        let (status, said) = run(settings);
        assert_eq!(status, Some(64), "{said}");
        assert!(said.contains("witness.yaml"), "{said}");
    }
    // More than is read: what is behind the cut must not be passed over.
    let long = format!("{}keys: k\n", "# a comment\n".repeat(100_000));
    let (status, said) = run(Some(&long));
    assert_eq!(status, Some(64), "{said}");
    assert!(said.contains("is larger than 1 MiB"), "{said}");
    // Nobody would ever write to it.
    fs::remove_file(desk.path("witness.yaml")).unwrap();
    let made = Command::new("mkfifo")
        .arg(desk.path("witness.yaml"))
        .status();
    assert!(made.unwrap().success());
    let output = desk.command().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("name a regular file"), "{said}");
    fs::remove_file(desk.path("witness.yaml")).unwrap();
    // The key of a log is none of a witness.
    let log_key = desk.path("log.key");
    fs::write(&log_key, log.key.to_secret_text()).unwrap();
    let settings = format!(
        "key: {}\nlogs:\n- keys: ['{}']\n",
        log_key.display(),
        log.key.verifier()
    );
    let (status, said) = run(Some(&settings));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("unknown key algorithm 1"), "{said}");
    assert!(!desk.path("data/witness").exists());
}
