//! A data folder on a disk that fills up: said once, counted, and over as soon as there
//! is room, without a restart.
//!
//! The disk is a small tmpfs in a mount namespace of the server's own, so that no rights
//! are needed; the test reaches it through `/proc`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use testkit::client;
use testkit::module::Module;
use testkit::world::{QUICK, World, eventually_at, target, wait_until};

/// A server whose data lie on a disk of `size` bytes.
struct OnSmallDisk {
    child: Child,
    address: SocketAddr,
    disk: PathBuf,
    log: Arc<Mutex<String>>,
}

impl OnSmallDisk {
    fn start(world: &World, size: u64) -> Self {
        let place = world.data().with_file_name("disk");
        std::fs::create_dir_all(&place).unwrap();
        let yaml = world.data().with_extension("yaml");
        let settings = format!("{QUICK}cache: {{disk_free_min: 0, hot_bytes_max: 0}}\n");
        std::fs::write(&yaml, settings).unwrap();
        let command = world.setup().command(&[]);
        let script = r#"mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@""#;
        let mut child = std::process::Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", script, "sh"])
            .arg(size.to_string())
            .arg(&place)
            .arg(command.get_program())
            .args(["--listen", "127.0.0.1:0", "--config"])
            .arg(&yaml)
            .arg("--data")
            .arg(place.join("data"))
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let url = line.ok()?;
            url.strip_prefix("sumward serves on http://")?.parse().ok()
        });
        let Some(address) = address else {
            let _ = child.wait();
            panic!("it did not start: {}", log.lock().unwrap());
        };
        let inside = format!("/proc/{}/root", child.id());
        let disk = PathBuf::from(inside).join(place.strip_prefix("/").unwrap());
        Self {
            child,
            address,
            disk,
            log,
        }
    }

    fn get(&self, target: &str) -> client::Reply {
        client::get(self.address, target)
    }

    /// Fills the disk until about `left` bytes are free.
    fn fill(&self, left: u64) {
        let mut filler = File::create(self.disk.join("filler")).unwrap();
        loop {
            let free = rustix::fs::statvfs(&self.disk).unwrap();
            if free.f_bavail * free.f_frsize <= left {
                break;
            }
            if filler.write_all(&[0; 4096]).is_err() {
                break;
            }
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.disk.join("filler")).unwrap();
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Answers to requests for zips, by status.
    fn zips_counted(&self, status: &str) -> u64 {
        let page = self.get("/metrics").text();
        let name = format!("sumward_requests_total{{kind=\"zip\",status=\"{status}\"}} ");
        let count = page.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse().unwrap())
    }
}

impl Drop for OnSmallDisk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- sumward said:\n{}\n---", self.log());
        }
    }
}

#[test]
fn a_disk_that_fills_in_the_middle_of_a_large_zip_is_told_once_and_counted() {
    let large = Module::library("example.com/large", "v1.0.0").with_ballast(12 << 20);
    let small = Module::library("example.com/small", "v1.0.0");
    let world = World::with(&[&large, &small]);
    let server = OnSmallDisk::start(&world, 32 << 20);
    assert_eq!(server.get(&target(&small, "zip")).status, 200);
    server.fill(7 << 20);
    let before = server.zips_counted("2xx");

    let reply = server.get(&target(&large, "zip"));
    assert!(reply.status >= 500 || !reply.complete, "{}", reply.status);
    let warnings = || {
        let log = server.log();
        let about = |line: &&str| line.contains("WARN") && line.contains("example.com/large");
        let lines: Vec<String> = log.lines().filter(about).map(str::to_owned).collect();
        lines
    };
    wait_until("it is told", || !warnings().is_empty());
    let told = warnings();
    assert_eq!(told.len(), 1, "{told:?}");
    let cause = ["No space left", "StorageFull"];
    assert!(
        cause.iter().any(|words| told[0].contains(words)),
        "{told:?}"
    );
    wait_until("it is counted", || server.zips_counted("5xx") == 1);
    assert_eq!(server.zips_counted("2xx"), before);
    // Nothing of it lies about.
    let staging = server.disk.join("data/staging");
    wait_until("staging is empty", || {
        std::fs::read_dir(&staging).unwrap().count() == 0
    });

    server.make_room();
    let reply = eventually_at(server.address, &target(&large, "zip"), 200);
    assert!(reply.complete && reply.body == large.zip());
    let stored = format!("/cached-only{}", target(&large, "zip"));
    assert_eq!(server.get(&stored).status, 200);
}

#[test]
fn a_disk_that_is_full_under_the_index_is_over_when_there_is_room() {
    let modules: Vec<Module> = (0..40)
        .map(|number| Module::library(&format!("example.com/m{number}"), "v1.0.0"))
        .collect();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    let server = OnSmallDisk::start(&world, 24 << 20);
    for module in &modules[..10] {
        assert_eq!(server.get(&target(module, "zip")).status, 200);
    }
    // One file more or less, and the index is what fills it.
    for (left, modules) in [(300_000, &modules[10..25]), (0, &modules[25..])] {
        server.fill(left);
        let mut refused = 0;
        for module in modules {
            let reply = server.get(&target(module, "zip"));
            let is_known = matches!(reply.status, 200 | 503);
            assert!(is_known, "{}: {}", reply.status, reply.text());
            refused += usize::from(reply.status == 503);
        }
        assert!(left > 0 || refused > 0, "the disk was not full");
        for module in &modules[..5] {
            let stored = format!("/cached-only{}", target(module, "zip"));
            let status = server.get(&stored).status;
            assert!(matches!(status, 200 | 404), "{status}");
        }
        server.make_room();
        for module in modules {
            let reply = eventually_at(server.address, &target(module, "zip"), 200);
            assert!(reply.body == module.zip());
        }
    }
    for module in &modules {
        let stored = format!("/cached-only{}", target(module, "zip"));
        let reply = server.get(&stored);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.body == module.zip());
    }
}
