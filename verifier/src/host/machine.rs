//! What this host lets a build be surrounded with: programs, processors,
//! namespaces. Everything is tried, not guessed from versions.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::child;
use super::interrupt::Interrupt;
use super::search_path;
use super::surroundings::Variables;

/// Returns the system and the architecture that this program was built for, in Go's words:
/// it runs here.
pub fn target() -> [&'static str; 2] {
    use std::env::consts::{ARCH, OS};
    let system = if OS == "macos" { "darwin" } else { OS };
    let architecture = match ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        same => same,
    };
    [system, architecture]
}

/// The host.
#[derive(Debug)]
pub struct Machine {
    /// Where programs are looked for.
    path: OsString,
    /// The processors this process may use, by number.
    pub processors: Vec<u32>,
    /// How to get a mount and a host name of one's own; why not.
    pub namespaces: Result<Vec<OsString>, String>,
    /// Where a folder lists its files by the order of their making; why nowhere.
    pub listing: Result<Listing, String>,
    /// How to be another user; why not.
    pub user: Result<Becoming, String>,
    /// The operating system's release, as it names itself.
    pub kernel: String,
}

/// A file system that lists files by the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// That of the temporary folder.
    Here,
    /// One in memory, [`MEMORY`].
    Memory,
}

/// Where Linux has a file system in memory.
pub const MEMORY: &str = "/dev/shm";

/// How a build becomes another user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becoming {
    /// In a user namespace: another number for the same user. What it may read
    /// and write stays as it is.
    Mapped(OsString),
    /// Really another user, which only root can become.
    Switched(OsString),
}

/// The user and group that builds run as when the user is varied.
pub const OTHER_ID: u32 = 42_424;

/// A trial is quick, or it does not count.
const TRIAL: Duration = Duration::from_secs(20);

impl Machine {
    /// Tries what is possible.
    pub fn probe(variables: &Variables, scratch: &Path, interrupt: &Interrupt) -> Self {
        let path = variables
            .get(OsStr::new("PATH"))
            .cloned()
            .unwrap_or_default();
        let trial = Trial {
            path: &path,
            scratch,
            interrupt,
        };
        Self {
            processors: processors(),
            namespaces: trial.namespaces(),
            listing: listing(scratch),
            user: trial.user(),
            kernel: kernel(),
            path,
        }
    }

    /// Finds a program on PATH.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        search_path::find(&self.path, name)
    }
}

struct Trial<'a> {
    path: &'a OsStr,
    scratch: &'a Path,
    interrupt: &'a Interrupt,
}

impl Trial<'_> {
    /// Gives the command that begins with `unshare` and goes on with the program
    /// to run, tried with a mount and a host name.
    fn namespaces(&self) -> Result<Vec<OsString>, String> {
        let unshare = self.unshare()?;
        let place = self.scratch.join("trial");
        let from = place.join("from");
        let made = fs::create_dir_all(&from).and_then(|()| fs::create_dir_all(place.join("at")));
        made.and_then(|()| fs::write(from.join("seen"), ""))
            .map_err(|error| error.to_string())?;
        let mut problem = String::new();
        for flags in [
            &["-m", "-u"][..],
            &["--map-current-user", "--keep-caps", "-m", "-u"],
        ] {
            let mut argv = vec![unshare.clone().into_os_string()];
            argv.extend(flags.iter().map(OsString::from));
            let mut trial = argv.clone();
            trial.extend(["sh", "-ec", TRY_NAMESPACES, "sh"].map(OsString::from));
            trial.push(place.clone().into_os_string());
            match self.run(&trial) {
                Ok(()) => {
                    argv.push("--".into());
                    return Ok(argv);
                }
                Err(said) => problem = said,
            }
        }
        Err(format!(
            "this host allows no namespace for mounts and host name ({problem})"
        ))
    }

    fn user(&self) -> Result<Becoming, String> {
        let unshare = self.unshare()?;
        let mut argv = vec![unshare.clone().into_os_string()];
        argv.extend(map_user());
        argv.extend(["sh", "-ec", "test \"$(id -u)\" = \"$0\""].map(OsString::from));
        argv.push(OTHER_ID.to_string().into());
        match self.run(&argv) {
            Ok(()) => Ok(Becoming::Mapped(unshare.into_os_string())),
            Err(said) => self
                .switched()
                .ok_or_else(|| format!("this host allows no user namespace ({said})")),
        }
    }

    fn switched(&self) -> Option<Becoming> {
        let setpriv = search_path::find(self.path, "setpriv")?.into_os_string();
        let mut argv = vec![setpriv.clone()];
        argv.extend(switch_user());
        argv.push("true".into());
        self.run(&argv)
            .is_ok()
            .then_some(Becoming::Switched(setpriv))
    }

    fn unshare(&self) -> Result<PathBuf, String> {
        if !cfg!(target_os = "linux") {
            return Err("needs namespaces, which only Linux has".into());
        }
        search_path::find(self.path, "unshare")
            .ok_or_else(|| "needs the program unshare (package util-linux)".into())
    }

    fn run(&self, argv: &[OsString]) -> Result<(), String> {
        let prepare = |command: &mut std::process::Command| {
            command.env_clear().env("PATH", self.path);
        };
        match child::run(argv, prepare, TRIAL, self.interrupt) {
            Ok(finished) if finished.is_success() => Ok(()),
            Ok(finished) => Err(finished.tail(1)),
            Err(error) => Err(error.to_string()),
        }
    }
}

