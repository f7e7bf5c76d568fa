//! Saying what is in bundles.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use proto::bundle::{Carried, Difference};
use proto::quantity;
use serde_json::json;

use crate::args::Format;
use crate::bundle::archive::{Unchecked, peek};
use crate::output::print;

/// Lists what a bundle says that it holds.
///
/// # Errors
/// It cannot be read, or is none.
pub(super) fn show(file: &Path, format: Format) -> Result<ExitCode> {
    let read = read(file)?;
    let text = match format {
        Format::Json => format!(
            "{:#}\n",
            json!({
                "bundle": read.seal.digest(),
                "signers_unchecked": read.signers,
                "manifest": read.manifest,
            })
        ),
        Format::Text => text(&read),
    };
    print(&text).context("printing what is in it")?;
    Ok(ExitCode::SUCCESS)
}

/// Lists what one of two bundles has and the other has not. Nothing is gone where the
/// second adds to the first.
///
/// # Errors
/// One cannot be read, or is none.
pub(super) fn diff(first: &Path, second: &Path, format: Format) -> Result<ExitCode> {
    let (first, second) = (read(first)?, read(second)?);
    let mut difference = Difference::of(&first.manifest, &second.manifest);
    let base = second.manifest.base.as_ref();
    let adds = base.is_some_and(|base| base.sha256 == first.seal.digest());
    if adds {
        difference.removed.clear();
    }
    let text = match format {
        Format::Json => format!(
            "{:#}\n",
            json!({"added": difference.added, "removed": difference.removed, "adds": adds})
        ),
        Format::Text => {
            let mut text = String::new();
            for (sign, modules) in [("-", &difference.removed), ("+", &difference.added)] {
                for carried in modules {
                    text.push_str(&format!("{sign} {}\n", line(carried)));
                }
            }
            if adds {
                text.push_str("the second adds to the first: what that holds stays\n");
            } else if text.is_empty() {
                text.push_str("both list the same module versions\n");
            }
            text
        }
    };
    print(&text).context("printing the difference")?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Unchecked> {
    let read = crate::bundle::open(file).and_then(peek);
    read.with_context(|| format!("reading {}", file.display()))
}

fn text(read: &Unchecked) -> String {
    let Unchecked {
        manifest,
        seal,
        signers,
    } = read;
    let mut text = format!(
        "bundle {}\nsays it is signed by {}; `sumward bundle verify` checks it\n",
        seal.digest(),
        signers.join(", ")
    );
    for asked in &manifest.asked {
        text.push_str(&format!("asked for: {asked}\n"));
    }
    for remark in &manifest.remarks {
        text.push_str(&format!("note: {remark}\n"));
    }
    if let Some(base) = &manifest.base {
        text.push_str(&format!("adds to the bundle {}\n", base.sha256));
    }
    for database in &manifest.databases {
        text.push_str(&format!(
            "{}: a signed head of {} records",
            database.name(),
            database.size
        ));
        match database.since {
            0 => text.push('\n'),
            since => text.push_str(&format!(", leading from one of {since}\n")),
        }
    }
    text.push_str(&format!(
        "{}, {}, {}\n",
        quantity::count(manifest.modules.len(), "module version", "module versions"),
        quantity::count(manifest.members.len(), "file", "files"),
        quantity::size(manifest.size())
    ));
    for carried in &manifest.modules {
        text.push_str(&format!("  {}\n", line(carried)));
    }
    text
}

fn line(carried: &Carried) -> String {
    match carried.zip {
        true => format!("{} {}", carried.module, carried.licence),
        false => format!("{} go.mod alone", carried.module),
    }
}
