//! One host that is fit, and each fault planted in it: the fault is found, and nothing else.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::doctor::facts::{
    CSide, Cache, Content, Cross, Folder, Git, Guards, Installation, Problem, Sysctl, System, Tool,
    Trial,
};
use crate::doctor::settings::{Raw, Settings};

/// What the fit host is told.
const TOLD: [(&str, &str); 2] = [("GOFLAGS", "-trimpath"), ("GOTOOLCHAIN", "local")];

fn told(more: &[(&str, &str)]) -> Settings {
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in TOLD.iter().chain(more) {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Settings::of(&Raw {
        environment,
        ..Raw::default()
    })
}

fn folder(path: &str) -> Folder {
    Folder {
        path: path.into(),
        exists: true,
        own: true,
        writable: true,
        free: 50 << 30,
        free_files: Some(1_000_000),
        ..Folder::default()
    }
}

fn tool(name: &str, version: &str) -> Tool {
    Tool {
        name: name.into(),
        path: format!("/usr/bin/{name}"),
        version: version.into(),
        target: "x86_64-linux-gnu".into(),
        headers: Some(true),
        ..Tool::default()
    }
}

fn go(version: &str, root: &str, place: Option<usize>) -> Installation {
    Installation {
        root: root.into(),
        program: format!("{root}/bin/go"),
        on_path: place,
        version_file: version.into(),
        said: version.into(),
        ..Installation::default()
    }
}

/// A host with nothing wrong.
fn fit() -> Facts {
    Facts {
        system: System {
            id: "rocky".into(),
            version: "9.4".into(),
            name: "Rocky Linux 9.4 (Blue Onyx)".into(),
            kernel: "Linux 5.14.0-427.el9.x86_64".into(),
            goarch: "amd64".into(),
            libc: "glibc".into(),
            libc_version: "2.34".into(),
            temp: Some(folder("/tmp")),
            ..System::default()
        },
        sysctls: vec![Sysctl {
            name: "vm.swappiness".into(),
            want: "10".into(),
            value: Some("10".into()),
            problem: String::new(),
        }],
        guards: Guards {
            selinux: "enforcing".into(),
            selinux_configured: "enforcing".into(),
            ..Guards::default()
        },
        gos: vec![go("go1.27.3", "/usr/local/go", Some(1))],
        settings: told(&[]),
        cache: Cache {
            folder: Some(folder("/home/me/.cache/go-build")),
            ..Cache::default()
        },
        module_cache: Some(folder("/home/me/go/pkg/mod")),
        c: CSide {
            cgo_enabled: "1".into(),
            cc: tool("gcc", "gcc (GCC) 11.4.1"),
            cxx: tool("g++", "g++ (GCC) 11.4.1"),
            pkg_config: tool("pkg-config", "1.7.3"),
            ..CSide::default()
        },
        git: Git {
            tool: tool("git", "git version 2.43.5"),
            ..Git::default()
        },
        ..Facts::default()
    }
}

fn found(facts: &Facts) -> Vec<String> {
    let all = all(facts, date(2026, 11, 26));
    let found = all.into_iter().flat_map(|judged| judged.found);
    found.map(|found| found.finding.rule).collect()
}

#[test]
fn a_fit_host_has_nothing_found() {
    assert_eq!(found(&fit()), Vec::<String>::new());
}

type Plant = fn(&mut Facts);

fn cache(facts: &mut Facts) -> &mut Folder {
    facts.cache.folder.as_mut().unwrap()
}

fn set(facts: &mut Facts, more: &[(&str, &str)]) {
    facts.settings = told(more);
}

/// Each fault and what it is called.
const PLANTED: &[(&str, Plant)] = &[
    ("libc-unknown", |f| f.system.libc.clear()),
    ("kernel-old", |f| {
        f.system.kernel = "Linux 2.6.32-754.el6".into()
    }),
    ("temp-missing", |f| {
        f.system.temp = Some(Folder {
            path: "/tmp".into(),
            ..Folder::default()
        })
    }),
    ("temp-missing", |f| {
        f.system.temp.as_mut().unwrap().writable = false
    }),
    ("temp-noexec", |f| {
        f.system.temp.as_mut().unwrap().noexec = true
    }),
    ("temp-full", |f| {
        f.system.temp.as_mut().unwrap().free = 10 << 20
    }),
    ("path-relative", |f| f.system.relative_path_folders = 1),
    ("path-open", |f| {
        f.system.open_path_folders = vec!["/opt/tools".into()]
    }),
    ("sysctl", |f| f.sysctls[0].value = Some("60".into())),
    ("selinux-changed", |f| {
        f.guards.selinux_configured = "permissive".into()
    }),
    ("selinux-permissive", |f| {
        f.guards.selinux = "permissive".into();
        f.guards.selinux_configured = "permissive".into();
    }),
    ("selinux-denials", |f| {
        f.guards.denials = vec!["go: execute on file user_tmp_t".into()]
    }),
    ("fapolicyd", |f| f.guards.fapolicyd = "enforcing".into()),
    ("go-missing", |f| f.gos.clear()),
    ("go-missing", |f| f.gos[0].on_path = None),
    ("go-hangs", |f| f.gos[0].problem = Some(Problem::TimedOut)),
    ("go-fails", |f| {
        f.gos[0].problem = Some(Problem::Failed("no such file".into()))
    }),
    ("go-garbage", |f| {
        f.gos[0].problem = Some(Problem::Garbage("hello".into()))
    }),
    ("go-incomplete", |f| {
        f.gos[0].missing = vec!["pkg/tool".into()]
    }),
    ("go-version-differs", |f| {
        f.gos[0].version_file = "go1.27.2".into()
    }),
    ("go-open", |f| f.gos[0].open = true),
    ("go-several", |f| {
        f.gos.push(go("go1.26.6", "/opt/go", Some(2)))
    }),
    ("go-ended", |f| {
        f.gos[0] = go("go1.21.13", "/usr/local/go", Some(1))
    }),
    ("go-ended", |f| f.gos.push(go("go1.20.12", "/opt/go", None))),
    ("go-prerelease", |f| {
        f.gos[0] = go("go1.28rc1", "/usr/local/go", Some(1))
    }),
    ("go-prerelease", |f| {
        f.gos[0] = go("devel go1.28-0123456789", "/usr/local/go", Some(1))
    }),
    ("go-packaged", |f| {
        f.gos[0].packager = "a Fedora or Red Hat package".into()
    }),
    ("go-own-settings", |f| {
        f.gos[0].own_settings = vec!["GOTOOLCHAIN".into()]
    }),
    ("toolchain-patched", |f| {
        f.gos[0].content = Content::Modified("2 files differ".into())
    }),
    ("toolchain-unproved", |f| {
        f.gos[0].content = Content::Unknown("no record".into())
    }),
    ("goroot-set", |f| set(f, &[("GOROOT", "/usr/local/go")])),
    ("goroot-missing", |f| {
        set(f, &[("GOROOT", "/usr/lib/golang")])
    }),
    ("goroot-mixed", |f| {
        f.gos.push(go("go1.26.6", "/opt/go", None));
        set(f, &[("GOROOT", "/opt/go")]);
    }),
    ("goroot-final", |f| {
        set(f, &[("GOROOT_FINAL", "/usr/local/go")])
    }),
    ("gopath-goroot", |f| set(f, &[("GOPATH", "/usr/local/go")])),
    ("gopath-relative", |f| set(f, &[("GOPATH", "go")])),
    ("gotoolchain-floats", |f| set(f, &[("GOTOOLCHAIN", "auto")])),
    ("gotoolchain-floats", |f| {
        set(f, &[("GOTOOLCHAIN", "go1.27.3+auto")])
    }),
    ("gotoolchain-path", |f| set(f, &[("GOTOOLCHAIN", "path")])),
    ("gotoolchain-invalid", |f| {
        set(f, &[("GOTOOLCHAIN", "1.27.3")])
    }),
    ("goflags-invalid", |f| {
        set(f, &[("GOFLAGS", "-trimpath trimpath")])
    }),
    ("goflags-bytes", |f| {
        set(f, &[("GOFLAGS", "-trimpath -ldflags=-s")])
    }),
    ("goflags-bytes", |f| {
        set(f, &[("GOFLAGS", "-trimpath -race")])
    }),
    ("goflags-mod", |f| {
        set(f, &[("GOFLAGS", "-trimpath -mod=mod")])
    }),
    ("goflags-redirect", |f| {
        set(f, &[("GOFLAGS", "-trimpath -toolexec=/opt/wrap")])
    }),
    ("trimpath-missing", |f| {
        set(f, &[("GOFLAGS", "-modcacherw")])
    }),
    ("goenv-unreadable", |f| {
        f.settings.file.problem = "permission denied".into()
    }),
    ("goenv-unknown", |f| {
        f.settings.file.unknown = vec!["CC_arm64_linux".into()]
    }),
    ("goenv-nonsense", |f| f.settings.file.nonsense = 2),
    ("goenv-overridden", |f| {
        f.settings.file.overridden = vec!["GOFLAGS".into()]
    }),
    ("goenv-bytes", |f| {
        f.settings = Settings::of(&Raw {
            file: Some((
                "/home/me/.config/go/env".into(),
                Ok(Some(
                    "GOFLAGS=-trimpath\nCC=gcc\nGOTOOLCHAIN=local\n".into(),
                )),
            )),
            ..Raw::default()
        });
    }),
    ("experiment-set", |f| set(f, &[("GOEXPERIMENT", "jsonv2")])),
    ("target-set", |f| set(f, &[("GOOS", "windows")])),
    ("cpu-level-set", |f| set(f, &[("GOAMD64", "v3")])),
    ("modules-off", |f| set(f, &[("GO111MODULE", "auto")])),
    ("workspace-set", |f| set(f, &[("GOWORK", "/src/go.work")])),
    ("cgo-flags-set", |f| set(f, &[("CGO_CFLAGS", "-O3")])),
    ("search-folders-set", |f| {
        set(f, &[("LD_LIBRARY_PATH", "/opt/lib")])
    }),
    ("preload-set", |f| set(f, &[("LD_PRELOAD", "/opt/x.so")])),
    ("for-target-set", |f| {
        set(f, &[("CC_FOR_TARGET", "aarch64-linux-gnu-gcc")])
    }),
    ("cacheprog-set", |f| {
        set(f, &[("GOCACHEPROG", "/opt/cache")])
    }),
    ("godebug-set", |f| set(f, &[("GODEBUG", "gocacheverify=1")])),
    ("insecure-set", |f| {
        set(f, &[("GOINSECURE", "*.corp.example")])
    }),
    ("setting-malformed", |f| {
        set(f, &[("GOSUMDB", "sum.example")])
    }),
    ("setting-malformed", |f| set(f, &[("GOPRIVATE", "[")])),
    ("setting-malformed", |f| set(f, &[("GOPROXY", ",")])),
    ("proxy-direct", |f| set(f, &[("GOPROXY", "direct")])),
    ("proxy-off", |f| set(f, &[("GOPROXY", "off")])),
    ("proxy-plain", |f| {
        set(f, &[("GOPROXY", "http://proxy.example")])
    }),
    ("proxy-password", |f| {
        set(f, &[("GOPROXY", "https://me:pass@proxy.example")])
    }),
    ("proxy-unreachable", |f| {
        set(f, &[("GOPROXY", "https://proxy.example")]);
        f.settings.proxies[0].answers = "no answer: connection refused".into();
    }),
    ("sumdb-off", |f| set(f, &[("GOSUMDB", "off")])),
    ("sumdb-google-cn", |f| {
        set(f, &[("GOSUMDB", "sum.golang.google.cn")])
    }),
    ("sumdb-hole", |f| set(f, &[("GONOSUMDB", "github.com")])),
    ("sumdb-hole", |f| set(f, &[("GOPRIVATE", "gitlab.com/*")])),
    ("sumdb-hole-toolchain", |f| {
        set(f, &[("GONOSUMDB", "golang.org/toolchain")])
    }),
    ("cache-off", |f| {
        f.cache.folder = None;
        f.cache.problem = "GOCACHE=off".into();
    }),
    ("cache-foreign", |f| cache(f).own = false),
    ("cache-open", |f| cache(f).open = true),
    ("cache-read-only", |f| cache(f).read_only = true),
    ("cache-read-only", |f| {
        (cache(f).exists, cache(f).writable) = (false, false)
    }),
    ("cache-full", |f| cache(f).free = 1 << 20),
    ("cache-full", |f| cache(f).free_files = Some(3)),
    ("cache-unlisted", |f| f.cache.unlisted = 1),
    ("cache-damaged", |f| f.cache.damaged = vec!["00-d".into()]),
    ("modcache-foreign", |f| {
        f.module_cache.as_mut().unwrap().own = false
    }),
    ("modcache-open", |f| {
        f.module_cache.as_mut().unwrap().open = true
    }),
    ("cc-missing", |f| {
        f.c.cc = Tool {
            name: "gcc".into(),
            ..Tool::default()
        }
    }),
    ("cc-fails", |f| {
        f.c.cc.problem = Some(Problem::Failed("cannot execute cc1".into()))
    }),
    ("cc-fails", |f| f.c.cxx.problem = Some(Problem::TimedOut)),
    ("cc-foreign", |f| f.c.cc.target = "aarch64-linux-gnu".into()),
    ("headers-missing", |f| f.c.cc.headers = Some(false)),
    ("cxx-missing", |f| {
        f.c.cxx = Tool {
            name: "g++".into(),
            ..Tool::default()
        }
    }),
    ("cxx-differs", |f| {
        f.c.cxx.version = "g++ (GCC) 13.2.0".into()
    }),
    ("cross-headers-missing", |f| {
        let mut tool = tool("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc 12.2.0");
        tool.headers = Some(false);
        f.c.cross = vec![Cross {
            goarch: "arm64".into(),
            libc: "glibc".into(),
            tool,
        }];
    }),
    ("pkg-config-missing", |f| {
        f.c.pkg_config = Tool {
            name: "pkg-config".into(),
            ..Tool::default()
        }
    }),
    ("pkg-config-fails", |f| {
        f.c.pkg_config.problem = Some(Problem::Failed(String::new()))
    }),
    ("pkg-config-path-missing", |f| {
        f.c.pkg_config_missing = vec!["/opt/none".into()]
    }),
    ("pkg-config-foreign", |f| {
        f.c.pkg_config_foreign = vec!["/usr/lib/aarch64-linux-gnu/pkgconfig".into()]
    }),
    ("git-missing", |f| f.git.tool = Tool::default()),
    ("git-fails", |f| {
        f.git.tool.problem = Some(Problem::TimedOut)
    }),
    ("git-autocrlf", |f| f.git.autocrlf = "true".into()),
    ("git-filemode", |f| f.git.filemode = "false".into()),
    ("netrc-open", |f| f.git.netrc_open = true),
    ("trial-failed", |f| f.trials = vec![trial("trial-failed")]),
];

fn trial(rule: &str) -> Trial {
    Trial {
        name: "a trial".into(),
        holds: Some(false),
        said: "it failed".into(),
        rule: rule.into(),
        fix: "look into it".into(),
    }
}

#[test]
fn each_planted_fault_is_found_and_nothing_else() {
    assert!(PLANTED.len() >= 40);
    for (rule, plant) in PLANTED {
        let mut facts = fit();
        plant(&mut facts);
        assert_eq!(found(&facts), [*rule], "{rule}");
    }
}

#[test]
fn every_name_of_a_finding_is_provoked_and_has_a_fix() {
    // A build for another architecture, which the compiler of the host does not do either.
    let mut native = fit();
    set(&mut native, &[("GOARCH", "arm64")]);
    let rules = found(&native);
    assert!(rules.contains(&"pkg-config-native".to_owned()), "{rules:?}");
    assert!(rules.contains(&"cc-foreign".to_owned()), "{rules:?}");
    for (rule, _, meaning) in RULES {
        let planted = PLANTED.iter().any(|(known, _)| known == rule);
        assert!(
            planted || *rule == "pkg-config-native" || rule.starts_with("unit-"),
            "{rule}"
        );
        assert!(meaning.len() > 10, "{rule}");
    }
    for (rule, plant) in PLANTED {
        let mut facts = fit();
        plant(&mut facts);
        for judged in all(&facts, date(2026, 11, 26)) {
            for found in judged.found {
                assert!(
                    !found.finding.fix.is_empty() && !found.finding.evidence.is_empty(),
                    "{rule}"
                );
                assert!(meaning(&found.finding.rule).is_some(), "{rule}");
            }
        }
    }
}

#[test]
fn what_was_not_asked_is_said_and_fails_nothing() {
    let all = all(&fit(), date(2026, 11, 26));
    let not_asked: Vec<&str> = all
        .iter()
        .filter_map(|judged| judged.not_asked.as_deref())
        .collect();
    assert_eq!(not_asked.len(), 1, "{not_asked:?}");
    assert!(
        not_asked[0].contains("was not compared: --online"),
        "{not_asked:?}"
    );
    assert!(all.iter().all(|judged| judged.untold.is_none()));
    let content = all
        .iter()
        .find(|judged| judged.name.contains("release that it says"))
        .unwrap();
    assert_eq!(
        content.stands, "",
        "nothing is said of what was not compared"
    );
}

#[test]
fn what_could_not_be_looked_at_is_not_ok() {
    let plants: [(&str, Plant); 5] = [
        ("Go gets security fixes", |f| f.gos.clear()),
        ("Go is the release that it says it is", |f| f.gos.clear()),
        ("build cache", |f| {
            (cache(f).exists, cache(f).problem) = (false, "permission denied".into())
        }),
        ("build cache", |f| {
            f.cache.audit = "not audited: it is damaged".into()
        }),
        ("module cache", |f| {
            f.module_cache.as_mut().unwrap().problem = "permission denied".into()
        }),
    ];
    for (name, plant) in plants {
        let mut facts = fit();
        plant(&mut facts);
        let all = all(&facts, date(2026, 11, 26));
        let judged = all.iter().find(|judged| judged.name == name).unwrap();
        assert!(judged.untold.is_some(), "{judged:?}");
    }
}

/// A Red Hat release as AppStream has it: its version has more words than a release's.
#[test]
fn a_go_of_appstream_is_told() {
    let mut facts = fit();
    let mut packaged = go("go1.21.13", "/usr/lib/golang", Some(1));
    packaged.said = "go1.21.13 (Red Hat 1.21.13-3.el9_4)".into();
    packaged.version_file = "go1.21.13".into();
    packaged.packager = "a Fedora or Red Hat package".into();
    facts.gos = vec![packaged];
    let rules = found(&facts);
    assert_eq!(rules, ["go-ended", "go-packaged"]);
}

#[test]
fn words_are_quoted_for_a_shell() {
    for (word, want) in [
        ("a/b-c", "a/b-c"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", r"'it'\''s'"),
        ("$x", "'$x'"),
        ("a;b", "'a;b'"),
    ] {
        assert_eq!(quoted(word), want);
    }
}

mod unit_files {
    use proto::unit::Unit;

    const FIT: &str = "[Unit]\nDescription=x\nWants=network-online.target\nAfter=network-online.target\nStartLimitIntervalSec=0\n[Service]\nType=notify\nExecStart=/usr/bin/x\nUser=x\nRestart=on-failure\nRestartSec=2s\nWatchdogSec=30s\n[Install]\nWantedBy=multi-user.target\n";

    fn found(text: &str) -> Vec<String> {
        let unit = Unit::parse(text).unwrap();
        let judged = super::units::unit("x.service", &unit);
        judged
            .found
            .into_iter()
            .map(|found| found.finding.rule)
            .collect()
    }

    #[test]
    fn each_planted_fault_of_a_unit_is_found_and_nothing_else() {
        assert_eq!(found(FIT), Vec::<String>::new());
        let service = |line: &str| FIT.replace("User=x\n", &format!("User=x\n{line}\n"));
        let table = [
            ("unit-unknown", service("DropCapability=CAP_SYS_ADMIN")),
            (
                "unit-unknown",
                service("HealthCheckHTTPUrl=http://localhost/health"),
            ),
            ("unit-unknown", service("After=network.target")),
            ("unit-unknown", format!("{FIT}[Services]\n")),
            ("unit-old-name", service("ReadOnlyDirectories=/srv")),
            ("unit-old-name", service("MemoryLimit=1G")),
            ("unit-too-new", service("RestartSteps=5")),
            (
                "unit-too-new",
                FIT.replace("Type=notify", "Type=notify-reload"),
            ),
            (
                "unit-value",
                FIT.replace("Type=notify", "NotifyAccess=main\nType=notified"),
            ),
            ("unit-value", FIT.replace("/usr/bin/x", "bin/x")),
            ("unit-stray", format!("{FIT}nonsense\n")),
            ("unit-stray", format!("User=root\n{FIT}")),
            ("unit-watchdog", FIT.replace("Type=notify", "Type=simple")),
            (
                "unit-restart-limit",
                FIT.replace("StartLimitIntervalSec=0", "StartLimitIntervalSec=60s")
                    .replace("RestartSec=2s", "RestartSec=5s"),
            ),
            ("unit-root", FIT.replace("User=x\n", "")),
            (
                "unit-capability",
                service("CapabilityBoundingSet=CAP_NET_BIND_SERVICE"),
            ),
            ("unit-temp-read-only", service("ReadOnlyPaths=/tmp")),
            (
                "unit-binds-socket",
                FIT.replace("StartLimit", "BindsTo=etcd.socket\nStartLimit"),
            ),
            (
                "unit-not-wanted",
                FIT.replace("Wants=network-online.target\n", ""),
            ),
            ("unit-oom", service("OOMScoreAdjust=-900")),
            ("unit-secret", service("Environment=DB_PASSWORD=hunter2")),
        ];
        for (rule, text) in table {
            assert_eq!(found(&text), [rule], "{text}");
        }
    }

    #[test]
    fn no_number_of_notes_hides_an_error() {
        let notes = "ReadOnlyDirectories=/srv\n".repeat(200);
        let text = FIT.replace("User=x\n", &format!("User=x\n{notes}Nonsense=1\n"));
        let rules = found(&text);
        assert!(rules.contains(&"unit-unknown".to_owned()), "{rules:?}");
    }

    #[test]
    fn a_secret_of_a_unit_is_never_shown() {
        let unit =
            Unit::parse("[Service]\nExecStart=/x\nUser=x\nEnvironment=\"API_TOKEN=s3cr3t\"\n")
                .unwrap();
        let text = format!("{:?}", super::units::unit("x", &unit));
        assert!(
            text.contains("unit-secret") && !text.contains("s3cr3t"),
            "{text}"
        );
    }
}

#[test]
fn the_schema_knows_every_name_of_a_finding() {
    let text = crate::schemas::named("doctor-v1").unwrap();
    let schema: serde_json::Value = serde_json::from_str(text).unwrap();
    let place = "/properties/checks/items/properties/findings/items/properties/rule/enum";
    let known: Vec<&str> = schema
        .pointer(place)
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .collect();
    let names: Vec<&str> = RULES.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(known, names);
}
