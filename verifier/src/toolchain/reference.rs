//! Lists of a release's file hashes: from files, folders of them, module zips.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::dirhash::H1;
use proto::module::ModuleVersion;
use proto::modzip::{self, Limits};
use proto::toolchain::{MANIFEST_LEN_MAX, Manifest, Release};

/// The most lists of one folder that are read.
const LISTS_MAX: usize = 1000;

/// Bytes of a zip's first header, name excluded, and the longest name read.
const HEADER_LEN: usize = 30;
const NAME_LEN_MAX: u64 = 512;

/// A list that somebody gave; whether it is a release's, a record must say.
#[derive(Debug)]
pub struct Reference {
    /// Where it was read from.
    pub source: String,
    /// The list.
    pub manifest: Manifest,
    /// Its hash.
    pub h1: H1,
}

/// Reads all lists and zips that were named.
///
/// # Errors
/// When one can't be read or is not a list, or no zip of a Go distribution.
pub fn read_all(lists: &[PathBuf], zips: &[PathBuf]) -> anyhow::Result<Vec<Reference>> {
    let mut references = Vec::new();
    for path in lists {
        if path.is_dir() {
            for path in files_of(path)? {
                references.push(read_list(&path)?);
            }
        } else {
            references.push(read_list(path)?);
        }
    }
    for path in zips {
        let manifest = read_zip(path)?;
        references.push(Reference::new(path, manifest));
    }
    Ok(references)
}

impl Reference {
    /// Takes a list that was read from somewhere.
    pub fn of(source: String, manifest: Manifest) -> Self {
        Self {
            source,
            h1: manifest.h1(),
            manifest,
        }
    }

    fn new(path: &Path, manifest: Manifest) -> Self {
        Self::of(path.display().to_string(), manifest)
    }
}

fn files_of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let reading = || format!("reading {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.path().is_file() && !hidden {
            files.push(entry.path());
        }
        if files.len() > LISTS_MAX {
            bail!("{}: more than {LISTS_MAX} lists", folder.display());
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read_list(path: &Path) -> anyhow::Result<Reference> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(MANIFEST_LEN_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("reading {}", path.display()))?;
    let manifest = Manifest::parse(&bytes).with_context(|| {
        format!(
            "{}: not a list as `verify-build toolchain manifest` prints it",
            path.display()
        )
    })?;
    Ok(Reference::new(path, manifest))
}

/// Reads the list of a release's module zip. The zip must keep every rule of module
/// zips, so that no other reader of zips sees other files.
///
/// # Errors
/// When it is no such zip.
pub fn read_zip(path: &Path) -> anyhow::Result<Manifest> {
    let mut file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let size = file
        .metadata()
        .with_context(|| format!("reading {}", path.display()))?
        .len();
    let mut head = Vec::new();
    (&mut file)
        .take(HEADER_LEN as u64 + NAME_LEN_MAX)
        .read_to_end(&mut head)
        .with_context(|| format!("reading {}", path.display()))?;
    let release = release_of(&head).with_context(|| {
        format!(
            "{}: not the module zip of a Go release; what go.dev/dl hands out is unpacked first and named as a GOROOT",
            path.display()
        )
    })?;
    let (_, files) = modzip::list(file, size, release.module(), &Limits::default())
        .with_context(|| format!("{} is not a sound module zip", path.display()))?;
    Manifest::of_zip(release, &files).with_context(|| path.display().to_string())
}

/// Reads the release from the name of a zip's first file.
fn release_of(head: &[u8]) -> Option<Release> {
    let fixed = head.get(..HEADER_LEN)?;
    if !fixed.starts_with(b"PK\x03\x04") {
        return None;
    }
    let len = u16::from_le_bytes(fixed.get(26..28)?.try_into().ok()?);
    let name = head.get(HEADER_LEN..HEADER_LEN + usize::from(len))?;
    let name = std::str::from_utf8(name).ok()?;
    let at = name.find('@')?;
    let end = at + name.get(at..)?.find('/')?;
    let module = ModuleVersion::parse(name.get(..end)?).ok()?;
    Release::of_module(&module).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::made;

    /// The first header of a zip, which says this of the length of the name behind it.
    fn head(len: usize, name: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(HEADER_LEN, 0);
        bytes[26..28].copy_from_slice(&u16::try_from(len).unwrap().to_le_bytes());
        [&bytes[..], name.as_bytes(), b"content"].concat()
    }

    #[test]
    fn a_zip_is_the_release_s_that_its_first_name_tells() {
        let name = "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64/VERSION";
        let of = |head: &[u8]| release_of(head).map(|release| release.to_string());
        let release = Some("go1.27.3 linux/amd64".to_owned());
        assert_eq!(of(&head(name.len(), name)), release);
        // A name is as long as the header says.
        assert_eq!(of(&head(name.len() - "/VERSION".len(), name)), None);
        assert_eq!(of(&head(name.len() + 99, name)), None);
        assert_eq!(of(&head(name.len(), name)[..20]), None);
        assert_eq!(
            of(&[b"XX".as_slice(), &head(name.len(), name)[2..]].concat()),
            None
        );
        let other = "example.com/a@v1.0.0/VERSION";
        assert_eq!(of(&head(other.len(), other)), None);
        let no_version = "golang.org/toolchain/VERSION";
        assert_eq!(of(&head(no_version.len(), no_version)), None);
    }

    #[test]
    fn lists_are_read_one_by_one_and_from_folders() {
        let folder = tempfile::tempdir().unwrap();
        let list = made::manifest("go1.27.3", &[("VERSION", 1), ("bin/go", 3)]);
        let lists = folder.path().join("lists");
        fs::create_dir_all(lists.join("folder")).unwrap();
        for name in ["b", "a", ".hidden"] {
            fs::write(lists.join(name), list.text()).unwrap();
        }
        let one = lists.join("a");
        let read = read_all(&[lists.clone(), one], &[]).unwrap();
        let names: Vec<&str> = read
            .iter()
            .map(|reference| reference.source.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(names, ["a", "b", "a"]);
        assert!(read.iter().all(|reference| reference.h1 == list.h1()));
        fs::write(lists.join("c"), "no list").unwrap();
        let said = format!("{:#}", read_all(&[lists], &[]).unwrap_err());
        assert!(said.contains("/c: not a list as"), "{said}");
        let missing = folder.path().join("missing");
        assert!(read_all(&[], std::slice::from_ref(&missing)).is_err());
        assert!(read_all(&[missing], &[]).is_err());
    }

    #[test]
    fn more_lists_than_are_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let add = |number: usize| fs::write(folder.path().join(number.to_string()), "").unwrap();
        (0..LISTS_MAX).for_each(add);
        assert_eq!(files_of(folder.path()).unwrap().len(), LISTS_MAX);
        add(LISTS_MAX);
        assert!(files_of(folder.path()).is_err());
    }
}
