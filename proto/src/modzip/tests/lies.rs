//! Zips that two readers could take for two different things.

use super::*;

/// The fact for which the second of two files is refused.
fn fact(change: impl FnOnce(File) -> File) -> Fact {
    fact_of(change(File::streamed("x.go", X_GO)))
}

fn fact_of(file: File) -> Fact {
    let files = [
        File::stored("go.mod", GO_MOD),
        file,
        File::stored("z", b"z"),
    ];
    match check(&zip(&files)) {
        Err(Error::Entry { fact, .. }) => fact,
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_flags_and_methods_beyond_the_plain_ones() {
    for bit in [0, 4, 5, 6, 7, 12, 13, 15] {
        let flags = 8 | 1 << bit;
        assert_eq!(
            fact(|file| file.both(|h| h.flags = flags)),
            Fact::Flags(flags)
        );
    }
    for method in [1, 9, 12, 14, 93, 95, 99] {
        assert_eq!(
            fact(|file| file.both(|h| h.method = method)),
            Fact::Method(method)
        );
    }
}

#[test]
fn refuses_what_is_no_regular_file() {
    for mode in [
        0o120_777, 0o040_755, 0o060_644, 0o020_644, 0o010_644, 0o140_755,
    ] {
        assert!(
            matches!(fact(|file| file.unix(mode)), Fact::Mode(_)),
            "{mode:o}"
        );
    }
    let dos_directory = |file: File| file.with(|f| f.attributes = 0x10);
    assert_eq!(fact(dos_directory), Fact::Mode(0x10));
    let unix_dos_directory = |file: File| file.with(|f| (f.maker, f.attributes) = (3 << 8, 0x10));
    assert!(matches!(fact(unix_dos_directory), Fact::Mode(_)));
    let directory = File::stored("sub/", b"").unix(0o100_644);
    assert!(matches!(fact_of(directory), Fact::Mode(_)));
}

#[test]
fn refuses_local_headers_that_differ() {
    let local = |change: fn(&mut forge::Header)| {
        fact_of(File::deflated("x.go", X_GO).with(|file| change(&mut file.local)))
    };
    assert_eq!(local(|h| h.name[17] ^= 1), Fact::LocalHeader("name"));
    assert_eq!(local(|h| h.flags |= 1 << 11), Fact::LocalHeader("flags"));
    assert_eq!(local(|h| h.flags |= 8), Fact::LocalHeader("flags"));
    assert_eq!(local(|h| h.method = 0), Fact::LocalHeader("method"));
    assert_eq!(local(|h| h.crc32 ^= 1), Fact::LocalHeader("checksum"));
    assert_eq!(local(|h| h.crc32 = 0), Fact::LocalHeader("checksum"));
    assert_eq!(local(|h| h.packed -= 1), Fact::LocalHeader("size"));
    assert_eq!(local(|h| h.unpacked += 1), Fact::LocalHeader("size"));
    assert_eq!(local(|h| h.extra = vec![1]), Fact::Extra);
    assert_eq!(
        local(|h| h.extra = extra(0x7075, b"\x01\0\0\0\0evil")),
        Fact::SecondName
    );
    assert_eq!(local(|h| h.extra = extra64(&[0, 0])), Fact::Zip64);
    let open = fact(|file| file.with(|f| f.local.packed = 1));
    assert_eq!(open, Fact::LocalHeader("size"));
    // A header that is none; the directory points into the void.
    let mut bytes = zip(&plain());
    bytes[3] = 1;
    let error = check(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("differs from directory in signature"),
        "{error}"
    );
}

#[test]
fn refuses_extra_fields_that_can_be_read_twice() {
    let central = |extra: Vec<u8>| fact(|file| file.with(|f| f.central.extra = extra));
    assert_eq!(central(vec![0, 0, 0]), Fact::Extra);
    assert_eq!(central(vec![0x55, 0x54, 9, 0, 1]), Fact::Extra);
    assert_eq!(
        central(extra(0x7075, b"\x01\0\0\0\0evil")),
        Fact::SecondName
    );
    // Zip64 sizes beside sizes that do not defer to them, or twice, or too many.
    assert_eq!(central(extra64(&[1, 1])), Fact::Zip64);
    assert_eq!(central([extra64(&[]), extra64(&[])].concat()), Fact::Extra);
    let deferred = |extra: Vec<u8>| {
        fact(|file| {
            file.with(|f| {
                (f.central.unpacked, f.central.extra) = (u32::MAX, extra);
            })
        })
    };
    assert_eq!(deferred(extra64(&[])), Fact::Zip64);
    assert_eq!(deferred(extra64(&[1, 1])), Fact::Zip64);
    let wrong_local = |sizes: &'static [u64]| {
        fact_of(File::deflated("x.go", X_GO).with(|f| {
            (f.local.packed, f.local.unpacked) = (u32::MAX, u32::MAX);
            f.local.extra = extra64(sizes);
        }))
    };
    assert_eq!(wrong_local(&[9]), Fact::Zip64);
    assert_eq!(wrong_local(&[9, 9, 9]), Fact::Zip64);
    assert_eq!(wrong_local(&[9, 9]), Fact::LocalHeader("size"));
}

#[test]
fn refuses_descriptors_that_lie() {
    for len in [12, 16, 20, 24] {
        for at in 0..len {
            let changed = |file: File| {
                let file = file.with_descriptor(len);
                file.with(|f| f.descriptor[at] ^= 1)
            };
            let file = changed(File::deflated("x.go", X_GO));
            assert_eq!(fact_of(file), Fact::Descriptor, "byte {at} of {len}");
        }
    }
    for len in [0, 1, 11, 13, 15, 17, 28] {
        let file = |file: File| file.with(|f| f.descriptor.resize(len, 0));
        assert_eq!(fact(file), Fact::Descriptor, "{len}");
    }
    let unasked = File::deflated("x.go", X_GO).with(|file| file.descriptor = vec![0; 16]);
    assert_eq!(fact_of(unasked), Fact::Gap);
}

#[test]
fn refuses_sizes_that_lie() {
    let sized = |by: i32| {
        let change = move |h: &mut forge::Header| h.unpacked = h.unpacked.wrapping_add_signed(by);
        fact_of(File::deflated("x.go", X_GO).both(change))
    };
    assert_eq!(sized(-1), Fact::LargerThanDeclared);
    assert_eq!(sized(1), Fact::SmallerThanDeclared);
    let stored = File::stored("x.go", X_GO).both(|h| h.unpacked -= 1);
    assert_eq!(fact_of(stored), Fact::StoredSize);
    // A bomb of zeros that claims to be small is left after one byte too many.
    let bomb = forge::deflate(&vec![0; 10 << 20]);
    let bomb = File::deflated("x.go", b"x").with(|file| {
        (file.local.packed, file.central.packed) = (bomb.len() as u32, bomb.len() as u32);
        file.data = bomb;
    });
    assert_eq!(fact_of(bomb), Fact::LargerThanDeclared);
}

#[test]
fn refuses_compressed_data_that_is_not_all_of_one_stream() {
    let with_data = |data: Vec<u8>| {
        fact_of(File::deflated("x.go", X_GO).with(|file| {
            (file.local.packed, file.central.packed) = (data.len() as u32, data.len() as u32);
            file.data = data;
        }))
    };
    let good = forge::deflate(X_GO);
    assert_eq!(
        with_data([&good[..], b"hidden"].concat()),
        Fact::TrailingData
    );
    assert_eq!(with_data([&good[..], &good].concat()), Fact::TrailingData);
    assert_eq!(with_data(good[..good.len() - 1].to_vec()), Fact::Deflate);
    assert_eq!(with_data(Vec::new()), Fact::Deflate);
    assert_eq!(with_data(vec![0xff; 40]), Fact::Deflate);
}

/// What an inflater had left of a zip is nothing to the next.
#[test]
fn an_inflater_that_met_a_broken_zip_serves_a_good_one() {
    let mut inflater = Inflater::take();
    let mut check = |zip: &[u8]| {
        let (len, limits) = (zip.len() as u64, Limits::default());
        read(Cursor::new(zip), len, &module(), &limits, &mut inflater)
    };
    let good = forge::deflate(X_GO);
    for broken in [&good[..good.len() - 1], &[0xff; 40]] {
        let broken = File::deflated("x.go", X_GO).with(|file| {
            (file.local.packed, file.central.packed) = (broken.len() as u32, broken.len() as u32);
            file.data = broken.to_vec();
        });
        assert!(check(&zip(&[broken])).is_err());
        let (verified, _) = check(&zip(&plain())).unwrap();
        assert_eq!(verified.h1, h1(&[("go.mod", GO_MOD), ("x.go", X_GO)]));
    }
}

#[test]
fn refuses_checksums_that_lie() {
    for file in [File::stored("x.go", X_GO), File::streamed("x.go", X_GO)] {
        let file = file.with(|file| {
            file.central.crc32 ^= 1;
            if file.descriptor.is_empty() {
                file.local.crc32 ^= 1;
            } else {
                file.descriptor[4] ^= 1;
            }
        });
        assert!(matches!(check(&zip(&[file])), Err(Error::Checksum { .. })));
    }
}

#[test]
fn refuses_overlaps_and_gaps() {
    let gap = |file: File| file.with(|f| f.gap = b"hidden".to_vec());
    assert_eq!(fact(gap), Fact::Gap);
    let [x, go_mod] = plain();
    let first = zip(&[gap(x.clone()), go_mod.clone()]);
    assert!(matches!(
        check(&first),
        Err(Error::Entry {
            fact: Fact::Gap,
            ..
        })
    ));
    // Two entries, one file.
    let same = [x, go_mod.with(|f| f.offset = Some(0))];
    assert!(matches!(
        check(&zip(&same)),
        Err(Error::Entry {
            fact: Fact::Overlap,
            ..
        })
    ));
    // A whole zip entry quoted inside another's stored data.
    let inner = zip(&[File::stored("go.mod", b"module evil\n")]);
    let outer = File::stored("x.go", &inner);
    let at = 30 + outer.central.name.len() as u32;
    let quoted = File::stored("go.mod", b"module evil\n").with(|file| {
        file.offset = Some(at);
        (file.local.name, file.data) = (Vec::new(), Vec::new());
    });
    assert!(check(&zip(&[outer, quoted])).is_err());
    // Data that reaches into the next entry, and into the directory.
    for last in [false, true] {
        let long = File::stored("x.go", b"12345").both(|h| (h.packed, h.unpacked) = (99, 99));
        let files = if last {
            vec![long]
        } else {
            vec![long, File::stored("z", &[0; 99])]
        };
        assert!(matches!(
            check(&zip(&files)),
            Err(Error::Entry {
                fact: Fact::Overlap,
                ..
            })
        ));
    }
    let long_name = File::stored("z", b"");
    let mut bytes = zip(&[long_name]);
    bytes[26] = 0xff;
    assert!(matches!(
        check(&bytes),
        Err(Error::Entry {
            fact: Fact::Overlap,
            ..
        })
    ));
}

#[test]
fn refuses_entries_on_other_disks() {
    assert_eq!(fact(|file| file.with(|f| f.disk = 1)), Fact::Disk);
    let disk = End {
        disk: 1,
        ..End::default()
    };
    assert!(matches!(
        check(&zip_with(&plain(), &disk)),
        Err(Error::Directory { .. })
    ));
}
