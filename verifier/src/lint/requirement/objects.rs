//! Architecture and ABI of every object: of a program its own, of a C archive
//! (`-buildmode=c-archive`) those of all members.
//!
//! Source: ar(5); ELF for the Arm, AArch64, RISC-V, Power and MIPS architectures

use std::collections::BTreeMap;

use super::{Answer, met, unknown, unmet};
use crate::image::elf::symbols;
use crate::image::{Format, Image, number};
use crate::lint::facts::Facts;

/// The most members looked at.
const MEMBERS_MAX: usize = 100_000;

/// The most members named of one kind.
const SHOWN_MAX: usize = 5;

/// The format of C archives.
pub(super) const ARCHIVE: Format = Format::Container("ar archive");

/// Members that hold no code, as [`member_name`] calls them.
const SYMBOL_TABLES: [&str; 4] = ["", "/SYM64", "__.SYMDEF", "__.SYMDEF SORTED"];

const MAGIC_LEN: usize = 8;
const HEADER_LEN: usize = 60;

/// Says whether every object is of one architecture and ABI.
pub(super) fn one_abi(facts: &Facts<'_>) -> Answer {
    let bytes = facts.artifact.bytes();
    match facts.artifact.image.format {
        Format::Elf => match describe(bytes) {
            Some(abi) => met(abi),
            None => unknown("its header can't be read"),
        },
        format if format == ARCHIVE => of_members(bytes),
        other => unknown(format!("of {} it is not told", other.name())),
    }
}

fn of_members(bytes: &[u8]) -> Answer {
    let mut kinds: BTreeMap<String, Vec<(String, &[u8])>> = BTreeMap::new();
    let mut count = 0;
    let mut odd = None;
    let complete = members(bytes, |name, content| {
        if content.starts_with(b"\x7fELF") {
            count += 1;
            let abi = describe(content).unwrap_or_else(|| "a header that can't be read".into());
            let kind = kinds.entry(abi).or_default();
            kind.push((name, content));
        } else if !SYMBOL_TABLES.contains(&name.as_str()) {
            odd.get_or_insert(name);
        }
    });
    if !complete {
        return unknown("the archive can't be read to its end");
    }
    match kinds.len() {
        0 => unknown("no member is an ELF object"),
        1 => match odd {
            Some(name) => unknown(format!("{name} is not an ELF object")),
            None => met(format!(
                "{count} objects, each {}",
                kinds.keys().next().map_or("", String::as_str)
            )),
        },
        _ => {
            // The few are the odd ones.
            let mut kinds: Vec<_> = kinds.into_iter().collect();
            kinds.sort_by_key(|(_, objects)| std::cmp::Reverse(objects.len()));
            let words = kinds.iter().enumerate().map(|(index, (abi, objects))| {
                let shown = objects.iter().take(SHOWN_MAX);
                let shown = shown.map(|(name, content)| match index {
                    0 => name.clone(),
                    _ => format!("{name}{}", symbols_of(content)),
                });
                let more = match objects.len().saturating_sub(SHOWN_MAX) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("{abi}: {}{more}", shown.collect::<Vec<_>>().join(", "))
            });
            unmet(words.collect::<Vec<_>>().join("; "))
        }
    }
}

/// Names what an object defines: ` (twice, thrice)`.
fn symbols_of(object: &[u8]) -> String {
    match symbols::defined(object, SHOWN_MAX).as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    }
}

/// Hands every member on; false where the archive ends too early.
fn members<'a>(bytes: &'a [u8], mut take: impl FnMut(String, &'a [u8])) -> bool {
    let mut at = MAGIC_LEN;
    let mut long_names: &[u8] = &[];
    for _ in 0..MEMBERS_MAX {
        let Some(header) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
            return at >= bytes.len();
        };
        let Some(header) = header.get(..HEADER_LEN) else {
            return false;
        };
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range])
                .trim_end()
                .to_owned()
        };
        let Ok(size) = text(48..58).parse::<usize>() else {
            return false;
        };
        let start = at + HEADER_LEN;
        let Some(content) = start
            .checked_add(size)
            .and_then(|end| bytes.get(start..end))
        else {
            return false;
        };
        let name = text(0..16);
        if name == "//" {
            long_names = content;
        } else {
            take(member_name(&name, long_names), content);
        }
        // Members begin at even offsets.
        at = start + size + size % 2;
    }
    false
}

