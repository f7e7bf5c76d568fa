//! rpm packages: a lead, a header of signatures, a header of tags, and a
//! compressed cpio archive.
//!
//! Source: rpm's docs/manual/format_v4.md

mod header;

use std::collections::BTreeSet;

use super::codec::Codec;
use super::cpio::{self, Known};
use super::fault::Fault;
use super::limits::{Budget, TEXT_TOTAL_MAX};
use super::listing::{Fact, Metadata, Names, Time, shorten};
use super::source::Source;
use super::visit::Visitor;
use header::Header;

/// The first bytes of every package.
pub const MAGIC: &[u8; 4] = b"\xed\xab\xee\xdb";

const LEAD_LEN: u64 = 96;

const BUILD_TIME: u32 = 1006;
const SIZES: u32 = 1028;
const MODES: u32 = 1030;
const MTIMES: u32 = 1034;
const LINKS: u32 = 1036;
const OWNERS: u32 = 1039;
const GROUPS: u32 = 1040;
const DIR_INDEXES: u32 = 1116;
const BASENAMES: u32 = 1117;
const DIRNAMES: u32 = 1118;
const PAYLOAD_FORMAT: u32 = 1124;
const COMPRESSOR: u32 = 1125;
const LONG_SIZES: u32 = 5008;

/// Tags of signatures made with a key.
const SIGNATURES: [u32; 6] = [259, 262, 267, 268, 1002, 1005];

/// Tags that say how, where and when the package was made, not what it carries.
const PACKING: [(u32, &str); 11] = [
    (BUILD_TIME, "build time"),
    (1007, "build host"),
    (1015, "packager"),
    (1064, "rpm version"),
    (1094, "cookie"),
    (1095, "device numbers"),
    (1096, "inode numbers"),
    (1122, "compiler flags"),
    (COMPRESSOR, "payload compressor"),
    (1126, "payload level"),
    (1132, "platform"),
];

/// Tags whose names readers know.
const CARRIED: [(u32, &str); 18] = [
    (1000, "name"),
    (1001, "version"),
    (1002, "release"),
    (1003, "epoch"),
    (1004, "summary"),
    (1005, "description"),
    (1011, "vendor"),
    (1014, "license"),
    (1016, "group"),
    (1020, "url"),
    (1021, "os"),
    (1022, "arch"),
    (1023, "script before installing"),
    (1024, "script after installing"),
    (1044, "source package"),
    (1080, "times of changes"),
    (1081, "authors of changes"),
    (1082, "texts of changes"),
];

/// Lists of other packages: their names, and the versions asked for.
const RELATIONS: [(u32, u32, &str); 4] = [
    (1049, 1050, "requires"),
    (1047, 1113, "provides"),
    (1054, 1055, "conflicts"),
    (1090, 1115, "obsoletes"),
];

/// Tags that follow from the members and are compared with them, or that only
/// hold the header together.
const FOLLOWING: &[u32] = &[
    62,
    63,
    100,
    1047,
    1048,
    1049,
    1050,
    1053,
    1054,
    1055,
    1090,
    1112,
    1113,
    1114,
    1115,
    1009,
    SIZES,
    MODES,
    1033,
    MTIMES,
    1035,
    LINKS,
    OWNERS,
    GROUPS,
    DIR_INDEXES,
    BASENAMES,
    DIRNAMES,
    1140,
    1141,
    1142,
    1143,
    1144,
    1145,
    LONG_SIZES,
    5009,
    5092,
    5093,
    5097,
];

/// Goes through the members.
///
/// # Errors
/// `Truncated`, `Malformed`, `Unsupported`, and what the visitor returns.
pub fn read(
    source: &Source,
    budget: &Budget,
    visitor: &mut dyn Visitor,
) -> Result<Vec<Fact>, Fault> {
    let signatures = Header::read(source, LEAD_LEN, "header of signatures")?;
    let start = signatures.end.checked_next_multiple_of(8);
    let start = start.ok_or_else(|| Fault::malformed("its first header is too long"))?;
    let header = Header::read(source, start, "header")?;
    let format = header.show(PAYLOAD_FORMAT);
    if !matches!(format.as_str(), "" | "cpio") {
        return Err(Fault::unsupported(format!(
            "its payload is {format}, which this program does not read"
        )));
    }
    let payload = source
        .len()
        .checked_sub(header.end)
        .and_then(|len| source.part(header.end, len))
        .ok_or_else(|| Fault::truncated("before its payload"))?;
    let head = payload.bytes_at(0, 16)?;
    let codec =
        Codec::sniff(&head).or_else(|| (header.show(COMPRESSOR) == "lzma").then_some(Codec::Lzma));
    let known = known(&header)?;
    let mut facts = facts(&signatures, &header);
    match codec {
        Some(codec) => {
            let mut stream = codec.unpack(&payload, budget)?;
            facts.extend(cpio::read(&mut stream, &known, visitor)?);
            facts.extend(codec.facts(&payload)?);
        }
        None => facts.extend(cpio::read(&mut payload.reader(), &known, visitor)?),
    }
    Ok(facts)
}

