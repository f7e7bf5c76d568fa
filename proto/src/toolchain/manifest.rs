//! The list of file hashes that a distribution's `h1` is the hash of.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Error, MODULE, Release, documents};
use crate::dirhash::{H1, Summary};
use crate::module::ModuleVersion;

/// The names and SHA-256 of a distribution's files.
///
/// Its text is what `sha256sum` prints for the files of the module zip, sorted by
/// name, and the SHA-256 of the text is the module's `h1`: a record of a checksum
/// database proves the whole list. A list for Go 1.27.3 has 12,071 lines in 1.7 MB.
/// [`Manifest::parse`] and [`Manifest::text`] are inverses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    release: Release,
    files: BTreeMap<Box<str>, [u8; 32]>,
}

/// In what a tree's list differs from a release's; names without `<module>/`, in
/// byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// In the tree alone.
    pub added: Vec<String>,
    /// In the release alone.
    pub missing: Vec<String>,
    /// In both, with another content.
    pub changed: Vec<String>,
    /// How many are the same.
    pub same: usize,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many files differ.
    pub fn len(&self) -> usize {
        self.added.len() + self.missing.len() + self.changed.len()
    }
}

/// The longest list that is read, in bytes.
pub const MANIFEST_LEN_MAX: usize = 64 << 20;

/// Characters of a SHA-256, and the spaces after it.
const HEX_LEN: usize = 64;
const SEPARATOR: &str = "  ";

impl Manifest {
    /// Starts a list without files.
    pub fn new(release: Release) -> Self {
        Self {
            release,
            files: BTreeMap::new(),
        }
    }

    /// Parses the text of a list.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Line`] for all but the one way to write a list;
    /// [`Error::NotAToolchain`] when it is one of another module's files.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (len, max) = (bytes.len(), MANIFEST_LEN_MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let fault = |line: usize, fact| Error::Line { line, fact };
        let text = str::from_utf8(bytes).map_err(|_| fault(0, "the list is not UTF-8"))?;
        let mut lines = (1..).zip(text.split_inclusive('\n'));
        let (_, first) = lines.next().ok_or_else(|| fault(1, "there is none"))?;
        let (sha256, name) = line(first).map_err(|fact| fault(1, fact))?;
        let module = module_of(name).ok_or_else(|| fault(1, "its name is not in a module"))?;
        let prefix = format!("{module}/");
        let mut manifest = Self::new(Release::of_module(&module)?);
        let mut last = manifest
            .insert_line(&prefix, name, sha256)
            .map_err(|fact| fault(1, fact))?;
        for (number, text) in lines {
            let (sha256, name) = line(text).map_err(|fact| fault(number, fact))?;
            let name = manifest
                .insert_line(&prefix, name, sha256)
                .map_err(|fact| fault(number, fact))?;
            if name <= last {
                return Err(fault(number, "names are not in the order of their bytes"));
            }
            last = name;
        }
        Ok(manifest)
    }

    /// Takes the files of a release's module zip.
    ///
    /// # Errors
    /// [`Error::Line`] with number 0 when a name is not below the module's own.
    pub fn of_zip(release: Release, files: &Summary) -> Result<Self, Error> {
        let prefix = format!("{}/", release.module());
        let mut manifest = Self::new(release);
        for (name, sha256) in files.files() {
            manifest
                .insert_line(&prefix, name, *sha256)
                .map_err(|fact| Error::Line { line: 0, fact })?;
        }
        Ok(manifest)
    }

    /// Adds a file by its name after `<module>/`; a later one of the same name takes
    /// its place.
    pub fn insert(&mut self, name: &str, sha256: [u8; 32]) {
        self.files.insert(name.into(), sha256);
    }

    /// Takes a file out.
    pub fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// The release that the list says it is of. Nothing is proved by that.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The hash of one file.
    pub fn file(&self, name: &str) -> Option<[u8; 32]> {
        self.files.get(name).copied()
    }

    /// Names and hashes, in the order of the names' bytes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8; 32])> {
        self.files.iter().map(|(name, sha256)| (&**name, sha256))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The list as text: one line a file, `<hexadecimal sha256>  <module>/<name>`.
    pub fn text(&self) -> String {
        let prefix = format!("{}/", self.release.module());
        let mut text = String::with_capacity(self.files.len() * 2 * HEX_LEN);
        for (name, sha256) in &self.files {
            text.push_str(&hex::encode(sha256));
            text.push_str(SEPARATOR);
            text.push_str(&prefix);
            text.push_str(name);
            text.push('\n');
        }
        text
    }

    /// The module's hash, if these are its files.
    pub fn h1(&self) -> H1 {
        H1(Sha256::digest(self.text()).into())
    }

    /// Completes the list of a tree that lacks documents of the root (licences,
    /// read-me files) or has files of its own there, or a `go.env` of its own, to the
    /// release's list whose hash is `recorded`. `None` when more differs, or a document has
    /// an unknown form.
    pub fn completed(&self, recorded: H1) -> Option<Self> {
        documents::complete(self, recorded)
    }

    /// Compares the list of a tree, `self`, with that of a release.
    pub fn difference(&self, release: &Self) -> Difference {
        let mut difference = Difference::default();
        for (name, want) in release.files() {
            match self.files.get(name) {
                None => difference.missing.push(name.to_owned()),
                Some(got) if got != want => difference.changed.push(name.to_owned()),
                Some(_) => difference.same += 1,
            }
        }
        let added = self
            .files()
            .filter(|(name, _)| !release.files.contains_key(*name));
        difference.added = added.map(|(name, _)| name.to_owned()).collect();
        difference
    }

    /// Adds the file of a line; returns its name.
    fn insert_line<'a>(
        &mut self,
        prefix: &str,
        name: &'a str,
        sha256: [u8; 32],
    ) -> Result<&'a str, &'static str> {
        let inside = name
            .strip_prefix(prefix)
            .ok_or("its name is not below that of the first line's module")?;
        if inside.is_empty() {
            return Err("its name is that of the module's folder");
        }
        self.insert(inside, sha256);
        Ok(name)
    }
}

/// Splits a line, its newline included, into hash and name.
fn line(text: &str) -> Result<([u8; 32], &str), &'static str> {
    let text = text.strip_suffix('\n').ok_or("does not end in a newline")?;
    let (hash, rest) = text
        .split_at_checked(HEX_LEN)
        .ok_or("is not a SHA-256, two spaces and a name")?;
    let name = rest
        .strip_prefix(SEPARATOR)
        .ok_or("has not two spaces after a SHA-256")?;
    if hash.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("has a SHA-256 in upper case");
    }
    let mut sha256 = [0; 32];
    hex::decode_to_slice(hash, &mut sha256).map_err(|_| "does not begin with a SHA-256")?;
    if name.contains('\r') {
        return Err("has a carriage return");
    }
    Ok((sha256, name))
}

/// Reads the module from a name such as `golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64/VERSION`.
fn module_of(name: &str) -> Option<ModuleVersion> {
    let rest = name.strip_prefix(MODULE)?;
    let end = rest.find('/')?;
    ModuleVersion::parse(name.get(..MODULE.len() + end)?).ok()
}
