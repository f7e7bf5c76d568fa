//! Load commands that say what a Mach-O file asks of the system and which tools
//! made it.

use object::Endianness;
use object::read::macho::{LoadCommandData, LoadCommandVariant};

use crate::image::linkage::{LIST_MAX, NAME_LEN_MAX, Platform, SearchPath};
use crate::image::{Image, number};

/// Takes in one load command.
pub(super) fn read(
    command: &LoadCommandData<'_, Endianness>,
    endian: Endianness,
    image: &mut Image,
) {
    let text = |offset| {
        let bytes = command.string(endian, offset).ok()?;
        let bytes = &bytes[..bytes.len().min(NAME_LEN_MAX)];
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let linkage = &mut image.linkage;
    let full = linkage.libraries.len().max(linkage.search_paths.len()) >= LIST_MAX;
    match command.variant() {
        Ok(LoadCommandVariant::Dylib(library)) if !full => {
            linkage.libraries.extend(text(library.dylib.name));
        }
        Ok(LoadCommandVariant::IdDylib(library)) => linkage.name = text(library.dylib.name),
        Ok(LoadCommandVariant::Rpath(folder)) if !full => {
            let path = text(folder.path).map(|path| SearchPath {
                kind: "LC_RPATH",
                path,
            });
            linkage.search_paths.extend(path);
        }
        Ok(LoadCommandVariant::VersionMin(version)) => {
            linkage.platform = Some(Platform {
                name: "unnamed".into(),
                minimum: dotted(version.version.get(endian).0),
                sdk: dotted(version.sdk.get(endian).0),
                tools: Vec::new(),
            });
        }
        Ok(LoadCommandVariant::BuildVersion(version, rest)) => {
            let big_endian = endian == Endianness::Big;
            let count = usize::try_from(version.ntools.get(endian)).unwrap_or(LIST_MAX);
            let tools = rest.chunks_exact(8).take(count.min(LIST_MAX));
            linkage.platform = Some(Platform {
                name: platform(version.platform.get(endian).0),
                minimum: dotted(version.minos.get(endian).0),
                sdk: dotted(version.sdk.get(endian).0),
                tools: tools.filter_map(|entry| tool(entry, big_endian)).collect(),
            });
        }
        _ => {}
    }
}

fn platform(number: u32) -> String {
    match number {
        1 => "macos".into(),
        2 => "ios".into(),
        6 => "mac-catalyst".into(),
        7 => "ios-simulator".into(),
        other => format!("platform {other}"),
    }
}

fn tool(entry: &[u8], big_endian: bool) -> Option<String> {
    let field = |at: usize| u32::try_from(number::read(entry, at, 4, big_endian)?).ok();
    let version = dotted(field(4)?);
    Some(match field(0)? {
        1 => format!("clang {version}"),
        2 => format!("swift {version}"),
        3 => format!("ld {version}"),
        4 => format!("lld {version}"),
        other => format!("tool {other} {version}"),
    })
}

/// X.Y.Z is stored as xxxx.yy.zz in hexadecimal.
fn dotted(version: u32) -> String {
    format!(
        "{}.{}.{}",
        version >> 16,
        version >> 8 & 0xff,
        version & 0xff
    )
}
