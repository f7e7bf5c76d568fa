//! What the command line asks of a file, checked one by one.

mod format;
mod header;
mod libc;
mod objects;
mod origin;

use std::cmp::Ordering;

use anyhow::{Context as _, bail};
use proto::finding::Status;

use super::facts::Facts;
use crate::args::lint::{Libc, Lint, Require};
use crate::goinfo::version::{self, GoVersion};
use crate::image::Format;

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// A property by name.
    Is(Require),
    /// At most this glibc.
    MaxGlibc(String),
    /// This C library, or none.
    Libc(Libc),
    /// This Go.
    Go(GoVersion, String),
    /// This Go or a newer one.
    MinGo(GoVersion, String),
    /// This architecture.
    Arch(String),
    /// This system.
    Os(String),
    /// A build setting and its value.
    Setting(String, String),
    /// This main module.
    Module(String),
    /// This version of it.
    ModuleVersion(String),
    /// Not this module, or not this version of it.
    DenyDependency(String, Option<String>),
}

/// What checking a requirement gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The requirement, as it is written on the command line.
    pub name: String,
    /// Whether it is met.
    pub status: Status,
    /// What was found.
    pub reason: String,
}

/// Met or not, or unknown, and what was found.
type Answer = (Status, String);

fn met(reason: impl Into<String>) -> Answer {
    (Status::Passed, reason.into())
}

fn unmet(reason: impl Into<String>) -> Answer {
    (Status::Failed, reason.into())
}

fn unknown(reason: impl Into<String>) -> Answer {
    (Status::Undecided, reason.into())
}

fn when(holds: bool, reason: impl Into<String>) -> Answer {
    if holds { met(reason) } else { unmet(reason) }
}

/// Reads the requirements from the command line.
///
/// # Errors
/// When a version or a setting can't be understood.
pub fn of(args: &Lint) -> anyhow::Result<Vec<Requirement>> {
    let mut names = args.require.clone();
    names.extend(args.no_race.then_some(Require::NoRace));
    names.extend(args.no_cgo.then_some(Require::NoCgo));
    names.sort_unstable();
    names.dedup();
    let mut all: Vec<Requirement> = names.into_iter().map(Requirement::Is).collect();
    if let Some(version) = &args.max_glibc {
        version::numbers(version).with_context(|| {
            format!("--max-glibc {version}: a version such as 2.34 is asked for")
        })?;
        all.push(Requirement::MaxGlibc(version.clone()));
    }
    all.extend(args.libc.map(Requirement::Libc));
    let go = |flag: &str, text: &str| {
        GoVersion::parse(text)
            .with_context(|| format!("{flag} {text}: a version such as 1.27.3 is asked for"))
    };
    if let Some(text) = &args.go {
        all.push(Requirement::Go(go("--go", text)?, text.clone()));
    }
    if let Some(text) = &args.min_go {
        all.push(Requirement::MinGo(go("--min-go", text)?, text.clone()));
    }
    all.extend(args.arch.clone().map(Requirement::Arch));
    all.extend(args.os.clone().map(Requirement::Os));
    if let Some(level) = &args.goamd64 {
        all.push(Requirement::Setting("GOAMD64".into(), level.clone()));
    }
    for setting in &args.setting {
        let Some((key, value)) = setting.split_once('=') else {
            bail!("--setting {setting}: a setting and its value are asked for, as in GOARM=7");
        };
        all.push(Requirement::Setting(key.into(), value.into()));
    }
    all.extend(args.module.clone().map(Requirement::Module));
    all.extend(args.mod_version.clone().map(Requirement::ModuleVersion));
    for module in &args.deny_dep {
        let (path, version) = match module.split_once('@') {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (module.as_str(), None),
        };
        all.push(Requirement::DenyDependency(path.to_owned(), version));
    }
    Ok(all)
}

impl Requirement {
    /// Checks a file.
    pub fn check(&self, facts: &Facts<'_>) -> Checked {
        let (status, reason) = match facts.obstacle() {
            Some(obstacle) if !self.is_answered(facts.artifact.image.format) => unknown(obstacle),
            _ => self.answer(facts),
        };
        Checked {
            name: self.name(),
            status,
            reason,
        }
    }

