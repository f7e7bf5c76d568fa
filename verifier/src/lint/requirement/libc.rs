//! Which C library a program is for, and who linked it.

use memchr::memmem;

use super::{Answer, met, unknown, unmet, when};
use crate::args::lint::Libc;
use crate::image::{Format, Image};
use crate::lint::facts::Facts;

/// What is in a program that a C library was linked into, by library. Each is a text of
/// the library itself: how it is told what to do, its name, its word for error 0.
const MARKS: [(Libc, &[u8]); 4] = [
    (Libc::Musl, b"\0No error information\0"),
    (Libc::Glibc, b"GLIBC_TUNABLES"),
    (Libc::Glibc, b"GNU C Library"),
    (Libc::Musl, b"MUSL_LOCPATH"),
];

/// Says whether a program is for a C library, or for none.
pub(super) fn is_for(facts: &Facts<'_>, want: Libc) -> Answer {
    let image = &facts.artifact.image;
    if image.format != Format::Elf {
        return unknown(format!("of {} it is not told", image.format.name()));
    }
    match loaded(image) {
        Some((libc, by)) => when(libc == want, format!("it is for {}: {by}", name(libc))),
        None if image.linkage.is_static != Some(true) => {
            unknown("it loads libraries, and none of them is a C library that is known")
        }
        None => inside(facts, want),
    }
}

/// The C library that the dynamic linker brings.
fn loaded(image: &Image) -> Option<(Libc, String)> {
    let interpreter = image.interpreter.as_deref().unwrap_or_default();
    if interpreter.contains("/ld-musl-") {
        return Some((Libc::Musl, format!("asks for {interpreter}")));
    }
    let libraries = &image.linkage.libraries;
    // Android's has that name too.
    let is_android = interpreter.starts_with("/system/");
    let musl = |library: &&String| {
        library.starts_with("libc.musl-") || (*library == "libc.so" && !is_android)
    };
    if let Some(library) = libraries.iter().find(musl) {
        return Some((Libc::Musl, format!("loads {library}")));
    }
    // Systems other than Linux count on from here: libc.so.7 is FreeBSD's.
    let glibc = libraries
        .iter()
        .find(|library| matches!(library.as_str(), "libc.so.6" | "libc.so.6.1"));
    glibc.map(|library| {
        let floor = image.linkage.highest("GLIBC_");
        let floor = floor.map_or_else(String::new, |floor| format!(", version {floor} or later"));
        (Libc::Glibc, format!("loads {library}{floor}"))
    })
}

/// Of a static program the C library is inside, or there is none.
fn inside(facts: &Facts<'_>, want: Libc) -> Answer {
    let image = &facts.artifact.image;
    let external = image.is_externally_linked() == Some(true);
    let bytes = facts.artifact.bytes();
    // Texts like these may also stand in a Go program: without a C linker there is none.
    let mark = MARKS
        .iter()
        .filter(|_| external)
        .find(|(_, mark)| memmem::find(bytes, mark).is_some());
    match mark {
        Some((libc, mark)) => when(
            *libc == want,
            format!(
                "{} seems to be linked into it: it holds {:?}",
                name(*libc),
                String::from_utf8_lossy(mark)
            ),
        ),
        None if external => unknown(
            "it is static, the machine's C linker made it, and it does not tell of which C library",
        ),
        None => when(
            want == Libc::None,
            "it is static, and Go's own linker made it",
        ),
    }
}

fn name(libc: Libc) -> &'static str {
    match libc {
        Libc::Glibc => "glibc",
        Libc::Musl => "musl",
        Libc::None => "no C library",
    }
}

/// Says who linked a program.
pub(super) fn linked_externally(facts: &Facts<'_>, want: bool) -> Answer {
    let image = &facts.artifact.image;
    match image.is_externally_linked() {
        None => unknown(format!("of {} it is not told", image.format.name())),
        Some(true) => when(
            want,
            format!(
                "the machine's C linker made it ({})",
                image.producers.join(", ")
            ),
        ),
        Some(false) => when(!want, "nothing in it tells of another linker than Go's own"),
    }
}

pub(super) fn no_needed(facts: &Facts<'_>) -> Answer {
    let image = &facts.artifact.image;
    if image.format != Format::Elf {
        return unknown(format!("{} has no such list", image.format.name()));
    }
    match image.linkage.libraries.as_slice() {
        [] => met("no library is loaded at its start"),
        some => unmet(format!(
            "loads {}",
            some.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        )),
    }
}

pub(super) fn no_interpreter(facts: &Facts<'_>) -> Answer {
    let image = &facts.artifact.image;
    match (&image.format, &image.interpreter) {
        (Format::Elf, None) => met("no dynamic linker is asked for"),
        (Format::Elf, Some(interpreter)) => unmet(format!("asks for {interpreter}")),
        (other, _) => unknown(format!("{} has no such property", other.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_c_library_is_told_by_names_that_it_alone_has() {
        let found = |interpreter: &str, library: &str| {
            let mut image = Image {
                interpreter: Some(interpreter.to_owned()),
                ..Image::default()
            };
            image.linkage.libraries.push(library.to_owned());
            loaded(&image).map(|(libc, _)| libc)
        };
        let rows = [
            (
                "/lib64/ld-linux-x86-64.so.2",
                "libc.so.6",
                Some(Libc::Glibc),
            ),
            ("/lib/ld-linux.so.2", "libc.so.6.1", Some(Libc::Glibc)),
            ("/lib/ld-musl-x86_64.so.1", "libc.so", Some(Libc::Musl)),
            ("", "libc.musl-x86_64.so.1", Some(Libc::Musl)),
            ("", "libc.so", Some(Libc::Musl)),
            // Android's, and FreeBSD's.
            ("/system/bin/linker64", "libc.so", None),
            ("/libexec/ld-elf.so.1", "libc.so.7", None),
        ];
        for (interpreter, library, want) in rows {
            assert_eq!(found(interpreter, library), want, "{interpreter} {library}");
        }
    }
}
