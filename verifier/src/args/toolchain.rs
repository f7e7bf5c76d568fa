//! `verify-build toolchain`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

/// Say which official Go release an installation is, by its content
///
/// The hash of the installed files, packed by the rules of Go's releases, is
/// compared with the record that a checksum database has of the release.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Toolchain {
    /// What to do instead
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The installation; $GOROOT or that of the go command on the PATH when left out
    #[arg(value_name = "GOROOT", value_hint = ValueHint::DirPath)]
    pub goroot: Option<PathBuf>,

    /// The system the installation is for, where it has tools for several
    #[arg(long, value_name = "GOOS/GOARCH")]
    pub target: Option<String>,

    /// A checksum database's answer about the release, saved to a file
    #[arg(long, value_name = "LOOKUP", value_hint = ValueHint::FilePath, conflicts_with = "sumdb")]
    pub record: Option<PathBuf>,

    /// A folder of the database's files (tile/8/…) that prove the saved answer
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "record")]
    pub tiles: Option<PathBuf>,

    /// Believe a saved answer that no tiles prove
    ///
    /// A database signs the head of its tree, not the answer: without tiles, whoever
    /// gave you the file vouches for the hash in it.
    #[arg(long, requires = "record", conflicts_with = "tiles")]
    pub allow_unproved: bool,

    /// Ask this database, or this proxy that relays it (a sumward, say), instead of
    /// those of GOPROXY and GOSUMDB
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub sumdb: Option<String>,

    /// The database's key, name+hash+key; that of sum.golang.org, or of GOSUMDB where
    /// that is asked, when left out
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Ask nobody: compute the hash and say it
    #[arg(long, conflicts_with_all = ["record", "sumdb"])]
    pub offline: bool,

    /// A list of a release's file hashes, or a folder of such lists; names the files
    /// that differ
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub manifest: Vec<PathBuf>,

    /// The release's module zip, in place of a list
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub zip: Vec<PathBuf>,

    /// Fetch the release's module zip (some 70 MB) through GOPROXY, or from the server
    /// that --sumdb names, where the hash is another one; names the files that differ
    #[arg(long, conflicts_with = "offline")]
    pub fetch: bool,
}

/// What else can be done with installations.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Print the list of file hashes of an installation or a module zip
    #[command(
        after_help = "Example: verify-build toolchain manifest v0.0.1-go1.27.3.linux-amd64.zip > go1.27.3.sums"
    )]
    Manifest {
        /// A module zip (v0.0.1-go1.27.3.linux-amd64.zip) or a GOROOT
        #[arg(value_name = "ZIP|GOROOT", value_hint = ValueHint::AnyPath)]
        path: PathBuf,

        /// The system the installation is for, where it has tools for several
        #[arg(long, value_name = "GOOS/GOARCH")]
        target: Option<String>,
    },
}

const AFTER_HELP: &str = "\
Examples:
  verify-build toolchain                              the go command on the PATH, asked of GOPROXY and GOSUMDB
  verify-build toolchain --sumdb http://localhost:8080 /usr/local/go
  verify-build toolchain --record lookup --tiles sumdb/sum.golang.org /usr/local/go
  verify-build toolchain --fetch                      where files differ, which?
  verify-build toolchain manifest v0.0.1-go1.27.3.linux-amd64.zip > go1.27.3.sums
  verify-build toolchain --manifest go1.27.3.sums     which files differ?

A database's answer about a release is at
  https://sum.golang.org/lookup/golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64

Files:
  GOROOT/VERSION    which release it says it is
  GOROOT/pkg/tool/  for which system

Exit codes:
  0  OFFICIAL, or REPACKAGED: every file that matters to a build is the release's
  1  MODIFIED: files are not the release's, or something below src, bin, pkg, lib or
     test could not be hashed (a pipe, a link to nowhere, a name that is not UTF-8)
  2  something could not be read
  3  UNKNOWN: there is no record to compare with, or it decides nothing";
