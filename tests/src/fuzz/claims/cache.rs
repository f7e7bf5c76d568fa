//! A build cache in which the archive of a package is another one.

use std::fs;
use std::path::{Path, PathBuf};

use proto::gocache::{Id, Index};
use verifier::gocache::audit::{Audit, Verdict};
use verifier::gocache::source::Source;
use verifier::progress::Progress;

use super::base::{self, Scratch};
use super::{Script, disowned};

/// Says whether anything was changed.
pub(super) fn check(script: &mut Script<'_>) -> bool {
    let files = base::cache();
    let packages = packages(files);
    let scratch = Scratch::new();
    for (name, content) in files {
        scratch.write(Path::new("cache").join(name), content);
    }
    let (place, index, archive) = &packages[script.below(packages.len())];
    let mut bytes = archive.to_vec();
    let how = script.below(4);
    if how == 3 {
        let other = &packages[script.below(packages.len())];
        bytes = other.2.to_vec();
    } else {
        let at = script.below(bytes.len());
        bytes[at] ^= script.flip();
    }
    if how == 2 {
        bytes = disowned(&bytes).unwrap_or(bytes);
    }
    if bytes == *archive {
        return false;
    }
    if how == 0 {
        // The name no longer fits the bytes.
        let output = index.output.to_string();
        let place = format!("cache/{}/{output}-d", &output[..2]);
        scratch.write(place, &bytes);
    } else {
        // The true output is gone, or the two of one action would be seen.
        let old = index.output.to_string();
        fs::remove_file(scratch.path(format!("cache/{}/{old}-d", &old[..2]))).expect("an output");
        let output = Id::of(&bytes);
        let name = output.to_string();
        let size = bytes.len() as u64;
        scratch.write(format!("cache/{}/{name}-d", &name[..2]), &bytes);
        let line = Index {
            output,
            size,
            ..*index
        };
        scratch.write(Path::new("cache").join(place), line.to_string().as_bytes());
    }
    let source = Source::open(&scratch.path("cache")).expect("a cache");
    let survey = source.survey(Progress::new(false)).expect("a cache");
    let audit = Audit::of(&source, &survey).expect("a cache");
    let how = [
        "edited",
        "edited and renamed",
        "edited, its build ID taken away",
        "exchanged",
    ][how];
    assert_ne!(audit.verdict, Verdict::Clean, "an archive was {how}");
    true
}

/// The index files that lead to archives, what they say, and the archives.
fn packages(files: &[(PathBuf, Vec<u8>)]) -> Vec<(&Path, Index, &[u8])> {
    let output = |index: &Index| {
        let name = format!("{}-d", index.output);
        let found = files.iter().find(|(path, _)| path.ends_with(&name))?;
        found.1.starts_with(b"!<arch>\n").then_some(&found.1[..])
    };
    let lines = files.iter().filter_map(|(path, content)| {
        let index = Index::parse(content).ok()?;
        Some((path.as_path(), index, output(&index)?))
    });
    let packages: Vec<_> = lines.collect();
    assert!(packages.len() >= 2, "the cache has its two packages");
    packages
}
