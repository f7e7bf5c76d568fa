//! The go command's own rules.

use super::*;

/// Checks a zip of empty files.
fn names(names: &[&str]) -> Result<Verified, Error> {
    let files: Vec<File> = names.iter().map(|name| File::stored(name, b"")).collect();
    check(&zip(&files))
}

#[test]
fn names_lie_under_the_prefix() {
    for name in [
        "x.go",
        "rsc.io/x@v1.0.0",
        "rsc.io/x@v1.0.1/x.go",
        "rsc.io/X@v1.0.0/x.go",
        "/rsc.io/x@v1.0.0/x.go",
        "rsc.io/x/x.go",
        "",
    ] {
        let file = File::stored("", b"").both(|header| header.name = name.into());
        assert!(
            matches!(check(&zip(&[file])), Err(Error::Prefix { .. })),
            "{name}"
        );
    }
}

#[test]
fn names_are_clean_and_of_allowed_characters() {
    for name in [
        "../x",
        "a/../x",
        "./x",
        "a/./x",
        "a//x",
        "/x",
        "//",
        "/",
        "..",
        "a/..",
        "a\\x",
        "a:x",
        "a\nx",
        "a\0",
        "a*",
        "a?",
        "a\"",
        "a'",
        "a`",
        "a<",
        "a|",
        "a;",
        "a.",
        "a./x",
        "con",
        "AUX.go",
        "x/lpt1.txt",
        "é\u{301}",
        "½",
        "١",
        "a\u{feff}",
        "☃",
    ] {
        assert!(
            matches!(names(&[name]), Err(Error::Name { .. })),
            "{name:?}"
        );
    }
    for name in [
        "é",
        "日本語.go",
        "ª",
        "ǅ",
        "a b",
        "!#$%&()+,-.=@[]^_{}~",
        "longna~1",
        "-x",
        ".git",
        ".x/y",
        "...x",
        "com10",
        "xcon",
        "CON_",
    ] {
        assert!(names(&[name]).is_ok(), "{name:?}");
    }
    let file = File::stored("", b"").both(|header| header.name.push(0xff));
    assert!(matches!(check(&zip(&[file])), Err(Error::NotUtf8 { .. })));
}

#[test]
fn names_differ_when_case_is_ignored() {
    for (first, second) in [
        ("README", "readme"),
        ("a/b", "A/c"),
        ("a/b/c", "a/B/d"),
        ("é", "É"),
        ("kelvin", "\u{212a}elvin"),
        ("s", "ſ"),
        ("σ", "ς"),
        ("ß", "ẞ"),
        ("ǆ", "ǅ"),
        ("a/", "A/b"),
    ] {
        match names(&[first, second]) {
            Err(Error::Collision { .. }) => {}
            other => panic!("{first} and {second}: {other:?}"),
        }
    }
    // Full folding would join these; simple folding does not.
    for (first, second) in [
        ("ß", "ss"),
        ("ﬁ", "fi"),
        ("é", "e\u{2d}"),
        ("İ", "i"),
        ("ı", "i"),
    ] {
        assert!(names(&[first, second]).is_ok(), "{first} and {second}");
    }
}

#[test]
fn a_name_is_one_thing() {
    for list in [&["a", "a/b"], &["a/b", "a"], &["a/", "a"], &["a", "a/"]] {
        assert!(
            matches!(names(list), Err(Error::FileAndDirectory { .. })),
            "{list:?}"
        );
    }
    for list in [&["a/b", "a/b"], &["a/", "a/"], &["", ""]] {
        assert!(
            matches!(names(list), Err(Error::Duplicate { .. })),
            "{list:?}"
        );
    }
    assert!(names(&["a/b/c", "a/", "a/b/", "a/d"]).is_ok());
}

