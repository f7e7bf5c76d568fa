//! Which bytes of a file can be executed.
//!
//! What a section is called proves nothing: any name can be given to any section.
//! The flags by which the file is loaded decide.
//!
//! | format | executable bytes |
//! |---|---|
//! | ELF | segments with PF_X, sections with SHF_EXECINSTR |
//! | PE | sections with IMAGE_SCN_MEM_EXECUTE or IMAGE_SCN_CNT_CODE |
//! | Mach-O | segments whose first protection has VM_PROT_EXECUTE, sections of instructions |
//! | WebAssembly | the code section |
//! | Plan 9, XCOFF | text |

use std::ops::Range;

use super::Image;
use super::region::{Content, joined, meets};

/// Sorts what the formats said, adds the sections of code, and joins what touches.
pub(super) fn settle(image: &mut Image) {
    let code = image.regions.iter();
    let code = code.filter(|region| region.content == Content::Code);
    let code = code.map(|region| region.range.clone());
    let mut all: Vec<Range<usize>> = code.chain(image.executable.drain(..)).collect();
    all.retain(|range| !range.is_empty());
    image.executable = joined(all);
}

impl Image {
    /// Says whether the processor could execute any of these bytes.
    pub fn can_execute(&self, range: &Range<usize>) -> bool {
        meets(&self.executable, range)
    }

    /// Says whether bytes lie in a section of code.
    pub fn is_code(&self, range: &Range<usize>) -> bool {
        let first = self
            .regions
            .partition_point(|region| region.range.end <= range.start);
        let regions = self.regions.get(first..).unwrap_or_default().iter();
        regions
            .take_while(|region| region.range.start < range.end)
            .any(|region| region.content == Content::Code)
    }
}

/// Adds a range that a header names, as far as the file has it.
pub(super) fn add(image: &mut Image, offset: u64, size: u64, file_len: usize) {
    let clip = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(file_len);
    let range = clip(offset)..clip(offset.saturating_add(size));
    if !range.is_empty() {
        image.executable.push(range);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_searched() {
        let ranges = joined(vec![10..20, 40..50, 20..25, 12..15]);
        assert_eq!(ranges, [10..25, 40..50]);
        for (range, want) in [
            (0..10, false),
            (0..11, true),
            (24..25, true),
            (25..40, false),
            (30..60, true),
            (12..12, false),
        ] {
            assert_eq!(meets(&ranges, &range), want, "{range:?}");
        }
    }
}
