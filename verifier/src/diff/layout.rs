//! Whether headers say nothing of their own: offsets, sizes and addresses follow
//! from what a file holds, and all else is the same on both sides.

use object::read::{File, Object, ObjectSection as _, ObjectSegment as _};
use object::{SectionFlags, SegmentFlags};

use crate::artifact::Artifact;
use crate::image::{Format, Image, is_debug};

/// The most sections and segments looked at.
const ENTRIES_MAX: usize = 4096;

/// Says whether headers are alike but for offsets, sizes and addresses.
///
/// The kind of file is the same, and so are the flags of every segment and of every
/// section that both have. The address that the program starts at is [`entry`]'s
/// matter.
pub fn is_alike(a: &Artifact, b: &Artifact) -> bool {
    let (Some(one), Some(other)) = (Headers::read(a), Headers::read(b)) else {
        return false;
    };
    one.flags == other.flags
        && in_both(&one.segments, &other.segments) == in_both(&other.segments, &one.segments)
        && in_both(&one.sections, &other.sections) == in_both(&other.sections, &one.sections)
}

/// The entries that both sides have; those without a name count on both.
fn in_both<'h, T>(ours: &'h [(String, T)], theirs: &[(String, T)]) -> Vec<&'h (String, T)> {
    let is_there = |name: &str| theirs.iter().any(|(theirs, _)| theirs == name);
    let entries = ours.iter();
    entries
        .filter(|(name, _)| name.is_empty() || is_there(name))
        .collect()
}

/// Returns the address of the first instruction that the system runs.
pub fn entry(artifact: &Artifact) -> Option<u64> {
    let file = parse(artifact)?;
    let entry = file.entry();
    match artifact.image.format {
        // It is an offset in the file there.
        Format::MachO => usize::try_from(entry)
            .ok()
            .and_then(|entry| artifact.image.address_of(entry)),
        _ => Some(entry),
    }
}

/// What headers say beside offsets, sizes and addresses.
struct Headers {
    flags: String,
    segments: Vec<(String, SegmentFlags)>,
    sections: Vec<(String, SectionFlags)>,
}

impl Headers {
    fn read(artifact: &Artifact) -> Option<Self> {
        let file = parse(artifact)?;
        let segments: Vec<_> = file
            .segments()
            .take(ENTRIES_MAX)
            .map(|segment| {
                let name = segment.name().ok().flatten().unwrap_or_default();
                (name.to_owned(), segment.flags())
            })
            .collect();
        // Compressed or not, debug information is not loaded.
        let sections: Vec<_> = file
            .sections()
            .take(ENTRIES_MAX)
            .map(|section| {
                let name = section.name().unwrap_or_default().to_owned();
                (name, section.flags())
            })
            .filter(|(name, _)| !is_debug(name))
            .collect();
        let is_whole = segments.len() < ENTRIES_MAX && sections.len() < ENTRIES_MAX;
        let flags = format!("{:?} {:?}", file.kind(), file.flags());
        (is_whole && maps_sections(&artifact.image)).then_some(Self {
            flags,
            segments,
            sections,
        })
    }
}

/// Says whether segments put sections where their headers say that they lie.
fn maps_sections(image: &Image) -> bool {
    let mut loaded = image.regions.iter().filter_map(|region| {
        let address = region.address.filter(|address| *address != 0)?;
        Some((address, &region.range))
    });
    image.format != Format::Elf
        || loaded.all(|(address, range)| {
            let mapped = image.range_at(address, range.len());
            mapped.is_some_and(|mapped| mapped == *range)
        })
}

fn parse(artifact: &Artifact) -> Option<File<'_>> {
    match artifact.image.format {
        Format::Elf | Format::Pe | Format::MachO => File::parse(artifact.bytes()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_one_side_lacks_count_for_nothing() {
        let ours = [(".text".to_owned(), 6), (".debug".to_owned(), 0)];
        let theirs = [(".text".to_owned(), 6)];
        assert_eq!(in_both(&ours, &theirs), in_both(&theirs, &ours));
        let writable = [(".text".to_owned(), 7)];
        assert_ne!(in_both(&ours, &writable), in_both(&writable, &ours));
        // ELF segments have no names: one more counts.
        let one = [(String::new(), 5)];
        let two = [(String::new(), 5), (String::new(), 7)];
        assert_ne!(in_both(&one, &two), in_both(&two, &one));
    }
}
