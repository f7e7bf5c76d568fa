//! `sumward keygen NAME --out KEYFILE`: the key of a checksum database of one's own.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::output::print;
use crate::own::{high_water, key};

/// Makes a key and prints what clients set GOSUMDB to.
///
/// # Errors
/// A name that no database can have, a file that is there already, and what the file
/// system answers.
pub(crate) fn run(name: &str, out: &Path) -> Result<ExitCode> {
    let verifier = key::create(out, name, rand::random()).context("making the key")?;
    let (key, mark) = (out.display(), high_water::beside(out));
    print(&format!(
        "GOSUMDB={verifier}\n\
         the key is in {key}: whoever has it can sign in the name of {name}\n\
         the newest signed head is noted in {}: keep it out of backups of the data folder\n",
        mark.display()
    ))
    .context("printing the key")?;
    Ok(ExitCode::SUCCESS)
}
