//! The quorum file: which hosts count, who of them are one, and what is demanded.
//!
//! ```
//! use proto::attest::quorum::Quorum;
//!
//! let quorum = Quorum::parse(
//!     br#"
//! version: 1
//! level: L3
//! hosts:
//!   - name: builder-1
//!     key: MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
//!     org: example
//!     image: debian-12
//!     cache: own-1
//!   - name: builder-2
//!     key: MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=
//!     org: example
//!     image: debian-13
//!     cache: own-2
//! quorum: {k: 2, of: [image, cache]}
//! max_age: 30d
//! "#,
//! )?;
//! assert_eq!(quorum.groups().len(), 2);
//! # Ok::<(), proto::attest::quorum::Error>(())
//! ```
//!
//! Keys of the file that are not known are refused. Hosts that share one value of any
//! kind under `of` are one group, and so are those that share one with one of these: one
//! group has one vote.

mod form;
mod groups;
mod host;
mod init;
mod level;
mod words;

use std::fmt::Write as _;

pub use groups::Group;
pub use host::{Host, Kind};
pub use init::{First, first};
pub use level::{Level, Mark, Wanted};

use form::{Form, FormLog, FormWitnesses};

use super::digest::Digest;
use super::key::{self, PublicKey};
use crate::note::{self, CosignerKey, VerifierKey};
use crate::rfc3339;
use crate::sumdb::PUBLIC_KEY;
use crate::witness::{self, Policy};

/// The longest quorum file, in bytes.
pub const LEN_MAX: usize = 256 << 10;

/// The most hosts.
pub const HOSTS_MAX: usize = 256;

/// Why a quorum file was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than what is read.
    #[error("quorum file of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes of the file.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It is not YAML, or has other keys or values than a quorum file.
    #[error("not a quorum file: {0}")]
    Yaml(String),
    /// A value means nothing.
    #[error("{key}: {why}")]
    Value {
        /// The key in the file.
        key: String,
        /// What is wrong, and what to write.
        why: String,
    },
    /// A host's key is none.
    #[error("key of the host {host:?}: {error}")]
    Key {
        /// The host.
        host: String,
        /// Why.
        error: key::Error,
    },
    /// A key of the log or of a witness is none.
    #[error("key of the {what}: {error}")]
    NoteKey {
        /// `log`, `witness`, `checksum database`.
        what: &'static str,
        /// Why.
        error: note::Error,
    },
    /// The witnesses are no policy.
    #[error("witnesses: {0}")]
    Witnesses(#[from] witness::Error),
    /// Two that should be independent have one key.
    #[error("{one} and {other} have one key: whoever holds it would vote twice")]
    SameKey {
        /// Who.
        one: String,
        /// And who.
        other: String,
    },
}

/// What a quorum file says.
#[derive(Debug, Clone)]
pub struct Quorum {
    /// The number of this version of the file, which only grows.
    pub version: u64,
    /// What is demanded.
    pub wanted: Wanted,
    /// The inputs that the builds must have; `None` where any will do that all share.
    pub inputs: Option<Digest>,
    /// The hosts, in the order of the file.
    pub hosts: Vec<Host>,
    /// How many groups must have built the same.
    pub needed: usize,
    /// The kinds of value that make hosts one group.
    pub of: Vec<Kind>,
    /// How old an observation may be, in seconds.
    pub age_max_s: Option<u64>,
    /// The log that observations are in.
    pub log: Option<Log>,
    /// Which witnesses must have cosigned the log's heads.
    pub witnesses: Policy,
    /// The key of the checksum database that modules and toolchain are looked up in.
    pub checksum_database: VerifierKey,
    /// The file itself.
    pub text: String,
}

/// A log of observations.
#[derive(Debug, Clone)]
pub struct Log {
    /// The log's name in its heads.
    pub origin: String,
    /// The key that its heads are signed with.
    pub key: VerifierKey,
}