const TRY_NAMESPACES: &str = "\
mount --bind \"$1/from\" \"$1/at\"
test -e \"$1/at/seen\"
hostname verify-build-trial 2>/dev/null || echo verify-build-trial > /proc/sys/kernel/hostname
test \"$(uname -n)\" = verify-build-trial";

/// Returns the arguments with which `unshare` gives a user another number.
pub fn map_user() -> [OsString; 4] {
    [
        "--user".into(),
        format!("--map-user={OTHER_ID}").into(),
        format!("--map-group={OTHER_ID}").into(),
        "--".into(),
    ]
}

/// Returns the arguments with which `setpriv` becomes another user.
pub fn switch_user() -> [OsString; 4] {
    [
        format!("--reuid={OTHER_ID}").into(),
        format!("--regid={OTHER_ID}").into(),
        "--clear-groups".into(),
        "--".into(),
    ]
}

/// Makes files in both orders and looks how they are listed.
fn listing(scratch: &Path) -> Result<Listing, String> {
    let follows = |parent: &Path| -> std::io::Result<bool> {
        let trial = tempfile::tempdir_in(parent)?;
        let list = |name: &str, reversed: bool| -> std::io::Result<Vec<OsString>> {
            let folder = trial.path().join(name);
            fs::create_dir(&folder)?;
            for number in 0..FILES_TRIED {
                let number = if reversed {
                    FILES_TRIED - number
                } else {
                    number + 1
                };
                fs::write(folder.join(format!("file-{number}")), "")?;
            }
            fs::read_dir(&folder)?
                .map(|file| Ok(file?.file_name()))
                .collect()
        };
        Ok(list("a", false)? != list("b", true)?)
    };
    if follows(scratch).unwrap_or(false) {
        Ok(Listing::Here)
    } else if follows(Path::new(MEMORY)).unwrap_or(false) {
        Ok(Listing::Memory)
    } else {
        Err("no file system here lists files by the order of their making".into())
    }
}

/// Enough files to see an order.
const FILES_TRIED: u32 = 12;

/// Returns the processors this process may use; none where that can't be told.
fn processors() -> Vec<u32> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    numbers(line.unwrap_or_default().trim())
}

/// Parses a list such as `0-3,8`; at most as many as Linux knows.
fn numbers(list: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
            numbers.extend((first..=last).take(PROCESSORS_MAX));
        }
    }
    numbers.truncate(PROCESSORS_MAX);
    numbers
}

/// The most processors that Linux can be built for.
const PROCESSORS_MAX: usize = 8192;

#[cfg(unix)]
fn kernel() -> String {
    let name = rustix::system::uname();
    format!(
        "{} {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy()
    )
}

#[cfg(not(unix))]
fn kernel() -> String {
    std::env::consts::OS.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_lists_are_read() {
        assert_eq!(numbers("0-2,8"), [0, 1, 2, 8]);
        assert_eq!(numbers("5"), [5]);
        assert_eq!(numbers(""), [0_u32; 0]);
        assert_eq!(numbers("0-4294967295").len(), PROCESSORS_MAX);
        assert_eq!(numbers("3-1,x,-"), [0_u32; 0]);
    }
}
