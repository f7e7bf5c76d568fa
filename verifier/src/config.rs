//! What a run does, from the command line and the environment; nothing else in
//! this program reads the environment.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::args::output::Color;
use crate::args::{self, Args, Command};
use crate::fix::Given;
use crate::host::{Environment, Host};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::text::Style;

/// What a run does.
#[derive(Debug)]
pub struct Config {
    /// The work.
    pub task: Task,
    /// Where what it finds goes.
    pub output: Output,
    /// What the work may know of the machine.
    pub host: Host,
}

/// The work of a run.
#[derive(Debug)]
pub enum Task {
    /// Compare the first file with each of the others.
    Compare(Comparing),
    /// Look into files one by one.
    Inspect(Vec<PathBuf>),
    /// Judge files one by one.
    Lint(args::lint::Lint),
    /// Look into build caches.
    Cache(args::cache::Cache),
    /// Be a build cache.
    Cacheprog(args::cacheprog::Cacheprog),
    /// Recognise a Go installation.
    Toolchain(args::toolchain::Toolchain),
    /// Build repeatedly.
    Rebuild(args::rebuild::Rebuild),
    /// Make or show a key.
    Key(args::key::Key),
    /// Build, and sign what was seen.
    Observe(args::observe::Observe),
    /// Show observations side by side.
    Matrix(args::matrix::Matrix),
    /// Build a published program again.
    Reproduce(args::reproduce::Reproduce),
    /// Look at this host.
    Doctor(args::doctor::Doctor),
    /// Conclude from observations.
    Certify(args::certify::Certify),
    /// Check a certificate and a program.
    Check(args::check::Check),
    /// Look into quorum files.
    Quorum(args::quorum::Quorum),
    /// Print a schema, or the list of them.
    Schema(Option<String>),
    /// Print a completion script.
    Completions(clap_complete::Shell),
    /// Print the manual page, or write all of them to a folder.
    Man(Option<PathBuf>),
}

/// What is compared, and how.
#[derive(Debug, Default)]
pub struct Comparing {
    /// The files, or folders.
    pub files: Vec<PathBuf>,
    /// What less than equality is good enough.
    pub accept: Option<args::Accept>,
    /// Logs of the files' builds, one a file, or none.
    pub logs: Vec<PathBuf>,
    /// Which of two files can't be changed.
    pub given: Option<Given>,
}

impl Config {
    /// Settles what to do. Colour goes to a terminal only, and not when NO_COLOR
    /// is set to anything or TERM is `dumb` (no-color.org).
    pub fn new(args: Args) -> Self {
        let environment = environment();
        let files = args.files.len();
        let output = args.output;
        let color = match output.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stdout().is_terminal() && allows_color(&environment),
        };
        let style = Style {
            color,
            verbose: output.verbose,
            width: width(),
        };
        let progress = Progress::new(!output.quiet && std::io::stderr().is_terminal());
        Self {
            output: Output {
                printed: (!output.quiet).then_some(output.format),
                files: output.outputs,
                style,
                step_summary: environment.var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            },
            task: match args.command {
                None => Task::Compare(Comparing {
                    files: args.files,
                    accept: args.accept,
                    logs: args.explain_with,
                    given: given(args.given, files),
                }),
                Some(Command::Inspect { files }) => Task::Inspect(files),
                Some(Command::Lint(lint)) => Task::Lint(lint),
                Some(Command::Cache(cache)) => Task::Cache(cache),
                Some(Command::Cacheprog(cacheprog)) => Task::Cacheprog(cacheprog),
                Some(Command::Toolchain(toolchain)) => Task::Toolchain(toolchain),
                Some(Command::Rebuild(rebuild)) => Task::Rebuild(rebuild),
                Some(Command::Key(key)) => Task::Key(key),
                Some(Command::Observe(observe)) => Task::Observe(observe),
                Some(Command::Matrix(matrix)) => Task::Matrix(matrix),
                Some(Command::Reproduce(reproduce)) => Task::Reproduce(reproduce),
                Some(Command::Doctor(doctor)) => Task::Doctor(doctor),
                Some(Command::Certify(certify)) => Task::Certify(certify),
                Some(Command::Check(check)) => Task::Check(check),
                Some(Command::Quorum(quorum)) => Task::Quorum(quorum),
                Some(Command::Schema { name }) => Task::Schema(name),
                Some(Command::Completions { shell }) => Task::Completions(shell),
                Some(Command::Man { folder }) => Task::Man(folder),
            },
            host: Host {
                environment,
                progress,
            },
        }
    }
}

/// Of two files the first is given, unless something else is said.
fn given(said: Option<args::Given>, files: usize) -> Option<Given> {
    match said {
        None => (files == 2).then_some(Given::First),
        Some(args::Given::A) => Some(Given::First),
        Some(args::Given::B) => Some(Given::Second),
        Some(args::Given::None) => None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}

/// How wide the terminal is, where standard output is one.
fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

fn allows_color(environment: &Environment) -> bool {
    environment.var("NO_COLOR").is_none()
        && environment.var("TERM").is_none_or(|term| term != "dumb")
}
