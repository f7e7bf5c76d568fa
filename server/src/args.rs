//! The command line.
//!
//! Flags say the same things as the configuration file and the environment;
//! [`crate::config`] puts the three together. Values stay text here, so that a
//! bad one is reported the same way wherever it was written.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

mod bundle;
mod checksums;
mod config;
mod flags;
mod gc;
mod healthcheck;
mod import;
mod monitor;
mod own;
mod witness;

pub use bundle::{Bundle, Create, RequestFormat, Warm};
pub use checksums::Checksums;
pub use config::{Config, Sign};
pub use flags::Flags;
pub use gc::{Format, Gc};
pub use healthcheck::Healthcheck;
pub use import::Import;
pub use monitor::Monitor;
pub use own::Own;
pub use witness::Witness;

/// The whole command line of `sumward`.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "sumward",
    version,
    about = "A caching GOPROXY and GOSUMDB server that proves every Go module before it serves it",
    after_help = AFTER_HELP,
    after_long_help = AFTER_LONG_HELP
)]
pub struct Args {
    /// Flags that every command accepts.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; serving is the default.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// Reads the command line of this process.
    ///
    /// # Errors
    ///
    /// When there is nothing more to do: help or version was asked for and is
    /// printed (status 0), or the line is wrong and that is said (status 64).
    pub fn read() -> Result<Self, ExitCode> {
        Self::parse_line(std::env::args_os()).map_err(|error| {
            // Nobody may be there to read it.
            let _ = error.print();
            if error.use_stderr() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            }
        })
    }

    /// Parses a command line, the program's name included.
    ///
    /// # Errors
    ///
    /// See [`Self::read`].
    pub fn parse_line<T: Into<OsString>>(
        line: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(repeated_first(line.into_iter().map(Into::into)))
    }
}

/// Moves the flags that may be repeated to the front. Of a flag on both sides of
/// a command clap would drop the values before it.
fn repeated_first(line: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut line = line.peekable();
    let mut first: Vec<_> = line.next().into_iter().collect();
    let mut rest = Vec::new();
    while let Some(word) = line.next() {
        if word == "--" {
            rest.push(word);
            break;
        }
        let text = word.to_string_lossy();
        if REPEATED.contains(&&*text) && line.peek().is_some() {
            first.push(word);
            first.extend(line.next());
        } else if text
            .split_once('=')
            .is_some_and(|(flag, _)| REPEATED.contains(&flag))
        {
            first.push(word);
        } else {
            rest.push(word);
        }
    }
    first.extend(rest);
    first.extend(line);
    first
}

/// The flags that may be repeated.
const REPEATED: [&str; 6] = [
    "--config",
    "--stage",
    "--feature",
    "--config-trust",
    "--set",
    "--database",
];

/// Exit status for a command line or settings that are wrong (`EX_USAGE` of
/// sysexits.h).
pub const EXIT_USAGE: u8 = 64;

