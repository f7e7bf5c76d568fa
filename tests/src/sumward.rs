//! The real `sumward` program, started and ended as an operator would.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::{self, Reply};
use crate::environment;

/// How long a start may take on a machine that runs other tests meanwhile.
const START_MAX: Duration = Duration::from_secs(30);

/// How a server is to be started.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub data: PathBuf,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Further environment; HOME and PATH are set.
    pub environment: Vec<(String, String)>,
    /// Another `sumward` than the one that was built with the tests.
    pub program: Option<PathBuf>,
}

impl Setup {
    /// Data in `data`, modules from `proxy` proved by `sumdb`, both given as the
    /// go command's own environment variables.
    #[must_use]
    pub fn new(data: &Path, proxy: &str, sumdb: &str) -> Self {
        Self {
            data: data.to_path_buf(),
            ..Self::default()
        }
        .with_env("GOPROXY", proxy)
        .with_env("GOSUMDB", sumdb)
    }

    /// One more variable, in place of an earlier one of that name.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(held, _)| held != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Further arguments.
    #[must_use]
    pub fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Another program, such as an older one to compare with.
    #[must_use]
    pub fn with_program(mut self, program: &Path) -> Self {
        self.program = Some(program.to_path_buf());
        self
    }

    /// Writes `yaml` beside the data folder and starts with `--config`.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn with_config(self, yaml: &str) -> Self {
        let path = self.data.with_extension("yaml");
        std::fs::write(&path, yaml).expect("write the configuration");
        let path = path.to_string_lossy().into_owned();
        self.with_arguments(&["--config", &path])
    }

    /// Starts the server on a free port and waits until it serves.
    ///
    /// # Panics
    /// With everything it said, when it ends or says nothing for long.
    #[must_use]
    #[track_caller]
    pub fn start(&self) -> Sumward {
        let mut server = self.spawn();
        match server.wait_for_address() {
            Some(address) => server.address = address,
            None => panic!("sumward did not start:\n{}", server.log()),
        }
        server
    }

    /// Runs the server (or, with `arguments` for it, one of its sub-commands)
    /// to its end; returns how it ended and all that it said.
    ///
    /// # Panics
    /// When it is still running after a while.
    #[track_caller]
    pub fn run_to_end(&self) -> (ExitStatus, String) {
        let mut server = self.spawn();
        let status = server.wait(START_MAX);
        let log = server.log();
        (
            status.unwrap_or_else(|| panic!("sumward still runs:\n{log}")),
            log,
        )
    }

    /// The program with this set-up's environment, and `--data`, but no
    /// `--listen`: for sub-commands.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let built = || environment::program("sumward");
        let mut command = Command::new(self.program.clone().unwrap_or_else(built));
        command
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", self.data.parent().unwrap_or(&self.data))
            .env("RUST_BACKTRACE", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a sub-command such as `index rebuild` on this set-up's data.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn tool(&self, arguments: &[&str]) -> (bool, String) {
        let data = self.data.to_string_lossy();
        let output = self
            .command(arguments)
            .args(["--data", &data])
            .output()
            .expect("start sumward");
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }

    fn spawn(&self) -> Sumward {
        let data = self.data.to_string_lossy().into_owned();
        let listen: &[&str] = if self.arguments.iter().any(|word| word == "--listen") {
            &[]
        } else {
            &["--listen", "127.0.0.1:0"]
        };
        let mut child = self
            .command(listen)
            .args(["--data", &data])
            .args(&self.arguments)
            .spawn()
            .expect("start sumward");
        let said = Arc::new(Said::default());
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(listen_to(stdout, Arc::clone(&said)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(listen_to(stderr, Arc::clone(&said)));
        }
        Sumward {
            child,
            said,
            readers,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// A running server. Dropping it kills it; a test that fails prints its log.
pub struct Sumward {
    child: Child,
    said: Arc<Said>,
    readers: Vec<std::thread::JoinHandle<()>>,
    address: SocketAddr,
}

/// Lines of standard output and standard error as they come.
#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Sumward {
    /// Ends it at once, as a power cut would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().expect("kill sumward");
        self.child.wait().expect("wait for sumward");
    }

    /// Asks it to end; returns how it did and all that it said.
    ///
    /// # Panics
    /// With its log, when it is still there after `within`.
    #[track_caller]
    pub fn terminate(mut self, within: Duration) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        let status = self.wait(within);
        let log = self.log();
        (
            status.unwrap_or_else(|| panic!("sumward runs on after SIGTERM:\n{log}")),
            log,
        )
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill_process(Pid::from_raw(pid).expect("not zero"), signal).expect("signal sumward");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("wait for sumward") {
                for reader in self.readers.drain(..) {
                    let _ = reader.join();
                }
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Waits until it says a line that contains `words`; returns that line.
    ///
    /// # Panics
    /// With its log, when it does not within some time.
    #[track_caller]
    pub fn wait_for(&self, words: &str) -> String {
        let found = self.said.find(START_MAX, |line| line.contains(words));
        found.unwrap_or_else(|| panic!("sumward never said {words:?}:\n{}", self.log()))
    }

    /// GET of `target` (with its leading slash) on a connection of its own.
    #[must_use]
    pub fn get(&self, target: &str) -> Reply {
        client::get(self.address, target)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it said so far.
    ///
    /// # Panics
    /// When a thread died reading it.
    #[must_use]
    pub fn log(&self) -> String {
        self.said.lines.lock().expect("readers live").join("\n")
    }

    fn wait_for_address(&mut self) -> Option<SocketAddr> {
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            let wait = Duration::from_millis(100);
            if let Some(line) = self.said.find(wait, |line| address_in(line).is_some()) {
                return address_in(&line);
            }
            if self.child.try_wait().expect("wait for sumward").is_some() {
                self.wait(Duration::from_secs(1));
                return None;
            }
        }
        None
    }
}

impl Drop for Sumward {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- sumward said:\n{}\n---", self.log());
        }
    }
}

impl Said {
    fn find(&self, within: Duration, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + within;
        let mut lines = self.lines.lock().expect("readers live");
        let mut seen = 0;
        loop {
            if let Some(line) = lines[seen..].iter().find(|line| is_it(line)) {
                return Some(line.clone());
            }
            seen = lines.len();
            let left = deadline.checked_duration_since(Instant::now())?;
            lines = self.more.wait_timeout(lines, left).expect("readers live").0;
        }
    }
}

fn listen_to(stream: impl Read + Send + 'static, said: Arc<Said>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            said.lines.lock().expect("readers live").push(line);
            said.more.notify_all();
        }
    })
}

/// The address in the line that a person is to paste:
/// `go env -w GOPROXY=http://127.0.0.1:<port>`.
fn address_in(line: &str) -> Option<SocketAddr> {
    if !line.contains("go env -w GOPROXY=") {
        return None;
    }
    let at = line.find("://127.0.0.1:")?;
    let port = &line[at + "://127.0.0.1:".len()..];
    let end = port
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(port.len());
    let port: u16 = port[..end].parse().ok()?;
    (port != 0).then(|| SocketAddr::from(([127, 0, 0, 1], port)))
}
