//! A wall clock that jumps under a running server, by libfaketime: it is told, and modules
//! are served on, stored ones and new ones.

use std::fs;
use std::path::Path;

use testkit::module::Module;
use testkit::world::{QUICK, World, target, wait_until};

/// Where Debian puts the library.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

#[test]
fn a_clock_that_jumps_is_told_and_modules_are_served_on() {
    assert!(Path::new(LIBRARY).exists(), "tests/run.sh installs it");
    let stored = Module::library("example.com/stored", "v1.0.0");
    let new = ["v1.0.0", "v1.1.0"].map(|version| Module::library("example.com/new", version));
    let world = World::with(&[&stored, &new[0], &new[1]]);
    let offset = world.data().with_file_name("offset");
    // A file that is there at once whole: the library reads it at any moment.
    let set = |text: &str| {
        let beside = offset.with_extension("new");
        fs::write(&beside, text).expect("write the offset");
        fs::rename(&beside, &offset).expect("name the offset");
    };
    set("+0");
    let server = world
        .setup()
        .with_config(QUICK)
        .with_env("LD_PRELOAD", LIBRARY)
        .with_env("FAKETIME_TIMESTAMP_FILE", &offset.to_string_lossy())
        .with_env("FAKETIME_NO_CACHE", "1")
        // Timers go on as they are: it is the wall clock that was set.
        .with_env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .start();
    let zip = |module: &Module| {
        let reply = server.get(&target(module, "zip"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.body == module.zip());
    };
    zip(&stored);
    let ready = || server.get("/readyz").text();
    assert!(!ready().contains("clock"), "{}", ready());

    for ((way, by), new) in [("forward", "+400d"), ("back", "-400d")].iter().zip(&new) {
        set(by);
        let told = format!("the clock went {way} by");
        wait_until(&told, || ready().contains(&told));
        let reply = server.get("/readyz");
        assert_eq!(reply.status, 200, "{}", reply.text());
        let metrics = server.get("/metrics").text();
        let line = "sumward_degraded{condition=\"clock_jumped\"} 1";
        assert!(metrics.lines().any(|it| it == line), "{metrics}");
        assert!(server.log().contains(&told), "{}", server.log());
        zip(&stored);
        zip(new);
    }
}
