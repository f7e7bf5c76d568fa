//! Zips that must pass, and one forged zip for each way to lie.

mod ends;
mod forge;
mod lies;
mod rules;

use std::io::Cursor;

use forge::{End, File, PREFIX, Zip64, extra, extra64, zip, zip_with};

use super::*;

fn module() -> ModuleVersion {
    ModuleVersion::parse("rsc.io/x@v1.0.0").unwrap()
}

fn check(zip: &[u8]) -> Result<Verified, Error> {
    check_with(zip, &Limits::default())
}

fn check_with(zip: &[u8], limits: &Limits) -> Result<Verified, Error> {
    verify(Cursor::new(zip), zip.len() as u64, &module(), limits)
}

/// The h1 of files by name, the names without prefix.
fn h1(files: &[(&str, &[u8])]) -> H1 {
    let mut summary = dirhash::Summary::new();
    for (name, content) in files {
        summary.add(&format!("{PREFIX}{name}"), *content).unwrap();
    }
    summary.finish()
}

const GO_MOD: &[u8] = b"module rsc.io/x\n";
const X_GO: &[u8] = b"package x\n\nconst X = \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n";

fn plain() -> [File; 2] {
    [File::deflated("x.go", X_GO), File::stored("go.mod", GO_MOD)]
}

fn assert_plain(zip: &[u8]) {
    let verified = check(zip).unwrap();
    assert_eq!(verified.h1, h1(&[("go.mod", GO_MOD), ("x.go", X_GO)]));
    assert_eq!(verified.files, 2);
    assert_eq!(verified.go_mod.as_deref(), Some(GO_MOD));
}

#[test]
fn passes_what_tools_write() {
    let [x, go_mod] = plain();
    assert_plain(&zip(&plain()));
    // Go's archive/zip: flag for UTF-8, descriptors, a time stamp.
    let stamp = extra(0x5455, &[1, 0, 0, 0, 0]);
    let go = |file: File| {
        file.with_descriptor(16).both(|header| {
            header.flags |= 1 << 11;
            header.extra = stamp.clone();
        })
    };
    assert_plain(&zip(&[go(x.clone()), go(go_mod.clone())]));
    for len in [12, 16, 20, 24] {
        assert_plain(&zip(&plain().map(|file| file.with_descriptor(len))));
    }
    // A descriptor, and the sizes in front as well.
    let told_twice = x.clone().with_descriptor(16).with(|file| {
        let extra = std::mem::take(&mut file.local.extra);
        file.local = forge::Header {
            extra,
            ..file.central.clone()
        };
    });
    assert_plain(&zip(&[told_twice, go_mod.clone()]));
    // Streamed by a writer that expects zip64 sizes.
    let streamed64 = x.with_descriptor(24).with(|file| {
        (file.local.packed, file.local.unpacked) = (u32::MAX, u32::MAX);
        file.local.extra = extra64(&[0, 0]);
    });
    assert_plain(&zip(&[streamed64, go_mod]));
    // Info-ZIP: made on Unix, with modes and comments.
    let unix = plain().map(|file| file.unix(0o100_644).with(|f| f.comment = b"?".to_vec()));
    assert_plain(&zip(&unix));
    let mac = plain().map(|file| file.unix(0o100_755).with(|f| f.maker = 19 << 8));
    assert_plain(&zip(&mac));
    let windows = plain().map(|file| file.with(|f| (f.maker, f.attributes) = (10 << 8, 0x20)));
    assert_plain(&zip(&windows));
    // The directory may list files in another order than they lie.
    let len = zip(&plain()[..1]).len() - 22 - 46 - PREFIX.len() - 4;
    let mut bytes = zip(&plain());
    let middle = len + zip(&plain()[1..]).len() - 22 - 46 - PREFIX.len() - 6;
    let (first, second) = (46 + PREFIX.len() + 4, 46 + PREFIX.len() + 6);
    bytes[middle..middle + first + second].rotate_left(first);
    assert_plain(&bytes);
    let comment = b"0123456789abcdef".to_vec();
    assert_plain(&zip_with(
        &plain(),
        &End {
            comment,
            ..End::default()
        },
    ));
}

