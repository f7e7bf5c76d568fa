//! What a file is, from its first bytes.

/// The formats told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Linux, the BSDs, Solaris and others.
    Elf,
    /// Windows.
    Pe,
    /// macOS and iOS.
    MachO,
    /// Several Mach-O files in one.
    MachOFat,
    /// WebAssembly.
    Wasm,
    /// Plan 9.
    Plan9,
    /// AIX.
    Xcoff,
    /// A compiled Go package.
    GoArchive,
    /// A file that carries others; its kind in words.
    Container(&'static str),
    /// No bytes at all.
    Empty,
    /// Anything else: compared byte by byte.
    #[default]
    Other,
}

impl Format {
    /// Returns the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Elf => "ELF",
            Self::Pe => "PE",
            Self::MachO => "Mach-O",
            Self::MachOFat => "Mach-O universal",
            Self::Wasm => "WebAssembly",
            Self::Plan9 => "Plan 9",
            Self::Xcoff => "XCOFF",
            Self::GoArchive => "Go archive",
            Self::Container(kind) => kind,
            Self::Empty => "empty",
            Self::Other => "other",
        }
    }

    /// Says whether this is a program or library, rather than a package archive,
    /// a container or plain data.
    pub fn is_program(self) -> bool {
        match self {
            Self::Elf
            | Self::Pe
            | Self::MachO
            | Self::MachOFat
            | Self::Wasm
            | Self::Plan9
            | Self::Xcoff => true,
            Self::GoArchive | Self::Container(_) | Self::Empty | Self::Other => false,
        }
    }
}

/// Tells the format of a file.
pub fn format(bytes: &[u8]) -> Format {
    let starts: &[(&[u8], Format)] = &[
        (b"\x7fELF", Format::Elf),
        (b"MZ", Format::Pe),
        (b"\xfe\xed\xfa\xce", Format::MachO),
        (b"\xfe\xed\xfa\xcf", Format::MachO),
        (b"\xce\xfa\xed\xfe", Format::MachO),
        (b"\xcf\xfa\xed\xfe", Format::MachO),
        (b"\0asm", Format::Wasm),
        (b"\x01\xdf", Format::Xcoff),
        (b"\x01\xf7", Format::Xcoff),
        // Plan 9: 386, amd64, arm; all big-endian.
        (b"\0\0\x01\xeb", Format::Plan9),
        (b"\0\0\x8a\x97", Format::Plan9),
        (b"\0\0\x06\x47", Format::Plan9),
        (
            b"!<arch>\ndebian-binary",
            Format::Container("Debian package"),
        ),
        (b"!<arch>\n__.PKGDEF", Format::GoArchive),
        (b"!<arch>\n", Format::Container("ar archive")),
        (b"PK\x03\x04", Format::Container("zip archive")),
        (b"PK\x05\x06", Format::Container("zip archive")),
        (b"\x1f\x8b", Format::Container("gzip stream")),
        (b"\xfd7zXZ\0", Format::Container("xz stream")),
        (b"\x28\xb5\x2f\xfd", Format::Container("zstd stream")),
        (b"BZh", Format::Container("bzip2 stream")),
        (b"\xed\xab\xee\xdb", Format::Container("RPM package")),
        (b"7z\xbc\xaf\x27\x1c", Format::Container("7z archive")),
    ];
    if bytes.is_empty() {
        return Format::Empty;
    }
    if is_fat(bytes) {
        return Format::MachOFat;
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Format::Container("tar archive");
    }
    starts
        .iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map_or(Format::Other, |(_, format)| *format)
}

/// Java class files share the universal Mach-O magic; theirs goes on with a
/// version number, which is larger than any count of architectures.
fn is_fat(bytes: &[u8]) -> bool {
    let magic = bytes.starts_with(b"\xca\xfe\xba\xbe") || bytes.starts_with(b"\xca\xfe\xba\xbf");
    magic && matches!(bytes.get(4..8), Some([0, 0, 0, 1..=0x1f]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_files_by_their_first_bytes() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let table: [(&[u8], Format); 9] = [
            (b"", Format::Empty),
            (b"\x7fELF\x02", Format::Elf),
            (b"\x7fEL", Format::Other),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Format::MachOFat),
            // A Java class of version 52.
            (b"\xca\xfe\xba\xbe\0\0\0\x34", Format::Other),
            (b"!<arch>\n__.PKGDEF  ", Format::GoArchive),
            (
                b"!<arch>\ndebian-binary   ",
                Format::Container("Debian package"),
            ),
            (b"!<arch>\nother.o/", Format::Container("ar archive")),
            (&tar, Format::Container("tar archive")),
        ];
        for (bytes, want) in table {
            assert_eq!(format(bytes), want);
        }
    }
}
