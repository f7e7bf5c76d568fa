use super::*;

/// Harmless by its look alone: a value of this form may pass no list.
const CANARY: &str = "Canary7f3aBeef";

#[test]
#[expect(clippy::too_many_lines, reason = "a table of variables")]
fn a_secret_passes_in_no_variable_and_in_no_form() {
    let names = [
        "ALL_PROXY",
        "AR",
        "CC",
        "CGO_CFLAGS",
        "CGO_CFLAGS_ALLOW",
        "CGO_CPPFLAGS",
        "CGO_CXXFLAGS",
        "CGO_ENABLED",
        "CGO_FFLAGS",
        "CGO_LDFLAGS",
        "CPATH",
        "CXX",
        "DEVELOPER_DIR",
        "FC",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_KEY_0",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_VALUE_0",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_CAINFO",
        "GO111MODULE",
        "GO386",
        "GOAMD64",
        "GOARCH",
        "GOARM",
        "GOARM64",
        "GOAUTH",
        "GODEBUG",
        "GOENV",
        "GOEXPERIMENT",
        "GOFIPS140",
        "GOFLAGS",
        "GOGC",
        "GOINSECURE",
        "GOMAXPROCS",
        "GOMIPS",
        "GOMODCACHE",
        "GONOPROXY",
        "GONOSUMDB",
        "GOOS",
        "GOPATH",
        "GOPPC64",
        "GOPRIVATE",
        "GOPROXY",
        "GORISCV64",
        "GOROOT",
        "GOSUMDB",
        "GOTMPDIR",
        "GOTOOLCHAIN",
        "GOVCS",
        "GOWASM",
        "GOWORK",
        "GO_EXTLINK_ENABLED",
        "GO_LDSO",
        "HOME",
        "HTTPS_PROXY",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "MACOSX_DEPLOYMENT_TARGET",
        "NETRC",
        "NO_PROXY",
        "PATH",
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "SDKROOT",
        "SOURCE_DATE_EPOCH",
        "SSH_AUTH_SOCK",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "USER",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "https_proxy",
        "ANY_OTHER",
    ];
    let forms = [
        "C",
        "user:C@host",
        "https://user:C@host/x",
        "https://C@host,direct",
        "//C/@host",
        "https://host/?token=C",
        "https://host/C/path,direct",
        "https://proxy.golang.org,C",
        "'http.extraheader=Authorization: Basic C'",
        "sshpass -p C ssh",
        "/home/C/x",
        "-ldflags=-X=main.key=C",
        "\"-ldflags=-X main.key=C\"",
        "'-ldflags=-s -w -X main.v=C'",
        "-ldflags=-buildid=C",
        "-ldflags=C=-s",
        "-ldflags=-extldflags=-L/C",
        "-gcflags=-d=C",
        "-gcflags=C=-N",
        "-toolexec=/C",
        "-pgo=/C",
        "-C",
        "--C=x",
        "-race=C",
        "-mod=C",
        "-p=C",
        "-DKEY=C",
        "-I/C",
        "-L/C -lC",
        "-O2 -DKEY=C -g",
        "-Wl,-rpath,/C",
        "-O2\nC",
        "C\n",
        "1\nC",
        "v1C",
        "0C",
        "off,C",
        "C.UTF-8",
        "de_DE.C",
        "<+1>C",
        "go1.21C",
        "amd64,C",
        "-ldflags=-X main.v=1.2.3C",
        "-ldflags=-X main.v=2024-01-01T00:00:00ZC",
    ];
    for name in names {
        for form in forms {
            let value = form.replace('C', CANARY);
            let shown = variable(name, &value);
            assert!(
                !shown.text.contains(CANARY),
                "{name}={value}: {}",
                shown.text
            );
            assert!(!shown.is_whole, "{name}={value}: {}", shown.text);
        }
    }
}

#[test]
fn a_secret_passes_in_no_setting_of_a_program() {
    for key in [
        "-ldflags",
        "-gcflags",
        "-asmflags",
        "-buildmode",
        "-compiler",
        "CGO_CFLAGS",
        "CGO_LDFLAGS",
        "DefaultGODEBUG",
        "GOAMD64",
        "GOOS",
        "vcs",
        "vcs.modified",
        "vcs.revision",
        "vcs.time",
        "new-key",
    ] {
        for form in ["C", "-X main.key=C", "-O2 -DKEY=C", "x=C", "0123456C"] {
            let value = form.replace('C', CANARY);
            let shown = setting(key, &value, Some("0123456789"));
            assert!(!shown.contains(CANARY), "{key}={value}: {shown}");
        }
    }
}

#[test]
fn what_shapes_a_program_and_is_known_is_shown() {
    for (name, value) in [
        ("GOOS", "linux"),
        ("GOAMD64", "v3"),
        ("GOARM64", "v8.0,lse,crypto"),
        ("GOEXPERIMENT", "nogreenteagc,jsonv2"),
        ("CGO_CFLAGS", "-O2 -g -fcf-protection"),
        ("GOFLAGS", "-trimpath -mod=vendor -tags=netgo,osusergo"),
        ("TZ", "<+14>-14"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("GOPROXY", "https://proxy.golang.org,direct"),
        ("HOME", ""),
    ] {
        assert_eq!(variable(name, value), Shown::whole(value), "{name}");
    }
}

#[test]
fn of_flags_the_known_words_stay() {
    let commit = Some("0123456789abcdef");
    let table = [
        ("-trimpath=true", "-trimpath", true),
        ("--race", "-race", true),
        ("-ldflags=-s -w", "-ldflags=-s -w", true),
        (
            "-ldflags=-linkmode external",
            "-ldflags=-linkmode=external",
            true,
        ),
        (
            "-ldflags=-s -X main.version=v1.2.3-rc.1 -X 'main.date=2024-01-02 03:04' -X=main.commit=0123456",
            "-ldflags=-s -X main.version=v1.2.3-rc.1 -X main.date=2024-01-02 03:04 -X main.commit=0123456",
            true,
        ),
        (
            "-ldflags=-X main.commit=7654321",
            "-ldflags=-X main.commit=…",
            false,
        ),
        (
            "-ldflags=-s -extldflags '-static -L/x'",
            "-ldflags=-s -extldflags='-static …'",
            false,
        ),
        ("-gcflags=all=-N -l", "-gcflags=all=-N -l", true),
        ("-gcflags=example.com/x=-N", "-gcflags=…=-N", false),
        ("-overlay=/home/me/o.json", "-overlay=…", false),
        ("-unknown=1", "…", false),
    ];
    for (word, text, is_whole) in table {
        let text = text.to_owned();
        assert_eq!(flag(word, commit), Shown { text, is_whole }, "{word}");
    }
    assert_eq!(setting("-trimpath", "true", None), "true");
    assert_eq!(setting("-ldflags", "-s -w", None), "-s -w");
    assert_eq!(
        setting("vcs.time", "2024-01-02T03:04:05Z", None),
        "2024-01-02T03:04:05Z"
    );
}

#[test]
fn every_pattern_is_one() {
    let patterns = VALUES.iter().flat_map(|(names, values)| [names, values]);
    let more = [
        &C_WORD,
        &COMPILER_WORD,
        &LINKER_WORD,
        &BUILD_FLAG,
        &VARIABLE_VALUE,
        &VARIABLE_NAME,
        &LINKER_WITH_VALUE,
        &BUILD_FLAG_NAME,
        &REVISION,
        &GODEBUG,
        &PACKAGES,
    ];
    for pattern in patterns.chain(more) {
        assert!(pattern.compiled().is_some(), "{}", pattern.text);
    }
}