#[test]
fn go_mod_lies_at_the_root_in_small_letters() {
    for name in ["sub/go.mod", "sub/GO.mod", "a/b/Go.Mod"] {
        assert!(
            matches!(names(&[name]), Err(Error::GoModPlace { .. })),
            "{name}"
        );
    }
    for name in ["GO.MOD", "go.Mod"] {
        assert!(
            matches!(names(&[name]), Err(Error::GoModCase { .. })),
            "{name}"
        );
    }
    for name in ["go.mod", "go.mod/x", "sub/_go.mod", "go.mods", "go.sum"] {
        assert!(names(&[name]).is_ok(), "{name}");
    }
}

#[test]
fn sizes_are_limited() {
    let good = zip(&plain());
    let len = good.len() as u64;
    let total = (X_GO.len() + GO_MOD.len()) as u64;
    let exact = Limits {
        zip_bytes: len,
        total_bytes: total,
        special_bytes: GO_MOD.len() as u64,
        entries: 2,
        directory_bytes: 2 * (46 + PREFIX.len() as u64) + 10,
    };
    assert!(check_with(&good, &exact).is_ok());
    let refusal = |change: fn(&mut Limits)| {
        let mut limits = exact.clone();
        change(&mut limits);
        check_with(&good, &limits).unwrap_err()
    };
    assert!(matches!(
        refusal(|l| l.zip_bytes -= 1),
        Error::TooLarge { .. }
    ));
    assert!(matches!(
        refusal(|l| l.total_bytes -= 1),
        Error::TotalTooLarge { .. }
    ));
    assert!(matches!(
        refusal(|l| l.special_bytes -= 1),
        Error::SpecialTooLarge { .. }
    ));
    assert!(matches!(
        refusal(|l| l.entries -= 1),
        Error::TooManyEntries { .. }
    ));
    assert!(matches!(
        refusal(|l| l.directory_bytes -= 1),
        Error::DirectoryTooLarge { .. }
    ));
    let licence = [
        File::stored("LICENSE", b"x"),
        File::stored("a/LICENSE", &[b'x'; 99]),
    ];
    let limits = Limits {
        special_bytes: 0,
        ..Limits::default()
    };
    assert!(matches!(
        check_with(&zip(&licence), &limits),
        Err(Error::SpecialTooLarge { .. })
    ));
    assert!(check_with(&zip(&licence[1..]), &limits).is_ok());
}

/// 500 MiB and one byte, none of it there: refused before anything is unpacked.
#[test]
fn declared_sizes_are_summed_before_unpacking() {
    let claim =
        |name: &str, len: u32| File::deflated(name, b"x").both(|header| header.unpacked = len);
    let over = [claim("a", 500 << 20), claim("b", 1)];
    assert!(matches!(
        check(&zip(&over)),
        Err(Error::TotalTooLarge { .. })
    ));
    let huge = [claim("a", u32::MAX)];
    assert!(matches!(
        check(&zip(&huge)),
        Err(Error::TotalTooLarge { .. })
    ));
    let go_mod = [claim("go.mod", (16 << 20) + 1)];
    assert!(matches!(
        check(&zip(&go_mod)),
        Err(Error::SpecialTooLarge { .. })
    ));
}

/// Each of these names has 2000 directories of its own: they cost what they are
/// long and no more, and in the end there are too many.
#[test]
fn deep_names_are_cheap_and_limited() {
    let deep = |first: usize| format!("{first}/{}x", "d/".repeat(2_000));
    let many: Vec<String> = (0..201).map(deep).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(names(&many[..150]).is_ok());
    assert!(matches!(names(&many), Err(Error::TooManyNames { .. })));
}

#[test]
fn long_names_are_refused_and_cut_in_errors() {
    let long = "x".repeat(4096 - PREFIX.len());
    assert!(names(&[&long]).is_ok());
    let longer = format!("{long}x");
    assert!(matches!(names(&[&longer]), Err(Error::NameTooLong { .. })));
    let error = names(&[&long, &long]).unwrap_err().to_string();
    assert!(error.contains("xxx…") && error.len() < 300, "{error}");
}