/// What `sumward` is asked to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Serve modules; the same as no command
    Serve,
    /// Make the index anew, for example in a restored backup
    #[command(subcommand)]
    Index(Index),
    /// Hash every stored file again and compare it with its proof; the server must not be
    /// running
    Fsck,
    /// Take back what is stored and remembered of a module or one of its versions
    ///
    /// It is gone from memory, disk and index when the command ends, of a running server
    /// too. The next request fetches it anew.
    Purge {
        /// What to take back: MODULE or MODULE@VERSION, as go.mod writes them
        #[arg(required = true, value_name = "MODULE[@VERSION]")]
        what: Vec<String>,
    },
    /// Let go of stored module files, those not used for longest first, until the rest fits
    /// a budget
    ///
    /// Proofs, lists, private modules in the database of your own and modules that no
    /// upstream could send again stay. What was let go is fetched and proved again when it
    /// is asked for. A running server does it with `gc.budget` by itself.
    Gc(Gc),
    /// Take in module files from a module cache or from the disk of another proxy
    ///
    /// Each file is proved as an upstream's bytes are; what can't be proved is listed and
    /// not kept. Doing it twice changes nothing.
    Import(Import),
    /// Copy the data folder to a new folder, while the server runs or not
    ///
    /// On the same file system files are linked and not copied: take the copy elsewhere.
    /// The index is not in it; `sumward index rebuild`, or a server that starts on the copy,
    /// makes it.
    Backup {
        /// Where to: a folder that does not exist yet, or an empty one
        #[arg(value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Carry modules with their proofs to a mirror that no network reaches
    #[command(subcommand)]
    Bundle(Bundle),
    /// Fetch and prove modules ahead of their use, before a cut-off or a release
    ///
    /// What cannot be had is listed, and the exit status is then 1.
    Warm(Warm),
    /// Check, show or sign the settings without serving
    #[command(subcommand)]
    Config(Config),
    /// List the followed checksum databases, or resume one that a fork stopped
    #[command(subcommand)]
    Database(Database),
    /// Tell of each new record of a checksum database: somebody published under your path
    ///
    /// Each head is proved to go on from the last one that was seen, and each record to be
    /// in the log. A database that shows two histories ends it with evidence (exit 1).
    Monitor(Monitor),
    /// Cosign the heads of logs that show everybody one history
    #[command(subcommand)]
    Witness(Witness),
    /// Stop serving a version that is in the checksum database of your own, or serve it again
    #[command(subcommand)]
    Own(Own),
    /// Make the key of a checksum database of your own, and print what clients set GOSUMDB to
    Keygen {
        /// The database's name, such as sum.corp.example; it never changes
        #[arg(value_name = "NAME")]
        name: String,
        /// The file for the key, which only its owner can read; it must not be there yet
        #[arg(long, value_name = "KEYFILE")]
        out: PathBuf,
    },
    /// Sign the list of a release's checksums, or check one and the files that it lists
    #[command(subcommand)]
    Checksums(Checksums),
    /// Have a running server read its settings again, and say what came of it
    ///
    /// All of them come into effect, or none: a file that is wrong, or a change that takes a
    /// restart, is refused with file and line (exit status 1). `systemctl reload` runs it;
    /// SIGHUP does the same and says so in the log alone.
    Reload,
    /// Ask a running server whether it is well: exit status 0 when it is, else 1
    ///
    /// Finds the server by the same settings: the address of `admin`, else of `listen`, with
    /// TLS where the settings have it, else the socket for commands in the data folder.
    Healthcheck(Healthcheck),
    /// Print a completion script, for example `sumward completions bash`
    Completions {
        /// The shell to print for
        shell: Shell,
    },
    /// Print the manual page, or write that of every command to a folder
    ///
    /// `sumward man | man -l -` reads it.
    Man {
        /// The folder, such as /usr/local/share/man/man1; made when it is not there
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// Commands on the index.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Index {
    /// Make the index anew from the stored files and the journal; the server must not be
    /// running
    Rebuild,
}

/// Commands on the followed checksum databases.
#[derive(Debug, Clone, Subcommand)]
pub enum Database {
    /// List each database with its head and whether it is stopped
    List,
    /// Follow a database again that was stopped because two of its heads do not fit
    Resume {
        /// The database, for example sum.golang.org
        name: String,
    },
}

const AFTER_HELP: &str = "\
Point the go command at it:
  go env -w GOPROXY=http://127.0.0.1:8080
  go env -w GOSUMDB=sum.golang.org

More with --help.";

const AFTER_LONG_HELP: &str = "\
Examples:
  sumward
      Serve on 127.0.0.1:8080 what proxy.golang.org has and sum.golang.org proves.

  GOPROXY=http://mirror.example GOSUMDB=name+hash+key sumward --listen 127.0.0.1:8081 --data D
      A whole set-up from the variables the go command reads.

  sumward --upstream 'https://a.example|https://b.example' --admin 127.0.0.1:9090
      Ask b when a fails; metrics on a listener of their own.

  sumward config check /etc/sumward/sumward.yaml
      Say whether a configuration is good.

  sumward purge --data /var/lib/sumward example.com/x@v1.0.0
      Take a version back, from a running server too.

  sumward gc --data /var/lib/sumward --budget 20GiB --pin go.sum --dry-run
      Say what would go so that 20 GiB of modules stay, those of go.sum among them.

  sumward import --data /var/lib/sumward ~/go/pkg/mod
      Prove and keep what a module cache holds.

  sumward monitor sum.golang.org --match github.com/corp --state /var/lib/monitor
      Tell of every version that is published under github.com/corp.

  sumward fsck --data /var/lib/sumward
      Hash everything stored again and compare it with its proofs.

Point the go command at it:
  go env -w GOPROXY=http://127.0.0.1:8080
  go env -w GOSUMDB=sum.golang.org

Settings come from flags and --set, else from variables named after the key
(SUMWARD_UPSTREAM_LIST for upstream.list), else from the configuration files (--feature,
else --stage, else --config), else from the go command's variables (GOPROXY, GOSUMDB,
GONOSUMDB, GONOPROXY, GOPRIVATE), else from Go's own defaults.
`sumward config show --origin` prints what came of it.

