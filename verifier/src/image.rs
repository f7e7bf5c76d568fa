//! Executable files of every kind, brought to one shape: named regions that
//! cover the file without overlap, and where the marks of a build lie.
//!
//! Reading never fails. Whatever a header promises and the bytes do not keep is
//! put into [`Image::problems`], and the rest is read as far as it goes.

pub mod archive;
pub mod elf;
mod executable;
mod gccgo;
pub mod linkage;
pub mod macho;
pub mod number;
pub mod pe;
pub mod plan9;
pub mod region;
pub mod signature;
pub mod sniff;
pub mod wasm;
pub mod xcoff;

use std::ops::Range;

use proto::buildid::{BuildId, embedded};

use linkage::Linkage;
use region::content_by_name;
pub(crate) use region::is_debug;
pub use region::{Content, Region};
pub use sniff::Format;

/// The most sections read of one file.
const SECTIONS_MAX: usize = 100_000;

/// How far into a file or section the textual build ID is looked for, in bytes;
/// the go command looks as far.
const EMBEDDED_WITHIN: usize = 32 << 10;

/// The most segments in which an address is looked for; real programs have a
/// few, and every pointer of a file may be asked for.
const SEGMENTS_SEARCHED: usize = 256;

/// One file as its format describes it. Ranges are byte offsets in the file.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// The file format.
    pub format: Format,
    /// What the headers say about the machine.
    pub machine: Machine,
    /// Named regions in the order of the file; together they cover all of it.
    pub regions: Vec<Region>,
    /// The Go build ID and where its text lies.
    pub build_id: Option<Located<BuildId>>,
    /// The GNU build ID or the Mach-O UUID.
    pub host_id: Option<HostId>,
    /// The code signature: Mach-O's, or a PE file's certificate table.
    pub signature: Option<Range<usize>>,
    /// The time the linker wrote into a PE header, in seconds since 1970.
    pub timestamp: Option<u32>,
    /// Where PE headers hold the time of linking.
    pub times: Vec<Range<usize>>,
    /// The checksum in a PE header.
    pub checksum: Option<Range<usize>>,
    /// Where a PE header says where certificates lie.
    pub certificates_named: Option<Range<usize>>,
    /// The dynamic linker an ELF file asks for.
    pub interpreter: Option<String>,
    /// What it asks of the system, and what the platform's linker left.
    pub linkage: Linkage,
    /// Sections that the file says are compressed (ELF SHF_COMPRESSED).
    pub compressed: Vec<Range<usize>>,
    /// What compilers and linkers left in an ELF file's `.comment`.
    pub producers: Vec<String>,
    /// What shows that gccgo compiled it, in words.
    pub gccgo: Option<String>,
    /// The Go version that a WebAssembly module names in its `producers`.
    pub producer_go: Option<String>,
    /// Loaded memory, for pointers that lead from one place to another.
    pub segments: Vec<Segment>,
    /// Bytes that are loaded where the processor may execute them, sorted and
    /// without overlap, once the file is read.
    pub executable: Vec<Range<usize>>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
    /// Whether the bytes end before what the headers promise.
    pub truncated: bool,
}

/// What a file's headers say about the machine it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// The operating system in Go's words, where the format tells.
    pub goos: Option<&'static str>,
    /// The architecture in Go's words, where the format tells.
    pub goarch: Option<&'static str>,
    /// Pointer size in bits.
    pub bits: Option<u8>,
    /// Whether numbers are stored with the high byte first.
    pub big_endian: bool,
    /// What kind of object it is: `executable`, `shared object`, …
    pub kind: Option<&'static str>,
}

impl Machine {
    /// Says whether code for one is code for the other. ELF files name a system only where
    /// they use extensions of it, as symbols that stripping takes away.
    pub fn is_like(&self, other: &Self) -> bool {
        let systems = self.goos.zip(other.goos);
        let rest = |machine: &Self| {
            (
                machine.goarch,
                machine.bits,
                machine.big_endian,
                machine.kind,
            )
        };
        systems.is_none_or(|(one, other)| one == other) && rest(self) == rest(other)
    }
}

