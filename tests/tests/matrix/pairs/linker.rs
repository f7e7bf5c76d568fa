//! Pairs: flags of the linker.

use super::{MIDDLE, NEW, OLD, Pair, cgo, differ, new};
use crate::build::Build;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn linker() -> Vec<Pair> {
    let mut pairs = vec![
        differ(
            "-w alone",
            "symbols-stripped",
            new(),
            new().flag("-ldflags=-w"),
        ),
        differ(
            "-buildid=",
            "build-id-flag",
            new(),
            new().flag("-ldflags=-buildid="),
        ),
        differ(
            "-B",
            "gnu-build-id-flag",
            new(),
            new().flag("-ldflags=-B 0x0123456789abcdef"),
        )
        .alone(),
        differ(
            "-B none",
            "gnu-build-id-flag",
            new(),
            new().flag("-ldflags=-B none"),
        ),
        differ(
            "-compressdwarf",
            "debug-compression",
            new(),
            new().flag("-ldflags=-compressdwarf=false"),
        ),
        differ(
            "-randlayout",
            "link-order",
            new(),
            new().flag("-ldflags=-randlayout=7"),
        ),
        differ(
            "-linkmode",
            "link-mode",
            cgo().package("./shapes/cmd").edit(
                "shapes/cmd/main.go",
                "",
                "package main\n\nimport _ \"os/user\"\n\nfunc main() {}\n",
            ),
            cgo()
                .package("./shapes/cmd")
                .edit(
                    "shapes/cmd/main.go",
                    "",
                    "package main\n\nimport _ \"os/user\"\n\nfunc main() {}\n",
                )
                .flag("-ldflags=-linkmode=external"),
        ),
    ];
    for (go, target) in [
        (OLD, "linux/amd64"),
        (MIDDLE, "linux/amd64"),
        (NEW, "linux/amd64"),
        (NEW, "windows/amd64"),
        (NEW, "darwin/arm64"),
    ] {
        let build = Build::new(go).to(target);
        pairs.push(differ(
            &format!("-s -w, go{go}x {target}"),
            "symbols-stripped",
            build.clone(),
            build.flag("-ldflags=-s -w"),
        ));
    }
    pairs
}
