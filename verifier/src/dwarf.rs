//! Debug information: which compiler made each unit, with which flags, in which
//! folder. It is read only when a difference asks for it: unpacking it costs more
//! than all the rest.

mod extent;
pub mod sections;
pub mod unit;

use std::collections::HashMap;
use std::sync::Arc;

use gimli::{
    Abbreviations, AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugInfo, EndianSlice, Format,
    RunTimeEndian, UnitHeader,
};

use crate::image::Image;
use sections::Sections;
pub use unit::{Language, Unit};

/// The most units read of one file.
const UNITS_MAX: usize = 20_000;

/// The most different tables of abbreviations read of one file, and the most
/// bytes of each: hostile units could share one that is slow to read.
///
/// Together the tables take no more bytes than their section has: units could
/// name every byte of one long table as the beginning of their own.
const TABLES_MAX: usize = 4096;
const TABLE_LEN_MAX: usize = 64 << 10;

/// The longest text read, in bytes.
const TEXT_LEN_MAX: usize = 16 << 10;

/// The most bytes of texts kept of one file.
const TEXTS_LEN_MAX: usize = 16 << 20;

/// The units of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dwarf {
    /// Units in the order of the file.
    pub units: Vec<Unit>,
}

impl Dwarf {
    /// Reads the units of a file; none where it has no debug information, and as
    /// many as can be read where that is broken.
    pub fn read(bytes: &[u8], image: &Image) -> Self {
        let wanted = ["info", "abbrev", "str", "line_str", "str_offsets"];
        let sections = Sections::unpack(bytes, image, &wanted);
        Reader {
            sections: &sections,
            endian: if image.machine.big_endian {
                RunTimeEndian::Big
            } else {
                RunTimeEndian::Little
            },
            tables: HashMap::new(),
            tables_left: sections.get("abbrev").map_or(0, <[u8]>::len),
            kept: 0,
        }
        .read()
    }

    /// Returns the units that were not compiled from Go.
    pub fn c_units(&self) -> impl Iterator<Item = &Unit> {
        self.units
            .iter()
            .filter(|unit| unit.language != Language::Go)
    }
}

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

