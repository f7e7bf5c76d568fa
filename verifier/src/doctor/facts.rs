//! What was found out about a host, as plain values.
//!
//! Rules, comparison and expectations read these and nothing else. Values that may be secret
//! never come in here; [`settings`](super::settings) and the probes leave them out.
//!
//! The JSON report holds them as they are, so fields are only ever added.

use serde::{Deserialize, Serialize};

use super::settings::Settings;

/// Everything found out about a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The operating system.
    pub system: System,
    /// Kernel settings that were asked for.
    pub sysctls: Vec<Sysctl>,
    /// What may keep programs from running.
    pub guards: Guards,
    /// Go installations: those on the PATH first, in its order.
    pub gos: Vec<Installation>,
    /// What the go command is told by variables and files.
    pub settings: Settings,
    /// The build cache.
    pub cache: Cache,
    /// The module cache.
    pub module_cache: Option<Folder>,
    /// C compilers and what they need.
    pub c: CSide,
    /// Version control.
    pub git: Git,
    /// Whether the network was asked.
    pub online: bool,
    /// Whether the long checks ran.
    pub deep: bool,
    /// Programs of the long checks and what came of them.
    pub trials: Vec<Trial>,
}

/// The operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// `ID` of os-release: `debian`, `rocky`.
    pub id: String,
    /// `VERSION_ID` of os-release.
    pub version: String,
    /// What it calls itself: `PRETTY_NAME`, or the line of /etc/redhat-release.
    pub name: String,
    /// The line of /etc/redhat-release, where there is one.
    pub redhat_release: String,
    /// The kernel's name and release: `Linux 6.1.0-28-amd64`.
    pub kernel: String,
    /// The architecture in Go's words.
    pub goarch: String,
    /// `glibc` or `musl`; empty where neither is known.
    pub libc: String,
    /// Its version.
    pub libc_version: String,
    /// Why it is not known.
    pub libc_problem: String,
    /// The temporary folder.
    pub temp: Option<Folder>,
    /// Folders of the PATH that are relative.
    pub relative_path_folders: usize,
    /// Folders of the PATH that others can write to.
    pub open_path_folders: Vec<String>,
}

/// A kernel setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    /// `vm.swappiness`
    pub name: String,
    /// What was asked for.
    pub want: String,
    /// What it is; `None` where it can't be read.
    pub value: Option<String>,
    /// Why it can't be read.
    pub problem: String,
}

/// What may keep programs from running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guards {
    /// SELinux: `enforcing`, `permissive`, `disabled`; empty where there is none.
    pub selinux: String,
    /// What /etc/selinux/config says.
    pub selinux_configured: String,
    /// Denials about go in the audit log: program, access and what it was denied to.
    pub denials: Vec<String>,
    /// Denials beyond those.
    pub denials_more: usize,
    /// Why the audit log was not read; empty where it was, or there is no SELinux.
    pub audit_problem: String,
    /// fapolicyd: `enforcing`, `permissive`, `stopped`; empty where there is none.
    pub fapolicyd: String,
}

/// A Go installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Installation {
    /// Its root; empty where the program does not tell.
    pub root: String,
    /// Its go command; empty where there is none.
    pub program: String,
    /// Its place among the go commands of the PATH, from 1 on.
    pub on_path: Option<usize>,
    /// The version in its VERSION file.
    pub version_file: String,
    /// What `go version` prints.
    pub said: String,
    /// Why it printed none.
    pub problem: Option<Problem>,
    /// Parts of a distribution that are missing.
    pub missing: Vec<String>,
    /// Who packaged it, by where it lies.
    pub packager: String,
    /// Whether others than its owner can write to it.
    pub open: bool,
    /// Settings in its `go.env` that no release has there.
    pub own_settings: Vec<String>,
    /// What its content is.
    pub content: Content,
}

/// What became of a program that was asked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// It did not answer in time.
    TimedOut,
    /// It failed, with these words.
    Failed(String),
    /// It printed something else than what was asked for.
    Garbage(String),
}

/// What an installation's content was found to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// It was not compared: nobody was asked.
    #[default]
    NotAsked,
    /// The release, to the last byte.
    Official,
    /// The release in all that can change what is built.
    Repackaged,
    /// Not the release, and why.
    Modified(String),
    /// That can't be told, and why.
    Unknown(String),
}

/// A folder and who may do what with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Folder {
    /// Its path.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Why nothing more is known of it.
    pub problem: String,
    /// Whether it belongs to this user.
    pub own: bool,
    /// The number of the user it belongs to.
    pub owner: u32,
    /// Whether others can write to it.
    pub open: bool,
    /// Whether names in it can be removed by their owner alone (the sticky bit).
    pub sticky: bool,
    /// Whether this user can write to it.
    pub writable: bool,
    /// Whether its file system is mounted read-only.
    pub read_only: bool,
    /// Whether programs in it can't be run.
    pub noexec: bool,
    /// Bytes that this user can still write there.
    pub free: u64,
    /// Files that can still be made there; `None` where the file system does not count.
    pub free_files: Option<u64>,
}

