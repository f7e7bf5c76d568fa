//! What the lines of the build information tell, each change by itself.

use super::*;

const HEAD: &str = "path\tp/cmd\nmod\tp\t(devel)\t\n";

/// Pairs of lines behind a path and a main module.
fn keep_lines<const N: usize>(name: &str, rows: [(&str, &str, &str); N]) {
    let rows = rows.map(|(what, a, b)| {
        let [a, b] = [a, b].map(|lines| format!("{HEAD}{lines}"));
        (what.to_owned(), a, b)
    });
    keep(name, rows);
}

#[test]
fn values_that_the_linker_sets() {
    let rows = [
        ("-X, another value", "main.v=one", "main.v=two"),
        (
            "-X, a time",
            "main.built=2026-01-02T03:04:05Z",
            "main.built=2026-02-02T03:04:05Z",
        ),
        (
            "-X, seconds",
            "main.built=1767323045",
            "main.built=1767323046",
        ),
        (
            "-X, a commit",
            "main.rev=0123456789abcdef0123456789abcdef01234567",
            "main.rev=dev",
        ),
        ("-X, another variable", "main.v=one", "main.w=one"),
        (
            "-X, of a package",
            "example.com/p/q.V=one",
            "example.com/p/q.V=two",
        ),
    ];
    let rows = rows.map(|(what, a, b)| {
        let line = |value: &str| format!("{HEAD}build\t-ldflags=\"-X {value}\"\n");
        (what.to_owned(), line(a), line(b))
    });
    keep("ldflags-variables", rows);
}

