//! Module zips.

use std::collections::HashSet;
use std::io::Cursor;

use proto::dirhash::Summary;
use proto::module::ModuleVersion;
use proto::modzip::{self as zips, Limits, Verified};

use super::text;

/// The prefix of every zip in the corpus.
const MODULE: &str = "rsc.io/x@v1.0.0";

fn verify(zip: &[u8]) -> Result<Verified, zips::Error> {
    let module = ModuleVersion::parse(MODULE).expect("a module");
    let limits = Limits {
        total_bytes: 4 << 20,
        special_bytes: 1 << 20,
        ..Limits::default()
    };
    zips::verify(Cursor::new(zip), zip.len() as u64, &module, &limits)
}

/// A zip as it lies. What passes is covered to its last byte: with a byte more
/// or less, in front or behind, it no longer passes.
pub fn modzip(data: &[u8]) {
    let Ok(verified) = verify(data) else {
        return;
    };
    assert_eq!(verify(data).ok().as_ref(), Some(&verified));
    assert!(verify(&data[1..]).is_err());
    assert!(verify(&data[..data.len() - 1]).is_err());
    assert!(verify(&[&[0], data].concat()).is_err());
    assert!(verify(&[data, &[0]].concat()).is_err());
    assert!(verify(&[data, data].concat()).is_err());
}

/// Names, one a line, of empty files in a zip that tells no other lie.
pub fn modzip_names(data: &[u8]) {
    let text = text(data);
    let names: Vec<&str> = text.lines().take(64).collect();
    let Ok(verified) = verify(&zip(&names)) else {
        return;
    };
    let mut summary = Summary::new();
    let mut folded = HashSet::new();
    let mut files = 0;
    for name in names {
        let added = summary.add(&format!("{MODULE}/{name}"), &[][..]);
        added.expect("names that differ");
        assert!(folded.insert(name.to_lowercase()), "{name}");
        let path = name.strip_suffix('/').unwrap_or(name);
        if !path.is_empty() {
            super::names::is_safe_path(path);
        }
        if name == path && !name.is_empty() {
            files += 1;
            let base = path.rsplit('/').next();
            let is_go_mod = base.is_some_and(|base| base.eq_ignore_ascii_case("go.mod"));
            assert!(!is_go_mod || path == "go.mod");
        }
    }
    assert_eq!(verified.h1, summary.finish());
    assert_eq!(verified.files, files);
}

fn zip(names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for name in names {
        let name = format!("{MODULE}/{name}");
        let offset = (out.len() as u32).to_le_bytes();
        let len = (name.len() as u16).to_le_bytes();
        out.extend(b"PK\x03\x04\x14\0\0\x08");
        out.extend([0; 18]);
        out.extend(len);
        out.extend([0; 2]);
        out.extend(name.bytes());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\x08");
        directory.extend([0; 18]);
        directory.extend(len);
        directory.extend([0; 12]);
        directory.extend(offset);
        directory.extend(name.bytes());
    }
    let count = (names.len() as u16).to_le_bytes();
    let (start, len) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(len.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}
