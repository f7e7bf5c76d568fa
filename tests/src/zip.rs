//! Writes zip archives, honest ones by default and dishonest ones on request.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

/// One file of an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub content: Vec<u8>,
    /// Whether to compress it: big incompressible content is better stored.
    pub deflate: bool,
}

impl Entry {
    /// A compressed file.
    #[must_use]
    pub fn new(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            content: content.to_vec(),
            deflate: true,
        }
    }

    /// A file stored as it is.
    #[must_use]
    pub fn stored(name: &str, content: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            content,
            deflate: false,
        }
    }
}

/// Makes an archive of `entries`, in their order, without time stamps.
///
/// # Panics
/// When a name or a size does not fit a zip without the 64-bit extension.
#[must_use]
pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = u32::try_from(out.len()).expect("an archive under 4 GiB");
        let data = if entry.deflate {
            deflate(&entry.content)
        } else {
            entry.content.clone()
        };
        let shared = shared_fields(entry, data.len());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&shared);
        out.extend_from_slice(entry.name.as_bytes());
        out.extend_from_slice(&data);

        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&20u16.to_le_bytes());
        directory.extend_from_slice(&shared);
        // Comment length, first disk, internal and external attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
    }
    let start = u32::try_from(out.len()).expect("an archive under 4 GiB");
    let size = u32::try_from(directory.len()).expect("a directory under 4 GiB");
    let count = u16::try_from(entries.len()).expect("fewer than 65536 files");
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&0u16.to_le_bytes());
    out
}

/// Makes an archive of `entries`, all stored, whose sizes and places are told in the
/// 64-bit fields though they would fit the others: as `zip -X -0 -fz` writes one.
///
/// Source: Info-ZIP 3.0; PKWARE APPNOTE 4.3.14, 4.3.15 and 4.5.3.
///
/// # Panics
/// When the archive does not fit 4 GiB.
#[must_use]
pub fn archive_zip64(entries: &[Entry]) -> Vec<u8> {
    const TOLD_BEHIND: [u8; 4] = [0xff; 4];
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = u32::try_from(out.len()).expect("an archive under 4 GiB");
        let size = entry.content.len() as u64;
        let short = u32::try_from(size).expect("a file under 4 GiB");
        let mut crc = Crc::new();
        crc.update(&entry.content);
        let name_length = u16::try_from(entry.name.len()).expect("a name under 64 KiB");
        // Version 4.5, no flags, stored, no time.
        let mut head = 45u16.to_le_bytes().to_vec();
        head.extend_from_slice(&[0; 8]);
        head.extend_from_slice(&crc.sum().to_le_bytes());

        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&head);
        out.extend_from_slice(&TOLD_BEHIND);
        out.extend_from_slice(&TOLD_BEHIND);
        out.extend_from_slice(&name_length.to_le_bytes());
        out.extend_from_slice(&20u16.to_le_bytes());
        out.extend_from_slice(entry.name.as_bytes());
        // A field of two sizes.
        out.extend_from_slice(&[1, 0, 16, 0]);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&entry.content);

        directory.extend_from_slice(b"PK\x01\x02\x1e\x03");
        directory.extend_from_slice(&head);
        directory.extend_from_slice(&short.to_le_bytes());
        directory.extend_from_slice(&TOLD_BEHIND);
        directory.extend_from_slice(&name_length.to_le_bytes());
        directory.extend_from_slice(&12u16.to_le_bytes());
        // Comment length, first disk, internal and external attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
        // A field of the one size that is told behind.
        directory.extend_from_slice(&[1, 0, 8, 0]);
        directory.extend_from_slice(&size.to_le_bytes());
    }
    let (start, length) = (out.len() as u64, directory.len() as u64);
    let count = entries.len() as u64;
    out.extend_from_slice(&directory);
    let end = out.len() as u64;
    out.extend_from_slice(b"PK\x06\x06");
    out.extend_from_slice(&44u64.to_le_bytes());
    out.extend_from_slice(&[0x1e, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for field in [count, count, length, start] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    out.extend_from_slice(&end.to_le_bytes());
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(count).expect("fewer than 65536 files");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    let length = u32::try_from(length).expect("a directory under 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&TOLD_BEHIND);
    out.extend_from_slice(&0u16.to_le_bytes());
    out
}

/// The 26 bytes that local header and directory have in common: version needed,
/// flags, method, time and date, CRC, both sizes, and the lengths of name and
/// extra field.
fn shared_fields(entry: &Entry, compressed: usize) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&entry.content);
    let compressed = u32::try_from(compressed).expect("a file under 4 GiB");
    let size = u32::try_from(entry.content.len()).expect("a file under 4 GiB");
    let name_length = u16::try_from(entry.name.len()).expect("a name under 64 KiB");
    let method: u16 = if entry.deflate { 8 } else { 0 };
    let mut fields = Vec::with_capacity(26);
    fields.extend_from_slice(&20u16.to_le_bytes());
    // Bit 11: the name is UTF-8.
    fields.extend_from_slice(&0x0800u16.to_le_bytes());
    fields.extend_from_slice(&method.to_le_bytes());
    fields.extend_from_slice(&[0; 4]);
    fields.extend_from_slice(&crc.sum().to_le_bytes());
    fields.extend_from_slice(&compressed.to_le_bytes());
    fields.extend_from_slice(&size.to_le_bytes());
    fields.extend_from_slice(&name_length.to_le_bytes());
    fields.extend_from_slice(&0u16.to_le_bytes());
    fields
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("write to memory");
    encoder.finish().expect("write to memory")
}
