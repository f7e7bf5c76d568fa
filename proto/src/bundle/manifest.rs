//! The manifest of a bundle.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    DATABASES_MAX, Error, MANIFEST_BYTES_MAX, MEMBER_BYTES_MAX, MEMBERS_MAX, Place, shown,
};
use crate::canonical;
use crate::goproxy::Request;
use crate::module::ModuleVersion;
use crate::note::VerifierKey;
use crate::sumdb::Setting;

/// What a bundle holds. It has no time and no host: the same input under the same signed
/// heads gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format.
    pub format: u32,
    /// What was asked for, one thing a line.
    pub asked: Vec<String>,
    /// What is left out on purpose, in words for people.
    pub remarks: Vec<String>,
    /// The bundle that must have been taken in before; `None` where there is none.
    pub base: Option<Base>,
    /// The checksum databases that prove the modules, sorted by name.
    pub databases: Vec<Database>,
    /// The module versions, sorted as their texts are.
    pub modules: Vec<Carried>,
    /// The members that follow the manifest, in their order.
    pub members: Vec<Member>,
}

/// An earlier bundle, to which this one adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// SHA-256 of its manifest, in hex.
    pub sha256: String,
}

/// A checksum database and the head under which everything is proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its key: `name+hash+key`.
    pub key: String,
    /// Records under the head.
    pub size: u64,
    /// The root hash of the head's tree, in base64.
    pub root: String,
    /// Records under the earlier head from which the tiles lead to this one; 0 where they
    /// lead from none.
    pub since: u64,
}

/// A module version in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// `module@version`.
    pub module: String,
    /// Whether its zip is in it, or the go.mod alone.
    pub zip: bool,
    /// SPDX expression of the licence files in the zip, by their text; `NOASSERTION`
    /// where they tell nothing.
    pub licence: String,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Where it lies in the bundle.
    pub place: String,
    /// SHA-256, in hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// The version of the format that is read and written.
const FORMAT: u32 = 1;

