//! A file of expectations, begun from what a host has.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::VERSION;
use crate::doctor::facts::{Content, Facts};

/// Writes down what a host has, for a person to edit.
pub fn of_host(facts: &Facts) -> String {
    let text = |value: &str| serde_json::to_string(value).unwrap_or_default();
    let mut lines = vec![
        "# What builders must have, as verify-build doctor --expect --init found it on one host."
            .to_owned(),
        "# Take out what need not be so; each line that is left is required.".to_owned(),
        format!("version: {VERSION}"),
    ];
    if let Some(go) = facts.first_go().filter(|go| !go.version().is_empty()) {
        lines.push(format!("go: [{}]", text(go.version())));
        lines.push("# Needs --online:".to_owned());
        let is_official = matches!(go.content, Content::Official | Content::Repackaged);
        lines.push(if is_official {
            "official: true".to_owned()
        } else {
            "# official: true".to_owned()
        });
    }
    let settings = &facts.settings;
    let flags: Vec<String> = settings
        .flags
        .iter()
        .filter(|flag| !flag.contains('…'))
        .map(|flag| text(flag))
        .collect();
    lines.push(match flags.is_empty() {
        true => "# goflags: [-trimpath]".to_owned(),
        false => format!("goflags: [{}]", flags.join(", ")),
    });
    lines.push(format!(
        "{}no-gonosumdb: true",
        if settings.hole().is_some() { "# " } else { "" }
    ));
    for (name, tool) in [("cc", &facts.c.cc), ("cxx", &facts.c.cxx)] {
        if !tool.version.is_empty() {
            lines.push(format!("{name}: {}", text(&tool.version)));
        }
    }
    if facts.system.libc == "glibc" {
        lines.push(format!("glibc: {}", text(&facts.system.libc_version)));
    }
    let folder = facts.cache.folder.as_ref();
    let is_private = folder.is_some_and(|folder| folder.own && !folder.open);
    lines.push(format!(
        "{}cache-private: true",
        if is_private { "" } else { "# " }
    ));
    if !facts.system.id.is_empty() {
        let name = format!("{} {}", facts.system.id, facts.system.version);
        lines.push(format!("distribution: [{}]", text(&name)));
    }
    if !facts.guards.selinux.is_empty() {
        lines.push(format!("selinux: {}", facts.guards.selinux));
    }
    lines.join("\n") + "\n"
}

/// Writes a file, never over one that is there.
///
/// # Errors
/// When it is there, or can't be written.
pub fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    let mut file = file.with_context(|| {
        format!(
            "writing {} (a file that is there is never replaced)",
            path.display()
        )
    })?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("writing {}", path.display()))
}
