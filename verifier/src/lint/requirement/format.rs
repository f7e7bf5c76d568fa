//! Requirements on the file as its format describes it.

use super::{Answer, header, met, unknown, unmet, when};
use crate::goinfo::version;
use crate::image::Format;
use crate::image::elf::symbols;
use crate::lint::facts::Facts;

/// The most libraries or symbols named in one sentence.
const SHOWN_MAX: usize = 5;

pub(super) fn is_static(facts: &Facts<'_>) -> Answer {
    let image = &facts.artifact.image;
    match (image.format, image.linkage.is_static) {
        (Format::Wasm | Format::Plan9, _) => met("this format loads no libraries"),
        (Format::MachO | Format::MachOFat | Format::Pe, None) => unknown(format!(
            "no {} program is: the system's own libraries are always loaded",
            image.format.name()
        )),
        (_, None) => unknown(format!("{} does not tell here", image.format.name())),
        (_, Some(true)) => met("no library is loaded, no dynamic linker is asked for"),
        (_, Some(false)) => {
            let libraries: Vec<&str> = image
                .linkage
                .libraries
                .iter()
                .take(SHOWN_MAX)
                .map(String::as_str)
                .collect();
            let mut reason = match libraries.is_empty() {
                true => "no library is loaded".to_owned(),
                false => format!("loads {}", libraries.join(", ")),
            };
            if let Some(interpreter) = &image.interpreter {
                reason.push_str(&format!("; asks for {interpreter}"));
            }
            unmet(reason)
        }
    }
}

pub(super) fn pie(facts: &Facts<'_>) -> Answer {
    let image = &facts.artifact.image;
    if image.format == Format::Elf {
        return flags(facts, &["pie"]);
    }
    // Where it is the system's default, the build settings say exe all the same.
    match header::is_movable(facts.artifact.bytes(), image) {
        Some(true) => met("its header says that it runs at any address"),
        Some(false) => unmet("its header says that it runs at one address"),
        None => unknown(format!("{} has no such property", image.format.name())),
    }
}

pub(super) fn relro(facts: &Facts<'_>, full: bool) -> Answer {
    match facts.artifact.image.format {
        Format::Elf if full => flags(facts, &["relro", "bind-now"]),
        Format::Elf => flags(facts, &["relro"]),
        other => unknown(format!("{} has no such property", other.name())),
    }
}

pub(super) fn nx(facts: &Facts<'_>) -> Answer {
    let image = &facts.artifact.image;
    if let Some(protected) = header::has_data_protected(facts.artifact.bytes(), image) {
        let may = if protected {
            "keeps data from being"
        } else {
            "lets data be"
        };
        return when(protected, format!("its header {may} run as code"));
    }
    let stack = header::has_executable_stack(facts.artifact.bytes(), image);
    match (image.format, stack) {
        (Format::Elf, None) => {
            unknown("no header says whether its stack can be executed: the system decides")
        }
        (Format::Elf, Some(true)) => unmet("its header asks for a stack that can be executed"),
        (Format::Elf, Some(false)) => met("its header asks for a stack that can't be executed"),
        (other, _) => unknown(format!("{} has no such property", other.name())),
    }
}

pub(super) fn no_rpath(facts: &Facts<'_>) -> Answer {
    match facts.artifact.image.linkage.search_paths.first() {
        None => met("no search path"),
        Some(path) => unmet(format!("{} {}", path.kind, path.path)),
    }
}

/// Asks for flags of an ELF file's linkage.
fn flags(facts: &Facts<'_>, wanted: &[&str]) -> Answer {
    let flags = &facts.artifact.image.linkage.flags;
    let missing = wanted.iter().filter(|flag| !flags.contains(flag));
    let missing: Vec<&str> = missing.copied().collect();
    match missing.as_slice() {
        [] => met(format!("{} is set", wanted.join(" and "))),
        missing if flags.is_empty() => unmet(format!("{} is not set", missing.join(" and "))),
        missing => unmet(format!(
            "{} is not set; {} is",
            missing.join(" and "),
            flags.join(", ")
        )),
    }
}

pub(super) fn symbols(facts: &Facts<'_>, wanted: bool) -> Answer {
    match facts.has_symbols() {
        None => unknown(format!(
            "{} does not tell here",
            facts.artifact.image.format.name()
        )),
        Some(has) => when(
            has == wanted,
            if has {
                "there are symbols or debug information"
            } else {
                "there are neither symbols nor debug information"
            },
        ),
    }
}

pub(super) fn glibc(facts: &Facts<'_>, max: &str) -> Answer {
    let image = &facts.artifact.image;
    if image.format != Format::Elf {
        return met(format!("{} does not use glibc", image.format.name()));
    }
    let Some(needed) = image.linkage.highest("GLIBC_") else {
        let musl = image
            .linkage
            .libraries
            .iter()
            .find(|library| library.contains("musl"));
        return match musl {
            Some(library) => unmet(format!("needs {library} instead of glibc")),
            // Symbols without versions say nothing of what they need.
            None if image
                .linkage
                .libraries
                .iter()
                .any(|name| name == "libc.so.6") =>
            {
                unknown("needs glibc and names no version of it")
            }
            None => met("needs no version of glibc"),
        };
    };
    let numbers = |text: &str| version::numbers(text).unwrap_or_default();
    when(
        numbers(needed) <= numbers(max),
        format!("needs glibc {needed}{}", asked_of(facts, needed)),
    )
}

/// Says of which library the version is asked, and for which symbols.
fn asked_of(facts: &Facts<'_>, version: &str) -> String {
    let name = format!("GLIBC_{version}");
    let versions = &facts.artifact.image.linkage.versions;
    let library = versions
        .iter()
        .find(|library| library.names.contains(&name));
    let symbols = symbols::asked_at(facts.artifact.bytes(), &name, SHOWN_MAX);
    let symbols = match symbols.is_empty() {
        true => String::new(),
        false => format!(": {}", symbols.join(", ")),
    };
    library.map_or_else(String::new, |library| {
        format!(" ({name} of {}{symbols})", library.library)
    })
}

/// The header and the build settings must both say so, as far as they tell.
pub(super) fn target(
    facts: &Facts<'_>,
    want: &str,
    key: &str,
    header: Option<&'static str>,
) -> Answer {
    let setting = facts.setting(key);
    match (setting, header) {
        (None, None) => unknown("the file does not tell"),
        (Some(setting), Some(header)) if setting != header => unmet(format!(
            "the header says {header}, the build settings {setting}"
        )),
        (Some(got), _) | (None, Some(got)) => when(got == want, format!("built for {got}")),
    }
}