/// A value and where its bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// What the linker of the platform uses to name a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostId {
    /// Which of the two it is.
    pub kind: HostIdKind,
    /// The value.
    pub bytes: Vec<u8>,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// The kinds of [`HostId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostIdKind {
    /// The ELF note "GNU", type 3.
    Gnu,
    /// The Mach-O load command LC_UUID.
    Uuid,
}

/// A piece of the program's memory that the file fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its first address.
    pub address: u64,
    /// Its bytes in the file.
    pub range: Range<usize>,
    /// How many bytes it takes when loaded, as far as its format says so beside
    /// the segment; the file holds fewer where memory begins as zero.
    pub memory: u64,
}

/// How much is lost at a time when a crash keeps a file from being written to disk: a
/// page, of shorter files a block.
const LOST_LEN: std::ops::RangeInclusive<usize> = 512..=4096;

/// Images of disks that begin with zeros by their format: where their marks lie, and
/// what they are (ISO 9660, btrfs).
const BEGIN_WITH_ZEROS: [(usize, &[u8]); 2] = [(0x8001, b"CD001"), (0x1_0040, b"_BHRfS_M")];

/// Says whether a file has lost its beginning, as after a crash before it was written
/// to disk (golang/go#57039).
pub fn begins_with_zeros(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(*LOST_LEN.end())];
    let mut known = BEGIN_WITH_ZEROS.iter();
    let mut is_known = || {
        known.any(|(at, mark)| {
            let rest = bytes.get(*at..);
            rest.is_some_and(|rest| rest.starts_with(mark))
        })
    };
    LOST_LEN.contains(&head.len()) && head.iter().all(|byte| *byte == 0) && !is_known()
}

impl Image {
    /// Reads a file of any kind.
    pub fn read(bytes: &[u8]) -> Self {
        let format = sniff::format(bytes);
        let mut image = Self {
            format,
            ..Self::default()
        };
        match format {
            Format::Elf => elf::read(bytes, &mut image),
            Format::Pe => pe::read(bytes, &mut image),
            Format::MachO => macho::read(bytes, 0..bytes.len(), &mut image),
            Format::MachOFat => macho::read_fat(bytes, &mut image),
            Format::Wasm => wasm::read(bytes, &mut image),
            Format::Plan9 => plan9::read(bytes, &mut image),
            Format::Xcoff => xcoff::read(bytes, &mut image),
            Format::GoArchive => archive::read(bytes, &mut image),
            Format::Other if begins_with_zeros(bytes) => {
                image.problem("it begins with zeros, where a program has its header");
            }
            Format::Container(_) | Format::Empty | Format::Other => {}
        }
        image.keep_within(bytes.len());
        executable::settle(&mut image);
        image.gccgo = gccgo::sign(bytes, &image);
        image.regions = region::cover(image.regions, bytes.len());
        image
    }

    /// Reads what the header of an ELF object says about the machine, and no more;
    /// `None` where it is no such header.
    pub fn read_header(bytes: &[u8]) -> Option<Self> {
        let mut image = Self {
            format: Format::Elf,
            ..Self::default()
        };
        elf::read_machine(bytes, &mut image)?;
        Some(image)
    }

    /// Says whether it has debug information of Go. What the host's linker linked has that of
    /// C with -w, too; the scripts for gdb are Go's alone.
    pub fn has_debug_of_go(&self) -> bool {
        let regions = self.regions.iter();
        let mut names = regions
            .filter(|region| region.content == Content::Symbols)
            .map(|region| region.name.as_str());
        match (self.format, self.is_externally_linked()) {
            (Format::Elf, Some(true)) => names.any(|name| name == ".debug_gdb_scripts"),
            _ => names.any(is_debug),
        }
    }

    /// Says whether the host's linker made the file, rather than Go's, which names
    /// no tools; `None` where the format does not tell.
    pub fn is_externally_linked(&self) -> Option<bool> {
        match self.format {
            Format::Elf => Some(!self.producers.is_empty()),
            Format::Pe => self
                .linkage
                .linker
                .as_ref()
                .map(|linker| linker != pe::GO_LINKER),
            Format::MachO => {
                let platform = self.linkage.platform.as_ref()?;
                Some(!platform.tools.is_empty())
            }
            Format::MachOFat | Format::Wasm | Format::Plan9 | Format::Xcoff => None,
            Format::GoArchive | Format::Container(_) | Format::Empty | Format::Other => None,
        }
    }