impl Quorum {
    /// Parses a quorum file.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (len, max) = (bytes.len(), LEN_MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let text = str::from_utf8(bytes).map_err(|_| Error::Yaml("not UTF-8".to_owned()))?;
        let form: Form =
            serde_norway::from_str(text).map_err(|error| Error::Yaml(error.to_string()))?;
        if form.version == 0 {
            return Err(value(
                "version",
                "begins with 1, and grows with each change",
            ));
        }
        let of = kinds(&form.quorum.of)?;
        let hosts = hosts(form.hosts, &of)?;
        let age_max_s = form.max_age.as_deref().map(age).transpose()?;
        let inputs = form.inputs.as_deref().map(Digest::parse).transpose();
        let quorum = Self {
            version: form.version,
            wanted: Wanted::parse(&form.level).map_err(|why| value("level", &why))?,
            inputs: inputs.map_err(|error| value("inputs", &error.to_string()))?,
            hosts,
            needed: form.quorum.k,
            of,
            age_max_s,
            log: form.log.map(Log::of).transpose()?,
            witnesses: witnesses(form.witnesses)?,
            checksum_database: note_key("checksum database", form.checksum_database)?,
            text: text.to_owned(),
        };
        quorum.check_keys()?;
        quorum.check_needed()?;
        Ok(quorum)
    }

    /// Returns the digest of the file.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Returns the groups of hosts, each host in one of them.
    pub fn groups(&self) -> Vec<Group> {
        groups::of(&self.hosts, &self.of)
    }

    /// Returns the groups that hosts make by one kind alone.
    pub fn groups_by(&self, kind: Kind) -> Vec<Group> {
        groups::of(&self.hosts, &[kind])
    }

    /// Returns the keys of all hosts.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.hosts.iter().map(|host| host.key.clone()).collect()
    }

    /// Refuses an owner who is one of the hosts, the log or a witness: whoever decides
    /// would be heard as a witness of his own decision.
    ///
    /// # Errors
    /// [`Error::SameKey`].
    pub fn check_owner(&self, owner: &PublicKey) -> Result<(), Error> {
        let holders = self.holders();
        let mut same = holders.iter().filter(|(_, key)| *key == identity(owner));
        match same.next() {
            None => Ok(()),
            Some((holder, _)) => Err(Error::SameKey {
                one: "the owner".to_owned(),
                other: holder.clone(),
            }),
        }
    }

    /// Says in words what the file demands.
    pub fn explain(&self) -> String {
        words::explain(self)
    }

    /// Returns what a person should know of the file: it is not wrong, and may not be
    /// what was meant.
    pub fn warnings(&self) -> Vec<String> {
        words::warnings(self)
    }

    fn check_keys(&self) -> Result<(), Error> {
        let holders = self.holders();
        for (index, (other, key)) in holders.iter().enumerate() {
            if let Some((one, _)) = holders[..index].iter().find(|(_, before)| before == key) {
                let (one, other) = (one.clone(), other.clone());
                return Err(Error::SameKey { one, other });
            }
        }
        Ok(())
    }

    fn check_needed(&self) -> Result<(), Error> {
        let groups = self.groups().len();
        if self.needed == 0 || self.needed > groups {
            let mut why = format!("want 1 to {groups}: the hosts make {groups} groups");
            if groups < self.hosts.len() {
                let _ = write!(why, ", since some share a value under quorum.of");
            }
            return Err(value("quorum.k", &why));
        }
        Ok(())
    }

    /// Returns who holds which key: hosts, log and witnesses.
    fn holders(&self) -> Vec<(String, Vec<u8>)> {
        let mut holders: Vec<(String, Vec<u8>)> = Vec::new();
        for host in &self.hosts {
            holders.push((format!("the host {:?}", host.name), identity(&host.key)));
        }
        if let Some(log) = &self.log {
            let name = format!("the log {:?}", log.origin);
            holders.push((name, log.key.public_bytes().to_vec()));
        }
        for witness in self.witnesses.witnesses() {
            let name = format!("the witness {:?}", witness.name());
            holders.push((name, witness.public_bytes().to_vec()));
        }
        holders
    }
}