#[test]
fn passes_zip64_that_tells_the_truth() {
    let [x, go_mod] = plain();
    let zip64 = Some(Zip64::default());
    assert_plain(&zip_with(
        &plain(),
        &End {
            zip64,
            ..End::default()
        },
    ));
    let deferred = End {
        zip64,
        entries: Some((u16::MAX, u16::MAX)),
        len: Some(u32::MAX),
        start: Some(u32::MAX),
        ..End::default()
    };
    assert_plain(&zip_with(&plain(), &deferred));
    let sizes = (u64::from(x.central.unpacked), u64::from(x.central.packed));
    let all = x.with(|file| {
        (file.central.packed, file.central.unpacked) = (u32::MAX, u32::MAX);
        file.central.extra = extra64(&[sizes.0, sizes.1]);
        (file.local.packed, file.local.unpacked) = (u32::MAX, u32::MAX);
        file.local.extra = extra64(&[sizes.0, sizes.1]);
    });
    assert_plain(&zip(&[all.clone(), go_mod.clone()]));
    let with_offset = all.with(|file| {
        file.offset = Some(u32::MAX);
        file.central.extra = extra64(&[sizes.0, sizes.1, 0]);
    });
    assert_plain(&zip(&[with_offset, go_mod]));
}

#[test]
fn counts_directories_in_the_hash_and_nowhere_else() {
    let directory = || File::stored("sub/", b"").unix(0o040_755);
    let root = File::stored("", b"");
    let deflated = File::deflated("sub/deep/", b"");
    let [x, go_mod] = plain();
    let verified = check(&zip(&[root, directory(), deflated, x, go_mod])).unwrap();
    let names: [(&str, &[u8]); 5] = [
        ("", b""),
        ("sub/", b""),
        ("sub/deep/", b""),
        ("x.go", X_GO),
        ("go.mod", GO_MOD),
    ];
    assert_eq!(verified.h1, h1(&names));
    assert_eq!(verified.files, 2);
    let content = File::stored("sub/", b"x");
    assert!(matches!(
        check(&zip(&[content])),
        Err(Error::Entry {
            fact: Fact::DirectoryData,
            ..
        })
    ));
}

#[test]
fn passes_modules_without_go_mod_and_without_files() {
    let verified = check(&zip(&[File::streamed("x.go", X_GO)])).unwrap();
    assert_eq!((verified.files, verified.go_mod), (1, None));
    let verified = check(&zip(&[])).unwrap();
    assert_eq!((verified.files, verified.h1), (0, h1(&[])));
    let empty = check(&zip(&[File::streamed("go.mod", b"")])).unwrap();
    assert_eq!(empty.go_mod, Some(Vec::new()));
}

#[test]
fn passes_files_of_many_pieces() {
    let mut noise = Vec::new();
    let mut state = 1_u32;
    while noise.len() < 700_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.extend(state.to_be_bytes());
    }
    let zeros = vec![0; 3_000_000];
    let files = [
        File::streamed("noise", &noise),
        File::streamed("zeros", &zeros),
        File::stored("stored", &noise),
    ];
    let want = h1(&[("noise", &noise), ("zeros", &zeros), ("stored", &noise)]);
    assert_eq!(check(&zip(&files)).unwrap().h1, want);
}

/// Flips each bit of a small zip: what still passes must still have its hash.
#[test]
fn no_flipped_bit_changes_what_passes() {
    let files = [
        File::streamed("x.go", b"package x"),
        File::stored("go.mod", GO_MOD),
    ];
    let good = zip(&files);
    let want = check(&good).unwrap();
    let mut passed = 0;
    for at in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        if let Ok(got) = check(&flipped) {
            assert_eq!(got, want, "bit {at}");
            passed += 1;
        }
    }
    // Times, tool versions, attributes; and the last bits of deflated data.
    let unread = files.len() * 8 * ((2 + 4) + (2 + 2 + 4 + 2 + 4)) + 7;
    assert!(passed <= unread, "{passed} of {unread}");
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("disk"))
    }
}

impl Seek for Broken {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn refuses_every_cut() {
    let good = zip(&plain());
    for len in 0..good.len() {
        assert!(check(&good[..len]).is_err(), "{len}");
        assert!(check(&good[good.len() - len..]).is_err(), "-{len}");
    }
    // Shorter than it was said to be.
    let error = verify(
        Cursor::new(&good),
        good.len() as u64 + 1,
        &module(),
        &Limits::default(),
    );
    assert!(matches!(error, Err(Error::Truncated)));
    // A disk that fails says nothing about the zip.
    let error = verify(Broken, 100, &module(), &Limits::default());
    assert!(matches!(error, Err(Error::Read(_))));
}
