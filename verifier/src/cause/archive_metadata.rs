//! archive-metadata: the same files packed in another way: times, order, owners,
//! modes, and what compressors and package formats add.

use super::{Cause, Confidence, Evidence, Name, Reach};
use crate::members::difference::{Difference, Field};

pub(super) fn explain(difference: &Difference) -> Option<Cause> {
    if difference.fields.is_empty() {
        return None;
    }
    let names: Vec<String> = difference.fields.iter().map(describe).collect();
    let count = difference.count();
    let same = if count.differing == 0 && count.only == [0, 0] {
        match count.same {
            1 => "the one member is the same, but ".into(),
            all => format!("all {all} members are the same, but "),
        }
    } else {
        String::new()
    };
    let evidence = difference.fields.iter().flat_map(|field| {
        field.examples.iter().map(|example| {
            let place = if field.members == 0 {
                field.name.clone()
            } else {
                format!("{}: {}", example.place, field.name)
            };
            Evidence::sides(place, example.a.clone(), example.b.clone())
        })
    });
    Some(Cause {
        name: Name::ArchiveMetadata,
        confidence: Confidence::Proven,
        summary: format!("{same}they are packed in another way: {}", names.join(", ")),
        evidence: evidence.collect(),
        fix: fix(difference),
        reach: Reach::Anything,
    })
}

fn describe(field: &Field) -> String {
    match field.members {
        0 => field.name.clone(),
        1 => format!("{} of 1 member", field.name),
        count => format!("{} of {count} members", field.name),
    }
}

/// What to do about a field, by the words that its name begins with.
const ADVICE: &[(&str, &str)] = &[
    (
        "kind of container",
        "compare two containers of one kind if their bytes should be equal",
    ),
    (
        "modification time",
        "set SOURCE_DATE_EPOCH to the commit's time and make the packer use it: tar --mtime=@$SOURCE_DATE_EPOCH, \
         GoReleaser's mod_timestamp, touch -d before zip, rewrite-timestamp=true for BuildKit; dpkg-deb reads it itself",
    ),
    (
        "order of members",
        "sort what is packed: tar --sort=name; for zip and others hand over a sorted list",
    ),
    (
        "owner",
        "pack as nobody in particular: tar --owner=0 --group=0 --numeric-owner; dpkg-deb --root-owner-group; zip -X",
    ),
    (
        "group",
        "pack as nobody in particular: tar --owner=0 --group=0 --numeric-owner; dpkg-deb --root-owner-group; zip -X",
    ),
    (
        "mode",
        "set the modes before packing (install -m, chmod) or tar --mode=go=rX,u=rwX; umask decides otherwise",
    ),
    ("gzip: time", "gzip -n leaves name and time out"),
    ("gzip: file name", "gzip -n leaves name and time out"),
    (
        "gzip:",
        "compress with the same gzip program and the same level on both sides",
    ),
    (
        "xz:",
        "compress with the same xz and the same options: level, --check, and -T1, as several threads cut blocks",
    ),
    (
        "zstd:",
        "compress with the same zstd, level and options (--no-check, --threads) on both sides",
    ),
    (
        "zip",
        "zip -X leaves times and owners in extra fields out; set TZ=UTC, and use the same zip program and level",
    ),
    (
        "packed size",
        "compress with the same program, version and level on both sides",
    ),
    (
        "compress",
        "compress with the same program, version and level on both sides",
    ),
    (
        "bytes outside",
        "look at the bytes themselves (cmp -l): they belong to no member, and nothing unpacks them",
    ),
    (
        "tar",
        "write one tar format with one blocking factor: tar --format=ustar or --format=pax \
         --pax-option=delete=atime,delete=ctime, with the same tar program",
    ),
    (
        "name of the member",
        "use the same packing program, version and options on both sides",
    ),
    (
        "name",
        "pack files under the same names on both sides; a name from the root of the disk is unpacked elsewhere by \
         some programs",
    ),
    (
        "",
        "use the same packing program, version and options on both sides",
    ),
];

fn fix(difference: &Difference) -> String {
    let mut advice: Vec<&str> = Vec::new();
    for field in &difference.fields {
        let found = ADVICE
            .iter()
            .find(|(start, _)| field.name.starts_with(start));
        if let Some((_, text)) = found
            && !advice.contains(text)
        {
            advice.push(text);
        }
    }
    advice.join("; ")
}
