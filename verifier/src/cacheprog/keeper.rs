//! Who answers the go command: looks up, keeps, compares, and remembers what it
//! found.

mod ending;
mod tally;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::gocache::Id;
use proto::gocache::kind::Kind;
use tempfile::{NamedTempFile, TempDir};

use super::incoming::Incoming;
use super::session::{Mode, Rule};
use super::store::{self, Kept, Recorded, Store};
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
    /// Where audit and serve put what the go command makes; it goes with the
    /// session.
    scratch: Option<(Store, TempDir)>,
    /// The session's name, unique in the folder.
    name: String,
    started: jiff::Timestamp,
    /// Held for moments only, never while a file is read or written.
    tally: Mutex<Tally>,
}

impl Keeper {
    /// Begins a session and leaves word of it in the folder, so that one that
    /// is killed is missed.
    pub(super) fn begin(mode: Mode, store: Store) -> anyhow::Result<Self> {
        let started = jiff::Timestamp::now();
        let scratch = match mode {
            Mode::Record => None,
            Mode::Audit | Mode::Serve => {
                let folder = scratch_folder(&store)?;
                Some((Store::below(folder.path())?, folder))
            }
        };
        let keeper = Self {
            mode,
            store,
            scratch,
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
        self.shelf().temporary()
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
            Mode::Record | Mode::Serve => self.made(action).unwrap_or_else(|| self.find(action)),
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
            .shelf()
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
                    path: self.shelf().output_path(output),
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
    fn shelf(&self) -> &Store {
        match &self.scratch {
            Some((scratch, _)) => scratch,
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
            path: self.shelf().output_path(made.output),
        })
    }

    /// Looks an action up in the record, and looks at the file it names.
    fn find(&self, action: Id) -> Answer {
        let index = match self.store.recorded(action) {
            Recorded::Nothing => return Answer::Miss,
            Recorded::Damaged(why) => {
                self.tally().damaged(action, why);
                return Answer::Miss;
            }
            Recorded::Output(index) => index,
        };
        let path = self.store.output_path(index.output);
        match self.look(Path::new(&path), index.output, index.size) {
            Looked::Intact => Answer::Hit {
                output: index.output,
                size: index.size,
                time: jiff::Timestamp::from_nanosecond(index.time_ns.into())
                    .ok()
                    .map(|time| time.to_string()),
                path,
            },
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
            return Looked::Intact;
        }
        let stamp = Stamp::of(&metadata);
        if self.tally().stamp(output) == Some(stamp) {
            return Looked::Intact;
        }
        match store::hash_file(path) {
            Ok(now) if now == output && metadata.len() == size => {
                self.tally().looked_at(output, stamp);
                Looked::Intact
            }
            Ok(now) => Looked::Changed(Some((now, metadata.len()))),
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
                    Looked::Intact | Looked::Missing | Looked::Unreadable(_) => None,
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
    Intact,
    Missing,
    /// Other bytes; which, where they were read.
    Changed(Option<(Id, u64)>),
    Unreadable(String),
}

/// Makes a folder for one session: in the record's, so that bodies can be kept
/// by renaming them; in the system's where the record is read-only.
fn scratch_folder(store: &Store) -> io::Result<TempDir> {
    let tmp = store.own("tmp");
    let own = fs::create_dir_all(&tmp)
        .and_then(|()| tempfile::Builder::new().prefix("session-").tempdir_in(&tmp));
    own.or_else(|_| tempfile::Builder::new().prefix("verify-build-").tempdir())
}
