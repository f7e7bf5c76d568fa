//! Pairs: programs changed after the build, and builds led astray.

use super::{OLD, Pair, cgo, differ, new};
use crate::build::{Build, Mischief};

pub(super) fn afterwards() -> Vec<Pair> {
    let flip = "size=$(wc -c <\"$1\"); at=$((size / 2)); printf '\\132' | dd of=\"$1\" bs=1 seek=$at conv=notrunc status=none; printf '\\245' | dd of=\"$1\" bs=1 seek=$((at + 1)) conv=notrunc status=none";
    let mut pairs = vec![
        differ(
            "strip",
            "modified-after-build",
            new(),
            new().after("strip \"$1\""),
        ),
        differ(
            "strip, go1.21",
            "modified-after-build",
            Build::new(OLD),
            Build::new(OLD).after("strip \"$1\""),
        ),
        differ(
            "debug information split off",
            "modified-after-build",
            new(),
            new().after("objcopy --strip-debug --add-section .gnu_debuglink=/etc/hostname \"$1\""),
        ),
        differ(
            "the GNU build ID changed",
            "modified-after-build",
            new(),
            new().after("at=$(grep -abo -m1 GNU \"$1\" | head -n1 | cut -d: -f1); printf '\\132\\245' | dd of=\"$1\" bs=1 seek=$((at + 8)) conv=notrunc status=none"),
        ),
        // What was written over tells nothing of how the program was built.
        differ(
            "a setting in the build information changed",
            "modified-after-build",
            new(),
            new().after("at=$(grep -abo CGO_ENABLED=0 \"$1\" | tail -n1 | cut -d: -f1); printf 1 | dd of=\"$1\" bs=1 seek=$((at + 12)) conv=notrunc status=none"),
        )
        .alone(),
        differ(
            "bytes at the end",
            "modified-after-build",
            new(),
            new().after("echo more >>\"$1\""),
        ),
    ];
    for target in [
        "linux/amd64",
        "windows/amd64",
        "darwin/arm64",
        "wasip1/wasm",
    ] {
        let build = new().to(target);
        pairs.push(differ(
            &format!("two bytes changed, {target}"),
            "modified-after-build",
            build.clone(),
            build.after(flip),
        ));
    }
    pairs
}

pub(super) fn astray() -> Vec<Pair> {
    vec![
        differ(
            "a poisoned build cache",
            "cache-poisoned",
            new(),
            new().with(Mischief::PoisonedCache),
        ),
        differ(
            "a linker that never does the same",
            "host-linker",
            cgo().with(Mischief::RestlessLinker),
            cgo().with(Mischief::RestlessLinker).there(),
        ),
    ]
}
