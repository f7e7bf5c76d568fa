//! Sentences about sessions, and their text for people.

use std::io::{self, Write};

use proto::visible::clean;

use super::session::{End, Mismatch, Mode, Output, Rule, Session, Verdict};
use crate::quantity;
use crate::report::text::{Color, Style};

/// Findings and packages listed unless every detail is wanted.
const LISTED: usize = 20;

/// Returns the answer of a session in one sentence.
pub(super) fn summary(session: &Session) -> String {
    let compared = &session.compared;
    let (equal, differing) = (compared.equal, compared.differing);
    let found = session.findings.len() as u64 + session.findings_omitted;
    let packages = names(session);
    match (session.mode, session.verdict) {
        (Mode::Audit | Mode::Serve, Verdict::Found) if differing > 0 => format!(
            "{differing} of {} differ from the record{packages}",
            quantity::count(equal + differing, "output made again", "outputs made again"),
        ),
        (Mode::Record, Verdict::Found) if differing > 0 => format!(
            "{} made again and came out differently{packages}",
            quantity::count(differing, "action was", "actions were"),
        ),
        (_, Verdict::Found) => format!(
            "{} of the record changed or damaged{packages}",
            quantity::count(found, "file", "files")
        ),
        (_, Verdict::Incomplete) if session.ending == Some(End::Broken) => {
            "the conversation with the go command broke off".to_owned()
        }
        (_, Verdict::Incomplete) if session.requests.failed > 0 => format!(
            "{} could not be carried out",
            quantity::count(session.requests.failed, "request", "requests")
        ),
        (Mode::Audit, Verdict::Incomplete) if compared.equal_packages == 0 => {
            "nothing could be compared: the record knows none of these actions".to_owned()
        }
        (Mode::Audit, Verdict::Incomplete) if compared.not_recorded_packages > 0 => format!(
            "{} equal to the record, but {} not in it",
            quantity::count(equal, "output is", "outputs are"),
            quantity::count(compared.not_recorded_packages, "package is", "packages are")
        ),
        (Mode::Audit, Verdict::Incomplete) => format!(
            "{} equal to the record, but the go command went without a word: its build failed or was stopped, and there may have been more to make",
            quantity::count(equal, "output is", "outputs are"),
        ),
        (Mode::Record | Mode::Serve, Verdict::Incomplete) => format!(
            "{}; the go command went without a word, so who reads them from now on is not known",
            handed_out(session)
        ),
        (Mode::Audit, Verdict::Clean) => format!(
            "{} made again, every one equal to the record{}",
            quantity::count(equal, "output", "outputs"),
            match compared.not_recorded {
                0 => String::new(),
                others => format!(
                    "; {} not in it, no package among them",
                    quantity::count(others, "other is", "others are")
                ),
            }
        ),
        (Mode::Serve, Verdict::Clean) => format!(
            "{}; {} made",
            handed_out(session),
            quantity::count(session.requests.puts, "output", "outputs"),
        ),
        (Mode::Record, Verdict::Clean) => format!(
            "{} handed out, {} recorded",
            quantity::count(session.requests.hits, "output", "outputs"),
            quantity::count(session.requests.puts, "output", "outputs"),
        ),
    }
}

/// What is known of the outputs handed out: the index is part of the folder, and
/// packages alone say which action made them.
fn handed_out(session: &Session) -> String {
    format!(
        "{} handed out, each made in this run or with the SHA-256 in its index line; {} with the action asked for in the build ID",
        quantity::count(session.requests.hits, "output", "outputs"),
        quantity::count(session.requests.hits_of_action, "package", "packages"),
    )
}

/// The packages found, for the end of a sentence.
fn names(session: &Session) -> String {
    let mut packages: Vec<&str> = session
        .findings
        .iter()
        .filter_map(|finding| finding.package.as_deref())
        .collect();
    packages.sort_unstable();
    packages.dedup();
    match packages.as_slice() {
        [] => String::new(),
        [first, second, third, _, ..] => format!(
            ": {first}, {second}, {third} and {} more",
            packages.len() - 3
        ),
        few => format!(": {}", few.join(", ")),
    }
}

/// Returns what was found, in one sentence.
pub(super) fn finding(finding: &Mismatch, detail: &str) -> String {
    let subject = match (&finding.package, &finding.part, &finding.kind) {
        (Some(package), Some(part), _) => format!("{part} of package {package}"),
        (Some(package), None, _) => format!("package {package}"),
        (None, _, Some(kind)) => format!("an output of kind {kind}"),
        (None, _, None) => "an output".to_owned(),
    };
    let sentence = match finding.rule {
        Rule::OutputDiffers => {
            format!("{subject} came out differently from equal inputs")
        }
        Rule::FileChanged => {
            format!("the recorded file of {subject} does not have the recorded SHA-256 any more")
        }
        Rule::ChangedInUse => {
            format!("the recorded file of {subject} was changed after it was handed out")
        }
        Rule::OtherMaker => format!("{subject} was not handed out"),
        Rule::EntryDamaged => "the index line of an action can't be used".to_owned(),
        Rule::FalseOutputId => {
            format!("the go command named another SHA-256 than {subject} has")
        }
    };
    if detail.is_empty() {
        sentence
    } else {
        format!("{sentence}; {detail}")
    }
}