#[test]
fn flags_of_the_linker() {
    keep_lines(
        "ldflags",
        [
            ("-s -w on one side", "build\t-ldflags=\"-s -w\"\n", ""),
            (
                "-w and -s -w",
                "build\t-ldflags=-w\n",
                "build\t-ldflags=\"-s -w\"\n",
            ),
            (
                "-B",
                "build\t-ldflags=\"-B 0x01\"\n",
                "build\t-ldflags=\"-B 0x02\"\n",
            ),
            ("-buildid", "build\t-ldflags=-buildid=\n", ""),
            ("-linkmode", "build\t-ldflags=-linkmode=external\n", ""),
            (
                "-extldflags",
                "build\t-ldflags=\"-linkmode=external -extldflags=-static\"\n",
                "build\t-ldflags=-linkmode=external\n",
            ),
            (
                "-compressdwarf",
                "build\t-ldflags=-compressdwarf=false\n",
                "",
            ),
            (
                "-randlayout",
                "build\t-ldflags=-randlayout=1\n",
                "build\t-ldflags=-randlayout=2\n",
            ),
            (
                "-X among others",
                "build\t-ldflags=\"-s -w -X main.v=one\"\n",
                "build\t-ldflags=\"-s -w -X main.v=two\"\n",
            ),
            (
                "order alone",
                "build\t-ldflags=\"-s -w\"\n",
                "build\t-ldflags=\"-w -s\"\n",
            ),
            ("an unknown flag", "build\t-ldflags=-future=1\n", ""),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn settings_of_every_kind() {
    keep_lines(
        "settings-of-every-kind",
        [
            ("GOOS", "build\tGOOS=linux\n", "build\tGOOS=windows\n"),
            ("GOARCH", "build\tGOARCH=amd64\n", "build\tGOARCH=arm64\n"),
            ("GOAMD64", "build\tGOAMD64=v1\n", "build\tGOAMD64=v3\n"),
            ("GOARM64", "build\tGOARM64=v8.0\n", "build\tGOARM64=v9.0\n"),
            ("GO386", "build\tGO386=sse2\n", "build\tGO386=softfloat\n"),
            (
                "-buildmode",
                "build\t-buildmode=exe\n",
                "build\t-buildmode=pie\n",
            ),
            (
                "-compiler",
                "build\t-compiler=gc\n",
                "build\t-compiler=gccgo\n",
            ),
            ("-tags", "build\t-tags=a,b\n", "build\t-tags=b\n"),
            ("-gcflags", "build\t-gcflags=\"-N -l\"\n", ""),
            ("-asmflags", "build\t-asmflags=-S\n", ""),
            ("-race", "build\t-race=true\n", ""),
            ("-msan", "build\t-msan=true\n", "build\t-asan=true\n"),
            ("-cover", "build\t-cover=true\n", ""),
            (
                "-pgo",
                "build\t-pgo=default.pgo\n",
                "build\t-pgo=other.pgo\n",
            ),
            (
                "CGO_ENABLED",
                "build\tCGO_ENABLED=0\n",
                "build\tCGO_ENABLED=1\n",
            ),
            (
                "CGO_CFLAGS",
                "build\tCGO_CFLAGS=-O1\n",
                "build\tCGO_CFLAGS=-O2\n",
            ),
            (
                "CGO_LDFLAGS, a folder of the build",
                "build\tCGO_LDFLAGS=-L/build/one/lib\n",
                "build\tCGO_LDFLAGS=-L/build/two/lib\n",
            ),
            (
                "GOEXPERIMENT",
                "build\tGOEXPERIMENT=arenas\n",
                "build\tGOEXPERIMENT=loopvar\n",
            ),
            (
                "GOFIPS140",
                "build\tGOFIPS140=v1.0.0\n",
                "build\tGOFIPS140=latest\n",
            ),
            (
                "DefaultGODEBUG",
                "build\tDefaultGODEBUG=a=1,b=1\n",
                "build\tDefaultGODEBUG=b=0,c=1\n",
            ),
            ("-trimpath", "build\t-trimpath=true\n", ""),
            ("-mod", "build\t-mod=vendor\n", ""),
            (
                "a setting of the future",
                "build\t-future=1\n",
                "build\t-future=2\n",
            ),
            (
                "two at once",
                "build\t-race=true\nbuild\t-tags=a\n",
                "build\tCGO_ENABLED=1\n",
            ),
        ],
    );
}

#[test]
fn modules_and_packages() {
    let dep = "dep\td\tv1.0.0\th1:A=\n";
    let many: String = (0..3)
        .map(|at| format!("dep\td{at:02}\tv1.0.0\th1:A=\n"))
        .collect();
    let newer = many.replace("v1.0.0\th1:A=", "v1.1.0\th1:B=");
    let replaced = "dep\td\tv1.0.0\n=>\t./d\t(devel)\t\n";
    keep_lines(
        "modules",
        [
            ("one more", dep, ""),
            ("a newer one", dep, "dep\td\tv1.1.0\th1:B=\n"),
            ("three newer ones", &many, &newer),
            ("other content", dep, "dep\td\tv1.0.0\th1:B=\n"),
            ("no sum on one side", dep, "dep\td\tv1.0.0\t\n"),
            ("replaced by a folder", dep, replaced),
            (
                "replaced by two folders",
                replaced,
                "dep\td\tv1.0.0\n=>\t../other/d\t(devel)\t\n",
            ),
            ("of -tags", &format!("{dep}build\t-tags=x\n"), ""),
            (
                "of cgo",
                &format!("{dep}build\tCGO_ENABLED=1\n"),
                "build\tCGO_ENABLED=0\n",
            ),
        ],
    );
    let whole = |what: &str, a: &str, b: &str| (what.to_owned(), a.to_owned(), b.to_owned());
    keep(
        "packages",
        [
            whole(
                "two packages",
                "path\tp/a\nmod\tp\t(devel)\t\n",
                "path\tp/b\nmod\tp\t(devel)\t\n",
            ),
            whole(
                "files in place of a package",
                "path\tcommand-line-arguments\n",
                "path\tp\nmod\tp\t(devel)\t\n",
            ),
            whole(
                "two main modules",
                "path\tp\nmod\tp\t(devel)\t\n",
                "path\tp\nmod\tq\t(devel)\t\n",
            ),
            whole(
                "a module around the project's",
                &format!("path\td/cmd\nmod\tx\t(devel)\t\n{dep}"),
                "path\td/cmd\nmod\td\t(devel)\t\n",
            ),
            whole(
                "a module around the other's",
                "path\td/cmd\nmod\td\t(devel)\t\n",
                &format!("path\td/cmd\nmod\tx\t(devel)\t\n{dep}"),
            ),
            whole(
                "two versions",
                "path\tp\nmod\tp\tv1.0.0\th1:A=\n",
                "path\tp\nmod\tp\tv1.1.0\th1:B=\n",
            ),
            whole(
                "one version",
                "path\tp\nmod\tp\tv1.0.0\th1:A=\n",
                "path\tp\nmod\tp\tv1.0.0\th1:B=\n",
            ),
        ],
    );
}

#[test]
fn versions_of_go() {
    let text = "path\tp\nmod\tp\t(devel)\t\n";
    let trimmed = "path\tp\nmod\tp\t(devel)\t\nbuild\t-trimpath=true\n";
    let rows = [
        ("go1.21.13", "go1.27.3", text),
        ("go1.20.14", "go1.19", text),
        ("go1.27.3", "go1.27.3 X:arenas", text),
        ("go1.26.0-X:nodwarf5", "go1.26.0", text),
        ("devel go1.28-abc", "go1.27.3", text),
        ("go1.22.3 (Red Hat 1.22.3-1.el9)", "go1.22.3", trimmed),
    ];
    let programs = rows.map(|(a, b, text)| {
        let pair = [a, b].map(|version| program(version, text));
        (format!("{a} and {b}"), pair)
    });
    let pairs = programs.iter().map(|(what, [a, b])| (what.clone(), [a, b]));
    golden::check("versions-of-go", pairs);
}
