//! A configuration that is believed because of its signature: the manifest over its files.
//!
//! What is signed: which files there are, the layer and the bytes of each, their order, a
//! serial number and a time. What is not: flags, variables, and the files that settings
//! name. Those come from the unit, or have an owner of their own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::manifest::{self, Accepted, Fault, Given, Manifest, judge};
use proto::note;

use super::environment::Environment;
use super::file;
use super::problem::Problem;
use super::sources::Source;
use super::trust::Trust;
use super::variables;
use crate::args::Flags;

/// The name of a manifest that no flag names, beside the first configuration file.
pub(crate) const MANIFEST: &str = "sumward.manifest";

/// The name of the file that remembers the last manifest in use.
const STATE: &str = "config-accepted";

/// The signed manifest that the settings come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The manifest's file.
    pub path: PathBuf,
    /// What was signed, and by whom.
    pub signed: manifest::Signed,
    /// What was in use before, where that is remembered.
    pub before: Option<Accepted>,
    /// The file that remembers it.
    pub state: PathBuf,
    /// Keys of signed files that a flag or a variable overrides, with both places.
    pub overridden: Vec<String>,
}

/// A manifest whose signature, files and time hold; what was in use before is not looked at.
pub(super) struct Opened {
    path: PathBuf,
    signed: manifest::Signed,
    audience: Option<String>,
    files: Vec<manifest::File>,
}

/// Opens the manifest over these files.
///
/// # Errors
/// Everything because of which they are not the configuration that was signed.
pub(super) fn open(
    trust: &Trust,
    sources: &[Source],
    flags: &Flags,
    environment: &Environment,
) -> Result<Opened, Vec<Problem>> {
    let one = |source: String, message: String| vec![Problem::new(source, message)];
    let path = path(sources, flags, environment).ok_or_else(|| {
        let message = "asks for a signed configuration, and no file is named: give --config FILE";
        one(trust.origin.clone(), message.to_owned())
    })?;
    let shown = path.display().to_string();
    let bytes = file::read(&path).map_err(|message| {
        let message = format!(
            "{message}; the trusted key {trust} asks for it: sign the configuration with `sumward config sign`, or name the manifest with --config-manifest"
        );
        one(shown.clone(), message)
    })?;
    let signed = Manifest::open(&bytes, &trust.keys)
        .map_err(|error| one(shown.clone(), unsigned(&error, trust)))?;
    let audience = flags.config_for.clone();
    let audience = audience.or_else(|| environment.text(variables::CONFIG_FOR));
    let files = files(sources, &path).map_err(|problem| vec![problem])?;
    let opened = Opened {
        path,
        signed,
        audience,
        files,
    };
    let problems = opened.judge(None);
    if problems.is_empty() {
        Ok(opened)
    } else {
        Err(problems)
    }
}

/// Returns where the manifest lies; `None` where there is no file to be signed either.
fn path(sources: &[Source], flags: &Flags, environment: &Environment) -> Option<PathBuf> {
    let said = flags.config_manifest.clone();
    let said = said.or_else(|| environment.path(variables::CONFIG_MANIFEST));
    let first = sources.first()?;
    Some(said.unwrap_or_else(|| first.path.with_file_name(MANIFEST)))
}

fn unsigned(error: &manifest::Error, trust: &Trust) -> String {
    match error {
        manifest::Error::Note(note::Error::Unverified) => format!(
            "is not signed by the trusted key {trust}; sign the configuration with its key: `sumward config sign --key KEYFILE`"
        ),
        manifest::Error::Note(note::Error::BadSignature { name, .. }) => format!(
            "the signature of {name} does not fit the text: the manifest was changed after it was signed; put back the signed one, or sign again with `sumward config sign`"
        ),
        error => format!(
            "is not a manifest that the trusted key {trust} signed: {error}; make one with `sumward config sign`"
        ),
    }
}

/// Describes files as a manifest at `manifest` lists them: a name is relative to its folder
/// for a file in there, else absolute. Links are not followed, so that a folder that is
/// swapped by its link, as Kubernetes does, keeps its names.
///
/// # Errors
/// A path that a manifest cannot name.
pub(crate) fn files(sources: &[Source], manifest: &Path) -> Result<Vec<manifest::File>, Problem> {
    let absolute = |path: &Path| {
        std::path::absolute(path)
            .map_err(|error| Problem::new(path.display().to_string(), error.to_string()))
    };
    let manifest = absolute(manifest)?;
    let folder = manifest.parent().unwrap_or_else(|| Path::new("/"));
    let mut files = Vec::new();
    for source in sources {
        let path = absolute(&source.path)?;
        let shown = source.path.display().to_string();
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let Some(name) = name.to_str() else {
            return Err(Problem::new(
                shown,
                "is not UTF-8, which a manifest cannot name",
            ));
        };
        manifest::check_name(name).map_err(|what| {
            let way = "give the path without it";
            Problem::new(&*shown, format!("a manifest cannot name it: {what}; {way}"))
        })?;
        files.push(manifest::File::of(source.role, name, &source.bytes));
    }
    Ok(files)
}