    /// The requirement as it is written on the command line.
    pub fn name(&self) -> String {
        use clap::ValueEnum as _;
        match self {
            Self::Is(require) => {
                let value = require.to_possible_value();
                let name = value.as_ref().map_or("", |value| value.get_name());
                format!("--require {name}")
            }
            Self::MaxGlibc(version) => format!("--max-glibc {version}"),
            Self::Libc(libc) => {
                let value = libc.to_possible_value();
                let name = value.as_ref().map_or("", |value| value.get_name());
                format!("--libc {name}")
            }
            Self::Go(_, text) => format!("--go {text}"),
            Self::MinGo(_, text) => format!("--min-go {text}"),
            Self::Arch(arch) => format!("--arch {arch}"),
            Self::Os(os) => format!("--os {os}"),
            Self::Setting(key, value) => format!("--setting {key}={value}"),
            Self::Module(path) => format!("--module {path}"),
            Self::ModuleVersion(version) => format!("--mod-version {version}"),
            Self::DenyDependency(path, None) => format!("--deny-dep {path}"),
            Self::DenyDependency(path, Some(version)) => format!("--deny-dep {path}@{version}"),
        }
    }

    /// Objects of an archive are looked at one by one.
    fn is_answered(&self, format: Format) -> bool {
        let is_archive = format == objects::ARCHIVE;
        is_answered(format) || (is_archive && *self == Self::Is(Require::OneAbi))
    }

    fn answer(&self, facts: &Facts<'_>) -> Answer {
        match self {
            Self::Is(require) => is(*require, facts),
            Self::MaxGlibc(version) => format::glibc(facts, version),
            Self::Libc(want) => libc::is_for(facts, *want),
            Self::Go(want, _) => go(facts, |got| want.covers(got)),
            Self::MinGo(want, _) => go(facts, |got| {
                want.covers(got) || got.compare(want) != Ordering::Less
            }),
            Self::Arch(want) => {
                format::target(facts, want, "GOARCH", facts.artifact.image.machine.goarch)
            }
            Self::Os(want) => {
                format::target(facts, want, "GOOS", facts.artifact.image.machine.goos)
            }
            Self::Setting(key, want) => origin::setting(facts, key, want),
            Self::Module(want) => {
                origin::main_module(facts, |main| (main.path == *want, main.path.clone()))
            }
            Self::ModuleVersion(want) => {
                origin::main_module(facts, |main| (main.version == *want, main.version.clone()))
            }
            Self::DenyDependency(path, version) => origin::denied(facts, path, version.as_deref()),
        }
    }
}

/// Of a C program or a compiled package some things can be told all the same; of
/// several programs in one file, only the first was looked into.
fn is_answered(format: Format) -> bool {
    match format {
        Format::MachOFat => false,
        Format::GoArchive => true,
        _ => format.is_program(),
    }
}

fn is(require: Require, facts: &Facts<'_>) -> Answer {
    match require {
        Require::Static => format::is_static(facts),
        Require::Pie => format::pie(facts),
        Require::Relro => format::relro(facts, false),
        Require::FullRelro => format::relro(facts, true),
        Require::Nx => format::nx(facts),
        Require::NoRpath => format::no_rpath(facts),
        Require::Stripped => format::symbols(facts, false),
        Require::Symbols => format::symbols(facts, true),
        Require::SelfCheck => origin::self_check(facts),
        Require::GoBuildId => origin::build_id(facts),
        Require::Trimpath => origin::trimpath(facts),
        Require::Buildinfo => origin::build_info(facts),
        Require::Vcs => origin::vcs(facts, false),
        Require::CleanVcs => origin::vcs(facts, true),
        Require::ReleaseVersion => origin::release_version(facts),
        Require::NoReplace => origin::no_replace(facts),
        Require::NoCgo => origin::no_cgo(facts),
        Require::NoRace => origin::no_race(facts),
        Require::NoNeeded => libc::no_needed(facts),
        Require::NoInterpreter => libc::no_interpreter(facts),
        Require::InternalLink => libc::linked_externally(facts, false),
        Require::ExternalLink => libc::linked_externally(facts, true),
        Require::OneAbi => objects::one_abi(facts),
    }
}

fn go(facts: &Facts<'_>, fits: impl Fn(&GoVersion) -> bool) -> Answer {
    let Some(text) = facts.artifact.go.version() else {
        return unknown("the file does not say which Go built it");
    };
    match GoVersion::parse(text) {
        Some(version) => when(fits(&version), format!("built with {text}")),
        None => unmet(format!("built with {text}, no release")),
    }
}