/// Puts the lists of the header together.
fn known(header: &Header) -> Result<Vec<Known>, Fault> {
    let names = header.texts(BASENAMES);
    let folders = header.texts(DIRNAMES);
    let folder_of = header.numbers(DIR_INDEXES);
    let mut sizes = header.numbers(LONG_SIZES);
    if sizes.is_empty() {
        sizes = header.numbers(SIZES);
    }
    let [modes, times] = [MODES, MTIMES].map(|tag| header.numbers(tag));
    let [links, owners, groups] = [LINKS, OWNERS, GROUPS].map(|tag| header.texts(tag));
    let mut shared = Names::default();
    let mut text_len: usize = 0;
    let mut known = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let folder = folder_of
            .get(index)
            .and_then(|at| usize::try_from(*at).ok());
        let folder = folder
            .and_then(|at| folders.get(at))
            .map_or("", String::as_str);
        let mode = modes
            .get(index)
            .and_then(|mode| u32::try_from(*mode).ok())
            .unwrap_or(0);
        let time = times.get(index).and_then(|time| i64::try_from(*time).ok());
        text_len = text_len.saturating_add(folder.len() + name.len());
        if text_len > TEXT_TOTAL_MAX {
            return Err(Fault::malformed(
                "its header lists longer paths than any package has",
            ));
        }
        let mut owner = |names: &[String]| names.get(index).and_then(|name| shared.share(name));
        known.push(Known {
            name: format!("{folder}{name}"),
            size: sizes.get(index).copied().unwrap_or(0),
            mode,
            target: links.get(index).cloned().unwrap_or_default(),
            metadata: Metadata {
                modified: time.map(|seconds| Time {
                    seconds,
                    nanoseconds: 0,
                }),
                mode: Some(mode & 0o7777),
                owner: owner(&owners),
                group: owner(&groups),
                ..Metadata::default()
            },
        });
    }
    Ok(known)
}

fn facts(signatures: &Header, header: &Header) -> Vec<Fact> {
    let is_signed = signatures.tags().any(|tag| SIGNATURES.contains(&tag));
    let signature = if is_signed { "made with a key" } else { "none" };
    let mut facts = vec![Fact::packing("rpm: signature", signature)];
    for (names, versions, title) in RELATIONS {
        let value = relation(header, names, versions);
        facts.push(Fact::carried(format!("rpm: {title}"), value));
    }
    let tags: BTreeSet<u32> = header
        .tags()
        .filter(|tag| !FOLLOWING.contains(tag))
        .collect();
    for tag in tags {
        let named = |table: &[(u32, &'static str)]| {
            let found = table.iter().find(|(known, _)| *known == tag);
            found.map(|(_, name)| *name)
        };
        let value = match tag {
            BUILD_TIME => header.numbers(tag).first().map_or_else(String::new, time),
            _ => header.show(tag),
        };
        facts.push(match (named(&PACKING), named(&CARRIED)) {
            (Some(name), _) => Fact::packing(format!("rpm: {name}"), value),
            (None, Some(name)) => Fact::carried(format!("rpm: {name}"), value),
            (None, None) => Fact::carried(format!("rpm: tag {tag}"), value),
        });
    }
    facts
}

fn time(seconds: &u64) -> String {
    let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
    Time {
        seconds,
        nanoseconds: 0,
    }
    .to_string()
}

/// Shows a list of packages. That a payload is packed in some way is asked for by
/// the packer and says nothing more than the payload itself.
fn relation(header: &Header, names: u32, versions: u32) -> String {
    let versions = header.texts(versions);
    let shown = header.texts(names).into_iter().enumerate();
    let shown = shown.filter(|(_, name)| !name.starts_with("rpmlib(Payload"));
    let shown: Vec<String> = shown
        .map(
            |(index, name)| match versions.get(index).map(String::as_str) {
                None | Some("") => name,
                Some(version) => format!("{name} {version}"),
            },
        )
        .collect();
    shorten(&shown.join(", "))
}
