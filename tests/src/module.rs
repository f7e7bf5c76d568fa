//! Modules that the tests write, laid out as a GOPROXY file tree.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::zip::{self, Entry};

/// A module version to be written.
#[derive(Clone, Debug)]
pub struct Module {
    pub path: String,
    pub version: String,
    pub go_mod: String,
    /// Names as inside the module, without its prefix. `go.mod` is added.
    pub files: Vec<Entry>,
}

impl Module {
    /// A library with one function, `Name`, that returns `path@version`.
    #[must_use]
    pub fn library(path: &str, version: &str) -> Self {
        let package = path
            .rsplit('/')
            .find(|element| !is_major_suffix(element))
            .unwrap_or(path)
            .replace(['-', '.'], "");
        let package = package.to_lowercase();
        let source =
            format!("package {package}\n\nfunc Name() string {{ return \"{path}@{version}\" }}\n");
        Self {
            path: path.to_owned(),
            version: version.to_owned(),
            go_mod: format!("module {path}\n\ngo 1.21\n"),
            files: vec![Entry::new(&format!("{package}.go"), source.as_bytes())],
        }
    }

    /// A module whose program lies in `folder` of it, as tools often do; the root has no
    /// package.
    #[must_use]
    pub fn tool(path: &str, version: &str, folder: &str) -> Self {
        let source = format!("package main\n\nfunc main() {{ println(\"{path}@{version}\") }}\n");
        Self {
            path: path.to_owned(),
            version: version.to_owned(),
            go_mod: format!("module {path}\n\ngo 1.21\n"),
            files: vec![Entry::new(&format!("{folder}/main.go"), source.as_bytes())],
        }
    }

    /// The same with `size` bytes of incompressible ballast in it, so that its
    /// zip is a little more than that.
    #[must_use]
    pub fn with_ballast(mut self, size: usize) -> Self {
        let seed = format!("{}@{}", self.path, self.version);
        self.files
            .push(Entry::stored("ballast.bin", noise(&seed, size)));
        self
    }

    /// The zip of this module version, as a proxy serves it.
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        zip::archive(&self.entries())
    }

    /// The files of the zip, under their names in it.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let prefix = format!("{}@{}/", self.path, self.version);
        let mut entries = vec![Entry::new(
            &format!("{prefix}go.mod"),
            self.go_mod.as_bytes(),
        )];
        entries.extend(self.files.iter().map(|file| Entry {
            name: format!("{prefix}{}", file.name),
            ..file.clone()
        }));
        entries
    }

    /// The two lines of go.sum that a checksum database holds for it.
    #[must_use]
    pub fn go_sum(&self) -> String {
        let Self { path, version, .. } = self;
        let prefix = format!("{path}@{version}/");
        let mut files = vec![(format!("{prefix}go.mod"), self.go_mod.as_bytes())];
        for file in &self.files {
            files.push((format!("{prefix}{}", file.name), &file.content));
        }
        let go_mod = vec![("go.mod".to_owned(), self.go_mod.as_bytes())];
        format!(
            "{path} {version} {}\n{path} {version}/go.mod {}\n",
            h1(files),
            h1(go_mod)
        )
    }

    /// Writes `.info`, `.mod` and `.zip` under `tree` and puts the version into
    /// its `list`. Returns the path of the zip.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn write(&self, tree: &Path) -> PathBuf {
        let folder = tree.join(escape(&self.path)).join("@v");
        std::fs::create_dir_all(&folder).expect("make the module's folder");
        let file = |ending: &str| folder.join(format!("{}.{ending}", escape(&self.version)));
        let info = format!(
            "{{\"Version\":\"{}\",\"Time\":\"2024-05-06T07:08:09Z\"}}",
            self.version
        );
        std::fs::write(file("info"), info).expect("write .info");
        std::fs::write(file("mod"), &self.go_mod).expect("write .mod");
        std::fs::write(file("zip"), self.zip()).expect("write .zip");
        let list = folder.join("list");
        let mut versions = std::fs::read_to_string(&list).unwrap_or_default();
        if !versions.lines().any(|line| line == self.version) {
            versions.push_str(&self.version);
            versions.push('\n');
            std::fs::write(list, versions).expect("write list");
        }
        file("zip")
    }
}

/// Writes every upper-case letter as `!` and its lower-case form, as GOPROXY
/// paths do.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Bytes that do not compress and are the same on every run: a SHA-256 over
/// `seed` and a counter, hash after hash.
#[must_use]
pub fn noise(seed: &str, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size + 32);
    let mut counter = 0u64;
    while out.len() < size {
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(counter.to_le_bytes());
        // One hash fills 4 KiB, each word turned by its place: a big ballast
        // should not cost seconds of hashing.
        let word: [u8; 32] = hash.finalize().into();
        for turn in 0..128u8 {
            out.extend(word.iter().map(|byte| byte.wrapping_mul(turn | 1) ^ turn));
        }
        counter += 1;
    }
    out.truncate(size);
    out
}

/// `h1:` of files: SHA-256 over a line `<hex sha256>  <name>` for each, by name.
fn h1(mut files: Vec<(String, &[u8])>) -> String {
    files.sort();
    let mut lines = Sha256::new();
    for (name, content) in files {
        lines.update(format!(
            "{}  {name}\n",
            hex::encode(Sha256::digest(content))
        ));
    }
    format!("h1:{}", crate::database::base64(&lines.finalize()))
}

fn is_major_suffix(element: &str) -> bool {
    element
        .strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}
