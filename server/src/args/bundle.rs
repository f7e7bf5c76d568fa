//! `sumward bundle`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Format;

/// Commands on bundles: modules with their proofs in one file.
#[derive(Debug, Clone, Subcommand)]
pub enum Bundle {
    /// Make the key that signs bundles, and print the line that others trust
    Keygen {
        /// The key's name, such as bundles.corp.example
        #[arg(value_name = "NAME")]
        name: String,
        /// The file for the key, which only its owner can read; it must not be there yet
        #[arg(long, value_name = "KEYFILE")]
        out: PathBuf,
    },
    /// Make a bundle of modules and what proves them
    ///
    /// What is missing here is fetched and proved as for a client, by the running server
    /// where one has the data folder open.
    #[command(after_help = CREATE_HELP)]
    Create(Create),
    /// Check a bundle with nothing but the file, its signer's key and the databases' keys
    Verify {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The line that `bundle keygen` printed; may be repeated [default: bundle.trust of
        /// the settings]
        #[arg(long, value_name = "LINE")]
        trust: Vec<String>,
    },
    /// Take a bundle in: check everything, then make it visible
    ///
    /// Nothing is changed when anything is wrong with it. A bundle that is there already
    /// changes nothing, and is no error. The running server takes it in where one has the
    /// data folder open.
    Import {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The line that `bundle keygen` printed; may be repeated [default: bundle.trust of
        /// the settings]
        #[arg(long, value_name = "LINE")]
        trust: Vec<String>,
        /// End the process after this step: for tests of crashes
        #[arg(long, hide = true, value_name = "STEP")]
        end_after: Option<String>,
    },
    /// Take in what appears in a drop folder, and move aside what is refused
    ///
    /// A bundle is taken in when it no longer grows, its volumes are complete and what it
    /// adds to is there. It then lies in `imported`, and one that is refused in `refused`
    /// with the reason beside it.
    Watch {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// The line that `bundle keygen` printed; may be repeated [default: bundle.trust of
        /// the settings]
        #[arg(long, value_name = "LINE")]
        trust: Vec<String>,
        /// How many seconds a file must not have grown
        #[arg(long, value_name = "SECONDS", default_value = "10")]
        settle: u64,
        /// End after taking in what is there; exit status 1 when a bundle was refused or
        /// failed (one that waits for another is neither)
        #[arg(long)]
        once: bool,
    },
    /// List what is in a bundle, without checking who signed it
    Show {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The form of the list
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// List the module versions that one of two bundles has and the other has not
    Diff {
        /// The first bundle
        #[arg(value_name = "A")]
        first: PathBuf,
        /// The second
        #[arg(value_name = "B")]
        second: PathBuf,
        /// The form of the list
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
}

const CREATE_HELP: &str = "\
Examples:
  sumward bundle create --from go.mod --dry-run --format html >request.html
      What would be carried over, for somebody to sign off.

  sumward bundle create --from go.mod --key bundle.key -o first.bundle
      All that go build, go test, go mod tidy and go mod vendor need behind the gap.

  sumward bundle create --from go.mod --from more.txt --since first.bundle --key bundle.key -o second.bundle
      What is new since; first.bundle must have been imported before it.

  sumward bundle create --from go.sum --toolchain go1.27.3:linux/amd64 --volume 4G --key bundle.key -o dvd
      dvd.001, dvd.002 and so on.";

/// What goes into a bundle, and how it is made.
#[derive(Debug, Clone, clap::Args)]
pub struct Create {
    /// Where the modules are named: a go.sum, go.mod or go.work, a list (FILE.txt) of
    /// path@version or path@latest, a program built by go, or a GOMODCACHE folder; may be
    /// repeated
    #[arg(long, value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// A Go toolchain as well, for example go1.27.3:linux/amd64; may be repeated
    #[arg(long, value_name = "GOVERSION:GOOS/GOARCH")]
    pub toolchain: Vec<String>,
    /// Leave out what only tests of dependencies need: `go mod tidy` then fails behind the
    /// gap
    #[arg(long)]
    pub no_tests: bool,
    /// What was carried over before: an earlier bundle, or a signed head
    /// (DATA/sumdb/NAME/heads/SIZE of the mirror behind the gap); may be repeated
    #[arg(long, value_name = "FILE")]
    pub since: Vec<PathBuf>,
    /// The key that signs, made by `sumward bundle keygen`
    #[arg(long, value_name = "KEYFILE")]
    pub key: Option<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Cut the bundle in volumes of this size, for example 4G: FILE.001, FILE.002 and so on
    #[arg(long, value_name = "SIZE")]
    pub volume: Option<String>,
    /// Write nothing, and need no key: print the transfer request
    #[arg(long)]
    pub dry_run: bool,
    /// The form of the transfer request
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: RequestFormat,
    /// End the process after this step: for tests of crashes
    #[arg(long, hide = true, value_name = "STEP")]
    pub end_after: Option<String>,
}

/// What is fetched ahead of its use.
#[derive(Debug, Clone, clap::Args)]
pub struct Warm {
    /// Where the modules are named, as for `bundle create --from`
    #[arg(value_name = "FILE", required_unless_present = "toolchain")]
    pub from: Vec<PathBuf>,
    /// A Go toolchain as well, for example go1.27.3:linux/amd64; may be repeated
    #[arg(long, value_name = "GOVERSION:GOOS/GOARCH")]
    pub toolchain: Vec<String>,
    /// Leave out what only tests of dependencies need
    #[arg(long)]
    pub no_tests: bool,
}

/// The form of a transfer request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RequestFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// A page to sign off.
    Html,
}
