//! Go installations and build caches of which one file was changed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use proto::dirhash::Summary;
use proto::gocache::{Id, Index};
use testkit::database::TestDatabase;
use testkit::environment;
use testkit::fuzz::disowned;
use testkit::go::{Go, Toolchain};

use super::cases::Case;
use super::programs::{Yard, write};
use super::sentences::Sentence;

/// Every installation and every cache.
pub(super) fn all(yard: &Yard) -> Vec<Case> {
    let mut cases = installations(yard);
    cases.extend(caches(yard));
    cases
}

/// An installation and a cache that nobody changed, each with the sentence that is right
/// of it.
pub(super) fn unchanged(yard: &Yard) -> [(Case, Sentence); 2] {
    let release = Release::new(yard);
    let cache = Cache::new(yard, "untouched");
    let cache = Case::command("a cache", "build cache", AUDIT, &cache.folder);
    [
        (
            release.case("the release", &release.install("unpacked")),
            Sentence::Official,
        ),
        (cache, Sentence::Clean),
    ]
}

const VERSION: &str = "v0.0.1-go1.27.3.linux-amd64";

/// A small distribution: names in the tree and in the module, contents.
const FILES: [(&str, &str, &str); 7] = [
    ("LICENSE", "LICENSE", "free\n"),
    (
        "VERSION",
        "VERSION",
        "go1.27.3\ntime 2026-10-19T22:20:36Z\n",
    ),
    ("bin/go", "bin/go", "go"),
    ("bin/gofmt", "bin/gofmt", "gofmt"),
    (
        "pkg/tool/linux_amd64/compile",
        "pkg/tool/linux_amd64/compile",
        "compile",
    ),
    ("src/go.mod", "src/_go.mod", "module std\n"),
    (
        "src/runtime/proc.go",
        "src/runtime/proc.go",
        "package runtime\n",
    ),
];

/// What is done to an installation.
type Change = fn(&Path);

const CHANGES: [(&str, Change); 7] = [
    ("a file of the runtime edited", |root| {
        write(
            &root.join("src/runtime/proc.go"),
            "package runtime // evil\n",
        );
    }),
    ("a file more in the runtime", |root| {
        write(&root.join("src/runtime/zz.go"), EVIL)
    }),
    ("a file more, its name not UTF-8", |root| {
        fs::write(root.join("src/runtime").join(odd(b"zz\xff.go")), EVIL).unwrap();
    }),
    (
        "1001 names that are not UTF-8, and one in the runtime",
        |root| {
            for index in 0..1001 {
                let name = [format!("{index:04}").as_bytes(), b"\xff"].concat();
                fs::write(root.join(odd(&name)), "").unwrap();
            }
            fs::write(root.join("src/runtime").join(odd(b"zz\xff.go")), EVIL).unwrap();
        },
    ),
    ("the compiler replaced", |root| {
        write(&root.join("pkg/tool/linux_amd64/compile"), "evil");
    }),
    ("go.mod beside _go.mod", |root| {
        write(&root.join("src/_go.mod"), "module std\n");
        write(&root.join("src/go.mod"), "module std\n\nrequire evil v1\n");
    }),
    ("a link that leads nowhere in the runtime", |root| {
        std::os::unix::fs::symlink("nowhere", root.join("src/runtime/zz.go")).unwrap();
    }),
];

const EVIL: &str = "package runtime\n\nfunc init() { println(\"evil\") }\n";

fn odd(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}

/// Installations judged by a record of the unchanged one.
fn installations(yard: &Yard) -> Vec<Case> {
    let release = Release::new(yard);
    release.is_official(&release.install("genuine"));
    let case = |(index, (row, change)): (usize, (&'static str, Change))| {
        let root = release.install(&format!("changed-{index}"));
        change(&root);
        release.case(row, &root)
    };
    CHANGES.into_iter().enumerate().map(case).collect()
}

/// The distribution as a database of our own has it.
struct Release<'a> {
    yard: &'a Yard,
    record: PathBuf,
    key: String,
}

impl<'a> Release<'a> {
    fn new(yard: &'a Yard) -> Self {
        let mut summary = Summary::new();
        for (_, inside, content) in FILES {
            let name = format!("golang.org/toolchain@{VERSION}/{inside}");
            summary.add(&name, content.as_bytes()).unwrap();
        }
        let mut database = TestDatabase::new("sum.example/test", 5);
        let lines = format!(
            "golang.org/toolchain {VERSION} {}\ngolang.org/toolchain {VERSION}/go.mod {}\n",
            summary.finish(),
            proto::dirhash::go_mod(b"module golang.org/toolchain\n")
        );
        let id = database.add_lines("golang.org/toolchain", VERSION, &lines);
        let record = yard.path("record");
        fs::write(&record, database.lookup(id, database.size())).unwrap();
        let key = database.verifier_key();
        Self { yard, record, key }
    }

