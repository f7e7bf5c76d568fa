//! One build: run it, look at what came out, write it down.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::cache::{self, Mode, Packages};
use super::facts::{Facts, Host};
use super::record::{Cache, Conditions, Observed, Product, Record, SCHEMA};
use super::stage::Ready;
use super::variation::Ground;
use crate::artifact::Artifact;
use crate::host::child;
use crate::host::interrupt::Interrupt;
use crate::host::public::{self, WITHHELD};
use crate::host::redaction::Redaction;
use crate::report::{File, Module, Tool};

/// What one build gave.
#[derive(Debug)]
pub struct Build {
    /// Its number, from 1.
    pub number: usize,
    /// How it found its build cache.
    pub cache: Mode,
    /// What was varied, by name.
    pub varied: Vec<&'static str>,
    /// How long it took.
    pub duration: Duration,
    /// What came out; or the end of what go complained.
    pub result: Result<Built, String>,
}

/// A program that was built.
#[derive(Debug)]
pub struct Built {
    /// Where it lies, as long as it is kept.
    pub program: PathBuf,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its record.
    pub record: Record,
}

/// What every build of a run shares.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The program and the host.
    pub ground: &'a Ground<'a>,
    /// What goes into it.
    pub facts: &'a Facts,
    /// The run's temporary folder.
    pub scratch: &'a Path,
    /// Takes secrets out of what go complains.
    pub redaction: &'a Redaction,
    /// The longest a build may take.
    pub timeout: Duration,
    /// What ends the run.
    pub interrupt: &'a Interrupt,
}

/// A build that is about to run.
#[derive(Debug)]
pub struct Task {
    /// Its number, from 1.
    pub number: usize,
    /// How it finds its build cache.
    pub mode: Mode,
    /// The build cache.
    pub cache: PathBuf,
    /// What is varied, and how.
    pub varied: BTreeMap<&'static str, String>,
    /// Where all that go complains is kept; what it hashed is among that.
    pub log: Option<PathBuf>,
}

/// The most lines of go's complaint that are shown.
const COMPLAINT_LINES: usize = 20;

impl Build {
    /// Runs a build to its end.
    ///
    /// # Errors
    /// When it is interrupted, can't be started, or left a file that can't be
    /// read. A build that fails is no error.
    pub fn run(setting: &Setting<'_>, task: Task, ready: &Ready) -> anyhow::Result<Self> {
        let before = cache::count(&task.cache);
        let started = jiff::Timestamp::now();
        let clock = Instant::now();
        let log = task.log.as_deref().map(fs::File::create).transpose();
        let log = log.context("making a file for what go complains")?;
        let prepare = |command: &mut Command| {
            command
                .current_dir(&ready.start)
                .env_clear()
                .envs(&ready.variables);
            if let Some(log) = log {
                command.stderr(log);
            }
        };
        let finished = child::run(&ready.argv, prepare, setting.timeout, setting.interrupt)?;
        let duration = clock.elapsed();
        let varied: Vec<&'static str> = task.varied.keys().copied().collect();
        let result = if finished.is_success() && ready.program.is_file() {
            let observed = Observed {
                number: task.number as u64,
                started: started.to_string(),
                duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                cache_entries_before: before,
                cache_entries_after: cache::count(&task.cache),
                folder: folder(ready, setting.scratch),
                goroot: setting.ground.project.env("GOROOT").to_owned(),
            };
            Ok(Built::of(setting, &task, ready, observed)?)
        } else {
            let logged = task.log.as_deref().map(logged).transpose()?;
            let said = complaint(&finished, logged, setting.timeout);
            Err(setting.redaction.text(&said))
        };
        Ok(Self {
            number: task.number,
            cache: task.mode,
            varied,
            duration,
            result,
        })
    }

    /// Returns the digest of what came out.
    pub fn sha256(&self) -> Option<&str> {
        let built = self.result.as_ref().ok();
        built.map(|built| built.sha256.as_str())
    }
}

