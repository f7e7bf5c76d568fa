use super::*;

/// From hello built by go1.27.3 for linux/amd64.
const A: &str = "mPvEnY2-WZkQgMPfcM2r";
const B: &str = "1fRU7S5wiD8BPo5m9pBi";

#[test]
fn parses_each_kind_and_prints_it_back() {
    let four = format!("{A}/{B}/{A}/{B}");
    let two = format!("{A}/{B}");
    assert!(matches!(BuildId::parse(&four), Ok(BuildId::Program(_))));
    assert!(matches!(BuildId::parse(&two), Ok(BuildId::Package { .. })));
    for text in [
        four.as_str(),
        &two,
        "",
        "redacted",
        "my build",
        "a/b/c/d",
        A,
        &format!("{A}/{B}/{A}"),
    ] {
        assert_eq!(BuildId::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(BuildId::parse(""), Ok(BuildId::Empty));
    assert_eq!(BuildId::parse("redacted"), Ok(BuildId::Redacted));
    assert_eq!(BuildId::parse(A), Ok(BuildId::Custom(A.into())));
}

#[test]
fn a_part_is_exactly_twenty_characters_of_url_safe_base64() {
    assert_eq!(Part::parse(A).unwrap().to_string(), A);
    for bad in [
        "",
        "mPvEnY2-WZkQgMPfcM2",
        "mPvEnY2-WZkQgMPfcM2rr",
        "mPvEnY2+WZkQgMPfcM2r",
        "mPvEnY2-WZkQgMPfcM=r",
    ] {
        assert_eq!(Part::parse(bad), Err(Error::NotAPart { text: bad.into() }));
    }
}

#[test]
fn a_part_is_the_first_fifteen_bytes_of_the_hash() {
    let mut hash = [0xff; 32];
    hash[0] = 0;
    assert_eq!(Part::from_sha256(&hash).to_string(), "AP__________________");
}

#[test]
fn refuses_control_characters_and_novels() {
    assert_eq!(BuildId::parse("a\nb"), Err(Error::NotText { offset: 1 }));
    assert_eq!(
        BuildId::from_bytes(b"ab\xff"),
        Err(Error::NotText { offset: 2 })
    );
    let long = "x".repeat(LEN_MAX + 1);
    assert_eq!(
        BuildId::parse(&long),
        Err(Error::TooLong {
            len: LEN_MAX + 1,
            max: LEN_MAX
        })
    );
}

#[test]
fn patterns_print_part_by_part() {
    let program = |text: &str| match BuildId::parse(text).unwrap() {
        BuildId::Program(program) => program,
        other => panic!("{other:?}"),
    };
    let ours = program(&format!("{A}/{A}/{A}/{A}"));
    let theirs = program(&format!("{B}/{B}/{A}/{B}"));
    assert_eq!(ours.pattern(&theirs).to_string(), "XX=X");
    assert_eq!(ours.pattern(&ours).to_string(), "====");
    assert_eq!(theirs.placeholder().to_string(), format!("{B}/{B}/{A}/{B}"));
}
