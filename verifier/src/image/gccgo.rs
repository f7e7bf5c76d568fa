//! Programs that gccgo compiled: GCC's compiler for Go, with a library and a layout of
//! its own. They have none of what the go command's own compiler leaves: no line table,
//! and mostly no build ID.
//!
//! Source: gcc/go/go-backend.cc (.go_export), go/gofrontend (__go_init_main)

use object::read::{File, Object as _, ObjectSymbol as _};

use super::{Format, Image};

/// The most symbols looked at.
const SYMBOLS_MAX: usize = 200_000;

/// Returns what shows that gccgo compiled a file.
pub(super) fn sign(bytes: &[u8], image: &Image) -> Option<String> {
    if image.format != Format::Elf {
        return None;
    }
    let mut libraries = image.linkage.libraries.iter();
    if let Some(library) = libraries.find(|name| name.starts_with("libgo.so")) {
        return Some(format!("it asks for {library}"));
    }
    let is_own =
        |name: &str| matches!(name, ".go_export" | ".go.buildid") || name.starts_with(".gnu.go.");
    let mut regions = image.regions.iter();
    if let Some(region) = regions.find(|region| is_own(&region.name)) {
        return Some(format!("it has the section {}", region.name));
    }
    // Linked statically, symbols alone tell. GCC made it, and Go's linker did not.
    let is_gcc = image.producers.iter().any(|text| text.starts_with("GCC"));
    if !is_gcc || image.build_id.is_some() {
        return None;
    }
    let file = File::parse(bytes).ok()?;
    let mut symbols = file.symbols().take(SYMBOLS_MAX);
    let has_start = symbols.any(|symbol| symbol.name() == Ok("__go_init_main"));
    has_start.then(|| "it has the symbol __go_init_main".into())
}
