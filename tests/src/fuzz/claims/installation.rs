//! A Go installation in which a file that a build reads is another one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use proto::dirhash::H1;
use verifier::progress::Progress;
use verifier::toolchain::database::Recorded;
use verifier::toolchain::judge::{Evidence, Judgement, Verdict};
use verifier::toolchain::packager::Packager;
use verifier::toolchain::tree::Tree;

use super::Script;
use super::base::Scratch;

/// Files that a build reads, and the version that makes the rest a distribution.
const FILES: [(&str, &str); 7] = [
    ("go/bin/go", "go"),
    ("go/go.env", "GOPROXY=off\n"),
    ("go/pkg/tool/linux_amd64/compile", "compile"),
    ("go/src/fmt/print.go", "package fmt\n"),
    ("go/src/go.mod", "module std\n"),
    ("go/src/runtime/proc.go", "package runtime\n"),
    ("go/VERSION", "go1.27.3\ntime 2026-10-19T22:20:36Z\n"),
];

const FOLDERS: [&str; 4] = [
    "go/src",
    "go/src/fmt",
    "go/src/runtime",
    "go/src/runtime/new",
];

/// How many names that say nothing stand before one that does.
const CROWD: usize = 1001;

const EVIL: &[u8] = b"package runtime\n\nfunc init() { println(1) }\n";

pub(super) fn check(script: &mut Script<'_>) {
    let scratch = Scratch::new();
    for (name, content) in FILES {
        scratch.write(name, content.as_bytes());
    }
    let genuine = tree(&scratch).manifest.h1();
    assert_eq!(judge(&scratch, genuine), Some(Verdict::Official));
    let what = change(&scratch, script);
    let verdict = judge(&scratch, genuine);
    let passes = matches!(verdict, Some(Verdict::Official | Verdict::Repackaged));
    assert!(!passes, "{what}: {verdict:?}");
}

fn change(scratch: &Scratch, script: &mut Script<'_>) -> String {
    let (file, content) = FILES[script.below(FILES.len() - 1)];
    let folder = FOLDERS[script.below(FOLDERS.len())];
    match script.below(6) {
        0 => {
            let mut bytes = content.as_bytes().to_vec();
            let at = script.below(bytes.len());
            bytes[at] ^= script.flip();
            scratch.write(file, &bytes);
            format!("{file} edited at {at}")
        }
        1 => {
            let name = name(script);
            scratch.write(Path::new(folder).join(&name), EVIL);
            format!("{folder}/{} added", name.to_string_lossy())
        }
        2 => {
            fs::remove_file(scratch.path(file)).expect("a file that was written");
            format!("{file} removed")
        }
        3 => {
            for index in 0..CROWD {
                let name = [format!("{index:04}").as_bytes(), b"\xff"].concat();
                scratch.write(Path::new("go").join(OsStr::from_bytes(&name)), b"");
            }
            let name = OsStr::from_bytes(b"\xff.go");
            scratch.write(Path::new(folder).join(name), EVIL);
            format!("a file of {folder} behind a crowd")
        }
        4 => {
            let name = name(script);
            let place = scratch.path(Path::new(folder).join(&name));
            fs::create_dir_all(place.parent().expect("a folder")).expect("make a folder");
            std::os::unix::fs::symlink("nowhere", place).expect("make a link");
            format!("{folder}/{} links to nowhere", name.to_string_lossy())
        }
        _ => {
            let mut bytes = content.as_bytes().to_vec();
            bytes.extend(script.rest(64));
            bytes.push(b'\n');
            scratch.write(file, &bytes);
            format!("{file} made longer")
        }
    }
}

/// The name of a file that the go command compiles: whatever stands before `.go`.
fn name(script: &mut Script<'_>) -> std::ffi::OsString {
    let mut name = script.rest(100);
    name.retain(|byte| !matches!(byte, 0 | b'/'));
    // Files that begin so are left out by the go command itself.
    while matches!(name.first(), Some(b'.' | b'_')) {
        name.remove(0);
    }
    name.extend_from_slice(b"x.go");
    OsStr::from_bytes(&name).to_owned()
}

fn tree(scratch: &Scratch) -> Tree {
    Tree::read(&scratch.path("go"), None, Progress::new(false)).expect("a distribution")
}

/// The verdict by a proved record; `None` where the folder is no longer taken for
/// a distribution.
fn judge(scratch: &Scratch, h1: H1) -> Option<Verdict> {
    let tree = Tree::read(&scratch.path("go"), None, Progress::new(false)).ok()?;
    let recorded = Recorded {
        release: tree.release.clone(),
        h1,
        database: "sum.example/test".into(),
        id: 0,
        tree_size: 1,
        proved: true,
        source: "a record".into(),
    };
    let judgement = Judgement::of(&Evidence {
        tree: &tree,
        packager: Packager::of(&tree),
        recorded: Some(&recorded),
        believe_unproved: false,
        no_record: None,
        references: &[],
    });
    Some(judgement.verdict)
}
