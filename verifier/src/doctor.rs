//! `verify-build doctor`: is this host fit to build Go programs that others can reproduce?
//!
//! ```text
//! triplet    what C compilers call architectures
//! settings   what the go command is told, as far as it may be shown
//! facts      what was found out about a host, as plain values
//! rules      facts to what is wrong; nothing is asked of the host there
//! probe      looking at the host
//! reach      what of a host can reach a program
//! compare    two hosts side by side
//! expect     what a site requires of its builders
//! outcome    everything judged
//! printed    the same as printers take it; json and text write it, script the commands,
//!            figures what a page shows beside
//! ```

pub mod compare;
pub mod expect;
pub mod facts;
mod figures;
mod json;
pub mod outcome;
mod printed;
pub mod probe;
pub mod reach;
pub mod rules;
mod script;
pub mod settings;
mod text;
pub mod triplet;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Zoned;
use jiff::civil::Date;
use proto::unit::Unit;

use crate::args::doctor::Doctor;
use crate::host::Host;
use crate::host::interrupt::Interrupt;
use crate::report::printed::Printed;
use outcome::Outcome;
use probe::{Probed, Scope};

/// Kernel settings that are looked at unless a file names others, and their values.
const SYSCTLS: [(&str, &str); 2] = [
    ("net.ipv4.conf.all.rp_filter", "1"),
    ("vm.swappiness", "10"),
];

/// The longest file of kernel settings, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The longest unit file, in bytes.
const UNIT_BYTES_MAX: u64 = proto::unit::LEN_MAX as u64;

/// The most kernel settings in one.
const SYSCTLS_MAX: usize = 1000;

/// Runs the command.
///
/// # Errors
/// When a file that was named can't be read; nothing about the host is an error.
pub fn run(args: &Doctor, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    check_names(&args.allow)?;
    let today = Zoned::now().date();
    if !args.unit.is_empty() {
        return units(args, today);
    }
    if let [a, b] = args.compare.as_slice() {
        return compared([a, b]);
    }
    // A file that can't be understood ends the run before anything is looked at.
    let expectations = match &args.expect {
        Some(path) if !args.init => Some(expect::parse(&read(path, FILE_BYTES_MAX)?, path)?),
        Some(path) if path.exists() => bail!(
            "{} is there: a file that is there is never replaced",
            path.display()
        ),
        Some(_) | None => None,
    };
    let scope = Scope {
        root: args.root.clone(),
        sysctls: match &args.sysctls {
            Some(path) => sysctls(path)?,
            None => SYSCTLS
                .map(|(name, want)| (name.to_owned(), want.to_owned()))
                .to_vec(),
        },
        online: args.online,
        deep: args.deep,
    };
    if let Some(root) = args.root.as_deref().filter(|root| !root.is_dir()) {
        bail!("--root {}: no such folder", root.display());
    }
    let interrupt = Interrupt::install()?;
    let Probed { facts, ran } = probe::run(&scope, host, &interrupt);
    if let Some(path) = args.expect.as_ref().filter(|_| args.init) {
        expect::write_new(path, &expect::of_host(&facts))?;
        let mut outcome = Outcome::of((Some(facts), ran), Vec::new(), today, args);
        outcome.written = Some(path.display().to_string());
        return Ok(Box::new(outcome));
    }
    let checks = rules::all(&facts, today);
    let expected = expectations.map_or_else(Vec::new, |wanted| wanted.check(&facts));
    let mut outcome = Outcome::of((Some(facts), ran), checks, today, args);
    outcome.expected = expected;
    Ok(Box::new(outcome))
}

/// Compares two reports in place of looking at this host.
fn compared(paths: [&PathBuf; 2]) -> anyhow::Result<Box<dyn Printed>> {
    let facts = |path: &Path| compare::read(&read(path, compare::REPORT_BYTES_MAX)?, path);
    let (differences, same) = compare::compare(&facts(paths[0])?, &facts(paths[1])?);
    Ok(Box::new(compare::Comparison {
        files: paths.map(|path| path.display().to_string()),
        differences,
        same,
    }))
}

/// Checks units in place of the host.
fn units(args: &Doctor, today: Date) -> anyhow::Result<Box<dyn Printed>> {
    let mut checks = Vec::new();
    for path in &args.unit {
        let text = read(path, UNIT_BYTES_MAX)?;
        let unit = Unit::parse(&text).with_context(|| format!("reading {}", path.display()))?;
        checks.push(rules::units::unit(&path.display().to_string(), &unit));
    }
    Ok(Box::new(Outcome::of(
        (None, Vec::new()),
        checks,
        today,
        args,
    )))
}

/// Refuses names that no finding has.
fn check_names(names: &[String]) -> anyhow::Result<()> {
    for name in names {
        if rules::meaning(name).is_none() {
            let known: Vec<&str> = rules::RULES.iter().map(|(name, _, _)| *name).collect();
            bail!(
                "--allow {name}: no such finding; there are {}",
                known.join(", ")
            );
        }
    }
    Ok(())
}

/// Reads `name = value` lines.
fn sysctls(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = read(path, FILE_BYTES_MAX)?;
    let mut all = Vec::new();
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let pair = line.trim_start_matches('-').split_once('=');
        let pair = pair.map(|(name, value)| {
            (
                name.trim().replace('/', "."),
                value.split_whitespace().collect::<Vec<_>>().join(" "),
            )
        });
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match pair {
            Some((name, value))
                if !name.is_empty() && !name.contains("..") && name.bytes().all(is_plain) =>
            {
                all.push((name, value))
            }
            _ => bail!(
                "{}: line {}: a name and a value are asked for, as in vm.swappiness = 10",
                path.display(),
                index + 1
            ),
        }
        if all.len() > SYSCTLS_MAX {
            bail!("{}: more than {SYSCTLS_MAX} settings", path.display());
        }
    }
    Ok(all)
}

/// Reads a text file that was named on the command line.
fn read(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut text = String::new();
    file.take(bytes_max + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("reading {}", path.display()))?;
    if text.len() as u64 > bytes_max {
        bail!("{}: more than {bytes_max} bytes", path.display());
    }
    Ok(text)
}
