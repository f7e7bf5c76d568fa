//! The program as a process: what it does with signals, and with a standard error or
//! standard output that takes nothing.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use testkit::client;
use testkit::sumward::Setup;

/// How long anything may take that should happen at once, on a loaded machine.
const SOON: Duration = Duration::from_secs(10);

fn setup(proxy: &str) -> (TempDir, Setup) {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder.path().join("data"), proxy, "off");
    (folder, setup)
}

/// A server whose standard error is `stderr`.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(setup: &Setup, stderr: Stdio, arguments: &[&str]) -> Self {
        let data = setup.data.to_string_lossy().into_owned();
        let mut child = setup
            .command(&["--listen", "127.0.0.1:0", "--data", &data])
            .args(arguments)
            .stderr(stderr)
            .spawn()
            .unwrap();
        let address = address_in(BufReader::new(child.stdout.take().unwrap()).lines());
        Self { child, address }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        while began.elapsed() < SOON {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it runs on");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(mut lines: impl Iterator<Item = std::io::Result<String>>) -> SocketAddr {
    let address = lines.find_map(|line| {
        let url = line.unwrap();
        url.strip_prefix("sumward serves on http://")?.parse().ok()
    });
    address.expect("it says where it serves")
}

/// Modules that are new to the server, each of which it logs something of.
fn ask_for_modules(address: SocketAddr, count: usize) {
    for n in 0..count {
        let reply = client::get(address, &format!("/m.example/x{n}/@v/v1.0.0.mod"));
        assert!(reply.status >= 400, "{}", reply.status);
    }
}

/// Lines of the log that nobody took.
fn dropped_lines(address: SocketAddr) -> u64 {
    let page = client::get(address, "/metrics").text();
    let mut lines = page.lines();
    let dropped = lines.find_map(|line| line.strip_prefix("sumward_log_lines_dropped_total "));
    dropped.unwrap().parse().unwrap()
}

/// A pipe that nobody reads any more.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_of_the_log_that_is_gone_costs_no_request_and_no_signal() {
    for stderr in [broken_pipe, || File::create("/dev/full").unwrap().into()] {
        let (_folder, setup) = setup("http://127.0.0.1:9");
        let mut server = Process::start(&setup, stderr(), &["--log-level", "debug"]);
        ask_for_modules(server.address, 20);
        assert!(dropped_lines(server.address) > 0);
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[test]
fn a_reader_of_the_log_that_stopped_costs_no_request_and_no_signal() {
    let (_folder, setup) = setup("off");
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut server = Process::start(&setup, writer.into(), &["--log-level", "debug"]);
    // Far more than a pipe and the queue hold.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let request = b"GET /m.example/x/@v/v1.0.0.mod HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut bytes = [0; 4096];
    for _ in 0..6000 {
        stream.write_all(request).unwrap();
        assert!(stream.read(&mut bytes).unwrap() > 0);
    }
    assert!(dropped_lines(server.address) > 0);
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait_for_open_requests() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        // Takes requests and never answers.
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let (_folder, setup) = setup(&format!("http://{}", upstream.local_addr().unwrap()));
        let mut server = setup.start();
        let mut client = TcpStream::connect(server.address()).unwrap();
        let request = b"GET /m.example/x/@v/v1.0.0.mod HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).unwrap();
        let (_open, _) = upstream.accept().unwrap();
        server.signal(signal);
        server.wait_for("open requests may finish");
        server.signal(signal);
        let status = server.wait(SOON).expect("it runs on");
        assert_eq!(status.code(), Some(code), "{}", server.log());
    }
}

#[test]
fn a_signal_at_any_time_of_the_start_ends_it() {
    for wait in [0, 2, 5, 10, 20, 40, 80, 160] {
        let (_folder, setup) = setup("off");
        let data = setup.data.to_string_lossy().into_owned();
        let mut child = setup
            .command(&["--listen", "127.0.0.1:0", "--data", &data])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let stdout = child.stdout.take();
        let mut server = Process { child, address };
        server.signal(Signal::TERM);
        let status = server.wait();
        let killed = status.signal() == Some(Signal::TERM.as_raw());
        assert!(killed || status.code() == Some(0), "{wait} ms: {status}");
        drop(stdout);
    }
}