/// Returns what to do about a finding.
pub(super) fn fix(rule: Rule, mode: Mode) -> &'static str {
    match (rule, mode) {
        (Rule::OutputDiffers, Mode::Audit | Mode::Serve) => {
            "see what differs with verify-build cache compare (the record, then the folder under audits/); a compiler wrapper (-toolexec), a C compiler that is not the same or files that cgo reads from outside the package can do this, and so can a record that was tampered with"
        }
        (Rule::OutputDiffers, Mode::Record) => {
            "the step is not deterministic: look at -toolexec wrappers, the C compiler, and files that cgo reads from outside the package"
        }
        (Rule::FileChanged | Rule::ChangedInUse | Rule::OtherMaker, _) => {
            "first keep a copy of the folder as evidence (cp -a) and find out who writes to it; then record again in an empty folder"
        }
        (Rule::EntryDamaged, _) => {
            "first keep a copy of the file as evidence (cp -a); then delete it and record again"
        }
        (Rule::FalseOutputId, _) => {
            "look for faulty memory: the go command hashed other bytes than it sent"
        }
    }
}

/// Writes what the person at the go command should see: nothing about a
/// recording that went well.
pub(super) fn at_close(session: &Session, out: &mut dyn Write) -> io::Result<()> {
    let quiet = session.mode == Mode::Record
        && session.verdict == Verdict::Clean
        && session.problems.is_empty();
    if quiet {
        return Ok(());
    }
    let style = Style::default();
    write!(out, "verify-build cacheprog {}: ", session.mode.as_str())?;
    write(session, style, out)
}

/// Writes one session.
pub(super) fn write(session: &Session, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let all = session.compared.not_recorded == 0;
    let (word, color) = match (session.verdict, session.mode) {
        (Verdict::Clean, Mode::Audit) if all => ("EQUAL", Color::Green),
        (Verdict::Clean, Mode::Audit) => ("PACKAGES EQUAL", Color::Green),
        // Nothing was held against anything but the folder's own index.
        (Verdict::Clean, Mode::Record) => ("RECORDED", Color::Green),
        (Verdict::Clean, Mode::Serve) => ("AS INDEXED", Color::Green),
        (Verdict::Incomplete, _) => ("INCOMPLETE", Color::Yellow),
        (Verdict::Found, _) => ("FOUND", Color::Red),
    };
    let verdict = style.paint(word, color);
    writeln!(out, "{verdict}: {}", clean(&session.summary))?;
    let listed = if style.verbose { usize::MAX } else { LISTED };
    for finding in session.findings.iter().take(listed) {
        one(finding, style, out)?;
    }
    let hidden = session.findings.len().saturating_sub(listed) as u64 + session.findings_omitted;
    if hidden > 0 {
        writeln!(
            out,
            "  … and {}",
            quantity::count(hidden, "more finding", "more findings")
        )?;
    }
    let mut fixes: Vec<&str> = session.findings.iter().map(|f| f.fix.as_str()).collect();
    fixes.dedup();
    for fix in fixes.into_iter().take(3) {
        writeln!(out, "  {} {fix}", style.paint("what to do:", Color::Bold))?;
    }
    missing(session, style, out)?;
    for problem in &session.problems {
        let label = style.paint("note:", Color::Yellow);
        writeln!(out, "  {label} {}", clean(problem))?;
    }
    Ok(())
}

fn one(finding: &Mismatch, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  {}",
        style.paint(&clean(&finding.summary), Color::Bold)
    )?;
    writeln!(out, "    action    {}", clean(&finding.action))?;
    for (label, output) in [("recorded", &finding.recorded), ("now", &finding.now)] {
        if let Some(Output {
            sha256,
            size: bytes,
            path,
        }) = output
        {
            let path = path.as_deref().map(|path| format!("  {}", clean(path)));
            writeln!(
                out,
                "    {label:9} {}  {}{}",
                clean(sha256),
                quantity::size(*bytes),
                path.unwrap_or_default()
            )?;
        }
    }
    Ok(())
}

/// Says what an audit could not compare, and why that may be.
fn missing(session: &Session, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if session.mode != Mode::Audit || session.not_recorded.is_empty() {
        return Ok(());
    }
    let listed = if style.verbose { usize::MAX } else { 5 };
    let names: Vec<String> = session
        .not_recorded
        .iter()
        .take(listed)
        .map(|name| clean(name))
        .collect();
    let more = session.compared.not_recorded_packages - names.len() as u64;
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    writeln!(out, "  not in the record: {}{more}", names.join(", "))?;
    writeln!(
        out,
        "  their inputs are others than those recorded: another Go version, flags, sources, or without -trimpath another folder"
    )
}

#[cfg(test)]
mod tests;
