use super::*;
use proto::hashlog::preimage::{Difference, Key};

fn leaf(word: &str, subject: &str, a: Option<&str>, b: Option<&str>) -> Leaf {
    Leaf {
        action: "build example.com/tool/p".into(),
        difference: Difference {
            key: Key {
                word: word.into(),
                subject: subject.into(),
            },
            a: a.map(str::to_owned),
            b: b.map(str::to_owned),
        },
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn names_what_differs() {
    let table = [
        (
            "file",
            "p.go",
            "file p.go x",
            "file p.go y",
            Name::SourceContent,
        ),
        (
            "file",
            "a/p.go",
            "file a/p.go x",
            "file a/p.go y",
            Name::EmbeddedFile,
        ),
        (
            "file",
            "logo",
            "file logo x",
            "file logo y",
            Name::EmbeddedFile,
        ),
        ("go", "", "go 1.21", "go 1.22", Name::GodebugDefault),
        (
            "CC",
            "",
            r#"CC=["gcc"] [] ["-O1"] []"#,
            r#"CC=["gcc"] [] ["-O2"] []"#,
            Name::CgoFlags,
        ),
        (
            "CC",
            "",
            r#"CC=["gcc"] [] [] []"#,
            r#"CC=["clang"] [] [] []"#,
            Name::CCompiler,
        ),
        ("CC ID", "", "CC ID=\"12\"", "CC ID=\"13\"", Name::CCompiler),
        (
            "compile",
            "",
            "compile compile version go1 [] []",
            "compile compile version go1 [] [\"-N\"]",
            Name::CompilerFlags,
        ),
        (
            "compile",
            "",
            "compile devel a [] []",
            "compile devel b [] []",
            Name::ToolchainPatched,
        ),
        (
            "buildmode",
            "",
            "buildmode exe goos linux",
            "buildmode pie goos linux",
            Name::BuildMode,
        ),
        (
            "buildmode",
            "",
            "buildmode exe goos linux",
            "buildmode exe goos plan9",
            Name::Target,
        ),
        (
            "module",
            "",
            "module m@v1",
            "module m@v2",
            Name::DependencyVersion,
        ),
        (
            "module",
            "",
            "module example.com/tool@v1",
            "module example.com/tool@v2",
            Name::VersionStamp,
        ),
        ("GOAMD64", "", "GOAMD64=v1", "GOAMD64=v3", Name::CpuLevel),
        (
            "magic",
            "GOSSAFUNC",
            "magic GOSSAFUNC=a",
            "magic GOSSAFUNC=b",
            Name::CompilerFlags,
        ),
    ];
    for (word, subject, a, b, want) in table {
        let leaf = leaf(word, subject, Some(a), Some(b));
        let got = of(&leaf, Some("example.com/tool"));
        assert_eq!(got.len(), 1, "{a}");
        assert_eq!(got[0].name, want, "{a}");
    }
    let dependency = leaf("file", "p.go", None, Some("file p.go x"));
    let got = of(&dependency, Some("example.com/to"));
    assert_eq!(got[0].name, Name::DependencyContent);
    assert_eq!(
        got[0].what,
        "file p.go of package example.com/tool/p is in the second build only"
    );
    assert_eq!(
        of(&leaf("GOARM64", "", None, Some("GOARM64=v8.0")), None),
        []
    );
}

#[test]
fn takes_linker_flags_apart() {
    let got = linkflags(
        r#"linkflags ["-s" "-X" "main.t=a \"b\""]"#,
        r#"linkflags ["-X=main.t=c"]"#,
    );
    let names: Vec<Name> = got.iter().map(|meaning| meaning.name).collect();
    assert_eq!(names, [Name::LdflagsVariable, Name::SymbolsStripped]);
    assert_eq!(got[0].what, r#"-ldflags -X main.t is "a \"b\"" and "c""#);
    assert_eq!(list(r#"[] ["a\\" "b"] "cut"#), ["a\\", "b"]);
}

#[test]
fn each_cause_has_its_fix() {
    for (name, words) in [
        (Name::SourceContent, "from the same commit"),
        (Name::DependencyContent, "-mod=readonly"),
        (Name::EmbeddedFile, ".gitattributes"),
        (Name::LdflagsVariable, "the commit's own time"),
        (Name::CgoFlags, "CGO_CPPFLAGS"),
        (Name::CCompiler, "one C compiler"),
        (Name::CLibrary, "the same C headers"),
        (Name::CompilerNondeterminism, "without -toolexec"),
        (Name::CgoTempPath, "-ffile-prefix-map"),
        (Name::GodebugDefault, "godebug lines"),
        (Name::GoVersion, "one release of Go"),
        (Name::ToolchainPatched, "go.dev"),
        (Name::SourcePath, "both with -trimpath"),
        (Name::DependencyVersion, "the same go.mod"),
        (Name::PgoProfile, "default.pgo"),
        (Name::Target, "GOOS, GOARCH"),
        (Name::CpuLevel, "GOOS, GOARCH"),
        (Name::GoExperiment, "GOOS, GOARCH"),
        (Name::CompilerFlags, "the same flags and settings"),
    ] {
        assert!(fix(name).contains(words), "{name:?}: {}", fix(name));
    }
}