impl Opened {
    /// Returns what does not fit, each with the way out.
    fn judge(&self, accepted: Option<Accepted>) -> Vec<Problem> {
        let given = Given {
            now: now(),
            audience: self.audience.as_deref(),
            files: &self.files,
            accepted,
        };
        let signers = self.signed.signers.join(", ");
        let faults = judge(&self.signed, &given).into_iter();
        let problem = |fault: Fault| {
            let shown = self.path.display().to_string();
            let way = way_out(&fault);
            Problem::new(shown, format!("{fault} (signed by {signers}); {way}"))
        };
        faults.map(problem).collect()
    }

    /// Holds it against what was in use before.
    ///
    /// # Errors
    /// An older one, or a file that should remember it and does not.
    pub(super) fn settle(
        self,
        data: &Path,
        flags: &Flags,
        environment: &Environment,
    ) -> Result<Signed, Vec<Problem>> {
        let state = state(data, flags, environment);
        let before = remembered(&state).map_err(|problem| vec![problem])?;
        let problems = self.judge(before);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Signed {
            path: self.path,
            signed: self.signed,
            before,
            state,
            overridden: Vec::new(),
        })
    }
}

fn way_out(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotYet { .. } => "wait, or set the clock where it is wrong",
        Fault::Expired { .. } => {
            "sign the files again with a later --not-after and a higher --serial, or set the clock where it is wrong"
        }
        Fault::Audience { .. } => {
            "install the manifest that was signed for this host, or say with --config-for whom this host is"
        }
        Fault::Changed { .. } => {
            "put back the signed file, or sign again with `sumward config sign` and a higher --serial"
        }
        Fault::NotListed { .. } => "remove the file, or sign again with it",
        Fault::Missing { .. } => {
            "put the file back where its layer is read (--config, --stage, --feature), or sign again without it"
        }
        Fault::Role { .. } => "name it by the flag of the layer that was signed",
        Fault::Order => "give the flags in the order of the manifest, or sign again",
        Fault::Older { .. } => {
            "install the newest manifest with its files; to go back to older files, sign those again with a higher --serial"
        }
        Fault::Reused { .. } => "sign again with a higher --serial",
    }
}

/// Where the last manifest in use is remembered. systemd's folder for state comes before the
/// data folder, which the configuration itself may say.
fn state(data: &Path, flags: &Flags, environment: &Environment) -> PathBuf {
    said_state(flags, environment).unwrap_or_else(|| data.join(STATE))
}

/// Whether that place is known without the data folder.
pub(super) fn state_is_said(flags: &Flags, environment: &Environment) -> bool {
    said_state(flags, environment).is_some()
}

fn said_state(flags: &Flags, environment: &Environment) -> Option<PathBuf> {
    let said = flags.config_state.clone();
    said.or_else(|| environment.path(variables::CONFIG_STATE))
        .or_else(|| Some(environment.first_path("STATE_DIRECTORY")?.join(STATE)))
}

fn remembered(state: &Path) -> Result<Option<Accepted>, Problem> {
    let shown = || state.display().to_string();
    match fs::symlink_metadata(state) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::new(shown(), format!("cannot be read: {error}"))),
        Ok(_) => {}
    }
    let bytes = file::read(state).map_err(|message| Problem::new(shown(), message))?;
    let text = String::from_utf8_lossy(&bytes);
    Accepted::parse(&text).map(Some).ok_or_else(|| {
        let message = "does not say which configuration was in use; restore it, or remove it: then the manifest of the next start is taken whatever its serial";
        Problem::new(shown(), message)
    })
}

impl Signed {
    /// Remembers that these settings are in use, so that no older ones will be. Call it once
    /// they are: at the start when the server serves, after a reload when all is swapped.
    /// Durable on return. Blocks.
    ///
    /// # Errors
    /// What the file system answers; what was remembered then still is.
    pub fn take_into_use(&self) -> io::Result<()> {
        let accepted = self.signed.accepted();
        let before =
            remembered(&self.state).map_err(|problem| io::Error::other(problem.to_string()))?;
        if before.is_some_and(|before| before.serial >= accepted.serial) {
            return Ok(());
        }
        fs::create_dir_all(file::folder_of(&self.state))?;
        file::replace(&self.state, accepted.to_string().as_bytes())
    }

    /// Returns what is worth a warning: keys that are overridden, an end that is near.
    pub(super) fn warnings(&self) -> Vec<String> {
        let overridden = self.overridden.iter();
        let mut warnings: Vec<_> = overridden
            .map(|it| format!("the signed configuration is overridden: {it}"))
            .collect();
        let left = self.signed.manifest.not_after.saturating_sub(now());
        if left < END_IS_NEAR_S {
            let days = left / 86400;
            warnings.push(format!(
                "{}: the configuration holds for {days} more days: sign it again with a later --not-after, or no start and no reload will take it",
                self.path.display()
            ));
        }
        warnings
    }
}

/// Two weeks: time to sign again between two holidays.
const END_IS_NEAR_S: u64 = 14 * 86400;

/// The time in seconds since 1970; a clock before that is at its begin.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
