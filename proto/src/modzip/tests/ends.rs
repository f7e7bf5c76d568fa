//! End records that two readers could find in two places.

use super::*;

#[test]
fn refuses_more_than_one_end() {
    let good = zip(&plain());
    let end = good[good.len() - 22..].to_vec();
    for after in [
        b"x".to_vec(),
        vec![0],
        end.clone(),
        b"PK\x05\x06".to_vec(),
        good.clone(),
    ] {
        let bytes = [&good[..], &after].concat();
        let error = check(&bytes).unwrap_err();
        assert!(
            matches!(error, Error::AmbiguousEnd | Error::Directory { .. }),
            "{error}"
        );
    }
    // A comment that is an end record itself, or the start of one.
    for comment in [
        end.clone(),
        b"PK\x05\x06".to_vec(),
        [&end[..], b"x"].concat(),
    ] {
        let bytes = zip_with(
            &plain(),
            &End {
                comment,
                ..End::default()
            },
        );
        assert!(check(&bytes).is_err());
    }
    // An earlier end record whose comment reaches to the end of the file.
    let comment_len = (end.len() as u16).to_le_bytes();
    let before = [&end[..20], &comment_len].concat();
    let bytes = [&good[..good.len() - 22], &before, &end].concat();
    assert!(matches!(check(&bytes), Err(Error::AmbiguousEnd)));
    // A signature in a file's data is not an end.
    let innocent = File::stored("x", b"PK\x05\x06 and PK\x01\x02 and PK\x03\x04");
    assert!(check(&zip(&[innocent])).is_ok());
    assert!(matches!(
        check(b"<html>not found</html>"),
        Err(Error::NotZip)
    ));
    assert!(matches!(check(b""), Err(Error::NotZip)));
}

#[test]
fn refuses_ends_that_lie() {
    let with = |end: End| check(&zip_with(&plain(), &end)).unwrap_err();
    let lies = [
        End {
            entries: Some((1, 1)),
            ..End::default()
        },
        End {
            entries: Some((3, 3)),
            ..End::default()
        },
        End {
            entries: Some((1, 2)),
            ..End::default()
        },
        End {
            entries: Some((0, 0)),
            len: Some(0),
            ..End::default()
        },
        End {
            len: Some(1),
            ..End::default()
        },
        End {
            start: Some(0),
            ..End::default()
        },
        End {
            start: Some(u32::MAX),
            ..End::default()
        },
    ];
    for (at, end) in lies.into_iter().enumerate() {
        let error = with(end);
        assert!(matches!(error, Error::Directory { .. }), "{at}: {error}");
    }
    let before = End {
        before: b"hidden".to_vec(),
        ..End::default()
    };
    let error = check(&zip_with(&plain(), &before)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Entry {
                fact: Fact::Gap,
                ..
            }
        ),
        "{error}"
    );
    let error = check(&zip_with(&[], &before)).unwrap_err();
    assert!(matches!(error, Error::Directory { .. }), "{error}");
    // A program in front, as self-extracting zips have.
    let prefixed = [b"#!/bin/sh\n", &zip(&plain())[..]].concat();
    assert!(matches!(check(&prefixed), Err(Error::Directory { .. })));
}

#[test]
fn refuses_zip64_that_lies() {
    let truth = Zip64::default();
    let lies = [
        Zip64 {
            entries: 1,
            ..truth
        },
        Zip64 { len: 1, ..truth },
        Zip64 { start: 1, ..truth },
        Zip64 {
            locator: 1,
            ..truth
        },
        Zip64 {
            record_len: 1,
            ..truth
        },
        Zip64 { disks: 1, ..truth },
        Zip64 {
            start: u64::MAX - 400,
            ..truth
        },
        Zip64 {
            len: u64::MAX - 400,
            ..truth
        },
    ];
    for (at, zip64) in lies.into_iter().enumerate() {
        for deferred in [None, Some(u32::MAX)] {
            let end = End {
                zip64: Some(zip64),
                entries: deferred.map(|_| (u16::MAX, u16::MAX)),
                len: deferred,
                start: deferred,
                ..End::default()
            };
            assert!(
                check(&zip_with(&plain(), &end)).is_err(),
                "{at} {deferred:?}"
            );
        }
    }
    // A locator at the very front of the file.
    let end = zip(&[]);
    let locator = [&b"PK\x06\x07"[..], &[0; 16], &end].concat();
    assert!(matches!(check(&locator), Err(Error::Directory { .. })));
    // A locator without a record.
    let mut bytes = zip_with(
        &plain(),
        &End {
            zip64: Some(truth),
            ..End::default()
        },
    );
    let at = bytes.len() - 22 - 20 - 56;
    bytes[at] = 0;
    assert!(matches!(check(&bytes), Err(Error::Directory { .. })));
}
