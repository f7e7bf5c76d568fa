//! Who answers the go command: looks up, keeps, compares, and remembers what it
//! found.

mod ending;
mod tally;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::gocache::kind::Kind;
use proto::gocache::{Id, Index};
use tempfile::NamedTempFile;

use super::incoming::Incoming;
use super::scratch::{self, Scratch};
use super::session::{Mode, Rule};
use super::store::{self, Kept, Recorded, Store};
use crate::gocache::entry::{self, Misfit};
use crate::gocache::reading::Maker;
use tally::{Made, Open, Stamp, Tally};

/// An answer to the go command.
#[derive(Debug)]
pub(super) enum Answer {
    Miss,
    Hit {
        output: Id,
        size: u64,
        time: Option<String>,
        path: String,
    },
    Stored {
        path: String,
    },
    Failed(String),
}

/// One session with a go command.
#[derive(Debug)]
pub(super) struct Keeper {
    mode: Mode,
    store: Store,
    /// Another cache, which is asked for what the record lacks and never written to.
    beneath: Option<Store>,
    /// Where audit and serve put what the go command makes; it goes with the
    /// session.
    scratch: Option<Scratch>,
    /// Whether what lies there may be read when the go command is gone.
    is_read_later: bool,
    /// The session's name, unique in the folder.
    name: String,
    started: jiff::Timestamp,
    /// Held for moments only, never while a file is read or written.
    tally: Mutex<Tally>,
}

impl Keeper {
    /// Begins a session and leaves word of it in the folder, so that one that
    /// is killed is missed.
    pub(super) fn begin(mode: Mode, store: Store, beneath: Option<Store>) -> anyhow::Result<Self> {
        let started = jiff::Timestamp::now();
        let scratch = match mode {
            Mode::Record => None,
            Mode::Audit | Mode::Serve => Some(Scratch::create(&store)?),
        };
        let keeper = Self {
            mode,
            store,
            beneath,
            scratch,
            is_read_later: scratch::is_read_later(),
            name: format!(
                "{}-{}-{}",
                started.strftime("%Y%m%dT%H%M%S.%9fZ"),
                mode.as_str(),
                std::process::id()
            ),
            started,
            tally: Mutex::default(),
        };
        keeper.announce();
        Ok(keeper)
    }

    /// Makes a file for a body to arrive in.
    pub(super) fn temporary(&self) -> io::Result<NamedTempFile> {
        self.destination().temporary()
    }

    /// Lets a body in that is what the go command said it is.
    pub(super) fn admit(&self, action: Id, named: Id, body: Incoming) -> Result<Incoming, String> {
        let mut tally = self.tally();
        tally.requests.puts += 1;
        tally.requests.bytes_put = tally.requests.bytes_put.saturating_add(body.size);
        if body.output == named {
            return Ok(body);
        }
        tally.open(Open {
            rule: Rule::FalseOutputId,
            action,
            kind: Some(body.kind),
            recorded: Some((named, body.size)),
            now: Some((body.output, body.size)),
            detail: String::new(),
        });
        Err(format!(
            "the body's SHA-256 is {}, not {named}",
            body.output
        ))
    }

    /// Notes a request that was answered with an error.
    pub(super) fn failed(&self, why: &str) {
        let mut tally = self.tally();
        tally.requests.failed += 1;
        tally.problem(why.to_owned());
    }

    /// Answers which output is known for an action.
    pub(super) fn get(&self, action: Id) -> Answer {
        self.tally().requests.gets += 1;
        let answer = match self.mode {
            Mode::Record | Mode::Serve => self.made(action).unwrap_or_else(|| self.look_up(action)),
            // What this build made itself is no help from outside.
            Mode::Audit => self.made(action).unwrap_or(Answer::Miss),
        };
        if let Answer::Hit { size, .. } = &answer {
            let mut tally = self.tally();
            tally.requests.hits += 1;
            tally.requests.bytes_hit = tally.requests.bytes_hit.saturating_add(*size);
        }
        answer
    }

