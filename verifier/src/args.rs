//! The command line.

pub mod accept;
pub mod cache;
pub mod cacheprog;
pub mod certify;
pub mod check;
pub mod doctor;
pub mod key;
pub mod lint;
pub mod matrix;
pub mod observe;
pub mod output;
pub mod quorum;
pub mod rebuild;
pub mod reproduce;
pub mod toolchain;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

pub use accept::Accept;

use proto::visible::clean;

use crate::schemas;

/// Says whether builds of a Go program are the same, and if not, why, and what
/// to change.
#[derive(Debug, Parser)]
#[command(
    name = "verify-build",
    version,
    about,
    after_help = AFTER_HELP,
    override_usage = USAGE,
    arg_required_else_help = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    /// What to do instead of comparing
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The builds to compare; of three and more, with the most frequent one
    #[arg(value_name = "FILE", num_args = 2.., required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// Exit with 0, too, when files differ in less; the verdict stays "different"
    #[arg(long, value_parser = accept::parse, value_name = "WHAT", long_help = accept::HELP)]
    pub accept: Option<Accept>,

    /// Prove the causes with logs of both builds, made by
    /// GODEBUG=gocachehash=1 go build ... 2> a.log. With - for a log that nobody has,
    /// the linker's flags that the file does not record are looked for in the other one
    #[arg(
        long,
        value_name = "A.LOG,B.LOG",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_hint = ValueHint::FilePath
    )]
    pub explain_with: Vec<PathBuf>,

    /// The file that can't be changed: fixes are then for the other one, with its values;
    /// of two files a, unless said otherwise
    #[arg(long, value_enum, value_name = "FILE")]
    pub given: Option<Given>,

    /// How to print
    #[command(flatten)]
    pub output: output::Output,
}

impl Args {
    /// Takes the command line of this process apart; where it can't be, says why
    /// and ends the process with 2.
    pub fn of_process() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| {
            if error.use_stderr() && is_unsafe(&error.to_string()) {
                // What was given may come from a list of file names.
                crate::exit::say_error(&error.to_string());
                std::process::exit(error.exit_code());
            }
            error.exit()
        })
    }

    /// Takes a command line apart. Options may stand before a command; files may not.
    ///
    /// # Errors
    /// What is wrong with it, and what to say instead.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let args = Self::try_parse_from(line).map_err(|mut error| {
            if error.kind() == ErrorKind::TooFewValues {
                let tip = "one file alone is shown by 'verify-build inspect FILE'";
                let tip = ContextValue::StyledStrs(vec![tip.into()]);
                error.insert(ContextKind::Suggested, tip);
            }
            error
        })?;
        let compares = !args.files.is_empty() || args.accept.is_some() || args.given.is_some();
        if args.command.is_some() && (compares || !args.explain_with.is_empty()) {
            return Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "files to compare, --accept, --given and --explain-with do not go with a command; a file that has the \
                 name of a command is named with its folder: ./inspect",
            ));
        }
        let is_given = args.given.is_some_and(|given| given != Given::None);
        if is_given && args.files.len() > 2 {
            return Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "--given a and --given b are for two files; of more, compare the given one with each of the others",
            ));
        }
        Ok(args)
    }
}

/// Says whether text would do more than be read on a terminal or in a workflow's log.
fn is_unsafe(text: &str) -> bool {
    text.lines().any(|line| clean(line) != line)
}

/// Which of two files can't be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Given {
    /// The first
    A,
    /// The second
    B,
    /// None of them: fixes are for both builds
    None,
}