    /// Unpacks it.
    fn install(&self, name: &str) -> PathBuf {
        let root = self.yard.path(name);
        for (name, _, content) in FILES {
            write(&root.join(name), content);
        }
        root
    }

    /// Judges an installation by its record.
    fn case(&self, row: &'static str, root: &Path) -> Case {
        let record = self.record.to_str().unwrap();
        let words = [
            "toolchain",
            "--record",
            record,
            "--key",
            &self.key,
            "--allow-unproved",
        ];
        Case::command(row, "Go installation", &words, root)
    }

    /// Without a change it is the release: the rows show the change, and nothing else.
    fn is_official(&self, root: &Path) {
        let output = environment::command("verify-build")
            .args(self.case("the release", root).arguments)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
    }
}

/// A cache with two small packages.
struct Cache {
    folder: PathBuf,
}

impl Cache {
    fn new(yard: &Yard, name: &str) -> Self {
        let folder = yard.path(name);
        fs::create_dir(&folder).unwrap();
        let go = Go::new(&Toolchain::find("1.27."), "off", "off");
        let go = go.with("GOCACHE", folder.to_str().unwrap());
        let source = yard.path(&format!("{name}-source"));
        write(
            &source.join("go.mod"),
            "module example.com/claims\n\ngo 1.21\n",
        );
        for package in ["one", "two"] {
            let text =
                format!("package {package}\n\nfunc F() int {{ return len(\"{package}\") }}\n");
            write(&source.join(package).join("f.go"), &text);
        }
        // Neither imports anything: the standard library stays out.
        go.must(&source, &["build", "-trimpath", "./one", "./two"]);
        Self { folder }
    }

    /// The index files of outputs that hold compiled code of a package.
    fn packages(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.folder).unwrap() {
            let folder = folder.unwrap().path();
            let entries = fs::read_dir(folder).into_iter().flatten();
            found.extend(entries.map(|entry| entry.unwrap().path()));
        }
        found.retain(|path| path.to_str().unwrap().ends_with("-a"));
        let is_package = |path: &PathBuf| {
            let output = fs::read(self.output(path)).unwrap_or_default();
            output.starts_with(b"!<arch>")
        };
        found.retain(is_package);
        found.sort();
        found
    }

    fn output(&self, index: &Path) -> PathBuf {
        let output = Index::parse(&fs::read(index).unwrap())
            .unwrap()
            .output
            .to_string();
        self.folder.join(&output[..2]).join(format!("{output}-d"))
    }

    /// Puts other bytes in the place of an output: under their own name, the index
    /// file says so, and the go command takes them. The true output is gone.
    fn substitute(&self, index: &Path, bytes: &[u8]) {
        fs::remove_file(self.output(index)).unwrap();
        let name = Id::of(bytes).to_string();
        fs::write(
            self.folder.join(&name[..2]).join(format!("{name}-d")),
            bytes,
        )
        .unwrap();
        let mut line = Index::parse(&fs::read(index).unwrap()).unwrap();
        line.output = Id::of(bytes);
        line.size = bytes.len() as u64;
        fs::write(index, line.to_string()).unwrap();
    }
}

const AUDIT: &[&str] = &["cache", "audit"];

fn caches(yard: &Yard) -> Vec<Case> {
    let case = |row, name: &str, change: &dyn Fn(&Cache, &[PathBuf])| {
        let cache = Cache::new(yard, name);
        let packages = cache.packages();
        assert!(packages.len() >= 2, "{packages:?}");
        change(&cache, &packages);
        Case::command(row, "build cache", AUDIT, &cache.folder)
    };
    let of = |cache: &Cache, index: &Path| fs::read(cache.output(index)).unwrap();
    vec![
        case(
            "a cache archive exchanged for another",
            "exchanged",
            &|cache, packages| {
                let other = of(cache, &packages[1]);
                cache.substitute(&packages[0], &other);
            },
        ),
        case("a cache archive edited", "edited", &|cache, packages| {
            let place = cache.output(&packages[0]);
            let mut bytes = fs::read(&place).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(place, bytes).unwrap();
        }),
        case(
            "a cache archive edited and renamed",
            "renamed",
            &|cache, packages| {
                let mut bytes = of(cache, &packages[0]);
                *bytes.last_mut().unwrap() ^= 1;
                cache.substitute(&packages[0], &bytes);
            },
        ),
        case(
            "a cache archive without the go command's build ID",
            "anonymous",
            &|cache, packages| {
                let mut bytes = of(cache, &packages[0]);
                *bytes.last_mut().unwrap() ^= 1;
                let bytes = disowned(&bytes).unwrap();
                cache.substitute(&packages[0], &bytes);
            },
        ),
    ]
}
