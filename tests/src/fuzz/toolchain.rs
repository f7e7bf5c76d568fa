//! What names and lists a Go distribution.

use proto::toolchain::{Manifest, Place, Purpose, Release, Target, VersionFile, place};

use super::{halves, text};

/// A list of file hashes; else a VERSION file, whose second line is a target and
/// whose others are names of files in such a tree.
pub fn toolchain(data: &[u8]) {
    if let Ok(list) = Manifest::parse(data) {
        assert_eq!(list.text().as_bytes(), data);
        assert!(list.difference(&list).is_empty());
        let completed = list.completed(list.h1());
        assert!(completed.is_none_or(|whole| whole.h1() == list.h1()));
        return;
    }
    let Ok(file) = VersionFile::parse(data) else {
        return;
    };
    let text = text(data);
    let (_, rest) = halves(&text);
    let (target, names) = halves(rest);
    let Ok(target) = Target::parse(target) else {
        return;
    };
    let Ok(release) = Release::new(&file.version, target) else {
        return;
    };
    assert_eq!(Release::of_module(release.module()).as_ref(), Ok(&release));
    for name in names.lines() {
        let _ = Purpose::of(name);
        if let Place::Module(inside) = place(name, &release) {
            // Nothing in the module is a second go.mod, and nothing else is renamed.
            assert!(inside == name || inside.ends_with("_go.mod"));
            assert!(inside != "go.mod" && !inside.ends_with("/go.mod"));
        }
    }
}
