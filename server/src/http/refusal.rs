//! What is said instead of an answer, and with which status.
//!
//! The one place where a reason becomes a status code. The go command reads
//! them so (Go modules reference, "GOPROXY protocol"):
//!
//! - 404 and 410: not here, ask the next one. Given only where upstream itself
//!   said that the thing does not exist, or where the client asked for stored
//!   things alone.
//! - 403: denied, and no other proxy of a `,` list is asked. Given where bytes
//!   or proofs are wrong or a rule forbids the module.
//! - 5xx: not now. Given where upstream or a database cannot be reached: never
//!   turned into 404, which would send the module's name to the next proxy.
//!
//! The go command shows eight lines of the text, up to the first empty one, so
//! the reason comes first and what to do second.

use std::time::Duration;

use bytes::Bytes;
use proto::module::ModuleVersion;

use crate::modules::error::{Error, Mismatch, Remember};
use crate::sumdb::LookupError;

mod of_upstream;

/// A refusal: the client's status and text, and the log's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What the client is told; upstream's own words where it has said some.
    pub(crate) text: Bytes,
    /// When asking again is worth it.
    pub(crate) retry_after: Option<Duration>,
    /// What the log says; `None` where the text says it all.
    pub(crate) log: Option<String>,
    /// Whether others may keep it for a minute: something does not exist.
    pub(crate) may_be_kept: bool,
}

impl Refusal {
    /// Not there: upstream's own 404 or 410 with its own text.
    pub(crate) fn not_found(status: u16, text: Bytes) -> Self {
        Self {
            may_be_kept: true,
            ..Self::new(if status == 410 { 410 } else { 404 }, text)
        }
    }

    /// Not among the stored things, which are all that was asked for.
    pub(crate) fn not_stored() -> Self {
        Self::new(
            404,
            "not found: not stored here, and only stored modules were asked for\n",
        )
    }

    /// The caller may not have it.
    pub(crate) fn not_permitted() -> Self {
        Self::denied("this proxy does not let you have that\n")
    }

    /// Denied for a reason that no other proxy may undo.
    pub(crate) fn denied(text: impl Into<Bytes>) -> Self {
        Self::new(403, text)
    }

    /// A version that a person has denied.
    pub(crate) fn denied_version(version: &ModuleVersion, reason: &str) -> Self {
        Self::denied(format!(
            "{version} is denied by this proxy: {reason}\nits record stays in the checksum database\n"
        ))
    }

    /// Not now.
    pub(crate) fn unavailable(text: impl Into<Bytes>, retry_after: Option<Duration>) -> Self {
        Self {
            retry_after: retry_after.or(Some(RETRY_AFTER)),
            ..Self::new(503, text)
        }
    }

