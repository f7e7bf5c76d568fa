use super::*;
use proptest::prelude::*;

/// As `go version -m` shows a program with a replaced and a vendored module;
/// the empty line behind a replacement is the go command's own.
const TEXT: &str = "path\texample.com/m/cmd/tool\n\
    mod\texample.com/m\tv1.2.4-0.20240101000000-0123456789ab+dirty\t\n\
    dep\texample.com/dep\tv0.3.0\th1:AAAA=\n\
    dep\texample.com/forked\tv1.0.0\n\
    =>\t../forked\t(devel)\t\n\
    \n\
    dep\texample.com/vendored\tv1.1.0\t\n\
    build\t-compiler=gc\n\
    build\t-ldflags=\"-s -w -X 'main.v=1 2'\"\n\
    build\t\"odd key\"=\"a=\\\"b\\\"\"\n\
    build\tCGO_CFLAGS=\n\
    build\tGOOS=linux\n\
    build\tvcs.modified=true\n";

#[test]
fn parses_every_kind_of_line_and_prints_the_same_text() {
    let info = BuildInfo::parse(TEXT).unwrap();
    assert_eq!(info.path, "example.com/m/cmd/tool");
    assert!(info.main.as_ref().unwrap().version.ends_with("+dirty"));
    assert_eq!(info.deps.len(), 3);
    assert_eq!(info.deps[0].sum, "h1:AAAA=");
    assert_eq!(info.deps[1].replace.as_ref().unwrap().path, "../forked");
    assert_eq!(info.deps[2].sum, "");
    assert_eq!(info.setting("-ldflags"), Some("-s -w -X 'main.v=1 2'"));
    assert_eq!(info.setting("odd key"), Some("a=\"b\""));
    assert_eq!(info.setting("CGO_CFLAGS"), Some(""));
    assert_eq!(info.setting("GOARCH"), None);
    assert_eq!(info.to_string(), TEXT);
}

#[test]
fn keeps_lines_from_the_future() {
    let text = "path\tp\nbuild\tGOOS=linux\nsbom\tsomething\tnew\n";
    let info = BuildInfo::parse(text).unwrap();
    assert_eq!(info.other, ["sbom\tsomething\tnew"]);
    assert_eq!(info.to_string(), text);
}

#[test]
fn names_the_line_that_is_wrong() {
    let table = [
        ("mod\tm", 1),
        ("path\tp\ndep\tonly-a-path\n", 2),
        ("=>\t../x\t\t\n", 1),
        ("dep\ta\tb\tc\td\n", 1),
        ("build\tnothing\n", 1),
        ("build\t=value\n", 1),
        ("build\tk=\"open\n", 1),
        ("build\t\"open=1\n", 1),
        ("build\t\"k\"1\n", 1),
        // A replacement belongs to the line right before it.
        ("dep\ta\tv1\nbuild\tk=v\n=>\tb\tv2\n", 3),
    ];
    for (text, want) in table {
        match BuildInfo::parse(text) {
            Err(Error::BadLine { line, .. }) => assert_eq!(line, want, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    let long = "x\n".repeat(LINES_MAX + 1);
    assert_eq!(
        BuildInfo::parse(&long),
        Err(Error::TooManyLines { max: LINES_MAX })
    );
}

fn field() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9./@+=-]{1,20}"
}

fn module() -> impl Strategy<Value = Module> {
    let replace = proptest::option::of((field(), field(), "(h1:[a-z]{3})?"));
    (field(), field(), "(h1:[a-z]{3})?", replace).prop_map(|(path, version, sum, replace)| Module {
        path,
        version,
        sum,
        replace: replace.map(|(path, version, sum)| {
            Box::new(Module {
                path,
                version,
                sum,
                replace: None,
            })
        }),
    })
}

proptest! {
    #[test]
    fn parse_undoes_print(
        path in field(),
        main in proptest::option::of(module()),
        deps in proptest::collection::vec(module(), 0..4),
        settings in proptest::collection::vec(("[^\\x00]{1,12}", ".{0,12}"), 0..6),
    ) {
        let settings = settings.into_iter().map(|(key, value)| Setting { key, value }).collect();
        let info = BuildInfo { path, main, deps, settings, other: Vec::new() };
        prop_assert_eq!(BuildInfo::parse(&info.to_string()), Ok(info));
    }

    #[test]
    fn mutated_text_never_panics(at in 0usize..600, with in ".{0,3}") {
        let mut text = TEXT.to_owned();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &with);
        let _ = BuildInfo::parse(&text);
    }
}
