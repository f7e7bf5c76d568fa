//! Bundles that are refused, with the data folder as it was.

use testkit::module::Module;
use testkit::world::World;

use super::Gap;

/// A world with two modules, the second of which came later.
struct Shipped {
    world: World,
    gap: Gap,
}

fn first() -> Module {
    Module::library("example.com/first", "v1.0.0")
}

fn second() -> Module {
    Module::library("example.com/second", "v1.0.0")
}

impl Shipped {
    fn new() -> Self {
        let world = World::with(&[&first()]);
        let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
        let shipped = Self { world, gap };
        shipped.ship("first.bundle", &[&first()], &[]);
        shipped
    }

    /// Makes a bundle of these modules.
    #[track_caller]
    fn ship(&self, name: &str, modules: &[&Module], arguments: &[&str]) {
        let list = self.gap.path(&format!("{name}.sum"));
        let lines: String = modules.iter().map(|module| module.go_sum()).collect();
        std::fs::write(&list, lines).unwrap();
        let list = list.display().to_string();
        self.gap
            .create(name, &[&["--from", &*list], arguments].concat());
    }

    /// Writes other bytes beside a bundle, and has them refused.
    #[track_caller]
    fn refuses(&self, name: &str, bytes: &[u8], words: &str) {
        std::fs::write(self.gap.path(name), bytes).unwrap();
        let before = self.gap.state();
        let (ok, said) = self.gap.try_import(name);
        assert!(!ok, "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
        assert_eq!(self.gap.state(), before, "{name}: {said}");
    }
}

#[test]
fn tampered_cut_and_prolonged_bundles_change_nothing() {
    let shipped = Shipped::new();
    shipped.gap.import("first.bundle");
    let good = std::fs::read(shipped.gap.path("first.bundle")).unwrap();
    for at in (0..good.len()).step_by(good.len() / 23 + 1) {
        let mut flipped = good.clone();
        flipped[at] ^= 0x10;
        shipped.refuses("flipped", &flipped, "importing");
        shipped.refuses("cut", &good[..at], "importing");
    }
    let longer = [&*good, b"\0"].concat();
    shipped.refuses("longer", &longer, "bytes behind its end");
    let twice = [&*good, &*good].concat();
    shipped.refuses("twice", &twice, "bytes behind its end");
    shipped.refuses("other", b"PK\x03\x04 something else", "not a bundle");
}

#[test]
fn a_foreign_signature_changes_nothing() {
    let shipped = Shipped::new();
    let other = shipped.gap.keygen("other-key");
    let file = shipped.gap.text("first.bundle");
    shipped.gap.import("first.bundle");
    let before = shipped.gap.state();
    let import = ["bundle", "import", &file, "--trust", &other];
    let (ok, said) = shipped.gap.mirror.tool(&import);
    assert!(
        !ok && said.contains("no trusted key has signed it"),
        "{said}"
    );
    assert!(
        said.contains("bundles.example+"),
        "it names who has: {said}"
    );
    let import = ["bundle", "import", &file, "--trust", "nonsense"];
    let (ok, said) = shipped.gap.mirror.tool(&import);
    assert!(!ok && said.contains("bundle keygen"), "{said}");
    assert_eq!(shipped.gap.state(), before);
}

#[test]
fn an_older_head_and_a_gap_change_nothing() {
    let mut shipped = Shipped::new();
    // One tile is not enough to show that the old log is the beginning of the new one.
    shipped.world.database.add_filler(300);
    shipped.world.add(&second());
    let sum = shipped.gap.text("first.bundle");
    // Heads of the server that makes bundles are a minute old at most; a new folder has
    // the newest.
    std::fs::remove_dir_all(shipped.gap.path("online")).unwrap();
    shipped.ship("alone.bundle", &[&second()], &[]);
    shipped.ship("second.bundle", &[&first(), &second()], &["--since", &sum]);

    let bytes = std::fs::read(shipped.gap.path("second.bundle")).unwrap();
    shipped.refuses("early", &bytes, "a gap: it adds to the bundle");
    shipped.gap.import("first.bundle");
    let bytes = std::fs::read(shipped.gap.path("alone.bundle")).unwrap();
    shipped.refuses("alone", &bytes, "a gap: the head followed here");
    let said = shipped.gap.import("second.bundle");
    assert!(said.contains("is followed now"), "{said}");
    let said = shipped.gap.import("first.bundle");
    assert!(said.starts_with("nothing to do"), "it was taken in: {said}");

    // Another bundle under the old head.
    let old = Shipped::new();
    let list = shipped.gap.path("old.bundle");
    let (out, key) = (list.display().to_string(), shipped.gap.text("key"));
    let from = old.gap.text("first.bundle.sum");
    let made = old.gap.online.tool(&[
        "bundle", "create", "-o", &out, "--key", &key, "--from", &from, "--from", &from,
    ]);
    assert!(made.0, "{}", made.1);
    let bytes = std::fs::read(&list).unwrap();
    shipped.refuses("older", &bytes, "a rollback");
}