/// The build cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cache {
    /// Why there is none: GOCACHE is off, say.
    pub problem: String,
    /// Where it is.
    pub folder: Option<Folder>,
    /// Outputs in it.
    pub outputs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Whether it holds more than was counted.
    pub is_more: bool,
    /// Folders of it that could not be listed.
    pub unlisted: usize,
    /// Outputs that were hashed.
    pub hashed: usize,
    /// Bytes of those.
    pub hashed_bytes: u64,
    /// Names of outputs that are not what their name says.
    pub damaged: Vec<String>,
    /// What the audit of the whole cache found; empty where there was none.
    pub audit: String,
    /// Whether that found anything.
    pub audit_failed: bool,
}

/// C compilers and what they need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CSide {
    /// Whether cgo is on, as the first go command says: `0`, `1`, or empty.
    pub cgo_enabled: String,
    /// The C compiler.
    pub cc: Tool,
    /// The C++ compiler.
    pub cxx: Tool,
    /// The linker that the C compiler calls.
    pub linker: Tool,
    /// C compilers for other architectures.
    pub cross: Vec<Cross>,
    /// pkg-config.
    pub pkg_config: Tool,
    /// Folders that PKG_CONFIG_PATH and PKG_CONFIG_LIBDIR name and that are not there.
    pub pkg_config_missing: Vec<String>,
    /// Folders that they name and that are of another architecture than is built for.
    pub pkg_config_foreign: Vec<String>,
    /// Whether pkg-config is told to look elsewhere than in the host's own folders.
    pub pkg_config_bound: bool,
}

/// A program that a build runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// As it was named.
    pub name: String,
    /// Who named it: `CC`, `go env`, or empty for the usual name.
    pub named_by: String,
    /// Where it is; empty where it was not found.
    pub path: String,
    /// The first line of what it calls itself.
    pub version: String,
    /// What it compiles for: `x86_64-linux-gnu`.
    pub target: String,
    /// Whether a program that includes the C library's headers passes it; `None` where that
    /// was not tried.
    pub headers: Option<bool>,
    /// What went wrong.
    pub problem: Option<Problem>,
}

/// A C compiler for another architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cross {
    /// The architecture in Go's words.
    pub goarch: String,
    /// `glibc` or `musl`.
    pub libc: String,
    /// The compiler.
    pub tool: Tool,
}

/// Version control.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Git {
    /// git itself.
    pub tool: Tool,
    /// `core.autocrlf`, where it is set.
    pub autocrlf: String,
    /// `core.eol`, where it is set.
    pub eol: String,
    /// `core.filemode`, where it is set.
    pub filemode: String,
    /// How many rules replace addresses (`url.….insteadOf`).
    pub rewrites: usize,
    /// Whether the file of passwords that git and go read is readable by others.
    pub netrc_open: bool,
}

/// A program of the long checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trial {
    /// What was tried.
    pub name: String,
    /// Whether it came out as it should; `None` where it could not be tried.
    pub holds: Option<bool>,
    /// What came out.
    pub said: String,
    /// The rule that it breaks when it does not hold.
    pub rule: String,
    /// What to do then.
    pub fix: String,
}

impl Facts {
    /// Returns the go command that builds use: the first on the PATH.
    pub fn first_go(&self) -> Option<&Installation> {
        self.gos.iter().find(|go| go.on_path == Some(1))
    }

    /// Returns the architecture that builds are for, in Go's words.
    pub fn target_arch(&self) -> &str {
        let set = self.settings.value("GOARCH");
        set.unwrap_or(&self.system.goarch)
    }
}

impl Installation {
    /// Returns the version: what the command says, or its VERSION file.
    pub fn version(&self) -> &str {
        if self.said.is_empty() {
            &self.version_file
        } else {
            &self.said
        }
    }

    /// Returns what messages call it: its command, or its root.
    pub fn name(&self) -> &str {
        if self.program.is_empty() {
            &self.root
        } else {
            &self.program
        }
    }
}

impl Problem {
    /// Says it in words.
    pub fn words(&self) -> String {
        match self {
            Self::TimedOut => "it did not answer in time".into(),
            Self::Failed(said) if said.is_empty() => "it failed and said nothing".into(),
            Self::Failed(said) => format!("it failed: {said}"),
            Self::Garbage(said) if said.is_empty() => "it printed nothing".into(),
            Self::Garbage(said) => format!("it printed {said:?}"),
        }
    }
}
