//! Fields of the PE headers that change with the build and hold nothing of the
//! program: link times, the checksum over the file, the place of certificates.
//!
//! Source: Microsoft, "PE Format" (COFF file header, optional header)

use std::ops::Range;

use crate::image::{Image, number};

/// The most entries of the debug directory read.
const DEBUG_ENTRIES_MAX: usize = 64;

/// Offsets from the start of "PE\0\0".
const TIMESTAMP: usize = 8;
const OPTIONAL_HEADER: usize = 24;

/// Offset of the checksum in the optional header, both classes.
const CHECKSUM: usize = 64;

/// Indexes of data directories.
const EXPORTS: usize = 0;
const CERTIFICATES: usize = 4;
const DEBUG: usize = 6;

/// Where a time lies in an export directory and in a debug directory entry.
const DIRECTORY_TIMESTAMP: usize = 4;

/// The size of a debug directory entry.
const DEBUG_ENTRY_LEN: usize = 28;

/// Finds the fields.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    let Some(header) = Header::read(bytes) else {
        return;
    };
    let (time, checksum) = (header.start + TIMESTAMP, header.optional + CHECKSUM);
    let times = std::iter::once(time..time + 4)
        .chain(header.exports(image))
        .chain(header.debug_entries(image))
        .collect();
    image.times = times;
    image.checksum = Some(checksum..checksum + 4);
    image.certificates_named = header.directory(CERTIFICATES).map(|(named, ..)| named);
}

struct Header<'a> {
    bytes: &'a [u8],
    /// Where "PE\0\0" lies.
    start: usize,
    /// Where the optional header begins.
    optional: usize,
    /// Whether addresses are 64 bits wide.
    wide: bool,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let start = usize::try_from(number::read(bytes, 0x3c, 4, false)?).ok()?;
        let optional = start.checked_add(OPTIONAL_HEADER)?;
        let wide = match number::read(bytes, optional, 2, false)? {
            0x10b => false,
            0x20b => true,
            _ => return None,
        };
        // The fixed part of the header must be there.
        bytes.get(optional..optional.checked_add(CHECKSUM + 4)?)?;
        Some(Self {
            bytes,
            start,
            optional,
            wide,
        })
    }

    /// Returns where a directory is named, and its address and size.
    fn directory(&self, index: usize) -> Option<(Range<usize>, u64, u64)> {
        let (count_at, first) = if self.wide { (108, 112) } else { (92, 96) };
        let count = number::read(self.bytes, self.optional.checked_add(count_at)?, 4, false)?;
        if index as u64 >= count {
            return None;
        }
        let at = self.optional.checked_add(first + index * 8)?;
        let address = number::read(self.bytes, at, 4, false)?;
        let size = number::read(self.bytes, at + 4, 4, false)?;
        Some((at..at + 8, address, size))
    }

    /// Finds the bytes of a directory that is loaded.
    fn loaded(&self, index: usize, image: &Image) -> Option<Range<usize>> {
        let (_, address, size) = self.directory(index).filter(|found| found.2 > 0)?;
        let base = if self.wide {
            number::read(self.bytes, self.optional + 24, 8, false)?
        } else {
            number::read(self.bytes, self.optional + 28, 4, false)?
        };
        let address = base.checked_add(address)?;
        let size = usize::try_from(size).ok()?;
        image.segments.iter().find_map(|segment| {
            let offset = usize::try_from(address.checked_sub(segment.address)?).ok()?;
            let start = segment.range.start.checked_add(offset)?;
            let end = start.checked_add(size)?;
            (end <= segment.range.end).then_some(start..end)
        })
    }

    fn exports(&self, image: &Image) -> Option<Range<usize>> {
        let directory = self.loaded(EXPORTS, image)?;
        self.time_at(directory.start, &directory)
    }

    fn debug_entries(&self, image: &Image) -> Vec<Range<usize>> {
        let Some(directory) = self.loaded(DEBUG, image) else {
            return Vec::new();
        };
        let entries = directory.clone().step_by(DEBUG_ENTRY_LEN);
        entries
            .take(DEBUG_ENTRIES_MAX)
            .filter_map(|entry| self.time_at(entry, &directory))
            .collect()
    }

    /// Before the time stands a field that is always zero.
    fn time_at(&self, entry: usize, directory: &Range<usize>) -> Option<Range<usize>> {
        let start = entry.checked_add(DIRECTORY_TIMESTAMP)?;
        let end = start.checked_add(4)?;
        let is_reserved = number::read(self.bytes, entry, 4, false)? == 0;
        (is_reserved && end <= directory.end).then_some(start..end)
    }
}
