//! Tables of paths and versions, and properties over them.

use proptest::prelude::*;

use super::*;

/// Each path with the kinds it is allowed as: module, import, file.
const PATHS: &[(&str, [bool; 3])] = &[
    ("x.y/z", [true; 3]),
    ("x.y", [true; 3]),
    ("", [false; 3]),
    ("x.y/\u{fffd}z", [false; 3]),
    ("/x.y/z", [false; 3]),
    ("x./z", [false; 3]),
    (".x/z", [false, true, true]),
    ("-x/z", [false, false, true]),
    ("x..y/z", [true; 3]),
    ("x.y/z/../../w", [false; 3]),
    ("x.y//z", [false; 3]),
    ("x.y/z//w", [false; 3]),
    ("x.y/z/", [false; 3]),
    ("x.y/z/v0", [false, true, true]),
    ("x.y/z/v1", [false, true, true]),
    ("x.y/z/v2", [true; 3]),
    ("x.y/z/v2.0", [false, true, true]),
    ("x.y/z/v02", [false, true, true]),
    ("x.y/v2", [true; 3]),
    ("v2", [false, true, true]),
    ("X.y/z", [false, true, true]),
    ("x_y.z/w", [false, true, true]),
    ("x~y.z/w", [false, true, true]),
    ("x/z", [false, true, true]),
    ("!x.y/z", [false, false, true]),
    ("github.com/rsc/CamelCase", [true; 3]),
    ("github.com/!camel", [false, false, true]),
    ("gopkg.in/yaml.v1", [true; 3]),
    ("gopkg.in/yaml.v0", [true; 3]),
    ("gopkg.in/yaml.v01", [false, true, true]),
    ("gopkg.in/yaml", [false, true, true]),
    ("gopkg.in/yaml.v", [false, true, true]),
    ("gopkg.in/yaml.v2-unstable", [true; 3]),
    ("gopkg.in/yaml.v0-unstable", [false, true, true]),
    ("gopkg.in/user/yaml.v2/v2", [false, true, true]),
    ("gopkg.in", [true; 3]),
    ("x.y/con", [false; 3]),
    ("x.y/CON", [false; 3]),
    ("x.y/cOn.txt", [false; 3]),
    ("x.y/com1/w", [false; 3]),
    ("x.y/LPT9.x.y", [false; 3]),
    ("x.y/com0", [true; 3]),
    ("x.y/com10", [true; 3]),
    ("x.y/console", [true; 3]),
    ("con.x/z", [false; 3]),
    ("x.y/longna~1", [false, false, true]),
    ("x.y/longna~12.txt", [false, false, true]),
    ("x.y/longna~", [true; 3]),
    ("x.y/longna~1a", [true; 3]),
    ("x.y/lo~1ngna", [true; 3]),
    ("x.y/.z", [false, true, true]),
    ("x.y/z.", [false; 3]),
    ("x.y/...", [false; 3]),
    ("x.y/.", [false; 3]),
    ("x.y/z+w", [false, true, true]),
    ("x.y/z w", [false, false, true]),
    ("x.y/é", [false, false, true]),
    ("x.y/z@v1", [false, false, true]),
    ("x.y/z!w", [false, false, true]),
    ("x.y/z:w", [false; 3]),
    ("x.y/z\\w", [false; 3]),
    ("x.y/z*", [false; 3]),
    ("x.y/\u{7f}", [false; 3]),
    ("x.y/\0", [false; 3]),
    ("x.y/\n", [false; 3]),
];

#[test]
fn checks_paths_by_kind() {
    for &(path, want) in PATHS {
        let got = [
            check_path(path).is_ok(),
            check_import_path(path).is_ok(),
            check_file_path(path).is_ok(),
        ];
        assert_eq!(got, want, "{path:?}");
    }
}

