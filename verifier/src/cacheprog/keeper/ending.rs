//! The end of a session: what was found is worked out, written down and told.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proto::gocache::Id;
use proto::gocache::kind::Kind;

use super::tally::{Open, Stamp, Tally};
use super::{Keeper, Mode};
use crate::cacheprog::session::Ending;
use crate::cacheprog::session::{
    Compared, End, Mismatch, Output, Requests, Rule, SCHEMA, Session, Tool, Verdict,
};
use crate::cacheprog::store::{self, Recorded, Store};
use crate::cacheprog::taken::{How, Taken};
use crate::cacheprog::{subject, text};
use crate::durable;
use crate::gocache::package;

impl Keeper {
    /// Leaves word that a session began.
    pub(super) fn announce(&self) {
        let session = Session {
            summary: format!(
                "this {} did not come to its end: it goes on still, or was killed",
                self.mode.as_str()
            ),
            verdict: Verdict::Incomplete,
            ..self.blank()
        };
        if let Err(error) = write(&self.session_path(), &session) {
            self.tally().problem(format!(
                "no report is left in {}: {error:#}",
                self.store.own("sessions").display()
            ));
        }
    }

    /// Ends the session. Nothing is asked or answered any more. The packages that the
    /// build took in are written to `taken`.
    pub(in crate::cacheprog) fn finish(
        mut self,
        ending: &Ending,
        report: Option<&Path>,
        taken: Option<&Path>,
    ) -> Session {
        let handed_out = self.look_again();
        if let Some(path) = taken {
            let list = self.taken().text();
            let written = durable::write(path, |out| out.write_all(list.as_bytes()));
            if let Err(error) = written {
                let problem = format!("writing {}: {error:#}", path.display());
                self.tally().problem(problem);
            }
        }
        let tally = std::mem::take(
            self.tally
                .get_mut()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        let has_made = !tally.made.is_empty();
        let mut session = self.settle(tally, ending, handed_out);
        for path in report
            .map(Path::to_path_buf)
            .into_iter()
            .chain([self.session_path()])
        {
            if let Err(error) = write(&path, &session) {
                let problem = format!("writing {}: {error:#}", path.display());
                if !session
                    .problems
                    .iter()
                    .any(|known| known.contains("no report is left"))
                {
                    session.problems.push(problem);
                }
            }
        }
        // Without a close the go command may have handed out paths: go list -export
        // does. What stays is removed by a later session.
        let is_left = *ending == Ending::EndOfInput && has_made && self.is_read_later;
        if let Some(scratch) = self.scratch.take().filter(|_| is_left) {
            scratch.leave();
        }
        session
    }

    /// Looks whether files that were handed out were touched since, and what there
    /// is among them.
    fn look_again(&self) -> HandedOut {
        let mut any_package = false;
        let handed_out = std::mem::take(&mut self.tally().intact);
        for (output, (stamp, _)) in handed_out {
            let path = self.store.output_path(output);
            any_package = any_package || subject::kind(Path::new(&path)) == Some(Kind::Archive);
            let touched = fs::metadata(&path).is_ok_and(|now| Stamp::of(&now) != stamp);
            if !touched {
                continue;
            }
            let now = store::hash_file(Path::new(&path)).ok();
            if now != Some(output) {
                let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                self.tally().open(Open {
                    rule: Rule::ChangedInUse,
                    action: output,
                    kind: None,
                    recorded: Some((output, size)),
                    now: now.map(|now| (now, size)),
                    detail: String::new(),
                });
            }
        }
        HandedOut { any_package }
    }

    /// Returns the packages that the build took in. What was made after it had been
    /// found is what the build went on with.
    fn taken(&self) -> Taken {
        let files = {
            let tally = self.tally();
            let hits = tally.handed_out.iter();
            let hits =
                hits.map(|(action, (output, path))| (How::Hit, *action, *output, path.clone()));
            let puts = tally
                .made
                .iter()
                .filter(|(_, made)| made.kind == Kind::Archive);
            let puts = puts.map(|(action, made)| {
                let path = self.destination().output_path(made.output);
                (How::Put, *action, made.output, path)
            });
            hits.chain(puts).collect::<Vec<_>>()
        };
        let mut taken = Taken::default();
        for (how, action, output, path) in files {
            match package::read(Path::new(&path), action, output) {
                Ok(Some(compiled)) => taken.add(how, compiled),
                Ok(None) => {}
                Err(error) => self.tally().problem(format!("reading {path}: {error}")),
            }
        }
        taken
    }

    fn session_path(&self) -> PathBuf {
        self.store
            .own("sessions")
            .join(format!("{}.json", self.name))
    }

    fn blank(&self) -> Session {
        Session {
            schema: SCHEMA.to_owned(),
            tool: Tool {
                name: "verify-build".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            mode: self.mode,
            folder: self.store.root().to_owned(),
            started: self.started.to_string(),
            finished: None,
            ending: None,
            verdict: Verdict::Clean,
            summary: String::new(),
            requests: Requests::default(),
            compared: Compared::default(),
            findings: Vec::new(),
            findings_omitted: 0,
            not_recorded: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn settle(&self, mut tally: Tally, ending: &Ending, handed_out: HandedOut) -> Session {
        if let Ending::Broken(why) = ending {
            tally.problem(format!("the conversation broke off: {why}"));
        }
        let kept = self.keep_differing(&mut tally);
        let owners = self.owners(&tally);
        let findings: Vec<Mismatch> = tally
            .findings
            .iter()
            .map(|open| self.finding(open, &tally, &owners, kept.as_ref()))
            .collect();
        let not_recorded = tally
            .not_recorded
            .iter()
            .map(|action| {
                self.package_of(*action, &tally)
                    .unwrap_or_else(|| action.to_string())
            })
            .collect();
        let mut session = Session {
            finished: Some(jiff::Timestamp::now().to_string()),
            ending: Some(match ending {
                Ending::Closed(_) => End::Closed,
                Ending::EndOfInput => End::Unclosed,
                Ending::Broken(_) => End::Broken,
            }),
            requests: tally.requests,
            compared: tally.compared,
            findings,
            findings_omitted: tally.findings_omitted,
            not_recorded,
            problems: tally.problems,
            ..self.blank()
        };
        session.verdict = verdict(&session, handed_out);
        session.summary = text::summary(&session);
        session
    }

    /// Keeps what differs from the record beside it, in the same layout, before
    /// the session's own folder goes.
    fn keep_differing(&self, tally: &mut Tally) -> Option<Store> {
        let scratch = self.scratch.as_ref()?.store();
        let differing: Vec<(Id, Id, u64)> = tally
            .findings
            .iter()
            .filter(|open| open.rule == Rule::OutputDiffers)
            .filter_map(|open| open.now.map(|(output, size)| (open.action, output, size)))
            .collect();
        if differing.is_empty() {
            return None;
        }
        let keep = || -> anyhow::Result<Store> {
            let kept = Store::below(&self.audit_folder())?;
            for (action, output, size) in differing {
                let mut copy = kept.temporary()?;
                let mut made = fs::File::open(scratch.output_path(output))?;
                io::copy(&mut made, copy.as_file_mut())?;
                kept.keep(copy, output, size, &self.aside())?;
                kept.index(action, output, size)?;
            }
            // Nothing is on its way any more.
            let _ = fs::remove_dir(kept.own("tmp"));
            Ok(kept)
        };
        keep()
            .map_err(|error| tally.problem(format!("keeping what differs: {error:#}")))
            .ok()
    }

    fn finding(
        &self,
        open: &Open,
        tally: &Tally,
        owners: &Owners,
        kept: Option<&Store>,
    ) -> Mismatch {
        let here = |output: Id, size: u64, store: Option<&Store>| Output {
            sha256: output.to_string(),
            size,
            path: store
                .map(|store| store.output_path(output))
                .filter(|path| Path::new(path).is_file()),
        };
        let recorded = open
            .recorded
            .map(|(output, size)| here(output, size, Some(&self.store)));
        let beside = match (open.rule, self.mode) {
            (Rule::OutputDiffers, Mode::Record) => Some(&self.store),
            (Rule::OutputDiffers, Mode::Audit | Mode::Serve) => kept,
            (
                Rule::FileChanged
                | Rule::ChangedInUse
                | Rule::OtherMaker
                | Rule::EntryDamaged
                | Rule::FalseOutputId,
                _,
            ) => None,
        };
        let now = open.now.map(|(output, size)| here(output, size, beside));
        let file = now
            .as_ref()
            .and_then(|output| output.path.clone())
            .or_else(|| recorded.as_ref().and_then(|output| output.path.clone()));
        let kind = open.kind.or_else(|| {
            file.as_ref()
                .and_then(|file| subject::kind(Path::new(file)))
        });
        let (package, part) = match kind {
            Some(Kind::Archive) => (
                file.and_then(|file| subject::package(Path::new(&file)))
                    .or_else(|| self.package_of(open.action, tally)),
                None,
            ),
            _ => match owners.get(&open.action) {
                Some((archive, part)) => (self.package_of(*archive, tally), Some(part.clone())),
                None => (None, None),
            },
        };
        let mut finding = Mismatch {
            rule: open.rule,
            action: open.action.to_string(),
            kind: kind.map(|kind| kind.as_str().to_owned()),
            package,
            part,
            recorded,
            now,
            summary: String::new(),
            fix: text::fix(open.rule, self.mode).to_owned(),
        };
        finding.summary = text::finding(&finding, &open.detail);
        finding
    }

    /// Where an action's output can be read while the session lasts.
    fn file_of(&self, action: Id, tally: &Tally) -> Option<String> {
        if let Some(made) = tally.made_by(action) {
            return Some(self.destination().output_path(made.output));
        }
        match self.store.recorded(action) {
            Recorded::Output(index) => Some(self.store.output_path(index.output)),
            Recorded::Nothing | Recorded::Damaged(_) => None,
        }
    }

    fn package_of(&self, action: Id, tally: &Tally) -> Option<String> {
        subject::package(Path::new(&self.file_of(action, tally)?))
    }

    /// Returns what stands beside the packages made in this session: by its
    /// action, the action of the package's archive and what it is.
    fn owners(&self, tally: &Tally) -> Owners {
        let open = |open: &Open| open.kind != Some(Kind::Archive);
        if !tally.findings.iter().any(open) {
            return Owners::new();
        }
        let archives = tally
            .made
            .iter()
            .filter(|(_, made)| made.kind == Kind::Archive);
        archives
            .flat_map(|(&archive, _)| {
                let list = self.file_of(archive.subkey("srcfiles"), tally);
                subject::parts(archive, list.as_ref().map(Path::new))
                    .into_iter()
                    .map(move |(action, part)| (action, (archive, part)))
            })
            .collect()
    }
}

/// What stands beside packages.
type Owners = HashMap<Id, (Id, String)>;

/// What was handed out in a session.
#[derive(Debug, Clone, Copy)]
struct HandedOut {
    any_package: bool,
}

fn verdict(session: &Session, handed_out: HandedOut) -> Verdict {
    let compared = &session.compared;
    let is_complete = match (session.mode, session.ending) {
        (_, None | Some(End::Broken)) => false,
        // What went into the record is whole, and a record claims no more.
        (Mode::Record, Some(End::Closed | End::Unclosed)) => true,
        (Mode::Audit, Some(End::Closed)) => {
            compared.equal_packages > 0 && compared.not_recorded_packages == 0
        }
        // There may have been more to make.
        (Mode::Audit, Some(End::Unclosed)) => false,
        (Mode::Serve, Some(End::Closed)) => true,
        // `go list -export` prints where packages lie, for others to read.
        (Mode::Serve, Some(End::Unclosed)) => !handed_out.any_package,
    };
    if !session.findings.is_empty() {
        Verdict::Found
    } else if is_complete && session.requests.failed == 0 {
        Verdict::Clean
    } else {
        Verdict::Incomplete
    }
}

/// Writes a session to a file, whole or not at all.
fn write(path: &Path, session: &Session) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    durable::write(path, |out| {
        serde_json::to_writer_pretty(&mut *out, session)?;
        out.write_all(b"\n")
    })
}