/// Returns the bytes by which a key is compared with keys of other kinds.
fn identity(key: &PublicKey) -> Vec<u8> {
    let bytes = key.ed25519_bytes();
    bytes.map_or_else(|| key.spki(), |bytes| bytes.to_vec())
}

impl Log {
    fn of(form: FormLog) -> Result<Self, Error> {
        if form.origin.is_empty() || form.origin.contains(char::is_control) {
            return Err(value(
                "log.origin",
                "want the first line of the log's heads",
            ));
        }
        let key = VerifierKey::parse(&form.key);
        Ok(Self {
            origin: form.origin,
            key: key.map_err(|error| Error::NoteKey { what: "log", error })?,
        })
    }
}

fn value(key: &str, why: &str) -> Error {
    Error::Value {
        key: key.to_owned(),
        why: why.to_owned(),
    }
}

fn kinds(names: &[String]) -> Result<Vec<Kind>, Error> {
    let mut kinds: Vec<Kind> = Vec::new();
    for name in names {
        let kind = Kind::parse(name).ok_or_else(|| {
            let why = format!("{name:?} is none of {}", Kind::names());
            value("quorum.of", &why)
        })?;
        if kinds.contains(&kind) {
            return Err(value("quorum.of", &format!("{name:?} is there twice")));
        }
        kinds.push(kind);
    }
    if kinds.is_empty() {
        let why = format!("is empty; name kinds of value: {}", Kind::names());
        return Err(value("quorum.of", &why));
    }
    Ok(kinds)
}

fn hosts(forms: Vec<host::Form>, of: &[Kind]) -> Result<Vec<Host>, Error> {
    if forms.is_empty() || forms.len() > HOSTS_MAX {
        return Err(value("hosts", &format!("want 1 to {HOSTS_MAX} of them")));
    }
    let mut hosts: Vec<Host> = Vec::new();
    for form in forms {
        let host = Host::of(form, of)?;
        if hosts.iter().any(|known| known.name == host.name) {
            let why = format!("two are called {:?}", host.name);
            return Err(value("hosts", &why));
        }
        hosts.push(host);
    }
    Ok(hosts)
}

fn witnesses(form: Option<FormWitnesses>) -> Result<Policy, Error> {
    let Some(form) = form else {
        return Ok(Policy::new(Vec::new(), 0, None)?);
    };
    let keys = form.keys.iter().map(|key| CosignerKey::parse(key));
    let keys: Result<Vec<CosignerKey>, note::Error> = keys.collect();
    let keys = keys.map_err(|error| Error::NoteKey {
        what: "witness",
        error,
    })?;
    Ok(Policy::new(keys, form.k, None)?)
}

fn note_key(what: &'static str, key: Option<String>) -> Result<VerifierKey, Error> {
    let key = key.as_deref().unwrap_or(PUBLIC_KEY);
    VerifierKey::parse(key).map_err(|error| Error::NoteKey { what, error })
}

/// Parses `30d`, `12h`, `90m` or `3600s`.
fn age(text: &str) -> Result<u64, Error> {
    let parse = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let unit = match unit {
            "d" => 86400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        let number: u64 = is_number.then(|| number.parse().ok()).flatten()?;
        number.checked_mul(unit).filter(|age| *age > 0)
    };
    parse().ok_or_else(|| value("max_age", "want a number and d, h, m or s, as in 30d"))
}

/// Parses a time of the file.
fn time(key: &str, text: &str) -> Result<u64, Error> {
    rfc3339::seconds(text).ok_or_else(|| value(key, "want a time as 2027-01-31T00:00:00Z"))
}

#[cfg(test)]
mod tests;