    /// Returns the bytes at an address of the program.
    pub fn at_address<'a>(&self, bytes: &'a [u8], address: u64, len: usize) -> Option<&'a [u8]> {
        bytes.get(self.range_at(address, len)?)
    }

    /// Returns where in the file the bytes at an address of the program are.
    pub fn range_at(&self, address: u64, len: usize) -> Option<Range<usize>> {
        let mut segments = self.segments.iter().take(SEGMENTS_SEARCHED);
        segments.find_map(|segment| {
            let offset = usize::try_from(address.checked_sub(segment.address)?).ok()?;
            let start = segment.range.start.checked_add(offset)?;
            let end = start.checked_add(len)?;
            (end <= segment.range.end).then_some(start..end)
        })
    }

    /// Says whether a program has memory at an address, whether or not its file fills it.
    pub fn has_memory_at(&self, address: u64) -> bool {
        let mut segments = self.segments.iter().take(SEGMENTS_SEARCHED);
        segments.any(|segment| {
            let len = segment.memory.max(segment.range.len() as u64);
            address
                .checked_sub(segment.address)
                .is_some_and(|offset| offset < len)
        })
    }

    /// Returns the address of a byte of the file, where it is loaded.
    pub fn address_of(&self, offset: usize) -> Option<u64> {
        let region = self.region_at(offset)?;
        region
            .address?
            .checked_add((offset - region.range.start) as u64)
    }

    /// Returns the first region of this name.
    pub fn region(&self, name: &str) -> Option<&Region> {
        self.regions.iter().find(|region| region.name == name)
    }

    /// Returns the region that holds a byte of the file.
    pub fn region_at(&self, offset: usize) -> Option<&Region> {
        let after = self
            .regions
            .partition_point(|region| region.range.end <= offset);
        self.regions
            .get(after)
            .filter(|region| region.range.contains(&offset))
    }

    /// Drops every mark that a header places outside the file, so that no layer
    /// above has to ask again.
    fn keep_within(&mut self, file_len: usize) {
        let inside = |range: &Range<usize>| range.start <= range.end && range.end <= file_len;
        self.build_id.take_if(|id| !inside(&id.range));
        self.host_id.take_if(|id| !inside(&id.range));
        self.signature.take_if(|range| !inside(range));
        self.times.retain(inside);
        self.checksum.take_if(|range| !inside(range));
        self.certificates_named.take_if(|range| !inside(range));
        self.compressed.retain(inside);
        self.segments.retain(|segment| inside(&segment.range));
    }

    fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Takes in one section; bytes that the file does not have are cut off.
    fn push(
        &mut self,
        name: String,
        range: Range<u64>,
        address: Option<u64>,
        content: Content,
        file_len: usize,
    ) {
        let clip = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(file_len);
        if range.end > file_len as u64 {
            self.truncated = true;
        }
        let range = clip(range.start)..clip(range.end);
        if !range.is_empty() {
            self.regions.push(Region {
                name,
                range,
                address,
                content,
            });
        }
    }

    /// Looks for the build ID as text within some bytes of the file.
    fn find_embedded_id(&mut self, bytes: &[u8], within: Range<usize>) {
        if self.build_id.is_some() {
            return;
        }
        let end = within
            .end
            .min(within.start.saturating_add(EMBEDDED_WITHIN))
            .min(bytes.len());
        let Some(window) = bytes.get(within.start..end) else {
            return;
        };
        match embedded::find(window) {
            Ok(Some(found)) => {
                let range = found.range.start + within.start..found.range.end + within.start;
                self.build_id = Some(Located {
                    value: found.id,
                    range,
                });
            }
            Ok(None) => {}
            Err(error) => self.problem(format!("Go build ID: {error}")),
        }
    }
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