    /// Keeps an output for an action.
    pub(super) fn put(&self, action: Id, body: Incoming) -> Answer {
        let (output, size, kind) = (body.output, body.size, body.kind);
        let compared = self.compare(action, output, size, kind);
        let kept = self
            .destination()
            .keep(body.file, output, size, &self.aside())
            .and_then(|kept| match self.mode {
                Mode::Record => self
                    .store
                    .index(action, output, size)
                    .map(|()| (kept, true)),
                Mode::Audit | Mode::Serve => Ok((kept, false)),
            });
        let mut tally = self.tally();
        if let Some(open) = compared {
            tally.open(open);
        }
        match kept {
            Ok((kept, in_record)) => {
                if in_record && kept == Kept::Replaced {
                    tally.open(Open {
                        rule: Rule::FileChanged,
                        action,
                        kind: Some(kind),
                        recorded: Some((output, size)),
                        now: None,
                        detail: format!("it was moved to {} and made anew", self.aside().display()),
                    });
                }
                tally.made(action, Made { output, size, kind });
                Answer::Stored {
                    path: self.destination().output_path(output),
                }
            }
            Err(error) => {
                let why = format!("keeping the body: {error}");
                tally.requests.failed += 1;
                tally.problem(why.clone());
                Answer::Failed(why)
            }
        }
    }

    /// Where what the go command hands over goes.
    fn destination(&self) -> &Store {
        match &self.scratch {
            Some(scratch) => scratch.store(),
            None => &self.store,
        }
    }

    /// Where changed files go that what is made now takes the place of.
    fn aside(&self) -> PathBuf {
        self.audit_folder().join("changed")
    }

    /// Where this session leaves evidence.
    fn audit_folder(&self) -> PathBuf {
        self.store.own("audits").join(&self.name)
    }

    /// What this very session was handed for an action.
    fn made(&self, action: Id) -> Option<Answer> {
        let made = self.tally().made_by(action)?;
        Some(Answer::Hit {
            output: made.output,
            size: made.size,
            time: None,
            path: self.destination().output_path(made.output),
        })
    }

    /// Looks an action up in the record, and in the cache beneath it.
    fn look_up(&self, action: Id) -> Answer {
        let answer = self.find(action, &self.store);
        let answer = match (&answer, &self.beneath) {
            (Answer::Miss, Some(beneath)) => self.find(action, beneath),
            _ => answer,
        };
        if let Answer::Hit { output, path, .. } = &answer {
            self.tally().handed_out(action, *output, path);
        }
        answer
    }

    /// Looks an action up in a cache, and looks at the file it names.
    fn find(&self, action: Id, store: &Store) -> Answer {
        let index = match store.recorded(action) {
            Recorded::Nothing => return Answer::Miss,
            Recorded::Damaged(why) => {
                self.tally().damaged(action, why);
                return Answer::Miss;
            }
            Recorded::Output(index) => index,
        };
        let path = store.output_path(index.output);
        match self.look(Path::new(&path), index.output, index.size) {
            Looked::Intact(maker) => self.hand_out(&index, path, maker.as_ref()),
            Looked::Missing => {
                self.tally().compared.missing += 1;
                Answer::Miss
            }
            Looked::Changed(now) => {
                self.tally().open(Open {
                    rule: Rule::FileChanged,
                    action,
                    kind: None,
                    recorded: Some((index.output, index.size)),
                    now,
                    detail: String::new(),
                });
                Answer::Miss
            }
            Looked::Unreadable(why) => {
                self.tally().problem(why);
                Answer::Miss
            }
        }
    }

