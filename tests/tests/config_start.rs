//! Starting and ending: what is said, what is refused, what systemd is told.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "config_start/layers.rs"]
mod layers;
#[path = "config_start/signed.rs"]
mod signed;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{QUICK, World, target};

/// sysexits.h: the settings are wrong.
const EX_USAGE: i32 = 64;

fn world() -> (World, Module) {
    let module = Module::library("example.com/thing", "v1.0.0").with_ballast(1 << 20);
    (World::with(&[&module]), module)
}

#[test]
fn it_prints_the_two_lines_to_paste() {
    let (world, _) = world();
    let server = world.setup().start();
    // Each alone on a line, so that a triple click takes it whole.
    let said = server.wait_for("go env -w GOPROXY=");
    assert_eq!(said, format!("go env -w GOPROXY={}", server.url()));
    let said = server.wait_for("go env -w GOSUMDB=");
    let key = world.database.verifier_key();
    assert_eq!(
        said.replace(['\'', '"'], ""),
        format!("go env -w GOSUMDB={key}")
    );
}

#[test]
fn it_says_ready_to_systemd_and_stopping() {
    let (world, _) = world();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let name = path.to_string_lossy().into_owned();
    let server = world.setup().with_env("NOTIFY_SOCKET", &name).start();
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    while !heard.contains("READY=1") {
        let length = socket.recv(&mut buffer).unwrap();
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    assert_eq!(server.get("/readyz").status, 200);
    let (status, log) = server.terminate(Duration::from_secs(20));
    assert!(status.success(), "{log}");
    socket.set_nonblocking(true).unwrap();
    while let Ok(length) = socket.recv(&mut buffer) {
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    assert!(heard.contains("STOPPING=1"), "{heard}");
}

#[test]
fn an_upstream_that_is_this_very_server_is_refused() {
    let (world, _) = world();
    // A port that was free a moment ago: GOPROXY is often set to the server.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for host in ["127.0.0.1", "localhost"] {
        let (status, log) = world
            .setup()
            .with_env("GOPROXY", &format!("http://{host}:{port}"))
            .with_arguments(&["--listen", &format!("127.0.0.1:{port}")])
            .run_to_end();
        assert!(!status.success(), "{log}");
        assert!(log.contains(&format!("{host}:{port}")), "{log}");
    }
}

#[test]
fn wrong_settings_end_it_with_64_and_say_what_to_write() {
    let (world, _) = world();
    for (yaml, words) in [
        ("cahce:\n  list_fresh: 1m\n", "cache"),
        ("proof:\n  pauze: 1m\n", "pause"),
        ("proof:\n  pause: soon\n", "pause"),
        ("listen: here\n", "listen"),
        ("proof:\n  mode: maybe\n", "require"),
    ] {
        let (status, log) = world.setup().with_config(yaml).run_to_end();
        assert_eq!(status.code(), Some(EX_USAGE), "{yaml}: {log}");
        assert!(log.contains(words), "{yaml}: {log}");
    }
    for (name, value, words) in [
        ("GOPROXY", "direct", "direct"),
        ("GOPROXY", "ftp://example.com", "ftp"),
        ("GOSUMDB", "sum.example+nonsense", "GOSUMDB"),
        ("GOSUMDB", "unknown.example", "name+hash+key"),
    ] {
        let (status, log) = world.setup().with_env(name, value).run_to_end();
        assert_eq!(status.code(), Some(EX_USAGE), "{name}={value}: {log}");
        assert!(log.contains(words), "{name}={value}: {log}");
    }
}

#[test]
fn a_socket_that_systemd_did_not_open_ends_it_with_64() {
    let (world, _) = world();
    let yaml = "admin: systemd:admin\n";
    let setup = world.setup().with_config(yaml);
    let (status, log) = setup
        .with_arguments(&["--listen", "systemd:main"])
        .run_to_end();
    assert_eq!(status.code(), Some(EX_USAGE), "{log}");
    for words in [
        "--listen: listen: listening on systemd:main: systemd handed down no socket; start the socket unit",
        "yaml:1: admin: listening on systemd:admin: ",
    ] {
        assert!(log.contains(words), "{words} in {log}");
    }
}

#[test]
fn config_check_says_yes_or_what_is_wrong() {
    let (world, _) = world();
    let file = world.data().with_extension("check.yaml");
    let path = file.to_string_lossy().into_owned();
    std::fs::write(&file, QUICK).unwrap();
    let output = world
        .setup()
        .command(&["config", "check", &path])
        .output()
        .unwrap();
    assert!(output.status.success());
    std::fs::write(&file, "upstreams: {}\n").unwrap();
    let output = world
        .setup()
        .command(&["config", "check", &path])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(EX_USAGE));
    assert!(String::from_utf8_lossy(&output.stderr).contains("upstream"));
}

