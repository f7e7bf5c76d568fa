//! A process that dies while it takes a bundle in.

use testkit::module::Module;
use testkit::world::{World, target};

use super::Gap;

/// The steps of taking a bundle in, after each of which a test ends the process.
const STEPS: [&str; 8] = [
    "Unpacked",
    "Checked",
    "TilesKept",
    "RecordsKept",
    "FileKept",
    "FilesKept",
    "HeadsFollowed",
    "Journaled",
];

#[test]
fn an_import_that_dies_at_any_step_is_finished_by_importing_again() {
    let modules = ["one", "two"].map(|it| Module::library(&format!("example.com/{it}"), "v1.0.0"));
    let world = World::with(&[&modules[0], &modules[1]]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("go.sum");
    let lines: String = modules.iter().map(Module::go_sum).collect();
    std::fs::write(&list, lines).unwrap();
    gap.create("bundle", &["--from", &list.display().to_string()]);
    let file = gap.text("bundle");
    for step in STEPS {
        let _ = std::fs::remove_dir_all(gap.path("mirror"));
        let dying = [
            "bundle",
            "import",
            &file,
            "--trust",
            &gap.trust,
            "--end-after",
            step,
        ];
        let (ok, said) = gap.mirror.tool(&dying);
        assert!(!ok && !said.contains("no step"), "{step}: {said}");
        let server = gap.mirror.start();
        let zip = target(&modules[0], "zip");
        let is_there = server.get(&zip).status == 200;
        let may_be = !["Unpacked", "Checked", "TilesKept", "RecordsKept"].contains(&step);
        assert!(may_be || !is_there, "{step}: nothing is visible yet");
        drop(server);
        let (ok, said) = gap.mirror.tool(&["fsck"]);
        assert!(ok, "{step}: {said}");
        let said = gap.import("bundle");
        assert!(said.contains("2 module versions"), "{step}: {said}");
        let server = gap.mirror.start();
        for module in &modules {
            assert_eq!(
                server.get(&target(module, "zip")).body,
                module.zip(),
                "{step}"
            );
        }
        drop(server);
        let (ok, said) = gap.mirror.tool(&["fsck"]);
        assert!(ok, "{step}: {said}");
        let staging = gap.path("mirror/staging");
        assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0, "{step}");
    }
}
