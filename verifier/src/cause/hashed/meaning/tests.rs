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

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_line_has_its_sentence() {
    let p = "example.com/tool/p";
    let table = [
        (
            "file",
            "p.go",
            Name::SourceContent,
            format!("file p.go of package {p} differs"),
        ),
        (
            "file",
            "a/p.go",
            Name::EmbeddedFile,
            format!("embedded file a/p.go of package {p} differs"),
        ),
        (
            GO_COMMAND,
            "",
            Name::GoVersion,
            "the go commands are not the same".into(),
        ),
        (
            "module",
            "",
            Name::DependencyVersion,
            format!("package {p} comes from another module version"),
        ),
        (
            "dir",
            "",
            Name::SourcePath,
            "the source folder is an input of one build or both".into(),
        ),
        (
            "trimpath",
            "",
            Name::SourcePath,
            "the source folder is an input of one build or both".into(),
        ),
        (
            "go",
            "",
            Name::GodebugDefault,
            format!("the go line of the go.mod of package {p} differs"),
        ),
        (
            "defaultgodebug",
            "",
            Name::GodebugDefault,
            "the GODEBUG defaults differ".into(),
        ),
        ("goos", "", Name::Target, "the targets differ".into()),
        (
            "cgo",
            "",
            Name::ToolchainPatched,
            "the cgo tools are not the same".into(),
        ),
        (
            "CXX",
            "",
            Name::CgoFlags,
            format!("the CXX flags of package {p} differ"),
        ),
        (
            "FC",
            "",
            Name::CgoFlags,
            format!("the FC flags of package {p} differ"),
        ),
        (
            "CC ID",
            "",
            Name::CCompiler,
            format!("the C compilers of package {p} are not the same"),
        ),
        (
            "CC ID ERROR",
            "",
            Name::CCompiler,
            format!("the C compilers of package {p} are not the same"),
        ),
        (
            "cover",
            "",
            Name::Instrumentation,
            format!("package {p} is instrumented differently"),
        ),
        (
            "fuzz",
            "",
            Name::Instrumentation,
            format!("package {p} is instrumented differently"),
        ),
        (
            "asm",
            "",
            Name::CompilerFlags,
            format!("package {p} is compiled with other asm flags"),
        ),
        (
            "link",
            "",
            Name::LinkerFlags,
            "the linker is called differently".into(),
        ),
        ("GOROOT", "", Name::GorootPath, "GOROOT differs".into()),
        (
            "GO_EXTLINK_ENABLED",
            "",
            Name::LinkMode,
            "GO_EXTLINK_ENABLED differs".into(),
        ),
        (
            "GOEXPERIMENT",
            "",
            Name::GoExperiment,
            "GOEXPERIMENT differs".into(),
        ),
        (
            "pgofile",
            "",
            Name::PgoProfile,
            "the profiles differ".into(),
        ),
        (
            "omitdebug",
            "",
            Name::PackageArguments,
            format!("package {p} was named differently to go build"),
        ),
        ("GOARM64", "", Name::CpuLevel, "GOARM64 differs".into()),
        (
            "magic",
            "GOSSAFUNC",
            Name::CompilerFlags,
            format!("magic GOSSAFUNC differs for package {p}"),
        ),
    ];
    for (word, subject, name, what) in table {
        let a = format!("{word} tool version [-c] [-a]");
        let b = format!("{word} tool version [-c] [-b]");
        let leaf = leaf(word, subject, Some(&a), Some(&b));
        assert_eq!(of(&leaf, None), [Meaning { name, what }], "{word}");
    }
    // The files tell it themselves.
    assert_eq!(of(&leaf("modinfo", "", Some("a"), Some("b")), None), []);
    let level = |a, b| of(&leaf("GOARM64", "", a, b), None).len();
    assert_eq!(
        [
            level(None, Some("GOARM64=v8.0")),
            level(Some("GOARM64=v8.0"), None)
        ],
        [0, 0]
    );
    let first = leaf("file", "p.go", Some("file p.go x"), None);
    assert!(
        of(&first, None)[0]
            .what
            .ends_with("is in the first build only")
    );
}

#[test]
fn tools_have_a_version_and_flags() {
    let name = |word: &str, a: &str, b: &str| {
        let leaf = leaf(word, "", Some(a), Some(b));
        tool(&leaf, a, b).remove(0)
    };
    let (one, other) = ("link go1 [-s]", "link go2 [-s]");
    let patched = name("link", one, other);
    assert_eq!(patched.name, Name::ToolchainPatched);
    assert_eq!(patched.what, "the link tools are not the same");
    // A tool that one side lacks is no other tool.
    assert_eq!(name("link", one, "").name, Name::LinkerFlags);
    assert_eq!(name("link", "", other).name, Name::LinkerFlags);
    assert_eq!(name("compile", "", other).name, Name::CompilerFlags);
    let same = linkflags(r#"linkflags ["-s" "-w"]"#, r#"linkflags ["-w" "-s"]"#);
    assert_eq!(same[0].name, Name::LinkerFlags);
    assert_eq!(
        same[0].what,
        "-ldflags are the same in another order or spelling"
    );
    let one_sided = linkflags(r#"linkflags ["-s"]"#, "linkflags []");
    assert!(one_sided[0].what.ends_with("and absent"), "{one_sided:?}");
}

#[test]
fn packages_and_modules_are_known_by_their_paths() {
    let own = |own: &str| {
        let leaf = leaf("file", "p.go", Some("file p.go x"), Some("file p.go y"));
        of(&leaf, Some(own))[0].name
    };
    assert_eq!(own("example.com/tool"), Name::SourceContent);
    assert_eq!(own("example.com/tool/p"), Name::SourceContent);
    assert_eq!(own("example.com/too"), Name::DependencyContent);
    assert_eq!(own("example.com/other"), Name::DependencyContent);
    let mut command = leaf("file", "p.go", Some("a"), Some("b"));
    command.action = "build command-line-arguments".into();
    assert_eq!(
        of(&command, Some("example.com/tool"))[0].name,
        Name::SourceContent
    );
    assert!(is_module("module example.com/m@v1", "example.com/m"));
    assert!(!is_module("module example.com/m/v2@v2", "example.com/m"));
    assert!(!is_module("example.com/m@v1", "example.com/m"));
    let module = |a, b| of(&leaf("module", "", Some(a), Some(b)), Some("m"))[0].name;
    assert_eq!(module("module m@v1", "module m@v2"), Name::VersionStamp);
    assert_eq!(
        module("module m@v1", "module n@v2"),
        Name::DependencyVersion
    );
    assert_eq!(
        module("module n@v1", "module m@v2"),
        Name::DependencyVersion
    );
}
