//! Faults planted in a host: each is found, and nothing else is.

use std::fs;
use std::os::unix::fs::symlink;

use super::house::{GO, House, rules};

type Plant = fn(&mut House);

/// Lays the first go command's script out anew.
fn go(house: &House, script: &str) {
    house.write("root/usr/local/go/bin/go", script);
}

fn env_file(house: &House, text: &str) {
    house.write("home/.config/go/env", text);
}

/// What is found, and how it is planted.
const PLANTED: &[(&[&str], Plant)] = &[
    (&["libc-unknown"], |h| h.remove("bin/getconf")),
    // One that has musl's loader too is not a host of musl.
    (&["libc-unknown"], |h| {
        h.remove("bin/getconf");
        h.write("root/lib/ld-musl-x86_64.so.1", "");
    }),
    (&["libc-unknown"], |h| {
        h.program("getconf", "#!/bin/sh\necho nonsense\n")
    }),
    (&["kernel-old"], |h| {
        h.write("root/proc/sys/kernel/osrelease", "2.6.32-754.el6.x86_64\n")
    }),
    (&["temp-missing"], |h| h.set("TMPDIR", "/no/such/folder")),
    (&["path-relative"], |h| {
        let path = format!("{}:bin", h.variables["PATH"]);
        h.set("PATH", &path);
    }),
    (&["path-open"], |h| h.mode("bin", 0o777)),
    (&["sysctl"], |h| {
        h.write("root/proc/sys/net/ipv4/conf/all/rp_filter", "2\n")
    }),
    (&["selinux-permissive", "selinux-changed"], |h| {
        h.write("root/sys/fs/selinux/enforce", "0")
    }),
    (&["selinux-denials"], |h| {
        h.write("root/var/log/audit/audit.log", "type=AVC msg=audit(1.2:3): avc:  denied  { execute } for  pid=7 comm=\"go\" name=\"b001\" scontext=user_u:user_r:user_t:s0 tcontext=system_u:object_r:user_tmp_t:s0 tclass=file permissive=0\n");
    }),
    (&["fapolicyd"], |h| {
        h.write("root/etc/fapolicyd/fapolicyd.conf", "permissive = 0\n");
        h.write("root/run/fapolicyd.pid", "812\n");
        h.write("root/proc/812/comm", "fapolicyd\n");
    }),
    (&["go-missing"], |h| h.remove("bin/go")),
    (&["go-hangs"], |h| {
        go(
            h,
            &GO.replace(
                "echo 'go version go1.27.3 linux/amd64'",
                "exec /bin/sleep 60",
            ),
        )
    }),
    (&["go-fails"], |h| {
        go(
            h,
            &GO.replace(
                "echo 'go version go1.27.3 linux/amd64'",
                "echo broken >&2; exit 1",
            ),
        )
    }),
    (&["go-garbage"], |h| {
        go(h, &GO.replace("go version go1.27.3 linux/amd64", "hello"))
    }),
    (&["go-garbage"], |h| {
        go(
            h,
            &GO.replace(
                "echo 'go version go1.27.3 linux/amd64'",
                "/usr/bin/head -c 9000000 /dev/zero",
            ),
        )
    }),
    (&["go-incomplete"], |h| {
        h.remove("root/usr/local/go/pkg/tool")
    }),
    (&["go-incomplete"], |h| {
        h.install("root/opt/go1.26", "go1.26.6", GO);
        h.remove("root/opt/go1.26/bin");
    }),
    (&["go-version-differs"], |h| {
        h.write("root/usr/local/go/VERSION", "go1.27.2\n")
    }),
    (&["go-open"], |h| h.mode("root/usr/local/go/src", 0o777)),
    (&["go-several"], |h| {
        h.install("root/opt/go", "go1.26.6", &GO.replace("1.27.3", "1.26.6"));
        let path = format!("{}:{}", h.variables["PATH"], h.text("root/opt/go/bin"));
        h.set("PATH", &path);
    }),
    // Five of them, none of which is on the PATH but the first.
    (&["go-ended", "go-ended", "go-ended", "go-ended"], |h| {
        for (index, version) in ["go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12"]
            .iter()
            .enumerate()
        {
            h.install(
                &format!("root/opt/go-{index}"),
                version,
                &GO.replace("go1.27.3", version),
            );
        }
    }),
    (&["go-prerelease"], |h| {
        go(h, &GO.replace("1.27.3", "1.28rc1"));
        h.write("root/usr/local/go/VERSION", "go1.28rc1\n");
    }),
    // As AppStream has it, in its folder.
    (&["go-ended", "go-packaged"], |h| {
        h.remove("bin/go");
        h.remove("root/usr/local/go");
        h.install(
            "root/usr/lib/golang",
            "go1.21.13 (Red Hat 1.21.13-3.el9_4)",
            &GO.replace("go1.27.3", "go1.21.13 (Red Hat 1.21.13-3.el9_4)"),
        );
        symlink(h.path("root/usr/lib/golang/bin/go"), h.path("bin/go")).unwrap();
    }),
    (&["go-own-settings"], |h| {
        h.write(
            "root/usr/local/go/go.env",
            "GOPROXY=https://proxy.golang.org,direct\nGOTELEMETRYDIR=x\n",
        )
    }),
    (&["goroot-set"], |h| {
        let root = h.text("root/usr/local/go");
        h.set("GOROOT", &root);
    }),
    (&["goroot-missing"], |h| h.set("GOROOT", "/no/such/go")),
    (&["goroot-mixed"], |h| {
        h.install("root/opt/go", "go1.26.6", &GO.replace("1.27.3", "1.26.6"));
        let root = h.text("root/opt/go");
        h.set("GOROOT", &root);
    }),
    (&["gopath-relative"], |h| h.set("GOPATH", "go")),
    (&["gotoolchain-floats"], |h| h.set("GOTOOLCHAIN", "auto")),
    (&["gotoolchain-invalid"], |h| h.set("GOTOOLCHAIN", "latest")),
    (&["goflags-invalid"], |h| {
        h.set("GOFLAGS", "-trimpath trimpath")
    }),
    (&["goflags-bytes"], |h| h.set("GOFLAGS", "-trimpath -race")),
    (&["goflags-mod"], |h| h.set("GOFLAGS", "-trimpath -mod=mod")),
    (&["trimpath-missing"], |h| h.set("GOFLAGS", "-modcacherw")),
    (&["goenv-unreadable"], |h| {
        fs::create_dir_all(h.path("home/.config/go/env")).unwrap()
    }),
    (&["goenv-unknown"], |h| {
        env_file(h, "CC_arm64_linux=aarch64-linux-gnu-gcc\n")
    }),
    (&["goenv-nonsense"], |h| env_file(h, "-trimpath\n")),
    (&["goenv-overridden"], |h| env_file(h, "GOTOOLCHAIN=auto\n")),
    (&["goenv-bytes", "cpu-level-set"], |h| {
        env_file(h, "GOAMD64=v3\n")
    }),
    (&["experiment-set"], |h| h.set("GOEXPERIMENT", "jsonv2")),
    (&["modules-off"], |h| h.set("GO111MODULE", "off")),
    (&["preload-set"], |h| h.set("LD_PRELOAD", "/lib/none.so")),
    (&["proxy-direct"], |h| h.set("GOPROXY", "direct")),
    (&["proxy-plain"], |h| {
        h.set("GOPROXY", "http://proxy.example")
    }),
    (&["proxy-password"], |h| {
        h.set("GOPROXY", "https://me:pass@proxy.example")
    }),
    (&["sumdb-off"], |h| h.set("GOSUMDB", "off")),
    (&["sumdb-hole"], |h| h.set("GONOSUMDB", "github.com/*")),
    (&["sumdb-hole", "sumdb-hole-toolchain"], |h| {
        h.set("GOPRIVATE", "*")
    }),
    (&["setting-malformed"], |h| h.set("GONOPROXY", "[")),
    (&["cache-off"], |h| h.set("GOCACHE", "off")),
    (&["cache-off"], |h| h.set("GOCACHE", "cache")),
    (&["cache-off"], |h| {
        h.write("file", "");
        let file = h.text("file");
        h.set("GOCACHE", &file);
    }),
    (&["cache-open"], |h| h.mode("cache", 0o777)),
    (&["cache-damaged"], |h| {
        let path = h.output(b"to be changed");
        h.write(&path, "changed");
    }),
    (&["cc-missing"], |h| h.remove("bin/gcc")),
    (&["cc-fails"], |h| {
        h.program("gcc", "#!/bin/sh\necho 'cannot execute cc1' >&2\nexit 1\n")
    }),
    (&["cc-foreign"], |h| {
        h.program("gcc", "#!/bin/sh\ncase $1 in -dumpmachine) echo aarch64-linux-gnu ;; *) echo 'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)' ;; esac\n")
    }),
    (&["headers-missing"], |h| {
        h.program("gcc", "#!/bin/sh\ncase $1 in -E) exit 1 ;; -dumpmachine) echo x86_64-redhat-linux ;; *) echo 'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)' ;; esac\n")
    }),
    // Debian has the host's own compiler by its long name too: one fault, told once.
    (&["headers-missing"], |h| {
        let script = "#!/bin/sh\ncase $1 in -E) exit 1 ;; -dumpmachine) echo x86_64-linux-gnu ;; *) echo 'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)' ;; esac\n";
        h.program("gcc", script);
        h.program("x86_64-linux-gnu-gcc", script);
    }),
    (&["cxx-missing"], |h| h.remove("bin/g++")),
    (&["cross-headers-missing"], |h| {
        h.program(
            "aarch64-linux-gnu-gcc",
            "#!/bin/sh\ncase $1 in -E) exit 1 ;; *) echo 'gcc 11.4.1' ;; esac\n",
        )
    }),
    (&["pkg-config-missing"], |h| h.remove("bin/pkg-config")),
    (&["pkg-config-fails"], |h| {
        h.program("pkg-config", "#!/bin/sh\nexit 1\n")
    }),
    (&["pkg-config-path-missing"], |h| {
        h.set("PKG_CONFIG_PATH", "/no/such/folder")
    }),
    (&["git-missing"], |h| h.remove("bin/git")),
    (&["git-fails"], |h| {
        h.program(
            "git",
            "#!/bin/sh\ncase $1 in --version) echo git version 2.43.5 ;; *) kill -9 $$ ;; esac\n",
        )
    }),
    (&["git-autocrlf"], |h| {
        h.program("git", "#!/bin/sh\ncase $1 in --version) echo git version 2.43.5 ;; *) echo core.autocrlf true ;; esac\n")
    }),
    (&["netrc-open"], |h| {
        h.write("home/.netrc", "machine x login y password z\n");
        h.mode("home/.netrc", 0o644);
    }),
];

#[test]
fn each_planted_fault_is_found_and_nothing_else() {
    assert!(PLANTED.len() >= 60, "{}", PLANTED.len());
    let mut wrong = Vec::new();
    for (want, plant) in PLANTED {
        let mut house = House::fit();
        plant(&mut house);
        let (exit, report) = house.report(&[]);
        let found = rules(&report);
        if found != *want || (exit != 0 && exit != 1) {
            wrong.push(format!("{want:?}: exit {exit}, {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
