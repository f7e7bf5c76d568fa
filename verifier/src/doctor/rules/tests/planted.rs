//! Faults of a host.

use super::{go, told, tool};
use crate::doctor::facts::{Content, Cross, Facts, Folder, Problem, Tool, Trial};
use crate::doctor::settings::{Raw, Settings};

pub(super) type Plant = fn(&mut Facts);

pub(super) fn cache(facts: &mut Facts) -> &mut Folder {
    facts.cache.folder.as_mut().unwrap()
}

pub(super) fn set(facts: &mut Facts, more: &[(&str, &str)]) {
    facts.settings = told(more);
}

/// Each fault and what it is called.
pub(super) const PLANTED: &[(&str, Plant)] = &[
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
    ("for-target-set", |f| {
        set(f, &[("CC_arm64_linux", "aarch64-linux-gnu-gcc")])
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
    ("cache-off", |f| {
        (cache(f).open, cache(f).problem) = (true, "it is not a folder".into())
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
    ("std-tests-fail", |f| {
        f.trials = vec![trial("std-tests-fail")]
    }),
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
