//! A drop folder, as a data diode fills it, and bundles in volumes.

use std::fs;

use testkit::module::Module;
use testkit::world::{World, eventually, target, wait_until};

use super::Gap;

struct Diode {
    world: World,
    gap: Gap,
}

fn thing() -> Module {
    Module::library("example.com/thing", "v1.0.0").with_ballast(40_000)
}

fn later() -> Module {
    Module::library("example.com/later", "v1.0.0")
}

impl Diode {
    /// Two bundles, the second of which adds to the first; the first also in volumes.
    fn new() -> Self {
        let world = World::with(&[&thing(), &later()]);
        let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
        let diode = Self { world, gap };
        let list = |name: &str, lines: String| {
            let path = diode.gap.path(name);
            fs::write(&path, lines).unwrap();
            path.display().to_string()
        };
        let first = list("first.sum", thing().go_sum());
        let both = list("both.sum", thing().go_sum() + &later().go_sum());
        diode.gap.create("first", &["--from", &first]);
        diode
            .gap
            .create("cut", &["--from", &first, "--volume", "16K"]);
        let since = diode.gap.text("first");
        diode
            .gap
            .create("second", &["--from", &both, "--since", &since]);
        fs::create_dir(diode.gap.path("drop")).unwrap();
        diode
    }

    fn drop(&self, name: &str) {
        let to = self.gap.path("drop").join(name);
        fs::copy(self.gap.path(name), to).unwrap();
    }

    /// Looks after the folder once, where nothing is refused.
    #[track_caller]
    fn watch(&self) -> String {
        let (ok, said) = self.watch_once();
        assert!(ok, "{said}");
        said
    }

    fn watch_once(&self) -> (bool, String) {
        let drop = self.gap.text("drop");
        let watch = ["bundle", "watch", &drop, "--trust", &self.gap.trust];
        let once = ["--settle", "0", "--once"];
        self.gap.mirror.tool(&[&watch[..], &once].concat())
    }

    fn lies(&self, name: &str) -> bool {
        self.gap.path("drop").join(name).exists()
    }
}

#[test]
fn volumes_are_the_bundle_cut_in_pieces() {
    let diode = Diode::new();
    let whole = fs::read(diode.gap.path("first")).unwrap();
    let count = whole.len().div_ceil(16 << 10);
    assert!(count >= 3, "{} bytes", whole.len());
    let volumes: Vec<u8> = (1..=count)
        .flat_map(|number| fs::read(diode.gap.path(&format!("cut.{number:03}"))).unwrap())
        .collect();
    assert!(volumes == whole);
    assert!(!diode.gap.path("cut").exists());
    let said = diode.gap.import("cut");
    assert!(said.contains("taken in: "), "{said}");
    // One that is left of it would be read as the end of the next one.
    fs::remove_file(diode.gap.path("cut.001")).unwrap();
    let list = diode.gap.text("first.sum");
    let again = ["--from", &*list, "--volume", "16K"];
    let (ok, said) = diode.gap.try_create("cut", &again);
    assert!(!ok && said.contains("exists; choose another -o"), "{said}");
}

#[test]
fn half_files_wait_and_refused_ones_are_put_aside_with_the_reason() {
    let diode = Diode::new();
    // The last volume before the others, and what adds to a bundle before that.
    diode.drop("cut.003");
    diode.drop("second");
    fs::write(diode.gap.path("drop/forged"), "no bundle").unwrap();
    let mut flipped = fs::read(diode.gap.path("first")).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(diode.gap.path("drop/flipped"), flipped).unwrap();
    let (ok, said) = diode.watch_once();
    assert!(!ok, "two are refused: {said}");
    assert!(said.contains("second waits: a gap"), "{said}");
    for name in ["forged", "flipped"] {
        assert!(
            !diode.lies(name) && diode.lies(&format!("refused/{name}")),
            "{said}"
        );
        let reason = diode.gap.path(&format!("drop/refused/{name}.reason.txt"));
        assert!(!fs::read_to_string(reason).unwrap().trim().is_empty());
    }
    diode.drop("cut.001");
    let said = diode.watch();
    assert!(said.contains("cut waits: it ends too early"), "{said}");
    assert!(diode.lies("cut.001") && diode.lies("second"));
    diode.drop("cut.002");
    let said = diode.watch();
    for name in ["cut.001", "cut.003"] {
        assert!(diode.lies(&format!("imported/{name}")), "{name}: {said}");
    }
    // Its base is another file than the one that was cut, and the same bundle.
    assert!(diode.lies("imported/second"), "{said}");
    let server = diode.gap.mirror.start();
    for module in [thing(), later()] {
        assert_eq!(server.get(&target(&module, "zip")).status, 200, "{said}");
    }
    drop(diode.world);
}

#[test]
fn a_running_server_looks_after_its_drop_folder() {
    let diode = Diode::new();
    let yaml = format!(
        "bundle: {{trust: ['{}'], watch: '{}', settle: 50ms}}\n",
        diode.gap.trust,
        diode.gap.text("drop")
    );
    let server = diode.gap.mirror.clone().with_config(&yaml).start();
    diode.drop("first");
    eventually(&server, &target(&thing(), "zip"), 200);
    let says_when = || {
        let reply = server.get(&target(&later(), "zip"));
        reply.text().contains("not in this mirror; last import 20")
    };
    wait_until("the bundle is taken in to its end", says_when);
    diode.drop("second");
    eventually(&server, &target(&later(), "zip"), 200);
    let lookup = server.get("/sumdb/sum.example/test/lookup/example.com/unknown@v1.0.0");
    assert_eq!(lookup.status, 503, "never 404: {}", lookup.text());
    assert!(lookup.text().contains("not in this mirror; last import 20"));
}