Exit status: 0 done, 1 failed, 64 the settings or the command line are wrong.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_are_taken_before_and_after_a_command() {
        for line in [
            &["sumward", "--data", "D", "index", "rebuild"],
            &["sumward", "index", "rebuild", "--data", "D"],
        ] {
            let args = Args::try_parse_from(line).unwrap();
            assert_eq!(args.flags.data, Some(PathBuf::from("D")));
            assert!(matches!(args.command, Some(Command::Index(Index::Rebuild))));
        }
    }

    #[test]
    fn no_command_is_no_error() {
        let args = Args::try_parse_from(["sumward"]).unwrap();
        assert!(args.command.is_none());
    }

    #[test]
    fn database_may_be_repeated() {
        let line = ["sumward", "--database", "a", "--database", "b https://u"];
        let args = Args::try_parse_from(line).unwrap();
        assert_eq!(args.flags.database, ["a", "b https://u"]);
    }

    #[test]
    fn help_is_a_command_as_well() {
        for line in [
            &["sumward", "help"][..],
            &["sumward", "help", "fsck"],
            &["sumward", "help", "config", "show"],
        ] {
            let error = Args::try_parse_from(line).unwrap_err();
            assert_eq!(
                error.kind(),
                clap::error::ErrorKind::DisplayHelp,
                "{line:?}"
            );
        }
    }

    #[test]
    fn repeated_flags_on_both_sides_of_a_command_are_all_taken() {
        for flag in REPEATED {
            let line = ["sumward", flag, "a=1", "config", "show", flag, "b=2"];
            let flags = Args::parse_line(line).unwrap().flags;
            let paths = [flags.config, flags.stage, flags.feature].concat();
            let paths = paths.iter().map(|path| path.display().to_string());
            let all = [
                flags.set,
                flags.database,
                flags.config_trust,
                paths.collect(),
            ]
            .concat();
            assert_eq!(all, ["a=1", "b=2"], "{flag}");
        }
        let joined = ["sumward", "config", "--set=a=1", "check", "f", "--set=b=2"];
        let args = Args::parse_line(joined).unwrap();
        assert_eq!(args.flags.set, ["a=1", "b=2"]);
        let file = Some(PathBuf::from("--set"));
        let after = ["sumward", "config", "check", "--", "--set"];
        let command = Args::parse_line(after).unwrap().command;
        assert!(
            matches!(command, Some(Command::Config(Config::Check { file: it, .. })) if it == file)
        );
        assert!(Args::parse_line(["sumward", "fsck", "--set"]).is_err());
    }

    #[test]
    fn every_flag_that_may_be_repeated_is_known_to_be() {
        let command = Args::command();
        let repeated = command
            .get_arguments()
            .filter(|flag| matches!(flag.get_action(), clap::ArgAction::Append))
            .map(|flag| format!("--{}", flag.get_long().unwrap_or_default()));
        assert_eq!(repeated.collect::<Vec<_>>(), REPEATED);
    }

    #[test]
    fn help_teaches_the_two_lines_to_paste() {
        let help = Args::command().render_long_help().to_string();
        assert!(help.contains("go env -w GOPROXY="));
        assert!(help.contains("go env -w GOSUMDB="));
    }
}
