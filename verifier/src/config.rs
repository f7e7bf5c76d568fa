//! What a run does, from the command line and the environment; nothing else in
//! this program reads the environment.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::args::{Args, Color, Command, Format};
use crate::report::text::Style;

/// What a run does.
#[derive(Debug)]
pub struct Config {
    /// The work.
    pub task: Task,
    /// How to print what it finds; `None` for not at all.
    pub output: Option<Output>,
}

/// The work of a run.
#[derive(Debug)]
pub enum Task {
    /// Compare the first file with each of the others.
    Compare(Vec<PathBuf>),
    /// Look into files one by one.
    Inspect(Vec<PathBuf>),
    /// Print a completion script.
    Completions(clap_complete::Shell),
}

/// How to print.
#[derive(Debug, Clone, Copy)]
pub enum Output {
    /// Text for people.
    Text(Style),
    /// JSON for programs.
    Json,
}

impl Config {
    /// Settles what to do. Colour goes to a terminal only, and not when NO_COLOR
    /// is set to anything or TERM is `dumb` (no-color.org).
    pub fn new(args: Args) -> Self {
        let output = args.output;
        let color = match output.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stdout().is_terminal() && environment_allows_color(),
        };
        let style = Style {
            color,
            verbose: output.verbose,
        };
        Self {
            output: match (output.quiet, output.format) {
                (true, _) => None,
                (false, Format::Text) => Some(Output::Text(style)),
                (false, Format::Json) => Some(Output::Json),
            },
            task: match args.command {
                None => Task::Compare(args.files),
                Some(Command::Inspect { files }) => Task::Inspect(files),
                Some(Command::Completions { shell }) => Task::Completions(shell),
            },
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn environment_allows_color() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}
