//! Zips written field by field, so that a test can lie in any of them.

use std::io::Write as _;

use flate2::{Compression, Crc, write::DeflateEncoder};

pub(super) const PREFIX: &str = "rsc.io/x@v1.0.0/";

/// One file: what its two headers say, and what stands around its data.
#[derive(Clone)]
pub(super) struct File {
    pub(super) local: Header,
    pub(super) central: Header,
    pub(super) data: Vec<u8>,
    /// Behind the data.
    pub(super) descriptor: Vec<u8>,
    /// In front of the local header.
    pub(super) gap: Vec<u8>,
    /// Instead of where it lies.
    pub(super) offset: Option<u32>,
    pub(super) maker: u16,
    pub(super) disk: u16,
    pub(super) attributes: u32,
    pub(super) comment: Vec<u8>,
}

#[derive(Clone)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) packed: u32,
    pub(super) unpacked: u32,
    pub(super) extra: Vec<u8>,
}

impl File {
    /// `name` is put under [`PREFIX`].
    pub(super) fn stored(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 0, content.to_vec())
    }

    pub(super) fn deflated(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 8, deflate(content))
    }

    /// As Go's archive/zip writes it: sizes in a descriptor behind the data.
    pub(super) fn streamed(name: &str, content: &[u8]) -> Self {
        Self::deflated(name, content).with_descriptor(16)
    }

    /// Moves the sizes behind the data, in the form of that many bytes.
    pub(super) fn with_descriptor(mut self, len: usize) -> Self {
        let Header {
            crc32,
            packed,
            unpacked,
            ..
        } = self.central;
        self.local.flags |= 8;
        self.central.flags |= 8;
        (self.local.crc32, self.local.packed, self.local.unpacked) = (0, 0, 0);
        let mut out = Vec::new();
        if len == 16 || len == 24 {
            out.extend(b"PK\x07\x08");
        }
        out.extend(crc32.to_le_bytes());
        for size in [packed, unpacked] {
            let size = u64::from(size).to_le_bytes();
            out.extend(&size[..if len >= 20 { 8 } else { 4 }]);
        }
        assert_eq!(out.len(), len);
        self.descriptor = out;
        self
    }

    fn new(name: &str, content: &[u8], method: u16, data: Vec<u8>) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        let header = Header {
            name: format!("{PREFIX}{name}").into_bytes(),
            flags: 0,
            method,
            crc32: crc.sum(),
            packed: data.len() as u32,
            unpacked: content.len() as u32,
            extra: Vec::new(),
        };
        Self {
            local: header.clone(),
            central: header,
            data,
            descriptor: Vec::new(),
            gap: Vec::new(),
            offset: None,
            maker: 0,
            disk: 0,
            attributes: 0,
            comment: Vec::new(),
        }
    }

    /// Changes both headers alike.
    pub(super) fn both(mut self, change: impl Fn(&mut Header)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    /// Changes anything.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn unix(self, mode: u32) -> Self {
        self.with(|file| {
            file.maker = 3 << 8;
            file.attributes = mode << 16;
        })
    }
}

/// What the end of the zip says, and what stands around it.
#[derive(Clone, Default)]
pub(super) struct End {
    /// In front of the directory.
    pub(super) before: Vec<u8>,
    /// Instead of the number of entries: on this disk, and in all.
    pub(super) entries: Option<(u16, u16)>,
    pub(super) disk: u16,
    pub(super) len: Option<u32>,
    pub(super) start: Option<u32>,
    pub(super) comment: Vec<u8>,
    pub(super) zip64: Option<Zip64>,
    /// Behind the comment, not counted in its length.
    pub(super) after: Vec<u8>,
}

/// The zip64 end record and its locator; fields that are off by so much.
#[derive(Clone, Copy, Default)]
pub(super) struct Zip64 {
    pub(super) entries: u64,
    pub(super) len: u64,
    pub(super) start: u64,
    pub(super) locator: u64,
    pub(super) record_len: u64,
    pub(super) disks: u32,
}

pub(super) fn zip(files: &[File]) -> Vec<u8> {
    zip_with(files, &End::default())
}

pub(super) fn zip_with(files: &[File], end: &End) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        out.extend(&file.gap);
        let offset = file.offset.unwrap_or(out.len() as u32);
        out.extend(b"PK\x03\x04\x14\x00");
        header(&mut out, &file.local);
        out.extend(&file.local.name);
        out.extend(&file.local.extra);
        out.extend(&file.data);
        out.extend(&file.descriptor);
        directory.extend(b"PK\x01\x02");
        directory.extend(file.maker.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        header(&mut directory, &file.central);
        directory.extend((file.comment.len() as u16).to_le_bytes());
        directory.extend(file.disk.to_le_bytes());
        directory.extend([0; 2]);
        directory.extend(file.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&file.central.name);
        directory.extend(&file.central.extra);
        directory.extend(&file.comment);
    }
    out.extend(&end.before);
    let start = out.len() as u64;
    let len = directory.len() as u64;
    out.extend(directory);
    if let Some(zip64) = end.zip64 {
        let at = out.len() as u64;
        let entries = files.len() as u64 + zip64.entries;
        out.extend(b"PK\x06\x06");
        out.extend((44 + zip64.record_len).to_le_bytes());
        out.extend([45, 0, 45, 0]);
        out.extend(zip64.disks.to_le_bytes());
        out.extend([0; 4]);
        for field in [entries, entries, len + zip64.len, start + zip64.start] {
            out.extend(field.to_le_bytes());
        }
        out.extend(b"PK\x06\x07\x00\x00\x00\x00");
        out.extend((at + zip64.locator).to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    let count = files.len() as u16;
    let (here, all) = end.entries.unwrap_or((count, count));
    out.extend(b"PK\x05\x06");
    for field in [end.disk, 0, here, all] {
        out.extend(field.to_le_bytes());
    }
    out.extend(end.len.unwrap_or(len as u32).to_le_bytes());
    out.extend(end.start.unwrap_or(start as u32).to_le_bytes());
    out.extend((end.comment.len() as u16).to_le_bytes());
    out.extend(&end.comment);
    out.extend(&end.after);
    out
}

pub(super) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// An extra field.
pub(super) fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    let len = content.len() as u16;
    [&id.to_le_bytes()[..], &len.to_le_bytes(), content].concat()
}

/// A zip64 extra field with these sizes.
pub(super) fn extra64(sizes: &[u64]) -> Vec<u8> {
    let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    extra(1, &sizes)
}

fn header(out: &mut Vec<u8>, header: &Header) {
    out.extend(header.flags.to_le_bytes());
    out.extend(header.method.to_le_bytes());
    // 2026-01-01 00:00.
    out.extend([0, 0, 0x21, 0x5c]);
    for field in [header.crc32, header.packed, header.unpacked] {
        out.extend(field.to_le_bytes());
    }
    out.extend((header.name.len() as u16).to_le_bytes());
    out.extend((header.extra.len() as u16).to_le_bytes());
}
