//! A checksum database of one's own, judged by the real go command: GOSUMDB is its key and
//! nothing else, for public and private modules alike.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "own/crash.rs"]
mod crash;
#[path = "own/decided.rs"]
mod decided;
#[path = "own/handed_over.rs"]
mod handed_over;
#[path = "own/oracle.rs"]
mod oracle;
#[path = "own/pages.rs"]
mod pages;
#[path = "own/rotation.rs"]
mod rotation;
#[path = "own/toolchain.rs"]
mod toolchain;
#[path = "own/witnessed.rs"]
mod witnessed;

use std::path::PathBuf;

use tempfile::TempDir;
use testkit::client::Reply;
use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::origin::Origin;
use testkit::records::Records;
use testkit::sumward::{Setup, Sumward};
use testkit::world::{QUICK, World};

const NAME: &str = "sum.corp.example";

fn tools() -> Module {
    Module::library("corp.example/tools", "v1.0.0")
}

/// A server with a database of its own, a public upstream and a private one.
struct Corp {
    public: Origin,
    public_key: String,
    private: Origin,
    private_tree: TempDir,
    folder: TempDir,
    key: String,
    _public: Option<World>,
}

impl Corp {
    fn new(public: Origin, public_key: &str) -> Self {
        let private_tree = tempfile::tempdir().unwrap();
        tools().write(private_tree.path());
        let mut corp = Self {
            private: Origin::serve(private_tree.path()),
            public,
            public_key: public_key.to_owned(),
            private_tree,
            folder: tempfile::tempdir().unwrap(),
            key: String::new(),
            _public: None,
        };
        let (ok, said) = corp.keygen(NAME);
        assert!(ok, "{said}");
        let line = said.lines().find_map(|line| line.strip_prefix("GOSUMDB="));
        corp.key = line.unwrap().to_owned();
        corp
    }

    /// The same with a public upstream of our own making.
    fn of(modules: &[&Module]) -> Self {
        let world = World::with(modules);
        let origin = Origin::serve(world.tree());
        let key = world.database.verifier_key();
        Self {
            _public: Some(world),
            ..Self::new(origin, &key)
        }
    }

    fn keygen(&self, name: &str) -> (bool, String) {
        let out = self.key_file().display().to_string();
        let setup = Setup::new(&self.data(), "off", "off");
        let output = setup.command(&["keygen", name, "--out", &out]).output();
        let output = output.unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    fn mark(&self) -> PathBuf {
        self.folder.path().join("key.head")
    }

    /// The file of settings, once there is a set-up.
    fn config(&self) -> String {
        self.data().with_extension("yaml").display().to_string()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn setup(&self) -> Setup {
        let yaml = format!(
            "{}  private:\n    - modules: corp.example\n      list: '{}'\nproof: {{pause: 1s}}\nown: {{key: '{}'}}\n",
            QUICK.split("proof:").next().unwrap(),
            self.private.url(),
            self.key_file().display()
        );
        Setup::new(&self.data(), &self.public.url(), &self.public_key).with_config(&yaml)
    }

    fn serve(&self) -> Sumward {
        let server = self.setup().start();
        self.public.forget();
        self.private.forget();
        server
    }

    fn go(&self, toolchain: &Toolchain, server: &Sumward) -> Go {
        Go::new(toolchain, &server.url(), &self.key)
    }
}

fn lookup(server: &Sumward, module: &str) -> Reply {
    server.get(&format!("/sumdb/{NAME}/lookup/{module}"))
}

#[test]
fn one_key_builds_public_and_private_modules_and_verifies_them_again_after_a_restart() {
    let Some(records) = Records::or_skip("one_key_builds_public_and_private_modules") else {
        return;
    };
    let corp = Corp::new(Origin::serve(&records.mirror()), "sum.golang.org");
    let server = corp.serve();
    let mut programs = Vec::new();
    for toolchain in Toolchain::both() {
        let go = corp.go(&toolchain, &server);
        let program = go::copy_program(&records.sample());
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        go.must(
            program.path(),
            &["mod", "edit", "-require=corp.example/tools@v1.0.0"],
        );
        let uses = "package main\n\nimport _ \"corp.example/tools\"\n";
        std::fs::write(program.path().join("uses.go"), uses).unwrap();
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "sample", "."]);
        let sums = std::fs::read_to_string(program.path().join("go.sum")).unwrap();
        for line in tools().go_sum().lines() {
            assert!(sums.contains(line), "{sums}");
        }
        programs.push((toolchain, program));
    }
    assert_eq!(corp.public.count("corp.example"), 0, "nobody is told");
    let size_before = size(&server);
    server.kill();

