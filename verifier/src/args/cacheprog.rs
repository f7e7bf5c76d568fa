//! `verify-build cacheprog`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// Be the build cache of a go command (GOCACHEPROG, Go 1.24 and later), keep a
/// record of every output, and hold later builds against it
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Cacheprog {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to be to the go command.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Be an ordinary cache, and keep every output as the record
    #[command(
        after_help = "Example: GOCACHEPROG=\"verify-build cacheprog record /var/cache/record\" go build ./..."
    )]
    Record(Record),
    /// Make everything again: know nothing, and compare each output with the record
    #[command(
        after_help = "Example: GOCACHEPROG=\"verify-build cacheprog audit /var/cache/record\" go build -trimpath ./...\n\n\
        A build that uses no cache but what it made itself. The record is not changed; outputs\n\
        that differ from it are kept under audits/ in its folder, for verify-build cache compare."
    )]
    Audit(Child),
    /// Hand out recorded outputs, each only while its SHA-256 is the one in its index line
    #[command(
        after_help = "Example: GOCACHEPROG=\"verify-build cacheprog serve /var/cache/record\" go build ./...\n\n\
        Also refused: a compiled package whose build ID names another action than the one\n\
        asked for, or another content. For what is refused the go command hears that there\n\
        is none, and makes it again. The record is not changed.\n\n\
        This guards against broken storage and careless changes, not against those who can\n\
        write to the folder: the index lies in it too, and files other than packages do not\n\
        say which action made them. Only cacheprog audit, which makes everything again, does."
    )]
    Serve(Child),
    /// Print what the runs that used a record found, and exit with 1 if that was anything
    #[command(after_help = "Example: verify-build cacheprog report /var/cache/record || exit 1")]
    Report(Report),
}

/// What a record is told.
#[derive(Debug, Clone, Args)]
pub struct Record {
    /// What every child is told
    #[command(flatten)]
    pub child: Child,

    /// Look what the record lacks up in this build cache too, as the go command would:
    /// its files are believed. Nothing is written there
    #[arg(long, value_name = "GOCACHE", value_hint = ValueHint::DirPath)]
    pub beneath: Option<PathBuf>,
}

/// What every child of a go command is told.
#[derive(Debug, Clone, Args)]
pub struct Child {
    /// The folder of the record; its layout is that of GOCACHE
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,

    /// Write what was found to this file too, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,

    /// Write a line for each compiled package that the build took in to this file:
    /// whether it was found (hit) or made (put), whether it is what its entry says,
    /// its action, the hash it really has, its content ID and its import path
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub taken: Option<PathBuf>,

    /// When the go command is to exit with 1: audit fails when something was
    /// found, record and serve never do, unless this says otherwise
    #[arg(long, value_enum, value_name = "WHEN")]
    pub fail: Option<Fail>,
}

/// When a go command is made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fail {
    /// Never: read the report
    Never,
    /// When an output differs or a recorded file was changed
    Found,
    /// Then, and when not every package could be compared
    Incomplete,
}

/// What to print of the runs so far.
#[derive(Debug, Clone, Args)]
pub struct Report {
    /// The folder of the record
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,

    /// Only the newest so many runs
    #[arg(long, value_name = "COUNT")]
    pub last: Option<usize>,
}

const AFTER_HELP: &str = "\
Examples:
  record a build, then prove on another machine that it can be made again:
    GOCACHEPROG=\"verify-build cacheprog record /var/cache/record\" go build -trimpath ./...
    GOCACHEPROG=\"verify-build cacheprog audit /var/cache/record\" go build -trimpath ./...
  build quickly from a record, and notice files that were damaged since:
    GOCACHEPROG=\"verify-build cacheprog serve /mnt/record\" go build ./...
  what did they find?
    verify-build cacheprog report /var/cache/record

The go command splits GOCACHEPROG at spaces; quote a folder that has some:
    GOCACHEPROG=\"verify-build cacheprog record '/var/cache/my record'\"

The go command does not look at how its cache program exits. To make it fail, the
cache answers its last question with an error, and go prints \"failed to trim
cache: ...\" and exits with 1 (--fail); or ask verify-build cacheprog report.

The folder has the layout of GOCACHE: verify-build cache audit and cache compare
read it, and so does a go command.

Files:
  DIR/00/ to DIR/ff/  the record
  DIR/sessions/       one JSON report a run
  DIR/audits/         outputs that an audit found to differ, in the same layout
  DIR/tmp/            bodies on their way, and what a run of audit or serve makes
                      (in the system's temporary folder where DIR is read-only)

Exit codes:
  0  nothing was found
  1  an output differs from the record, a recorded file was changed, or a
     package in it does not carry the build ID of its action
  2  the folder can't be used as a record, or can't be read
  3  not every output could be compared, or a conversation broke off";