    /// What upstream answered is not an answer to what was asked. With `Retry-After`, a server
    /// of our kind that asks this one knows that nothing is wrong with this one.
    pub(crate) fn bad_upstream(text: impl Into<Bytes>) -> Self {
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(502, text)
        }
    }

    /// A request that no client of ours sends.
    pub(crate) fn bad_request(text: impl Into<Bytes>) -> Self {
        Self::new(400, text)
    }

    /// Our own disk or index failed: the client learns that it is our fault,
    /// the log what it was.
    pub(crate) fn internal(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self {
            log: Some(format!("{what}: {error}")),
            ..Self::new(
                500,
                format!("internal error of this proxy: {what}; its log says more\n"),
            )
        }
    }

    /// A file could not be read or written: a full disk is a matter of time, all
    /// else is internal.
    pub(crate) fn storage(what: &str, error: &std::io::Error) -> Self {
        let full = matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        );
        if !full {
            return Self::internal(what, error);
        }
        Self {
            log: Some(format!("{what}: {error}")),
            ..Self::disk_full()
        }
    }

    /// The disk is full, or so nearly that nothing new is fetched.
    pub(crate) fn disk_full() -> Self {
        Self::unavailable(
            "this proxy's disk is nearly full: it serves what it has and fetches nothing new\n",
            Some(Duration::from_secs(60)),
        )
    }

    /// Says it was this server that was asked by itself.
    pub(crate) fn looped() -> Self {
        Self::new(
            508,
            "this request has passed through this very server before: its upstream list leads back to it\n",
        )
    }

    /// Not in a mirror that is filled by bundles alone. It is "not found" to the go
    /// command, which asks about shorter paths then.
    pub(crate) fn not_in_mirror(last_import: &str) -> Self {
        Self::new(
            404,
            format!("not found: not in this mirror; last import {last_import}\n"),
        )
    }

    /// Not as things are: a bundle must come before this one, the settings are wrong.
    pub(crate) fn conflict(text: String) -> Self {
        Self::new(409, text)
    }

    /// The client did not send its request in time.
    pub(crate) fn late() -> Self {
        Self::new(408, "the request did not arrive in time\n")
    }

    /// A witness has signed no head of that log. It may at any moment: nobody keeps this.
    pub(crate) fn not_cosigned() -> Self {
        Self::new(404, "no head of a log with this hash was cosigned here\n")
    }

    /// A module that needs no proof: the go command is told so, and why, instead of "not
    /// found", after which it would tell the name to others.
    pub(crate) fn exempt(module: &str) -> Self {
        Self::denied(format!(
            "{module} is exempt from proof here (proof.exempt, GONOSUMDB), so its name is told to no checksum database\n\
             set GONOSUMDB={module} (or GOPRIVATE) where you build, too\n"
        ))
    }

    /// The disk failed, which the one who asked by the socket for commands may know.
    pub(crate) fn failed(text: String) -> Self {
        Self::new(500, text)
    }

    /// Not something that this address answers.
    pub(crate) fn not_here() -> Self {
        Self::new(404, "not found\n")
    }

    /// What became of looking a version up in a database.
    pub(crate) fn from_lookup(
        database: &str,
        version: &ModuleVersion,
        error: &LookupError,
    ) -> Self {
        let refusal = Self::from_database(database, error);
        if matches!(error, LookupError::NotFound { .. }) {
            return refusal;
        }
        let mut text = format!("verifying {version}: ").into_bytes();
        text.extend_from_slice(&refusal.text);
        Self {
            text: text.into(),
            ..refusal
        }
    }

    /// What became of asking a database.
    pub(crate) fn from_database(database: &str, error: &LookupError) -> Self {
        match error {
            LookupError::NotFound { status, text } => {
                Self::not_found(*status, or_else(text.clone(), "not found\n"))
            }
            LookupError::Unreachable {
                reason,
                retry_after,
            } => Self::unavailable(
                format!("checksum database {database} cannot be reached: {reason}\n"),
                *retry_after,
            ),
            LookupError::Invalid { reason, .. } => Self::denied(format!(
                "checksum database {database}: {reason}\n\
                 SECURITY ERROR: the answer was refused, nothing of it was kept but the evidence\n"
            )),
            LookupError::Stopped { reason } => Self::denied(format!(
                "checksum database {database} is stopped: {reason}\n\
                 SECURITY ERROR: a person must look at the evidence; what was proved before is still served\n"
            )),
            LookupError::Internal { reason, kind } => {
                let error = std::io::Error::new(*kind, reason.clone());
                Self::storage("asking a checksum database", &error)
            }
            LookupError::Denied { reason } => Self::denied(format!("{reason}\n")),
            LookupError::Unsigned { reason } => Self {
                log: Some(reason.clone()),
                ..Self::unavailable(
                    format!(
                        "checksum database {database} signs nothing now, and this is not in it yet\n\
                         the log of this proxy says why, and what to do about it\n"
                    ),
                    None,
                )
            },
            LookupError::Private => Self::denied(format!(
                "this module is private here (upstream.private, GOPRIVATE), and {database} is not named for it\n\
                 name it in `modules` of that database in this proxy's configuration, or set GONOSUMDB where you build\n"
            )),
        }
    }

    fn new(status: u16, text: impl Into<Bytes>) -> Self {
        Self {
            status,
            text: text.into(),
            retry_after: None,
            log: None,
            may_be_kept: false,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let remembered = error.remember();
        let refusal = match error {
            Error::NotFound { status, text, .. } => {
                Self::not_found(status, or_else(text, "not found\n"))
            }
            Error::NotStored => Self::not_stored(),
            Error::Off => Self::new(
                404,
                "not found: not stored here, and this proxy has no upstream (GOPROXY=off)\n",
            ),
            Error::Private { module } => private(&module),
            Error::PrivateAbsent { module } => {
                private_absent(&module, "its upstream does not have it")
            }
            Error::PrivateNotStored { module } => private_absent(&module, NOBODY_ASKED),
            Error::Upstream(error) => of_upstream::refusal(error),
            Error::Ring => Self::looped(),
            Error::Unfit { reason } => Self::bad_upstream(format!("{reason}\n")),
            Error::Rules { reason } => Self::denied(format!("{reason}\n")),
            Error::Mismatch(mismatch) => Self::denied(of_mismatch(&mismatch)),
            Error::Changed { file, before } => Self::denied(format!(
                "{file}: not the file that was stored here first, which had {before}\n\
                 no checksum database tells which is right; `sumward purge` lets another one take its place\n"
            )),
            Error::Taken { file } => Self::denied(format!(
                "{file}: upstream sent another file than the one that is stored here under that name\n\
                 `sumward purge` takes the stored one back\n"
            )),
            Error::Denied { version, reason } => Self::denied_version(&version, &reason),
            Error::NoDatabase { version } => Self::denied(format!(
                "{version} cannot be proved: no configured checksum database covers it\n"
            )),
            Error::NotInDatabase { version, database } => Self::denied(format!(
                "verifying {version}: not in the checksum database {database}, so it cannot be proved\n\
                 if it is a private module, name it in proof.exempt (GONOSUMDB) of this proxy\n"
            )),
            Error::NoLine { line, database } => Self::denied(format!(
                "verifying {line}: the record in {database} has no line for it\n"
            )),
            Error::Lookup {
                version,
                database,
                error,
            } => Self::from_lookup(&database, &version, &error),
            Error::DiskNearlyFull { free, floor } => Self {
                log: Some(format!(
                    "{free} bytes are free on the data disk, the floor is {floor}"
                )),
                ..Self::disk_full()
            },
            Error::ReadOnly => Self::unavailable(
                "this proxy's data folder is read-only: it serves what it has and fetches nothing new\n",
                Some(Duration::from_secs(60)),
            ),
            Error::Storage { doing, error } => Self::storage(doing, &error),
            Error::Busy { who } => {
                Self::unavailable(format!("too many {who} wait already\n"), None)
            }
            Error::Abandoned => {
                Self::unavailable("the download ended because nobody waited for it\n", None)
            }
            Error::Stopping => Self::unavailable("this server is stopping\n", None),
        };
        Self {
            may_be_kept: refusal.may_be_kept && remembered == Remember::Briefly,
            ..refusal
        }
    }
}

