//! Whether a signed manifest fits what was found: the files, the time, what came before.

use std::fmt;

use super::{File, Manifest, Role, Signed};
use crate::attest::digest::Digest;
use crate::rfc3339;
use crate::tlog::checkpoint::parse_decimal;

/// The first line of what is remembered.
const FIRST_LINE: &str = "sumward configuration accepted v1";

/// What a manifest is held against.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The time, in seconds since 1970.
    pub now: u64,
    /// What this host or stage is called, where it has a name.
    pub audience: Option<&'a str>,
    /// The files that were read, each over those before it.
    pub files: &'a [File],
    /// The manifest that was taken last, where one is remembered.
    pub accepted: Option<Accepted>,
}

/// The manifest that was taken into use last. `parse` and `Display` are inverses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its serial number.
    pub serial: u64,
    /// SHA-256 of its text.
    pub sha256: [u8; 32],
}

/// What does not fit. Prints as a sentence without its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not hold yet.
    NotYet {
        /// From when it does, in seconds since 1970.
        from: u64,
        /// The time now.
        now: u64,
    },
    /// It holds no longer.
    Expired {
        /// Until when it did.
        until: u64,
        /// The time now.
        now: u64,
    },
    /// It is for another host or stage.
    Audience {
        /// Whom it is for.
        want: Option<String>,
        /// Who asks.
        got: Option<String>,
    },
    /// A file has not the bytes that were signed.
    Changed {
        /// Its name.
        name: String,
    },
    /// A file that was read is not listed.
    NotListed {
        /// Its name.
        name: String,
        /// What it was read as.
        role: Role,
    },
    /// A listed file was not read.
    Missing {
        /// Its name.
        name: String,
        /// What it is listed as.
        role: Role,
    },
    /// A file was read as another layer than the one it is listed as.
    Role {
        /// Its name.
        name: String,
        /// What it is listed as.
        listed: Role,
        /// What it was read as.
        read: Role,
    },
    /// The files are the listed ones, put over each other in another order.
    Order,
    /// A newer one was in use.
    Older {
        /// Its serial number.
        serial: u64,
        /// The one that was taken last.
        accepted: u64,
    },
    /// Another one with this serial number was in use.
    Reused {
        /// The serial number.
        serial: u64,
    },
}

/// Returns everything that does not fit: nothing, when the configuration may be used.
pub fn judge(signed: &Signed, given: &Given<'_>) -> Vec<Fault> {
    let manifest = &signed.manifest;
    let mut faults = Vec::new();
    let now = given.now;
    if let Some(from) = manifest.not_before.filter(|from| now < *from) {
        faults.push(Fault::NotYet { from, now });
    }
    let until = manifest.not_after;
    if now > until {
        faults.push(Fault::Expired { until, now });
    }
    if manifest.audience.as_deref() != given.audience {
        faults.push(Fault::Audience {
            want: manifest.audience.clone(),
            got: given.audience.map(str::to_owned),
        });
    }
    faults.extend(serial(signed, given.accepted));
    faults.extend(files(manifest, given.files));
    faults
}

fn serial(signed: &Signed, accepted: Option<Accepted>) -> Option<Fault> {
    let accepted = accepted?;
    let serial = signed.manifest.serial;
    if serial < accepted.serial {
        let accepted = accepted.serial;
        return Some(Fault::Older { serial, accepted });
    }
    let is_reused = serial == accepted.serial && signed.sha256 != accepted.sha256;
    is_reused.then_some(Fault::Reused { serial })
}

fn files(manifest: &Manifest, read: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in read {
        let name = file.name.clone();
        match manifest.files.iter().find(|it| it.name == file.name) {
            None => faults.push(Fault::NotListed {
                name,
                role: file.role,
            }),
            Some(listed) if listed.role != file.role => faults.push(Fault::Role {
                name,
                listed: listed.role,
                read: file.role,
            }),
            Some(listed) if listed.sha256 != file.sha256 => faults.push(Fault::Changed { name }),
            Some(_) => {}
        }
    }
    for listed in &manifest.files {
        if !read.iter().any(|it| it.name == listed.name) {
            faults.push(Fault::Missing {
                name: listed.name.clone(),
                role: listed.role,
            });
        }
    }
    if faults.is_empty() && manifest.files != read {
        faults.push(Fault::Order);
    }
    faults
}

impl Signed {
    /// Returns what is to be remembered once it is in use.
    pub fn accepted(&self) -> Accepted {
        Accepted {
            serial: self.manifest.serial,
            sha256: self.sha256,
        }
    }
}

impl Accepted {
    /// Parses what was remembered; `None` when it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(FIRST_LINE)?.strip_prefix("\nserial ")?;
        let (serial, rest) = rest.split_once("\nsha256 ")?;
        let accepted = Self {
            serial: parse_decimal(serial)?,
            sha256: Digest::parse(rest.strip_suffix('\n')?).ok()?.0,
        };
        (accepted.to_string() == text).then_some(accepted)
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (serial, hash) = (self.serial, hex::encode(self.sha256));
        writeln!(f, "{FIRST_LINE}\nserial {serial}\nsha256 {hash}")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet { from, now } => {
                let (from, now) = (rfc3339::text(*from), rfc3339::text(*now));
                write!(f, "holds from {from} on, and the clock says {now}")
            }
            Self::Expired { until, now } => {
                let (until, now) = (rfc3339::text(*until), rfc3339::text(*now));
                write!(f, "held until {until}, and the clock says {now}")
            }
            Self::Audience { want, got } => match (want, got) {
                (Some(want), Some(got)) => write!(f, "is for `{want}`, and this is `{got}`"),
                (Some(want), None) => write!(f, "is for `{want}`, and this host has no name"),
                (None, Some(got)) => write!(f, "is for nobody by name, and this is `{got}`"),
                (None, None) => f.write_str("is for another host"),
            },
            Self::Changed { name } => write!(f, "{name} was changed after it was signed"),
            Self::NotListed { name, role } => {
                write!(
                    f,
                    "{name} is read as {role} file, and the manifest does not list it"
                )
            }
            Self::Missing { name, role } => {
                write!(f, "{name} is listed as {role} file, and was not read")
            }
            Self::Role { name, listed, read } => {
                write!(
                    f,
                    "{name} is listed as {listed} file, and read as {read} file"
                )
            }
            Self::Order => f.write_str("lists the files in another order than they are read"),
            Self::Older { serial, accepted } => {
                write!(
                    f,
                    "has serial {serial}, and serial {accepted} was in use already"
                )
            }
            Self::Reused { serial } => {
                write!(
                    f,
                    "has serial {serial}, which another manifest had that was in use"
                )
            }
        }
    }
}