struct Reader<'a> {
    sections: &'a Sections<'a>,
    endian: RunTimeEndian,
    tables: HashMap<usize, Option<Arc<Abbreviations>>>,
    /// Bytes of tables that may still be read.
    tables_left: usize,
    kept: usize,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Dwarf {
        let mut dwarf = Dwarf::default();
        let Some(info) = self.sections.get("info") else {
            return dwarf;
        };
        let mut headers = DebugInfo::new(info, self.endian).units();
        while let Ok(Some(header)) = headers.next() {
            if dwarf.units.len() >= UNITS_MAX || self.kept > TEXTS_LEN_MAX {
                break;
            }
            dwarf.units.extend(self.unit(&header));
        }
        dwarf
    }

    fn table(&mut self, offset: usize) -> Option<Arc<Abbreviations>> {
        if let Some(known) = self.tables.get(&offset) {
            return known.clone();
        }
        if self.tables.len() >= TABLES_MAX {
            return None;
        }
        let rest = self.sections.get("abbrev")?.get(offset..)?;
        let rest = &rest[..rest.len().min(TABLE_LEN_MAX).min(self.tables_left)];
        let (table, looked_at) = extent::table(rest);
        self.tables_left = self.tables_left.saturating_sub(looked_at);
        let table = table.and_then(|table| {
            let table = DebugAbbrev::new(table, self.endian);
            table.abbreviations(DebugAbbrevOffset(0)).ok().map(Arc::new)
        });
        self.tables.insert(offset, table.clone());
        table
    }

    fn unit(&mut self, header: &UnitHeader<Slice<'a>>) -> Option<Unit> {
        let table = self.table(header.debug_abbrev_offset().0)?;
        let root = header.entry(&table, header.root_offset()).ok()?;
        let base = match root.attr_value(gimli::DW_AT_str_offsets_base) {
            Some(AttributeValue::DebugStrOffsetsBase(base)) => base.0,
            // Behind the header of the first table.
            _ if header.format() == Format::Dwarf64 => 16,
            _ => 8,
        };
        let text = |name| {
            let value = root.attr_value(name)?;
            self.text(value, base, header.format())
        };
        let producer = text(gimli::DW_AT_producer).unwrap_or_default();
        let name = text(gimli::DW_AT_name).unwrap_or_default();
        let folder = text(gimli::DW_AT_comp_dir).unwrap_or_default();
        let language = match root.attr_value(gimli::DW_AT_language) {
            Some(AttributeValue::Language(gimli::DW_LANG_Go)) => Language::Go,
            Some(AttributeValue::Language(gimli::DW_LANG_Mips_Assembler)) => Language::Assembly,
            _ => Language::C,
        };
        self.kept += producer.len() + name.len() + folder.len();
        Some(Unit {
            language,
            producer,
            name,
            folder,
            offset: header.offset().0,
        })
    }

    fn text(
        &self,
        value: AttributeValue<Slice<'a>>,
        base: usize,
        format: Format,
    ) -> Option<String> {
        let bytes = match value {
            AttributeValue::String(text) => text.slice(),
            AttributeValue::DebugStrRef(offset) => self.sections.get("str")?.get(offset.0..)?,
            AttributeValue::DebugLineStrRef(offset) => {
                self.sections.get("line_str")?.get(offset.0..)?
            }
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let size = usize::from(format.word_size());
                let at = base.checked_add(index.0.checked_mul(size)?)?;
                let table = self.sections.get("str_offsets")?;
                let big_endian = self.endian == RunTimeEndian::Big;
                let offset = crate::image::number::read(table, at, size, big_endian)?;
                let offset = usize::try_from(offset).ok()?;
                self.sections.get("str")?.get(offset..)?
            }
            _ => return None,
        };
        let bytes = &bytes[..bytes.len().min(TEXT_LEN_MAX)];
        let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::image::{Content, Image, Region};

    /// A file of debug sections alone.
    fn file(sections: &[(&str, Vec<u8>)], bits: u8, compressed: bool) -> (Vec<u8>, Image) {
        let mut bytes = Vec::new();
        let mut image = Image::default();
        image.machine.bits = Some(bits);
        for (name, content) in sections {
            let range = bytes.len()..bytes.len() + content.len();
            bytes.extend_from_slice(content);
            if compressed {
                image.compressed.push(range.clone());
            }
            image.regions.push(Region {
                name: (*name).into(),
                range,
                address: None,
                content: Content::Symbols,
            });
        }
        (bytes, image)
    }

    /// One unit of DWARF 4 with three texts, the last one a reference.
    fn one_unit() -> [(&'static str, Vec<u8>); 3] {
        let abbreviations = [
            &[1, 0x11, 0][..], // 1: DW_TAG_compile_unit without children
            &[0x25, 0x08],     // DW_AT_producer, DW_FORM_string
            &[0x03, 0x08],     // DW_AT_name, DW_FORM_string
            &[0x1b, 0x0e],     // DW_AT_comp_dir, DW_FORM_strp
            &[0, 0, 0],
        ]
        .concat();
        let body = [&[1][..], b"GNU C17 -O2\0", b"a.c\0", &[2, 0, 0, 0]].concat();
        let rest = [&[4, 0][..], &[0; 4], &[8], &body].concat();
        let length = u8::try_from(rest.len()).unwrap();
        let info = [&[length, 0, 0, 0][..], &rest].concat();
        [
            (".debug_abbrev", abbreviations),
            (".debug_info", info),
            (".debug_str", b"x\0/src\0".to_vec()),
        ]
    }

    #[test]
    fn reads_compilers_names_and_folders() {
        let (bytes, image) = file(&one_unit(), 64, false);
        let dwarf = Dwarf::read(&bytes, &image);
        assert_eq!(
            dwarf.units,
            [Unit {
                language: Language::C,
                producer: "GNU C17 -O2".into(),
                name: "a.c".into(),
                folder: "/src".into(),
                offset: 0,
            }]
        );
    }

    #[test]
    fn units_that_share_bytes_of_tables_are_read_as_far_as_the_section_goes() {
        let [(_, table), (_, info), text] = one_unit();
        // Every abbreviation but the first is in the tables of all units before.
        let unused: Vec<u8> = (2..100).flat_map(|code| [code, 0x11, 0, 0, 0]).collect();
        let table = [&unused[..], &table].concat();
        let mut infos = Vec::new();
        for unit in 0..98_u32 {
            let mut info = info.clone();
            info[6..10].copy_from_slice(&(unit * 5).to_le_bytes());
            infos.extend(info);
        }
        let sections = [(".debug_abbrev", table), (".debug_info", infos), text];
        let (bytes, image) = file(&sections, 64, false);
        assert_eq!(Dwarf::read(&bytes, &image).units.len(), 1);
    }

    #[test]
    fn sections_that_lie_about_their_size_are_left_out() {
        use std::io::Write as _;
        let packed = |size: u64| {
            let mut header = [1_u32.to_le_bytes(), [0; 4]].concat();
            header.extend([size.to_le_bytes(), [0; 8]].concat());
            let mut encoder = flate2::write::ZlibEncoder::new(header, flate2::Compression::fast());
            encoder.write_all(b"x\0/src\0").unwrap();
            encoder.finish().unwrap()
        };
        for (size, is_read) in [(7, true), (6, false), (8, false), (u64::MAX, false)] {
            let (bytes, image) = file(&[(".debug_str", packed(size))], 64, true);
            let sections = Sections::unpack(&bytes, &image, &["str"]);
            assert_eq!(sections.get("str").is_some(), is_read, "{size}");
        }
    }

    proptest::proptest! {
        /// Whatever the sections hold, reading them ends and stays in bounds.
        #[test]
        fn bent_debug_sections_are_survived(
            changes in proptest::collection::vec((0_usize..3, 0_usize..64, proptest::prelude::any::<u8>()), 0..12),
            noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            bits in proptest::sample::select(vec![32_u8, 64]),
            compressed: bool,
        ) {
            let mut sections = one_unit();
            for (section, at, value) in changes {
                let content = &mut sections[section].1;
                let at = at % content.len();
                content[at] = value;
            }
            sections[0].1.extend(&noise);
            sections[1].1.extend(&noise);
            let (bytes, image) = file(&sections, bits, compressed);
            let dwarf = Dwarf::read(&bytes, &image);
            proptest::prop_assert!(dwarf.units.len() <= UNITS_MAX);
        }
    }
}
