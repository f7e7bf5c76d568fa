//! A process that dies while it makes a bundle: run again it asks for nothing that it had
//! proved, and makes the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{World, wait_until};

use super::Gap;

/// The steps of making a bundle, after each of which a test ends the process.
const STEPS: [&str; 6] = [
    "ZipFetched",
    "Drafted",
    "HalfWritten",
    "Written",
    "VolumeNamed",
    "Named",
];

struct Interrupted {
    world: World,
    gap: Gap,
    list: String,
}

impl Interrupted {
    fn new() -> Self {
        let modules = ["one", "two", "three"].map(|name| {
            let path = format!("example.com/{name}");
            Module::library(&path, "v1.0.0").with_ballast(20_000)
        });
        let world = World::with(&modules.each_ref());
        let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
        fs::create_dir(gap.path("out")).unwrap();
        let list = gap.path("go.sum");
        let lines: String = modules.iter().map(Module::go_sum).collect();
        fs::write(&list, lines).unwrap();
        let list = list.display().to_string();
        Self { world, gap, list }
    }

    /// Makes the bundle, in volumes or as one file.
    fn create(&self, volume: &[&str], more: &[&str]) -> (bool, String) {
        let from = ["--from", &*self.list];
        self.gap
            .try_create("out/b", &[&from, volume, more].concat())
    }

    /// What was made and what lies beside it; the folder is empty then.
    fn take_away(&self) -> BTreeMap<String, Vec<u8>> {
        let mut made = BTreeMap::new();
        for entry in fs::read_dir(self.gap.path("out")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            made.insert(name, fs::read(&path).unwrap());
            fs::remove_file(path).unwrap();
        }
        made
    }

    /// The files and records that the upstream was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        let asked = self.world.origin.asked().into_iter().map(|it| it.path);
        let is_fixed = |path: &String| !path.ends_with("/latest") && !path.ends_with("/supported");
        let asked = asked.filter(is_fixed).collect();
        self.world.origin.forget();
        asked
    }

    fn forget_all(&self) {
        fs::remove_dir_all(self.gap.path("online")).unwrap();
        self.world.origin.forget();
    }
}

#[test]
fn a_bundle_whose_making_dies_at_any_step_is_made_by_making_it_again() {
    let it = Interrupted::new();
    for volume in [&["--volume", "16K"][..], &[]] {
        let (ok, said) = it.create(volume, &[]);
        assert!(ok, "{said}");
        let want = it.take_away();
        assert_eq!(want.len() > 2, !volume.is_empty(), "{:?}", want.keys());
        for step in STEPS {
            it.forget_all();
            let (ok, said) = it.create(volume, &["--end-after", step]);
            assert!(!ok && !said.contains("no step"), "{step}: {said}");
            let before = it.asked();
            if step == "Named" || (step == "VolumeNamed" && volume.is_empty()) {
                assert!(it.take_away() == want, "{step}");
                continue;
            }
            let (ok, said) = it.create(volume, &[]);
            assert!(ok, "{step}: {said}");
            assert!(it.take_away() == want, "{step}");
            let twice = it.asked().into_iter().find(|path| before.contains(path));
            assert_eq!(twice, None, "{step}: it was asked for before");
            let (whole, said) = it.gap.online.tool(&["fsck"]);
            assert!(whole, "{step}: {said}");
        }
        it.forget_all();
    }
}

#[test]
fn a_bundle_whose_making_is_killed_while_it_fetches_goes_on_where_it_was() {
    let it = Interrupted::new();
    let (ok, said) = it.create(&[], &[]);
    assert!(ok, "{said}");
    let want = it.take_away();
    it.forget_all();
    // Files are asked for in the order of their names.
    let last = "two/@v/v1.0.0.zip";
    it.world
        .origin
        .fault(last, Fault::Delay(Duration::from_secs(600)));
    let (out, key, data) = (
        it.gap.text("out/b"),
        it.gap.text("key"),
        it.gap.text("online"),
    );
    let create = [
        "bundle", "create", "-o", &out, "--key", &key, "--from", &it.list,
    ];
    let mut child = it
        .gap
        .online
        .command(&[&create[..], &["--data", &data]].concat())
        .spawn()
        .unwrap();
    wait_until("the last zip is asked for", || {
        it.world.origin.count(last) > 0
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(it.take_away().is_empty(), "there is no half file");
    it.world.origin.heal();
    it.asked();
    let (ok, said) = it.create(&[], &[]);
    assert!(ok, "{said}");
    assert!(it.take_away() == want);
    assert_eq!(it.asked(), [format!("example.com/{last}")]);
}
