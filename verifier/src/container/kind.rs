//! The kinds of containers, and how each is told by its first bytes.

use super::{ar, cpio, fat, rpm, tar};

/// The kinds of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder on disk.
    Folder,
    /// tar in any dialect.
    Tar,
    /// zip, and what is one: module zips, wheels, jars.
    Zip,
    /// A Debian package: an ar archive of two tar archives.
    Deb,
    /// An ar archive of anything else, C objects mostly.
    Ar,
    /// An rpm package.
    Rpm,
    /// cpio.
    Cpio,
    /// Several Mach-O programs, one for each processor.
    Fat,
    /// An image, shown by what its files are for.
    Image,
    /// One file compressed.
    Stream,
    /// A file that is not a container, as the other side of one.
    File,
}

impl Kind {
    /// Tells a container that is not compressed by its first bytes.
    pub(super) fn sniff(head: &[u8]) -> Option<Self> {
        // A package that the compiler wrote is a build of its own.
        let is_go = head.starts_with(b"!<arch>\n__.PKGDEF");
        let starts: [(&[u8], Self); 5] = [
            (b"PK\x03\x04", Self::Zip),
            (b"PK\x05\x06", Self::Zip),
            (b"!<arch>\ndebian-binary", Self::Deb),
            (ar::MAGIC, Self::Ar),
            (rpm::MAGIC, Self::Rpm),
        ];
        let known = starts.iter().find(|(start, _)| head.starts_with(start));
        match known {
            _ if is_go => None,
            Some((_, kind)) => Some(*kind),
            None if cpio::is_header(head) => Some(Self::Cpio),
            None if fat::is_header(head) => Some(Self::Fat),
            None => tar::is_header(head).then_some(Self::Tar),
        }
    }

    /// Says whether it can be read from front to back, and so compressed as a whole.
    pub(super) fn is_stream(self) -> bool {
        match self {
            Self::Tar | Self::Cpio | Self::Ar => true,
            Self::Folder
            | Self::Zip
            | Self::Deb
            | Self::Rpm
            | Self::Fat
            | Self::Image
            | Self::Stream
            | Self::File => false,
        }
    }

    /// Returns the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Tar => "tar archive",
            Self::Zip => "zip archive",
            Self::Deb => "Debian package",
            Self::Ar => "ar archive",
            Self::Rpm => "RPM package",
            Self::Cpio => "cpio archive",
            Self::Fat => "Mach-O universal",
            Self::Image => "container image",
            Self::Stream => "compressed stream",
            Self::File => "single file",
        }
    }
}