    let server = corp.serve();
    assert_eq!(size(&server), size_before);
    for (toolchain, program) in programs {
        // A GOPATH that has seen nothing, and a go.sum to be verified against the key.
        let go = corp.go(&toolchain, &server);
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        go.must(program.path(), &["mod", "download"]);
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "again", "."]);
        go.must(program.path(), &["mod", "verify"]);
    }
    assert_eq!(size(&server), size_before, "nothing is logged twice");
}

/// Records under the newest head.
fn size(server: &Sumward) -> u64 {
    let latest = server.get(&format!("/sumdb/{NAME}/latest"));
    assert_eq!(latest.status, 200, "{}", latest.text());
    let text = latest.text();
    text.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn go_asks_the_same_tree_under_its_address_and_refuses_a_tampered_private_module() {
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    let server = corp.serve();
    let mut tampered = tools();
    tampered.files[0].content = b"package tools // other\n".to_vec();
    for toolchain in Toolchain::both() {
        let address = format!("{} {}/sumdb/{NAME}", corp.key, server.url());
        let go = Go::new(&toolchain, &server.url(), &address);
        let program = go::program(
            &["corp.example/tools", "example.com/public"],
            &["corp.example/tools v1.0.0", "example.com/public v1.0.0"],
        );
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "-o", "program", "."]);
        // Somebody in between sends other bytes: go itself sees it by our database.
        let tree = tempfile::tempdir().unwrap();
        tampered.write(tree.path());
        let between = Origin::serve(tree.path());
        let go = Go::new(&toolchain, &between.url(), &address);
        let program = go::program(&["corp.example/tools"], &["corp.example/tools v1.0.0"]);
        let said = go.must_fail(program.path(), &["mod", "tidy"]);
        assert!(said.contains("SECURITY ERROR"), "{said}");
    }
    assert_eq!(size(&server), 2);
}

#[test]
fn private_names_stay_inside_and_nothing_frees_them_from_proof() {
    let mut evil = tools();
    evil.version = "v1.6.6".to_owned();
    let corp = Corp::of(&[&evil]);
    let yaml_free = corp
        .setup()
        .with_env("GOPRIVATE", "corp.example")
        .with_arguments(&["--no-proof-for", "corp.example"]);
    let server = yaml_free.start();
    for module in [
        "corp.example/tools@v1.6.6",
        "corp.example/other@v1.0.0",
        "corp.example/tools/cmd/x@v1.0.0",
    ] {
        let reply = lookup(&server, module);
        assert_eq!(reply.status, 403, "{module}: {}", reply.text());
    }
    assert_eq!(size(&server), 0);
    let reply = server.get("/corp.example/tools/@v/v1.0.0.zip");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(size(&server), 1, "it is proved before it is served");
    let reply = lookup(&server, "corp.example/tools@v1.0.0");
    let text = reply.text();
    assert!(
        text.starts_with(&format!("0\n{}\n", tools().go_sum())),
        "{text}"
    );
    assert_eq!(corp.public.count("corp.example"), 0);
    let journal = std::fs::read_dir(corp.data().join("journal")).unwrap();
    let admitted: String = journal
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("admitted-"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert!(admitted.contains("corp.example/tools@v1.0.0"), "{admitted}");
    assert!(admitted.contains(&corp.private.url()), "{admitted}");
}

#[test]
fn public_modules_come_in_once_the_public_database_proves_them_and_not_before() {
    let good = Module::library("example.com/good", "v1.0.0");
    let mut corp = Corp::of(&[&good]);
    let server = corp.serve();
    let reply = lookup(&server, "example.com/absent@v1.0.0");
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(size(&server), 0);
    let reply = lookup(&server, "example.com/good@v1.0.0");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains(&good.go_sum()));
    assert_eq!(
        corp.public.count(".zip"),
        0,
        "no zip is fetched for a lookup"
    );
    // The public database may be dead then.
    corp.public.stop();
    assert_eq!(lookup(&server, "example.com/good@v1.0.0").status, 200);
    let reply = lookup(&server, "example.com/other@v1.0.0");
    assert_eq!(reply.status, 503, "{}", reply.text());
}

#[test]
fn a_key_is_made_once_and_its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let corp = Corp::of(&[]);
    let before = std::fs::read(corp.key_file()).unwrap();
    assert!(before.starts_with(b"PRIVATE+KEY+sum.corp.example+"));
    let mode = std::fs::metadata(corp.key_file()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let (ok, said) = corp.keygen(NAME);
    assert!(!ok, "{said}");
    let file = corp.key_file();
    let what = "exists; keys are never overwritten; choose another --out";
    assert!(
        said.contains(&format!("{} {what}", file.display())),
        "{said}"
    );
    assert_eq!(std::fs::read(corp.key_file()).unwrap(), before);
    let mark = std::fs::read_to_string(corp.mark()).unwrap();
    assert!(mark.starts_with("go.sum database tree\n0\n"), "{mark}");
}
