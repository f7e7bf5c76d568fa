//! Programs of a few sections, made up for tests.

use crate::artifact::Artifact;
use crate::image::{Content, Format, Region, Segment};
use crate::input::Input;

/// A section: its name, what it holds, its address, its bytes.
pub(crate) type Section<'s> = (&'s str, Content, u64, &'s [u8]);

/// A 64-bit program that holds these sections one behind the other, each in a segment of
/// its own.
pub(crate) fn program(sections: &[Section<'_>]) -> Artifact {
    let bytes: Vec<u8> = sections
        .iter()
        .flat_map(|section| section.3)
        .copied()
        .collect();
    let mut artifact = Artifact::of(Input {
        path: "made".into(),
        sha256: [0; 32],
        bytes: bytes.into(),
        identity: None,
    });
    let image = &mut artifact.image;
    image.format = Format::Elf;
    image.machine.bits = Some(64);
    image.machine.goarch = Some("amd64");
    image.regions.clear();
    let mut at = 0;
    for (name, content, address, bytes) in sections {
        let range = at..at + bytes.len();
        at = range.end;
        image.regions.push(Region {
            name: (*name).into(),
            range: range.clone(),
            address: Some(*address),
            content: *content,
        });
        image.segments.push(Segment {
            address: *address,
            memory: range.len() as u64,
            range,
        });
    }
    artifact
}

/// Words of eight bytes.
pub(crate) fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
