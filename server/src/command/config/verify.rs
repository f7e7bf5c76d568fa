//! `sumward config verify`: what a signature covers, and what lies over it.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use proto::manifest::Manifest;
use proto::rfc3339;
use serde_json::{Value, json};

use crate::args::{EXIT_USAGE, Format};
use crate::config::load::Loaded;
use crate::config::signed::Signed;
use crate::output::{complain, print};

/// Says what the signature covers. That it holds was checked when the settings were read.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn run(loaded: &Loaded, format: Format) -> Result<ExitCode> {
    let Some(signed) = &loaded.signed else {
        complain(
            "no key is trusted, so no signature is asked for: give --config-trust KEY, \
             $SUMWARD_CONFIG_TRUST or the credential config-trust"
                .to_owned(),
        );
        return Ok(ExitCode::from(EXIT_USAGE));
    };
    let said = match format {
        Format::Text => text(signed),
        Format::Json => format!("{:#}\n", to_json(signed)),
    };
    print(&said).context("printing what is signed")?;
    Ok(ExitCode::SUCCESS)
}

fn text(signed: &Signed) -> String {
    let Manifest {
        serial,
        not_before,
        not_after,
        audience,
        files,
    } = &signed.signed.manifest;
    let mut said = String::new();
    // Writing to text cannot fail.
    let mut line = |text: std::fmt::Arguments<'_>| {
        let _ = writeln!(said, "{text}");
    };
    let signers = signed.signed.signers.join(", ");
    line(format_args!(
        "{}: serial {serial}, signed by {signers}, holds",
        signed.path.display()
    ));
    if let Some(from) = not_before {
        line(format_args!("not-before {}", rfc3339::text(*from)));
    }
    line(format_args!("not-after {}", rfc3339::text(*not_after)));
    if let Some(name) = audience {
        line(format_args!("for {name}"));
    }
    for file in files {
        line(format_args!("{} {}", file.role, file.name));
    }
    let state = signed.state.display();
    match signed.before {
        Some(before) => line(format_args!(
            "last in use: serial {} ({state})",
            before.serial
        )),
        None => line(format_args!("last in use: none is remembered ({state})")),
    }
    for key in &signed.overridden {
        line(format_args!("overridden: {key}"));
    }
    said
}

fn to_json(signed: &Signed) -> Value {
    let manifest = &signed.signed.manifest;
    let files = manifest.files.iter().map(|file| {
        json!({
            "layer": file.role.as_str(),
            "name": file.name,
            "sha256": hex::encode(file.sha256),
        })
    });
    json!({
        "manifest": signed.path.display().to_string(),
        "serial": manifest.serial,
        "not_before": manifest.not_before.map(rfc3339::text),
        "not_after": rfc3339::text(manifest.not_after),
        "for": manifest.audience,
        "signed_by": signed.signed.signers,
        "files": files.collect::<Vec<_>>(),
        "last_serial": signed.before.map(|before| before.serial),
        "state": signed.state.display().to_string(),
        "overridden": signed.overridden,
    })
}