/// Why nobody has said that a private module does not exist.
const NOBODY_ASKED: &str = "not stored, and nobody was asked for it: its entry of upstream.private \
                            has `list: off`, or only stored modules were wanted";

fn private_absent(module: &str, why: &str) -> Refusal {
    Refusal::denied(format!(
        "{module} is private here and {why}\n\
         that is not passed on as \"not found\": the go command would tell the name to others\n"
    ))
}

fn private(module: &str) -> Refusal {
    Refusal::denied(format!(
        "{module} is private here (GOPRIVATE or GONOPROXY of this proxy), and no upstream is named for it\n\
         name one in its configuration: upstream.private: [{{modules: {module}, list: https://…}}]\n"
    ))
}

/// Words a refusal. It follows the go command's own text for a mismatch, as people
/// search for its words.
fn of_mismatch(mismatch: &Mismatch) -> String {
    let Mismatch {
        line,
        database,
        want,
        got,
    } = mismatch;
    format!(
        "verifying {line}: checksum mismatch\n\
         \tupstream sent: {got}\n\
         \t{database}: {want}\n\
         SECURITY ERROR: the file upstream sent is not the one the checksum database has.\n\
         This proxy refused it and kept the evidence; it will ask upstream again in a while.\n"
    )
}

/// Said with a 503 whose end nobody knows.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Returns upstream's own words, or ours where it had none.
fn or_else(text: Bytes, ours: &str) -> Bytes {
    if text.is_empty() {
        Bytes::copy_from_slice(ours.as_bytes())
    } else {
        text
    }
}
