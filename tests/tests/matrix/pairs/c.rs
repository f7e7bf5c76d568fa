//! Pairs: the C side.

use super::{Pair, cgo, differ};

pub(super) fn c_side() -> Vec<Pair> {
    vec![
        differ(
            "C flags, hidden by -trimpath",
            "cgo-flags",
            cgo().set("CGO_CFLAGS=-O1"),
            cgo().set("CGO_CFLAGS=-O2"),
        ),
        differ(
            "C flags, without -trimpath",
            "cgo-flags",
            cgo().plain().set("CGO_CFLAGS=-O1"),
            cgo().plain().set("CGO_CFLAGS=-O2"),
        ),
        differ(
            "a C header changed",
            "c-source",
            cgo(),
            cgo().edit("inner/twice.h", "FACTOR 2", "FACTOR 3"),
        ),
        differ(
            "static",
            "external-link-flags",
            cgo(),
            cgo().flag("-ldflags=-linkmode=external -extldflags=-static"),
        ),
        differ(
            "one more C library",
            "c-library",
            cgo(),
            cgo().set("CGO_LDFLAGS=-Wl,--no-as-needed -lm"),
        ),
    ]
}
