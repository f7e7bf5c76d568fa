//! Compiled Go packages: the archives that the compiler writes, and the object
//! files within.
//!
//! ```text
//! !<arch>\n
//! __.PKGDEF   header, then what importers need to know ("export data")
//! _go_.o      header, "\n!\n", then the object file: what the linker needs
//! asm_….o     the same for each assembly file
//! _x001.o …   what the C compiler made of cgo's files: ELF, Mach-O, PE
//! ```
//!
//! The format belongs to the toolchain and changes without notice. What is read
//! here holds for the magic `\0go120ld`, Go 1.20 to 1.27; of objects with
//! another magic nothing is read.
//!
//! Source: cmd/internal/archive, cmd/internal/goobj

pub mod archive;
pub mod block;
pub mod diff;
pub mod header;
pub mod object;
pub mod symbol;

use memchr::memmem;

/// The mark before the import path, in the name of a symbol that every package
/// defines. The symbol's data is the package's name.
const PACKAGE_MARK: &[u8] = b"go:cuinfo.packagename.";

/// The longest import path looked for, in bytes.
const PATH_LEN_MAX: usize = 1024;

/// Returns the import path of a compiled package, as far as its bytes still
/// tell: `main` for a program's own package.
///
/// Reads the object file's symbol names; where it is damaged, looks for the
/// name anywhere in the bytes, and takes what looks like a path after it.
pub fn import_path(archive: &[u8]) -> Option<String> {
    let whole = object::Object::in_archive(archive).and_then(|object| {
        object
            .defined()
            .find_map(|symbol| symbol.name.strip_prefix(PACKAGE_MARK))
            .filter(|path| !path.is_empty() && path.len() <= PATH_LEN_MAX)
            .and_then(|path| std::str::from_utf8(path).ok())
            .map(str::to_owned)
    });
    whole.or_else(|| {
        let start = memmem::find(archive, PACKAGE_MARK)? + PACKAGE_MARK.len();
        // In the table names follow each other with nothing in between. The
        // next one begins with a mark of its own, if it can be told at all.
        let rest = &archive[start..archive.len().min(start + PATH_LEN_MAX)];
        let len = rest
            .iter()
            .position(|byte| !is_path_byte(*byte))
            .unwrap_or(rest.len());
        let path = std::str::from_utf8(&rest[..len]).ok()?;
        let end = ["go:", "type:", "gofile.."]
            .iter()
            .filter_map(|mark| path.find(mark))
            .min();
        let path = &path[..end.unwrap_or(path.len())];
        (!path.is_empty()).then(|| path.to_owned())
    })
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/:%+".contains(&byte)
}

#[cfg(test)]
mod tests;