#[test]
fn hanging_up_has_settings_read_again() {
    let (_folder, setup) = setup("off");
    let server = setup.start();
    server.signal(Signal::HUP);
    server.wait_for("the settings were read again and are in effect");
    assert_eq!(server.get("/healthz").status, 200);
    let (status, _) = server.terminate(SOON);
    assert!(status.success());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (_folder, setup) = setup("off");
    for arguments in [
        &["config", "show"][..],
        &["completions", "bash"],
        &["config", "check"],
        &["database", "list"],
    ] {
        let data = setup.data.to_string_lossy().into_owned();
        let mut command = setup.command(arguments);
        if arguments[0] != "completions" {
            command.args(["--data", &data]);
        }
        let output = command.stdout(broken_pipe()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_full_disk_under_standard_output_is_said() {
    let (_folder, setup) = setup("off");
    let data = setup.data.to_string_lossy().into_owned();
    let output = setup
        .command(&["config", "show", "--data", &data])
        .stdout(File::create("/dev/full").unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_socket_of_systemd_is_taken_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (folder, setup) = setup("off");
    let unix = folder.path().join("admin.sock");
    // What systemd does, with a shell: the socket is the third descriptor.
    let script =
        r#"exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=main exec "$@""#;
    let program = setup.command(&[]).get_program().to_owned();
    let data = setup.data.to_string_lossy().into_owned();
    let child = std::process::Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program)
        .args(["--listen", "systemd:main", "--upstream", "off"])
        .args(["--data", &data, "--admin"])
        .arg(format!("unix:{}", unix.display()))
        .env_clear()
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Process { child, address };
    // Connections wait at the socket until the server is up.
    assert_eq!(client::get(address, "/").status, 200);
    // Health is told at the unix socket alone.
    assert_eq!(client::get(address, "/healthz").status, 404);
    let mut admin = std::os::unix::net::UnixStream::connect(&unix).unwrap();
    admin
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    admin.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(!unix.exists(), "the socket file is left behind");
}

#[test]
fn few_file_descriptors_cost_waiting_and_no_failed_answer() {
    let (_folder, setup) = setup("off");
    let data = setup.data.to_string_lossy().into_owned();
    let list = setup.data.join("modules/m.example/x/@v");
    std::fs::create_dir_all(&list).unwrap();
    std::fs::write(list.join("list"), "v1.0.0\n").unwrap();
    // Of a proxy that is trusted, as one address alone would be refused its last places.
    let config = setup.data.with_file_name("few.yaml");
    std::fs::write(&config, "clients: {trusted_proxies: [127.0.0.1]}\n").unwrap();
    let program = setup.command(&[]).get_program().to_owned();
    let mut child = std::process::Command::new("sh")
        .args(["-c", r#"ulimit -n "$1"; shift; exec "$@""#, "sh", "80"])
        .arg(program)
        .args(["--listen", "127.0.0.1:0", "--upstream", "off"])
        .args(["--data", &data, "--config"])
        .arg(config)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = address_in(lines);
    let server = Process { child, address };
    // More than the descriptors are for, and they want nothing.
    let idle: Vec<_> = (0..100)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    // Those that were accepted are served.
    let mut first = &idle[0];
    first
        .write_all(b"GET /m.example/x/@v/list HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut answer = [0; 4096];
    let count = first.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // And the others when there is room.
    drop(idle);
    let reply = client::get(server.address, "/m.example/x/@v/list");
    assert_eq!(reply.status, 200);
}

#[test]
fn the_soft_limit_of_descriptors_is_raised() {
    let (_folder, setup) = setup("off");
    let data = setup.data.to_string_lossy().into_owned();
    let program = setup.command(&[]).get_program().to_owned();
    let mut child = std::process::Command::new("sh")
        .args(["-c", r#"ulimit -Sn 64; exec "$@""#, "sh"])
        .arg(program)
        .args(["--listen", "127.0.0.1:0", "--upstream", "off"])
        .args(["--data", &data])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = address_in(lines);
    let server = Process { child, address };
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let words: Vec<_> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[3], words[4], "{limits}");
}

#[test]
fn a_wrong_name_to_purge_is_a_wrong_command_line_and_nothing_is_purged() {
    let (_folder, setup) = setup("off");
    let data = setup.data.to_string_lossy().into_owned();
    let names = ["m.example/x", "not a module"];
    let output = setup
        .command(&["purge", "--data", &data])
        .args(names)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("not a module"), "{said}");
    assert!(output.stdout.is_empty());
}