#[test]
fn allows_the_punctuation_of_each_kind_and_no_other() {
    let (mut module, mut import, mut file) = (String::new(), String::new(), String::new());
    for byte in 0..=127_u8 {
        let c = char::from(byte);
        let path = format!("x.y/a{c}b");
        let keep = |ok: bool, list: &mut String| {
            if ok && !c.is_ascii_alphanumeric() {
                list.push(c);
            }
        };
        keep(check_path(&path).is_ok(), &mut module);
        keep(check_import_path(&path).is_ok(), &mut import);
        keep(check_file_path(&path).is_ok(), &mut file);
    }
    assert_eq!(module, "-./_~");
    assert_eq!(import, "+-./_~");
    assert_eq!(file, " !#$%&()+,-./=@[]^_{}~");
}

#[test]
fn names_the_rule_that_is_broken() {
    let fault = |path: &str| match check_path(path) {
        Err(Error::Path { fault, .. }) => fault,
        other => panic!("{path}: {other:?}"),
    };
    let element = |text: &str| text.to_owned();
    assert_eq!(fault(""), Fault::Empty);
    assert_eq!(fault("-x.y"), Fault::LeadingDash);
    assert_eq!(fault("/x.y"), Fault::LeadingSlash);
    assert_eq!(fault("x.y/"), Fault::TrailingSlash);
    assert_eq!(fault("x.y//z"), Fault::DoubleSlash);
    assert_eq!(fault("x.y/.."), Fault::Dots(element("..")));
    assert_eq!(fault("x.y/.z"), Fault::LeadingDot(element(".z")));
    assert_eq!(fault("x.y/z."), Fault::TrailingDot(element("z.")));
    assert_eq!(fault("x.y/z*"), Fault::Character('*'));
    assert_eq!(fault("x.y/nul.z"), Fault::Reserved(element("nul")));
    assert_eq!(fault("x.y/z~1"), Fault::ShortName(element("z~1")));
    assert_eq!(fault("x/y"), Fault::NoDot);
    assert_eq!(fault("x_.y"), Fault::FirstElement('_'));
    assert_eq!(fault("x.y/v1"), Fault::Major);
}

#[test]
fn splits_major_versions() {
    let cases: &[(&str, Option<(&str, &str)>)] = &[
        ("x.y/z", Some(("x.y/z", ""))),
        ("x.y/z/v2", Some(("x.y/z", "/v2"))),
        ("x.y/z/v23", Some(("x.y/z", "/v23"))),
        ("x.y/v2", Some(("x.y", "/v2"))),
        ("x.y/vx2", Some(("x.y/vx2", ""))),
        ("x.y/zv2", Some(("x.y/zv2", ""))),
        ("x.y/z2", Some(("x.y/z2", ""))),
        ("x.y/v", Some(("x.y/v", ""))),
        ("x.y/z/v1", None),
        ("x.y/z/v0", None),
        ("x.y/z/v02", None),
        ("x.y/z/v2.3", None),
        ("x.y/z/v.2", None),
        ("gopkg.in/yaml.v0", Some(("gopkg.in/yaml", ".v0"))),
        ("gopkg.in/yaml.v2", Some(("gopkg.in/yaml", ".v2"))),
        (
            "gopkg.in/a/yaml.v3-unstable",
            Some(("gopkg.in/a/yaml", ".v3-unstable")),
        ),
        ("gopkg.in/yaml.v00", None),
        ("gopkg.in/yaml.v02", None),
        ("gopkg.in/yaml/v2", None),
        ("gopkg.in/yaml", None),
        ("gopkg.in/v2", None),
    ];
    for &(path, want) in cases {
        assert_eq!(split_major(path), want, "{path}");
    }
}