/// What to do instead of comparing.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all that one file tells about its build, or what a container holds
    #[command(after_help = INSPECT_HELP)]
    Inspect {
        /// The files to look into
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    Lint(lint::Lint),
    Cache(cache::Cache),
    Cacheprog(cacheprog::Cacheprog),
    Toolchain(toolchain::Toolchain),
    Rebuild(rebuild::Rebuild),
    Key(key::Key),
    Observe(observe::Observe),
    Matrix(matrix::Matrix),
    Reproduce(reproduce::Reproduce),
    Doctor(doctor::Doctor),
    Certify(certify::Certify),
    Check(check::Check),
    Quorum(quorum::Quorum),
    /// Print the schema of what --format json prints; without a name, list them
    #[command(after_help = "Example: verify-build schema report-v1 > report.schema.json")]
    Schema {
        /// Its name
        #[arg(value_parser = PossibleValuesParser::new(schemas::ALL.map(|(name, _)| name)))]
        name: Option<String>,
    },
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: verify-build completions bash > /etc/bash_completion.d/verify-build"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write that of every command to a folder
    #[command(after_help = MAN_HELP)]
    Man {
        /// The folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

const MAN_HELP: &str = "\
Examples:
  verify-build man | man -l -                  read the page
  verify-build man /usr/local/share/man/man1   install the pages";

const INSPECT_HELP: &str = "\
Examples:
  verify-build inspect dist/tool                        a table for people
  verify-build inspect -v dist/tool                     with every section and module
  verify-build inspect --output tool.html -q dist/tool  a page for a browser
  verify-build inspect release.tar.gz                   what is in it, and every program's build
  verify-build inspect --format json a b | jq .files    several files, for a program

Exit codes:
  0  the files were read, whatever they are
  2  a file could not be read, or the command line is wrong";

const USAGE: &str = "\
verify-build [OPTIONS] <FILE> <FILE>...
       verify-build [OPTIONS] <COMMAND>";

const AFTER_HELP: &str = "\
Examples:
  verify-build dist/tool rebuilt/tool           are these two the same, and if not, why?
  verify-build --format json a b > report.json  the same for a program
  verify-build --quiet a b || exit 1            in a script: the exit code alone
  verify-build a b --output why.html --output scan.sarif
                                                text here, and two files more
  verify-build --format github a b              in a GitHub workflow
  verify-build published rebuilt                what to run so that the second becomes the first
  verify-build --explain-with -,b.log published rebuilt
                                                the same, and the linker's flags by the rebuild's log
  verify-build --given none a b                 what to make alike in both builds
  verify-build inspect /usr/local/bin/tool      what one file tells about its build

Exit codes:
  0  every file holds the same bytes (or, with --accept, differs from the others
     in no more than what was said to be good enough)
  1  at least two files are different builds
  2  a file could not be read, or the command line is wrong
  3  inconclusive: the bytes differ, but a file is empty, cut off, damaged or a
     container (zip, tar, deb, ...) that can't be read to its end

A file that has the name of a command is named with its folder: ./inspect.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
    }

    fn read(line: &[&str]) -> Result<Args, clap::Error> {
        let program = std::iter::once("verify-build");
        Args::read(program.chain(line.iter().copied()).map(OsString::from))
    }

    #[test]
    fn options_may_stand_before_a_command() {
        for line in [
            &["-v", "cache", "compare", "a", "b"][..],
            &["--color", "never", "-v", "cache", "compare", "a", "b"],
            &["cache", "-v", "compare", "a", "b"],
            &["cache", "compare", "a", "b", "-v"],
        ] {
            let args = read(line).unwrap();
            assert!(args.output.verbose, "{line:?}");
            assert!(matches!(args.command, Some(Command::Cache(_))), "{line:?}");
        }
        let args = read(&["-v", "a", "b"]).unwrap();
        assert!(args.command.is_none() && args.files.len() == 2);
        for line in [
            &["--accept", "masked", "cache", "audit"][..],
            &["a", "-v", "inspect", "b"],
            &["--explain-with", "a,b", "inspect", "b"],
            &["--given", "a", "inspect", "b"],
            &["--given", "a", "a", "b", "c"],
            &["--given", "c", "a", "b"],
            &["a"],
            &["-v"],
        ] {
            assert!(read(line).is_err(), "{line:?}");
        }
    }
}
