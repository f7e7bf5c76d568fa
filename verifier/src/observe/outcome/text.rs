//! The answer as text.

use std::io::{self, Write};

use proto::attest::observation::{Audit, Outcome as Ending};
use proto::visible::clean;

use super::{Outcome, fix, known_by};
use crate::observe::session::Seen;
use crate::report::printed::Printed;
use crate::report::text::{Color, Style};

/// Digits of a digest by which things are told apart at a glance.
const DIGEST_SHOWN: usize = 12;

impl Outcome {
    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let color = match Printed::tone(self) {
            proto::report::Tone::Good => Color::Green,
            proto::report::Tone::Bad => Color::Red,
            proto::report::Tone::Accepted
            | proto::report::Tone::Open
            | proto::report::Tone::Neutral => Color::Yellow,
        };
        let word = style.paint(Printed::verdict(self), color);
        writeln!(out, "{word}: {}", clean(&self.summary()))?;
        for note in &self.notes {
            writeln!(
                out,
                "{} {}",
                style.paint("note:", Color::Yellow),
                clean(note)
            )?;
        }
        writeln!(out, "\n{}", clean(&self.package))?;
        writeln!(out, "  inputs   sha256:{}", self.inputs)?;
        match &self.key {
            Some(key) => writeln!(out, "  signed   by key {key}")?,
            None => writeln!(out, "  signed   by nobody")?,
        }
        for fix in self.fixes() {
            writeln!(out, "  {} {fix}", style.paint("fix:", Color::Green))?;
        }
        writeln!(out, "\n{}", style.paint("Builds", Color::Bold))?;
        for seen in &self.seen {
            write_build(seen, style, out)?;
        }
        Ok(())
    }

    /// What to do, each once.
    fn fixes(&self) -> Vec<&'static str> {
        let mut fixes = Vec::new();
        let mode = self.seen.last().map(|seen| seen.observation.cache.mode);
        for (_, rule, _) in self.faults() {
            let fix = mode.map(|mode| fix(rule, mode)).unwrap_or_default();
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        fixes
    }
}

fn write_build(seen: &Seen, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let cache = &seen.observation.cache;
    let short = |text: String| text.chars().take(DIGEST_SHOWN).collect::<String>();
    let digest = seen
        .build
        .sha256()
        .map_or_else(|| "failed".to_owned(), |sha256| short(sha256.to_owned()));
    let root = cache.closure.as_ref().map_or_else(
        || "unknown".to_owned(),
        |closure| short(closure.root.to_string()),
    );
    writeln!(
        out,
        "  {:<9} {:>4} s  program {digest}  packages {root}  {} found, {} made ({})",
        cache.mode.as_str(),
        seen.build.duration.as_secs(),
        cache.hits,
        cache.puts,
        known_by(cache.evidence)
    )?;
    let audit = match &cache.audit {
        Audit::Clean {} => "every package is what its entry says".to_owned(),
        Audit::Damaged { findings } => style.paint(&clean(&findings.join("; ")), Color::Red),
        Audit::None {} => "not every package could be judged".to_owned(),
    };
    let link = match seen.observation.link_preimage {
        Some(_) => "; the link is part A of the build ID",
        None => "",
    };
    writeln!(out, "            {audit}{link}")?;
    if let Ending::Failed { reason, .. } = &seen.observation.result {
        for line in reason.lines() {
            writeln!(out, "            {}", clean(line))?;
        }
    }
    writeln!(
        out,
        "            {}",
        clean(&seen.file.display().to_string())
    )?;
    Ok(())
}