    /// Hands an intact file out, unless it says itself that another action made it.
    fn hand_out(&self, index: &Index, path: String, maker: Option<&Maker>) -> Answer {
        let fits = maker.map_or(Ok(()), |maker| entry::package(&index.action, maker));
        match fits {
            Ok(()) => {
                let is_package = maker.is_some_and(|maker| maker.action().is_some());
                self.tally().requests.hits_of_action += u64::from(is_package);
                Answer::Hit {
                    output: index.output,
                    size: index.size,
                    time: jiff::Timestamp::from_nanosecond(index.time_ns.into())
                        .ok()
                        .map(|time| time.to_string()),
                    path,
                }
            }
            Err(Misfit::Poison(poison)) => {
                self.tally().open(Open {
                    rule: Rule::OtherMaker,
                    action: index.action,
                    kind: Some(Kind::Archive),
                    recorded: Some((index.output, index.size)),
                    now: None,
                    detail: poison.words().to_owned(),
                });
                Answer::Miss
            }
            // A compiler that this program does not know is no evidence of anything.
            Err(Misfit::Unjudged(why)) => {
                self.tally().problem(format!("{path}: {why}"));
                Answer::Miss
            }
        }
    }

    /// Looks whether a file still has the bytes it is named after. A file that
    /// was looked at in this session and not touched since is not read again.
    fn look(&self, path: &Path, output: Id, size: u64) -> Looked {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Looked::Missing,
            Err(error) => return Looked::Unreadable(format!("{}: {error}", path.display())),
        };
        // A folder holds a program that go run made: no output of ours.
        if metadata.is_dir() {
            return Looked::Missing;
        }
        if metadata.len() == size && self.mode == Mode::Record {
            return Looked::Intact(None);
        }
        let stamp = Stamp::of(&metadata);
        if let Some(maker) = self.tally().maker(output, stamp) {
            return Looked::Intact(Some(maker));
        }
        match store::read_file(path) {
            Ok(now) if now.sha256 == output.0 && now.size == size => {
                let mut tally = self.tally();
                tally.looked_at(output, stamp, now.maker.clone());
                Looked::Intact(Some(now.maker))
            }
            Ok(now) => Looked::Changed(Some((Id(now.sha256), now.size))),
            Err(error) => Looked::Unreadable(format!("{}: {error}", path.display())),
        }
    }

    /// Holds an output against the record.
    fn compare(&self, action: Id, output: Id, size: u64, kind: Kind) -> Option<Open> {
        let recorded = self.store.recorded(action);
        // Reads a file, so it comes before the tally is held.
        let changed = match (&recorded, self.mode) {
            (Recorded::Output(index), Mode::Audit) if index.output == output => {
                let path = self.store.output_path(output);
                match self.look(Path::new(&path), output, index.size) {
                    Looked::Changed(now) => Some(now),
                    Looked::Missing => {
                        self.tally().compared.missing += 1;
                        None
                    }
                    Looked::Unreadable(why) => {
                        self.tally().problem(why);
                        None
                    }
                    Looked::Intact(_) => None,
                }
            }
            _ => None,
        };
        let mut tally = self.tally();
        let open = |rule, recorded, now| Open {
            rule,
            action,
            kind: Some(kind),
            recorded,
            now,
            detail: String::new(),
        };
        match recorded {
            Recorded::Nothing => {
                tally.not_recorded(action, kind);
                None
            }
            Recorded::Damaged(why) => {
                tally.damaged(action, why);
                None
            }
            Recorded::Output(index) if index.output == output => {
                tally.compared.equal += 1;
                tally.compared.equal_packages += u64::from(kind == Kind::Archive);
                changed.map(|now| open(Rule::FileChanged, Some((output, size)), now))
            }
            Recorded::Output(_) if kind.varies() => {
                tally.compared.varying += 1;
                None
            }
            Recorded::Output(index) => {
                tally.compared.differing += 1;
                let recorded = Some((index.output, index.size));
                Some(open(Rule::OutputDiffers, recorded, Some((output, size))))
            }
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a look at a recorded file showed.
enum Looked {
    /// The bytes that its name says, and who made them; `None` where only the size was
    /// looked at.
    Intact(Option<Maker>),
    Missing,
    /// Other bytes; which, where they were read.
    Changed(Option<(Id, u64)>),
    Unreadable(String),
}