#[test]
fn joins_paths_and_versions_that_fit() {
    let cases = [
        ("rsc.io/quote@v0.0.0", true),
        ("rsc.io/quote@v1.5.2", true),
        ("rsc.io/quote@v2.0.0", false),
        ("rsc.io/quote@v2.0.0+incompatible", true),
        ("rsc.io/quote@v1.0.0+incompatible", false),
        (
            "rsc.io/quote@v0.0.0-20060102150405-abcdef123456+incompatible",
            false,
        ),
        (
            "rsc.io/quote@v3.0.0-20060102150405-abcdef123456+incompatible",
            true,
        ),
        ("rsc.io/quote/v3@v3.1.0", true),
        ("rsc.io/quote/v3@v2.0.0", false),
        ("rsc.io/quote/v3@v1.0.0", false),
        ("rsc.io/quote/v3@v3.1.0+incompatible", false),
        ("gopkg.in/yaml.v2@v2.4.0", true),
        ("gopkg.in/yaml.v2@v3.0.0", false),
        ("gopkg.in/yaml.v2@v2.4.0+incompatible", false),
        ("gopkg.in/yaml.v2-unstable@v2.4.0", true),
        ("gopkg.in/yaml.v0@v0.1.0", true),
        ("gopkg.in/yaml.v0@v1.0.0", false),
        ("gopkg.in/check.v1@v0.0.0-20161208181325-20d25e280405", true),
        (
            "gopkg.in/check.v2@v0.0.0-20161208181325-20d25e280405",
            false,
        ),
        ("gopkg.in/check.v1@v0.1.0", false),
        ("golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64", true),
    ];
    for (text, want) in cases {
        match ModuleVersion::parse(text) {
            Ok(module) => {
                assert!(want, "{text}");
                assert_eq!(module.to_string(), text);
            }
            Err(Error::Major { .. } | Error::Incompatible { .. }) => assert!(!want, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
    assert!(
        ModuleVersion::parse("golang.org/toolchain@v0.0.1-go1.9rc1.x")
            .unwrap()
            .is_toolchain()
    );
}

#[test]
fn takes_canonical_versions_alone() {
    for version in [
        "v1.0.0",
        "v0.0.0-x",
        "v1.0.0-RC1",
        "v2.0.0+incompatible",
        "v1.2.3-a.0.b",
    ] {
        assert_eq!(Version::parse(version).unwrap().as_str(), version);
    }
    for version in [
        "",
        "1.0.0",
        "v1",
        "v1.0",
        "v1.0.0+meta",
        "v1.0.0+incompatible+incompatible",
        "v1.0.0-",
        "v1.0.0+incompatible.x",
        "v1.0.0 ",
        "v1.0.0/x",
        "v1.0.0\n",
        "latest",
        "V1.0.0",
    ] {
        let got = Version::parse(version);
        assert!(
            matches!(got, Err(Error::NotCanonical { .. })),
            "{version:?}"
        );
    }
}

#[test]
fn orders_versions_by_precedence() {
    let mut versions = [
        "v1.10.0",
        "v1.9.0",
        "v1.9.0-rc",
        "v2.0.0+incompatible",
        "v0.0.0-x",
    ]
    .map(|version| Version::parse(version).unwrap());
    versions.sort();
    let order = versions.each_ref().map(Version::as_str);
    assert_eq!(
        order,
        [
            "v0.0.0-x",
            "v1.9.0-rc",
            "v1.9.0",
            "v1.10.0",
            "v2.0.0+incompatible"
        ]
    );
}

#[test]
fn escapes_capitals() {
    let cases = [
        (
            "ascii.com/abcdefghijklmnopqrstuvwxyz.-/~_0123456789",
            "ascii.com/abcdefghijklmnopqrstuvwxyz.-/~_0123456789",
        ),
        (
            "github.com/GoogleCloudPlatform/omega",
            "github.com/!google!cloud!platform/omega",
        ),
        ("github.com/AZ", "github.com/!a!z"),
    ];
    for (path, escaped) in cases {
        assert_eq!(escape_path(path).unwrap(), escaped);
        assert_eq!(unescape_path(escaped).unwrap(), path);
    }
    for bad in [
        "github.com/GoogleCloudPlatform/omega",
        "github.com/!google!cloud!platform!/omega",
        "github.com/!0google",
        "github.com/!_google",
        "github.com/!!google",
        "github.com/!Google",
        "github.com/google!",
        "github.com/é",
    ] {
        assert!(
            matches!(unescape_path(bad), Err(Error::Escape { .. })),
            "{bad}"
        );
    }
    assert!(matches!(unescape_path("!x.com/y"), Err(Error::Path { .. })));
    assert!(matches!(escape_path("x y"), Err(Error::Path { .. })));
    assert_eq!(escape_version("v1.0.0-RC1+x").unwrap(), "v1.0.0-!r!c1+x");
    assert_eq!(unescape_version("v1.0.0-!r!c1+x").unwrap(), "v1.0.0-RC1+x");
    for bad in ["", "a/b", "a!b", "é", "..", "a.", "nul", "a\\b", "a*"] {
        assert!(
            matches!(escape_version(bad), Err(Error::VersionText { .. })),
            "{bad}"
        );
    }
}

#[test]
fn bounds_lengths() {
    let too_long = |result: Result<ModulePath, Error>| matches!(result, Err(Error::TooLong { .. }));
    assert!(ModulePath::parse(&format!("x.y/{}", "z".repeat(ELEMENT_LEN_MAX))).is_ok());
    assert!(too_long(ModulePath::parse(&format!(
        "x.y/{}",
        "z".repeat(ELEMENT_LEN_MAX + 1)
    ))));
    assert!(too_long(ModulePath::parse(&format!(
        "x.y/{}",
        "Z".repeat(128)
    ))));
    assert!(too_long(ModulePath::parse(&format!(
        "x.y{}",
        "/z".repeat(PATH_LEN_MAX)
    ))));
    assert!(too_long(ModulePath::from_escaped(
        &"!".repeat(2 * PATH_LEN_MAX + 1)
    )));
    let version = format!("v1.0.0-{}", "z".repeat(VERSION_LEN_MAX - 7));
    assert!(Version::parse(&version).is_ok());
    assert!(matches!(
        Version::parse(&format!("{version}z")),
        Err(Error::TooLong { .. })
    ));
    assert!(matches!(
        ModuleVersion::parse("x.y"),
        Err(Error::NotCanonical { .. })
    ));
}

proptest! {
    #[test]
    fn unescape_undoes_escape(path in "[a-z]{1,3}\\.[a-z]{2}(/[A-Za-z0-9_.~-]{1,6}){0,3}") {
        if let Ok(parsed) = ModulePath::parse(&path) {
            prop_assert_eq!(parsed.as_str(), &path);
            let escaped = parsed.escaped();
            prop_assert!(!escaped.contains(|c: char| c.is_ascii_uppercase()));
            prop_assert_eq!(ModulePath::from_escaped(&escaped), Ok(parsed));
        }
    }

    #[test]
    fn what_unescapes_was_escaped(text in "[a-zA!]{1,3}\\.[a-z!]{1,3}/[a-zA-C!.0-9-]{1,6}") {
        if let Ok(path) = unescape_path(&text) {
            prop_assert_eq!(escape_path(&path), Ok(text.clone()));
        }
        if let Ok(version) = unescape_version(&text.replace('/', "-")) {
            prop_assert_eq!(escape_version(&version), Ok(text.replace('/', "-")));
        }
    }

    #[test]
    fn parse_and_print_are_inverses(text in "[a-z]\\.[a-z](/[A-Za-z]{1,3})?(/v[0-3])?@v[0-3]\\.[0-9]\\.[0-9](-[A-Za-z0-9.]{1,4})?(\\+incompatible)?") {
        if let Ok(module) = ModuleVersion::parse(&text) {
            prop_assert_eq!(module.to_string(), text);
            prop_assert_eq!(ModuleVersion::from_escaped(&module.escaped()), Ok(module));
        }
    }
}
