//! The commands that change what was found, as a script to read first. It is printed and
//! never run.

use std::io::{self, Write};

use proto::visible::clean;

use super::outcome::Outcome;

/// Writes the script.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "#!/bin/sh -eu")?;
    writeln!(
        out,
        "# Commands for what verify-build doctor found. None was run: read them first, some need root."
    )?;
    let mut any = false;
    for found in outcome.all_found() {
        let finding = &found.finding;
        writeln!(
            out,
            "\n# {} {}: {}",
            finding.level.as_str(),
            finding.rule,
            clean(&finding.summary)
        )?;
        if !finding.fix.is_empty() {
            writeln!(out, "# {}", clean(&finding.fix))?;
        }
        for command in found.commands.iter().filter(|command| is_one_line(command)) {
            any = true;
            // A script unsets variables of its own alone.
            let mark = match command.starts_with("unset ") {
                true => "# in the shell that builds, and in the profile that sets it: ",
                false => "",
            };
            writeln!(out, "{mark}{command}")?;
        }
    }
    if !any {
        writeln!(out, "\n# There is nothing that a command alone changes.")?;
    }
    Ok(())
}

/// A name with a line end in it would put its rest where a command is read.
fn is_one_line(command: &str) -> bool {
    clean(command) == *command
}
