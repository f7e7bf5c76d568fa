//! PE: Windows programs.

mod header;

use object::LittleEndian as LE;
use object::pe::{IMAGE_DIRECTORY_ENTRY_SECURITY, ImageNtHeaders32, ImageNtHeaders64};
use object::read::coff::CoffHeader as _;
use object::read::pe::{ImageNtHeaders, PeFile, optional_header_magic};

use super::linkage::{self, LIST_MAX};
use super::{Content, Image, SECTIONS_MAX, Segment, content_by_name, executable};

/// The linker version that Go's linker writes.
pub const GO_LINKER: &str = "3.0";

/// Reads a PE file with 32- or 64-bit headers.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    match optional_header_magic(bytes) {
        Ok(0x10b) => read_class::<ImageNtHeaders32>(bytes, image),
        Ok(0x20b) => read_class::<ImageNtHeaders64>(bytes, image),
        Ok(magic) => image.problem(format!("PE header: unknown optional header {magic:#x}")),
        Err(error) => image.problem(format!("PE header: {error}")),
    }
}

fn read_class<Pe: ImageNtHeaders>(bytes: &[u8], image: &mut Image) {
    let file = match PeFile::<Pe>::parse(bytes) {
        Ok(file) => file,
        Err(error) => return image.problem(format!("PE headers: {error}")),
    };
    let header = file.nt_headers().file_header();
    image.machine.goos = Some("windows");
    image.machine.bits = Some(if file.nt_headers().is_type_64() {
        64
    } else {
        32
    });
    image.machine.goarch = match header.machine.get(LE).0 {
        0x14c => Some("386"),
        0x8664 => Some("amd64"),
        0x1c4 => Some("arm"),
        0xaa64 => Some("arm64"),
        _ => None,
    };
    // IMAGE_FILE_DLL
    let is_library = header.characteristics.get(LE).0 & 0x2000 != 0;
    image.machine.kind = Some(if is_library {
        "shared library"
    } else {
        "executable"
    });
    image.timestamp = Some(header.time_date_stamp.get(LE));
    read_linkage(&file, image);
    read_sections(&file, bytes, image);
    read_certificates(&file, bytes, image);
    header::read(bytes, image);
    // The build ID opens the text section; the go command looks from the start.
    image.find_embedded_id(bytes, 0..bytes.len());
}

fn read_linkage<Pe: ImageNtHeaders>(file: &PeFile<'_, Pe>, image: &mut Image) {
    use object::read::pe::ImageOptionalHeader as _;

    let header = file.nt_headers().optional_header();
    image.linkage.linker = Some(format!(
        "{}.{}",
        header.major_linker_version(),
        header.minor_linker_version()
    ));
    let Ok(Some(table)) = file.import_table() else {
        return;
    };
    let Ok(mut descriptors) = table.descriptors() else {
        return;
    };
    while let Ok(Some(descriptor)) = descriptors.next() {
        if image.linkage.libraries.len() >= LIST_MAX {
            break;
        }
        let name = table.name(descriptor.name.get(LE));
        let name = name.map(|name| &name[..name.len().min(linkage::NAME_LEN_MAX)]);
        image
            .linkage
            .libraries
            .extend(name.map(|name| String::from_utf8_lossy(name).into_owned()));
    }
}

fn read_sections<Pe: ImageNtHeaders>(file: &PeFile<'_, Pe>, bytes: &[u8], image: &mut Image) {
    use object::read::pe::ImageOptionalHeader as _;

    let base = file.nt_headers().optional_header().image_base();
    let header = file.nt_headers().file_header();
    let symbols = header.symbols(bytes).ok();
    for section in file.section_table().iter().take(SECTIONS_MAX) {
        let offset = u64::from(section.pointer_to_raw_data.get(LE));
        let size = u64::from(section.size_of_raw_data.get(LE));
        if size == 0 {
            continue;
        }
        let name = symbols
            .as_ref()
            .and_then(|symbols| section.name(symbols.strings()).ok());
        let name = String::from_utf8_lossy(name.unwrap_or_else(|| section.raw_name())).into_owned();
        let address = base.wrapping_add(section.virtual_address.get(LE).into());
        let content = content(section.characteristics.get(LE).0, &name);
        if content == Content::Code {
            executable::add(image, offset, size, bytes.len());
        }
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        if end <= bytes.len() {
            image.segments.push(Segment {
                address,
                range: start..end,
                memory: section.virtual_size.get(LE).into(),
            });
        }
        image.push(
            name,
            offset..offset + size,
            Some(address),
            content,
            bytes.len(),
        );
    }
}

/// Says what a section holds. Debug information and symbols are in sections that
/// need not stay in memory.
fn content(characteristics: u32, name: &str) -> Content {
    // IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_CNT_CODE; IMAGE_SCN_MEM_DISCARDABLE
    let is_code = characteristics & 0x2000_0020 != 0;
    let is_discardable = characteristics & 0x0200_0000 != 0;
    match content_by_name(name) {
        _ if is_code => Content::Code,
        Some(content) if is_discardable => content,
        _ => Content::Data,
    }
}

/// The certificate table is the one directory given by file offset.
fn read_certificates<Pe: ImageNtHeaders>(file: &PeFile<'_, Pe>, bytes: &[u8], image: &mut Image) {
    let Some(directory) = file.data_directory(IMAGE_DIRECTORY_ENTRY_SECURITY) else {
        return;
    };
    let (offset, size) = directory.address_range();
    if size == 0 {
        return;
    }
    let range = u64::from(offset)..u64::from(offset) + u64::from(size);
    image.push(
        "(certificates)".into(),
        range,
        None,
        Content::Notes,
        bytes.len(),
    );
    let certificates = image
        .regions
        .iter()
        .find(|region| region.name == "(certificates)");
    image.signature = certificates.map(|region| region.range.clone());
}