/// GNU's archives keep long names in a table: `/12` is where in it.
fn member_name(name: &str, long_names: &[u8]) -> String {
    let place = name
        .strip_prefix('/')
        .and_then(|digits| digits.parse::<usize>().ok());
    let long = place.and_then(|place| long_names.get(place..));
    let long = long.map(|rest| {
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'\n'))
            .unwrap_or(rest.len());
        String::from_utf8_lossy(&rest[..end.min(1024)]).into_owned()
    });
    long.unwrap_or_else(|| name.trim_end_matches('/').to_owned())
}

/// Describes an object: `arm, 32 bit, EABI5, hard-float`.
fn describe(bytes: &[u8]) -> Option<String> {
    let image = Image::read_header(bytes)?;
    let machine = &image.machine;
    let big = machine.big_endian;
    let bits = machine.bits?;
    let flags_at = if bits == 64 { 48 } else { 36 };
    let number_of = |at: usize, len: usize| number::read(bytes, at, len, big);
    let (code, flags) = (number_of(18, 2)?, number_of(flags_at, 4)?);
    let arch = machine
        .goarch
        .map_or_else(|| format!("machine {code}"), str::to_owned);
    let mut words = vec![arch, format!("{bits} bit")];
    match code {
        // EM_ARM
        40 => {
            words.push(format!("EABI{}", flags >> 24));
            // Of objects neither flag says that it is in their attributes.
            words.extend((flags & 0x400 != 0).then(|| "hard-float".to_owned()));
            words.extend((flags & 0x200 != 0).then(|| "soft-float".to_owned()));
        }
        // EM_RISCV
        243 => {
            let float = ["soft-float", "single-float", "double-float", "quad-float"];
            let float = usize::try_from(flags >> 1 & 3)
                .ok()
                .and_then(|kind| float.get(kind));
            words.extend(float.map(|float| (*float).to_owned()));
            words.extend((flags & 1 != 0).then(|| "compressed code".to_owned()));
        }
        // EM_PPC64
        21 => words.push(format!("ABI v{}", flags & 3)),
        // EM_MIPS
        8 => words.push(format!("flags {flags:#x}")),
        _ => {}
    }
    Some(words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(machine: u16, flags: u32, wide: bool) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..4].copy_from_slice(b"\x7fELF");
        (bytes[4], bytes[5], bytes[6]) = (if wide { 2 } else { 1 }, 1, 1);
        bytes[16] = 1;
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        let at = if wide { 48 } else { 36 };
        bytes[at..at + 4].copy_from_slice(&flags.to_le_bytes());
        bytes
    }

    fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = b"!<arch>\n".to_vec();
        for (name, content) in members {
            bytes.extend(
                format!(
                    "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                    0,
                    0,
                    0,
                    644,
                    content.len()
                )
                .bytes(),
            );
            bytes.extend(content);
            bytes.extend(vec![b'\n'; content.len() % 2]);
        }
        bytes
    }

    #[test]
    fn objects_are_described_by_architecture_and_abi() {
        let table = [
            (header(62, 0, true), "amd64, 64 bit"),
            (header(183, 0, true), "arm64, 64 bit"),
            (
                header(40, 0x0500_0400, false),
                "arm, 32 bit, EABI5, hard-float",
            ),
            (
                header(243, 5, true),
                "riscv64, 64 bit, double-float, compressed code",
            ),
        ];
        for (bytes, want) in table {
            assert_eq!(describe(&bytes).as_deref(), Some(want));
        }
        assert_eq!(describe(b"\x7fELF"), None);
    }

    #[test]
    fn an_object_of_another_architecture_is_named() {
        let amd64 = header(62, 0, true);
        let same = archive(&[("go.o/", amd64.clone()), ("000000.o/", amd64.clone())]);
        assert_eq!(of_members(&same), met("2 objects, each amd64, 64 bit"));
        let other = b"\xcf\xfa\xed\xfe of another system".to_vec();
        let two = archive(&[("/", vec![0; 4]), ("go.o/", amd64.clone()), ("x.o/", other)]);
        assert_eq!(of_members(&two), unknown("x.o is not an ELF object"));
        let long = b"a_long_name_of_an_object.o/\n".to_vec();
        let mixed = archive(&[
            ("//", long),
            ("go.o/", amd64.clone()),
            ("x.o/", amd64),
            ("/0", header(183, 0, true)),
        ]);
        let want = "amd64, 64 bit: go.o, x.o; arm64, 64 bit: a_long_name_of_an_object.o";
        assert_eq!(of_members(&mixed), unmet(want));
        let cut = &mixed[..mixed.len() - 10];
        assert_eq!(
            of_members(cut),
            unknown("the archive can't be read to its end")
        );
        assert_eq!(
            of_members(b"!<arch>\n"),
            unknown("no member is an ELF object")
        );
    }
}