impl Manifest {
    /// Puts a manifest together, sorted.
    ///
    /// # Errors
    /// As [`Manifest::parse`].
    pub fn new(
        asked: Vec<String>,
        remarks: Vec<String>,
        base: Option<Base>,
        mut databases: Vec<Database>,
        mut modules: Vec<Carried>,
        mut members: Vec<Member>,
    ) -> Result<Self, Error> {
        databases.sort_by(|a, b| a.key.cmp(&b.key));
        modules.sort_by(|a, b| a.module.cmp(&b.module));
        let names: Vec<&str> = databases.iter().map(Database::name).collect();
        let mut sorted = Vec::with_capacity(members.len());
        for member in members.drain(..) {
            let rank = Place::parse(&member.place, names.iter().copied())?.rank();
            sorted.push((rank, member));
        }
        sorted.sort_by(|(a, one), (b, other)| (a, &one.place).cmp(&(b, &other.place)));
        let manifest = Self {
            format: FORMAT,
            asked,
            remarks,
            base,
            databases,
            modules,
            members: sorted.into_iter().map(|(_, member)| member).collect(),
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// Parses a manifest: the one text that it has, and no other.
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::Place`], [`Error::Order`], [`Error::TooLarge`],
    /// [`Error::Module`], [`Error::Database`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let size = bytes.len() as u64;
        check_size("the manifest", size, MANIFEST_BYTES_MAX)?;
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| Error::Manifest(error.to_string()))?;
        manifest.check()?;
        if manifest.bytes()? != bytes {
            let text = "it is not in the one form that manifests have";
            return Err(Error::Manifest(text.to_owned()));
        }
        Ok(manifest)
    }

    /// The one text of the manifest.
    ///
    /// # Errors
    /// [`Error::Canonical`].
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        // Sorted by their names. Members and modules are many.
        for (name, value) in [
            ("asked", canonical::array(&self.asked)?),
            ("base", canonical::bytes(&self.base)?),
            ("databases", canonical::array(&self.databases)?),
            ("format", canonical::bytes(&self.format)?),
            ("members", canonical::array(&self.members)?),
            ("modules", canonical::array(&self.modules)?),
            ("remarks", canonical::array(&self.remarks)?),
        ] {
            text.extend(if text.is_empty() { b"{\"" } else { b",\"" });
            text.extend(name.bytes());
            text.extend(b"\":");
            text.extend(value);
        }
        text.push(b'}');
        Ok(text)
    }

    /// The place of a member.
    ///
    /// # Errors
    /// [`Error::Place`]; never for a member of a manifest that was parsed.
    pub fn place(&self, member: &Member) -> Result<Place, Error> {
        Place::parse(&member.place, self.databases.iter().map(Database::name))
    }

    /// Bytes of all members.
    pub fn size(&self) -> u64 {
        self.members.iter().map(|member| member.size).sum()
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |text: &str| Error::Manifest(text.to_owned());
        if self.format != FORMAT {
            let text = format!("it has format {}, and {FORMAT} is read", self.format);
            return Err(Error::Manifest(text));
        }
        if self.members.len() > MEMBERS_MAX {
            let text = format!("it lists more than {MEMBERS_MAX} members");
            return Err(Error::Manifest(text));
        }
        // Each member's place is looked up among their names.
        if self.databases.len() > DATABASES_MAX {
            let text = format!("it lists more than {DATABASES_MAX} databases");
            return Err(Error::Manifest(text));
        }
        if let Some(base) = &self.base
            && !is_sha256(&base.sha256)
        {
            return Err(wrong("the base is not a SHA-256 in hex"));
        }
        let mut names = BTreeSet::new();
        for database in &self.databases {
            if !names.insert(database.verifier()?.name().to_owned()) {
                return Err(wrong("two databases have one name"));
            }
            if database.since > database.size {
                return Err(wrong("a database's head is older than the one it follows"));
            }
        }
        if !self.databases.is_sorted_by(|a, b| a.key < b.key) {
            return Err(wrong("databases are out of their order"));
        }
        if !self.modules.is_sorted_by(|a, b| a.module < b.module) {
            return Err(wrong("modules are out of their order"));
        }
        self.check_members()?;
        self.check_modules()
    }

    fn check_members(&self) -> Result<(), Error> {
        let names: Vec<&str> = self.databases.iter().map(Database::name).collect();
        let mut before: Option<(u8, &str)> = None;
        for member in &self.members {
            let place = Place::parse(&member.place, names.iter().copied())?;
            let key = (place.rank(), &*member.place);
            if before.is_some_and(|before| before >= key) {
                return Err(Error::Order {
                    place: shown(&member.place),
                });
            }
            before = Some(key);
            check_size(&member.place, member.size, MEMBER_BYTES_MAX)?;
            if !is_sha256(&member.sha256) {
                let text = format!("{:?} has no SHA-256 in hex", shown(&member.place));
                return Err(Error::Manifest(text));
            }
        }
        Ok(())
    }

    /// What it says of modules is what its members are: each go.mod or zip that it tells of
    /// is there, and no zip that it does not.
    fn check_modules(&self) -> Result<(), Error> {
        let places: BTreeSet<&str> = self.members.iter().map(|it| &*it.place).collect();
        let mut told = 0;
        for carried in &self.modules {
            let version = ModuleVersion::parse(&carried.module)?;
            let request = if carried.zip {
                Request::Zip(version)
            } else {
                Request::Mod(version)
            };
            let place = request.path();
            if !places.contains(&*place) {
                let text = format!("it tells of {}, and has no {place}", shown(&carried.module));
                return Err(Error::Manifest(text));
            }
            told += usize::from(carried.zip);
        }
        let is_zip = |it: &&&str| it.ends_with(".zip") && !it.starts_with("sumdb/");
        if places.iter().filter(is_zip).count() > told {
            let text = "it has the zip of a module that it does not tell of";
            return Err(Error::Manifest(text.to_owned()));
        }
        Ok(())
    }
}

impl Database {
    /// The name in its key.
    pub fn name(&self) -> &str {
        self.key.split('+').next().unwrap_or_default()
    }

    /// Its key. Nothing says that this is the key to trust.
    ///
    /// # Errors
    /// [`Error::Database`] where it is not a key that the go command takes.
    pub fn verifier(&self) -> Result<VerifierKey, Error> {
        match Setting::parse(&self.key)? {
            Setting::Database { key, url: None } if key.to_string() == self.key => Ok(key),
            _ => Err(Error::Manifest(format!(
                "{:?} is not a key of a database",
                shown(&self.key)
            ))),
        }
    }
}

fn is_sha256(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(digit)
}

pub(super) fn check_size(what: &str, size: u64, max: u64) -> Result<(), Error> {
    if size > max {
        let what = shown(what);
        return Err(Error::TooLarge { what, size, max });
    }
    Ok(())
}
