//! `sumward config keygen` and `sumward config sign`: for the one who vouches for the
//! configuration, on another machine than the server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use proto::manifest::{FILES_MAX, File, Manifest, check_audience};
use proto::note::{self, SignerKey};

use crate::args::{EXIT_USAGE, Flags, Sign};
use crate::config::environment::Environment;
use crate::config::file;
use crate::config::problem::{Problem, Problems};
use crate::config::signed::{self, MANIFEST};
use crate::config::sources::{self, Source};
use crate::output::{complain, print};
use crate::own::key;

/// Makes a key that signs configurations, and prints the line that servers trust.
///
/// # Errors
/// A name that no key can have, a file that is there already, and what the file system
/// answers.
pub(crate) fn keygen(name: &str, out: &Path) -> Result<ExitCode> {
    let signer = SignerKey::from_seed(name, rand::random()).context("making the key")?;
    let text = format!("{}\n", signer.to_secret_text());
    key::write_new(out, text.as_bytes()).context("writing the key")?;
    // Alone on standard output, so that `>config.pub` makes the file for a credential.
    print(&format!("{}\n", signer.verifier())).context("printing the key")?;
    complain(format!(
        "the line above is the public key: servers are given it with --config-trust, or as the credential config-trust\n\
         the key is in {}: whoever has it decides what those servers do; keep it off them",
        out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Signs the configuration files.
///
/// # Errors
/// What the file system answers to the manifest.
pub(crate) fn run(sign: &Sign, flags: Flags, environment: &Environment) -> Result<ExitCode> {
    match prepare(sign, flags, environment) {
        Ok(prepared) => write(&prepared),
        Err(problems) => {
            complain(problems.to_string());
            Ok(ExitCode::from(EXIT_USAGE))
        }
    }
}

struct Prepared {
    manifest: Manifest,
    signer: SignerKey,
    out: PathBuf,
}

/// Checks everything, so that nothing is signed that no server would take.
fn prepare(
    sign: &Sign,
    mut flags: Flags,
    environment: &Environment,
) -> std::result::Result<Prepared, Problems> {
    let mut problems = Vec::new();
    flags.config.extend(sign.files.iter().cloned());
    let sources = sources::read(&flags, environment, &mut problems);
    sources::check(&sources, &mut problems);
    let times = times(sign).map_err(|problem| problems.push(problem)).ok();
    if let Some(word) = &sign.audience
        && let Err(what) = check_audience(word)
    {
        problems.push(Problem::new("--for", what));
    }
    let shown = sign.key.display().to_string();
    let signer = key::read(&sign.key).map_err(|error| {
        let message = format!("{error}; give a file that `sumward config keygen` made");
        problems.push(Problem::new(format!("--key {shown}"), message));
    });
    let out = out(sign, &sources).map_err(|problem| problems.push(problem));
    let files = out.and_then(|out| {
        let files = files(&sources, &out).map_err(|problem| problems.push(problem))?;
        Ok((out, files))
    });
    match (times, signer, files) {
        (Some((not_before, not_after)), Ok(signer), Ok((out, files))) if problems.is_empty() => {
            let manifest = Manifest {
                serial: sign.serial,
                not_before,
                not_after,
                audience: sign.audience.clone(),
                files,
            };
            Ok(Prepared {
                manifest,
                signer,
                out,
            })
        }
        _ => Err(Problems(problems)),
    }
}

fn out(sign: &Sign, sources: &[Source]) -> std::result::Result<PathBuf, Problem> {
    let beside = || Some(sources.first()?.path.with_file_name(MANIFEST));
    sign.out.clone().or_else(beside).ok_or_else(|| {
        let message = "no file is named: give the configuration file, or --config, --stage and --feature as the server has them";
        Problem::new("config sign", message)
    })
}

fn files(sources: &[Source], out: &Path) -> std::result::Result<Vec<File>, Problem> {
    if sources.is_empty() {
        return Err(Problem::new("config sign", "there is no file to sign"));
    }
    if sources.len() > FILES_MAX {
        let message = format!(
            "{} files, and a manifest lists at most {FILES_MAX}",
            sources.len()
        );
        return Err(Problem::new("config sign", message));
    }
    let files = signed::files(sources, out)?;
    for (index, file) in files.iter().enumerate() {
        if files.iter().take(index).any(|it| it.name == file.name) {
            return Err(Problem::new(&*file.name, "is named twice; name it once"));
        }
    }
    Ok(files)
}

/// Returns the times between which the manifest is to hold.
fn times(sign: &Sign) -> std::result::Result<(Option<u64>, u64), Problem> {
    let not_before = sign.not_before.as_deref();
    let first = |text| time("--not-before", text, Time::midnight());
    let not_before = not_before.map(first).transpose()?;
    let last = Time::constant(23, 59, 59, 0);
    let not_after = time("--not-after", &sign.not_after, last)?;
    if not_before.is_some_and(|from| from > not_after) {
        return Err(Problem::new("--not-before", "is later than --not-after"));
    }
    if Timestamp::now().as_second().cast_unsigned() > not_after {
        let message = format!("`{}` is over; give a later day", sign.not_after);
        return Err(Problem::new("--not-after", message));
    }
    Ok((not_before, not_after))
}

/// Reads a time, or a day, of which `clock` is meant.
fn time(flag: &str, text: &str, clock: Time) -> std::result::Result<u64, Problem> {
    let day = || {
        let day = text
            .parse::<Date>()
            .ok()
            .filter(|_| text.len() == "2027-02-28".len())?;
        let zoned = day.to_datetime(clock).to_zoned(TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    };
    let at = day().or_else(|| text.parse().ok());
    at.and_then(|at| u64::try_from(at.as_second()).ok())
        .ok_or_else(|| {
            let message = format!(
                "`{text}` is not a time; write a day such as 2027-02-28, or 2027-02-28T12:00:00Z"
            );
            Problem::new(flag, message)
        })
}

fn write(prepared: &Prepared) -> Result<ExitCode> {
    let (manifest, out) = (&prepared.manifest, prepared.out.display());
    let text = manifest.to_string();
    let note = note::sign(&text, &[&prepared.signer]).context("signing")?;
    file::replace(&prepared.out, &note).with_context(|| format!("writing {out}"))?;
    let count = manifest.files.len();
    let files = if count == 1 { "file" } else { "files" };
    print(&format!(
        "{text}signed by {} in {out}: {count} {files}\n",
        prepared.signer.name()
    ))
    .context("printing the manifest")?;
    Ok(ExitCode::SUCCESS)
}