/// As from a job of cron: nothing says where a home is.
#[test]
fn config_check_needs_no_home() {
    let (world, _) = world();
    let file = world.data().with_extension("check.yaml");
    let path = file.to_string_lossy().into_owned();
    let run = |line: &[&str]| {
        let output = world.setup().command(line).env_remove("HOME").output();
        let output = output.unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    std::fs::write(&file, QUICK).unwrap();
    let (code, said) = run(&["config", "check", &path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning: data: there is no home"), "{said}");
    assert!(said.contains("the settings are good"), "{said}");
    assert!(!said.contains("\ndata:"), "{said}");
    // Serving needs the folder.
    let (code, said) = run(&["--config", &path]);
    assert_eq!(code, Some(EX_USAGE), "{said}");
    assert!(said.starts_with("data: there is no home"), "{said}");
    std::fs::write(&file, "lisen: here\n").unwrap();
    let (code, said) = run(&["config", "check", &path]);
    assert_eq!(code, Some(EX_USAGE), "{said}");
    assert!(said.contains("check.yaml:1: lisen: unknown key"), "{said}");
}

#[test]
fn one_data_folder_has_one_server() {
    let (world, _) = world();
    let server = world.setup().start();
    let (status, log) = world.setup().run_to_end();
    assert!(!status.success(), "{log}");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn sigterm_lets_open_transfers_end() {
    let (world, module) = world();
    let server = world.serve();
    world.origin.fault(".zip", Fault::Throttle(700_000));
    let address = server.address();
    std::thread::scope(|scope| {
        let download = scope.spawn(|| client::get(address, &target(&module, "zip")));
        std::thread::sleep(Duration::from_millis(500));
        let (status, log) = server.terminate(Duration::from_secs(20));
        assert!(status.success(), "{status}: {log}");
        let reply = download.join().unwrap();
        assert!(reply.status == 200 && reply.complete && reply.body == module.zip());
    });
}

#[test]
fn proof_can_be_reported_only_waived_for_some_or_left_to_others() {
    let unlogged = Module::library("example.com/own/thing", "v1.0.0");
    let setups = |world: &World| {
        [
            world.setup().with_env("GONOSUMDB", "example.com/own"),
            world
                .setup()
                .with_env("GOPRIVATE", "example.com/own")
                .with_config(&format!(
                    "upstream: {{private: [{{modules: example.com/own, list: '{}'}}]}}\n",
                    world.origin.url()
                )),
            world.setup().with_arguments(&["--proof", "report"]),
            world.setup().with_env("GOSUMDB", "off"),
        ]
    };
    for place in 0..setups(&world().0).len() {
        let (world, logged) = world();
        unlogged.write(world.tree());
        let server = setups(&world)[place].start();
        let reply = server.get(&target(&unlogged, "zip"));
        assert_eq!(reply.status, 200, "{place}: {}", reply.text());
        assert_eq!(server.get(&target(&logged, "zip")).status, 200, "{place}");
        let forged = Module {
            go_mod: format!("{}// forged\n", logged.go_mod),
            ..Module::library("example.com/thing", "v1.0.0")
        };
        drop(server);
        if place < 2 {
            // The waiver is for what it names and nothing else.
            std::fs::remove_dir_all(world.data()).unwrap();
            let server = setups(&world)[place].start();
            world
                .origin
                .fault("example.com/thing/@v/v1.0.0.zip", Fault::Body(forged.zip()));
            assert_eq!(server.get(&target(&logged, "zip")).status, 403);
        }
    }
}

#[test]
fn health_readiness_and_metrics_are_served_here_or_elsewhere() {
    let (world, module) = world();
    let server = world.setup().start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get(&target(&module, "mod")).status, 200);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("# HELP sumward_"), "{metrics}");
    assert!(
        !metrics.contains("example.com/thing"),
        "names of modules in metrics"
    );
    drop(server);
    let server = world
        .setup()
        .with_arguments(&["--admin", "127.0.0.1:0"])
        .start();
    assert_eq!(server.get("/metrics").status, 404);
}