impl Built {
    fn of(
        setting: &Setting<'_>,
        task: &Task,
        ready: &Ready,
        observed: Observed,
    ) -> anyhow::Result<Self> {
        let project = setting.ground.project;
        let artifact = Artifact::read(&ready.program).context("reading what go built")?;
        let file = File::of(&artifact);
        let inputs = setting.facts.inputs.clone();
        let record = Record {
            schema: SCHEMA,
            tool: Tool {
                name: "verify-build",
                version: env!("CARGO_PKG_VERSION"),
            },
            inputs_sha256: inputs.sha256().context("naming the inputs of the build")?,
            product: product(&project.name, file, setting.facts.commit()),
            inputs,
            conditions: Conditions {
                cache: Cache {
                    mode: task.mode,
                    after: (task.mode != Mode::Given)
                        .then(|| Packages::read(&task.cache).contents()),
                },
                varied: task.varied.clone(),
                environment: environment(ready),
                toolchain_h1: setting.facts.toolchain_h1.clone(),
                host: Host::of(project, setting.ground.machine),
            },
            observed,
        };
        Ok(Self {
            program: ready.program.clone(),
            sha256: hex::encode(artifact.input.sha256),
            record,
        })
    }

    /// Removes the program; its record stays.
    pub fn discard(&self) {
        // It lies in the temporary folder and goes with it at the latest.
        let _ = fs::remove_file(&self.program);
    }
}

fn product(name: &str, file: File, commit: Option<&str>) -> Product {
    let info = file.build_info;
    let (main, modules, settings) = info.map_or_else(Default::default, |info| {
        let shown = |key: String, value: &str| {
            let value = public::setting(&key, value, commit);
            (key, value)
        };
        let settings = info.settings.into_iter();
        let settings = settings.map(|one| shown(one.key, &one.value)).collect();
        (info.main, info.deps, settings)
    });
    Product {
        name: name.to_owned(),
        size: file.size,
        sha256: file.sha256,
        build_id: file.build_id.map(|mut id| {
            // -ldflags=-buildid= takes any text.
            if id.kind == "custom" {
                WITHHELD.clone_into(&mut id.text);
            }
            id
        }),
        self_check: file.self_check,
        host_id: file.host_id,
        go_version: file.go_version,
        main: main.map(without_folders),
        modules: modules.into_iter().map(without_folders).collect(),
        settings,
    }
}

/// Takes out the folder of this host that stands in a module's place.
fn without_folders(mut module: Module) -> Module {
    if let Some(other) = &mut module.replace
        && (Path::new(&other.path).is_absolute() || other.path.contains(':'))
    {
        WITHHELD.clone_into(&mut other.path);
    }
    module
}

/// The folder of a build, with a name for what differs from run to run.
fn folder(ready: &Ready, scratch: &Path) -> String {
    match ready.folder.strip_prefix(scratch) {
        Ok(inside) => format!("$SCRATCH/{}", inside.display()),
        Err(_) => ready.folder.display().to_string(),
    }
}

/// The environment, with the values that may be published.
fn environment(ready: &Ready) -> BTreeMap<String, String> {
    let variables = ready.variables.iter().map(|(name, value)| {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let shown = public::variable(&name, &value);
        (name.into_owned(), shown.text)
    });
    // Canonical JSON has no other names, and what has one is in no list of ours.
    variables.filter(|(name, _)| name.is_ascii()).collect()
}

/// Reads the end of what go complained in a log, without what it hashed.
fn logged(log: &Path) -> anyhow::Result<String> {
    let file = fs::File::open(log).context("reading what go complained")?;
    let mut lines = VecDeque::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.context("reading what go complained")?;
        if !line.starts_with(b"HASH") {
            lines.push_back(String::from_utf8_lossy(&line).into_owned());
            lines.drain(..lines.len().saturating_sub(COMPLAINT_LINES));
        }
    }
    Ok(Vec::from(lines).join("\n"))
}

fn complaint(finished: &child::Finished, logged: Option<String>, timeout: Duration) -> String {
    let said = logged
        .filter(|said| !said.trim().is_empty())
        .unwrap_or_else(|| finished.tail(COMPLAINT_LINES));
    match finished.status {
        None => format!(
            "it took longer than {} seconds and was stopped (--timeout)\n{}",
            timeout.as_secs(),
            said
        ),
        Some(status) if status.success() => "go build ended well and left no program".into(),
        Some(_) => {
            let room = if said.contains(DISK_FULL) {
                "\nbuilds are made below TMPDIR: set it to a folder with more room"
            } else {
                ""
            };
            said + room
        }
    }
}

/// What the system says, and go and C compilers after it.
const DISK_FULL: &str = "space left on device";
