//! `sumward bundle …`: modules with their proofs in one file.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use proto::note::{SignerKey, VerifierKey};

use super::with_settings;
use crate::args::{Bundle, EXIT_USAGE, Flags};
use crate::config::Config;
use crate::output::{complain, print};
use crate::own::key;

pub(super) mod create;
mod running;
mod show;
mod take;
mod watch;

/// Makes a key that signs bundles, and prints the line that others trust.
///
/// # Errors
/// A name that no key can have, a file that is there already, and what the file system
/// answers.
fn keygen(name: &str, out: &Path) -> Result<ExitCode> {
    let signer = SignerKey::from_seed(name, rand::random()).context("making the key")?;
    let text = format!("{}\n", signer.to_secret_text());
    key::write_new(out, text.as_bytes()).context("writing the key")?;
    print(&format!(
        "{}\n\
         the line above is the public key: who imports bundles gives it with --trust\n\
         the key is in {}: whoever has it can sign bundles in the name of {name}\n",
        signer.verifier(),
        out.display()
    ))
    .context("printing the key")?;
    Ok(ExitCode::SUCCESS)
}

/// Does what a command on bundles says.
///
/// # Errors
/// What is wrong with the bundle, or what stands in the way.
pub(super) fn run(command: Bundle, flags: &Flags) -> Result<ExitCode> {
    match command {
        // Without settings, which these do not need.
        Bundle::Keygen { name, out } => keygen(&name, &out),
        Bundle::Show { file, format } => show::show(&file, format),
        Bundle::Diff {
            first,
            second,
            format,
        } => show::diff(&first, &second, format),
        Bundle::Create(wanted) => with_settings(flags, |it| create::run(&it.config, &wanted)),
        Bundle::Verify { file, trust } => with_keys(flags, &trust, |config, trusted| {
            take::verify(config, &file, trusted)
        }),
        Bundle::Import {
            file,
            trust,
            end_after,
        } => with_keys(flags, &trust, |config, trusted| {
            take::import(config, &file, trusted, end_after.as_deref())
        }),
        Bundle::Watch {
            folder,
            trust,
            settle,
            once,
        } => with_keys(flags, &trust, |config, trusted| {
            let settle = Duration::from_secs(settle);
            watch::run(config, &folder, trusted, settle, once)
        }),
    }
}

/// Does what needs the settings and the keys that sign bundles.
fn with_keys(
    flags: &Flags,
    trust: &[String],
    run: impl FnOnce(&Config, &[VerifierKey]) -> Result<ExitCode>,
) -> Result<ExitCode> {
    with_settings(flags, |it| match keys(&it.config, trust) {
        Ok(trusted) => run(&it.config, &trusted),
        Err(code) => Ok(code),
    })
}

/// Reads the lines of `--trust`, or takes those of the settings.
///
/// # Errors
/// Exit status 64 when one is not a key, or there is none; that is said.
fn keys(config: &Config, lines: &[String]) -> Result<Vec<VerifierKey>, ExitCode> {
    if lines.is_empty() {
        if config.bundle.trust.is_empty() {
            complain(
                "sumward: nobody is trusted to make bundles: give --trust, or set bundle.trust, to \
                 the line that `sumward bundle keygen` printed"
                    .to_owned(),
            );
            return Err(ExitCode::from(EXIT_USAGE));
        }
        return Ok(config.bundle.trust.clone());
    }
    let parse = |line: &String| {
        VerifierKey::parse(line.trim()).map_err(|error| {
            complain(format!(
                "sumward: --trust {line:?}: {error}; give the line that `sumward bundle keygen` printed"
            ));
            ExitCode::from(EXIT_USAGE)
        })
    };
    lines.iter().map(parse).collect()
}
