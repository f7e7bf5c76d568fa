//! What a run does, from the command line and the environment; nothing else in
//! this program reads the environment.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::args::output::Color;
use crate::args::{self, Args, Command};
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
}

/// What a command may know of the machine it runs on.
#[derive(Debug, Clone)]
pub struct Host {
    /// The environment variables at start.
    pub environment: Environment,
    /// Bars for long work.
    pub progress: Progress,
}

/// Environment variables, as they were when the program began.
#[derive(Debug, Clone, Default)]
pub struct Environment(HashMap<OsString, OsString>);

impl Environment {
    /// Takes variables as given, for tests.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pair = |(name, value): (K, V)| (name.into(), value.into());
        Self(variables.into_iter().map(pair).collect())
    }

    /// Returns a variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name)).map(OsString::as_os_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns every variable, in no order.
    pub fn all(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    fn of_this_process() -> Self {
        Self::new(std::env::vars_os())
    }
}

impl Config {
    /// Settles what to do. Colour goes to a terminal only, and not when NO_COLOR
    /// is set to anything or TERM is `dumb` (no-color.org).
    pub fn new(args: Args) -> Self {
        let environment = Environment::of_this_process();
        let output = args.output;
        let color = match output.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stdout().is_terminal() && allows_color(&environment),
        };
        let style = Style {
            color,
            verbose: output.verbose,
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
                }),
                Some(Command::Inspect { files }) => Task::Inspect(files),
                Some(Command::Lint(lint)) => Task::Lint(lint),
                Some(Command::Cache(cache)) => Task::Cache(cache),
                Some(Command::Cacheprog(cacheprog)) => Task::Cacheprog(cacheprog),
                Some(Command::Toolchain(toolchain)) => Task::Toolchain(toolchain),
                Some(Command::Rebuild(rebuild)) => Task::Rebuild(rebuild),
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

fn allows_color(environment: &Environment) -> bool {
    environment.var("NO_COLOR").is_none()
        && environment.var("TERM").is_none_or(|term| term != "dumb")
}
