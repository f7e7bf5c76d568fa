//! Go installations.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use proto::dirhash::{Summary, go_mod};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testkit::database::TestDatabase;

use crate::answers;

const DATABASE: &str = "sum.example/claims";
const MODULE: &str = "golang.org/toolchain";
const VERSION: &str = "v0.0.1-go1.27.3.linux-amd64";

/// What a small distribution holds.
const FILES: [(&str, &str); 6] = [
    ("VERSION", "go1.27.3\ntime 2026-10-19T22:20:36Z\n"),
    ("bin/go", "go"),
    ("pkg/tool/linux_amd64/compile", "compile"),
    ("src/fmt/errors.go", "package fmt // errors\n"),
    ("src/fmt/print.go", "package fmt // print\n"),
    ("src/runtime/proc.go", "package runtime\n"),
];

/// A small distribution whose record lies in a database of our own.
struct Installation {
    folder: TempDir,
    key: String,
}

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut summary = Summary::new();
        for (name, content) in FILES {
            let path = folder.path().join("go").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            let inside = format!("{MODULE}@{VERSION}/{name}");
            summary.add(&inside, content.as_bytes()).unwrap();
        }
        let mut database = TestDatabase::new(DATABASE, 5);
        let lines = format!(
            "{MODULE} {VERSION} {}\n{MODULE} {VERSION}/go.mod {}\n",
            summary.finish(),
            go_mod(b"module golang.org/toolchain\n")
        );
        database.add_lines(MODULE, VERSION, &lines);
        database.publish(&folder.path().join("mirror"));
        let key = database.verifier_key();
        Self { folder, key }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("go")
    }

    #[track_caller]
    fn is(&self, word: &str, exit: i32) -> String {
        let mirror = format!("file://{}", self.folder.path().join("mirror").display());
        let root = self.root();
        let arguments = ["toolchain", "--sumdb", &mirror, "--key", &self.key].map(OsStr::new);
        let arguments = [&arguments[..], &[root.as_os_str()]].concat();
        let never: &[&str] = match word {
            "OFFICIAL" => &[],
            _ => &["OFFICIAL", "and no other"],
        };
        let text = answers(&arguments, exit, word, never);
        if word == "MODIFIED" {
            assert!(!text.contains("REPACKAGED"), "{text}");
        }
        text
    }
}

#[test]
fn an_installation_with_anything_that_cannot_be_judged_is_not_official() {
    let installation = Installation::new();
    let text = installation.is("OFFICIAL", 0);
    assert!(text.contains("and no other"), "{text}");
    let root = installation.root();

    // What builds read under a name that no module can hold.
    for name in [
        &b"src/runtime/zz\xff.go"[..],
        b"src/runtime/zz\xff_test.go",
        b"src/ev\xffil/evil.go",
        b"bin/g\xffo",
        b"pkg/tool/linux_amd64/\xff",
        b"lib/\xff",
    ] {
        let path = root.join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let content = "package runtime\n\nfunc init() { println(\"pwned\") }\n";
        fs::write(&path, content).unwrap();
        let text = installation.is("MODIFIED", 1);
        assert!(text.contains("its name is not UTF-8"), "{text}");
        fs::remove_file(&path).unwrap();
        // Empty folders are none of the release's business, if their names can be read.
        let _ = fs::remove_dir(path.parent().unwrap());
    }
    installation.is("OFFICIAL", 0);

    // More that is harmless than is listed, and one that is not.
    for number in 0..1001 {
        symlink("nowhere", root.join(format!("notes-{number}"))).unwrap();
    }
    let text = installation.is("REPACKAGED", 0);
    assert!(text.contains("that were not hashed"), "{text}");
    let evil = root.join(OsStr::from_bytes(b"src/runtime/zz\xff.go"));
    fs::write(&evil, "package runtime\n").unwrap();
    let text = installation.is("MODIFIED", 1);
    assert!(text.contains("src/runtime/zz\\xff.go"), "{text}");
    fs::remove_file(&evil).unwrap();
    for number in 0..1001 {
        fs::remove_file(root.join(format!("notes-{number}"))).unwrap();
    }

    // A name that reads as two lines of the list that is hashed.
    let sha256 = hex::encode(Sha256::digest(FILES[4].1));
    let first = root.join("src/fmt/errors.go");
    let double = root.join(format!(
        "src/fmt/errors.go\n{sha256}  golang.org/toolchain@{VERSION}/src/fmt/print.go"
    ));
    fs::remove_file(root.join("src/fmt/print.go")).unwrap();
    fs::remove_file(first).unwrap();
    fs::create_dir_all(double.parent().unwrap()).unwrap();
    fs::write(&double, FILES[3].1).unwrap();
    let text = installation.is("MODIFIED", 1);
    assert!(text.contains("control character"), "{text}");
}
