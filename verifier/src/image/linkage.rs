//! What a program asks of the system it runs on, and the platform's linker.
//!
//! Libraries, versions of symbols, search paths, flags. Go's own linker leaves little of it, the host's a lot.

use serde::Serialize;

/// The most libraries, paths, versions or tools kept of each kind.
pub const LIST_MAX: usize = 1000;

/// The longest name read, in bytes.
pub const NAME_LEN_MAX: usize = 4096;

/// What a program asks of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Linkage {
    /// Whether nothing is loaded beside the program; null where the format does
    /// not tell.
    #[serde(rename = "static")]
    pub is_static: Option<bool>,
    /// Libraries loaded at start: ELF NEEDED, Mach-O LC_LOAD_DYLIB, PE imports.
    pub libraries: Vec<String>,
    /// The name that a library gives itself: SONAME, LC_ID_DYLIB.
    pub name: Option<String>,
    /// Folders searched for libraries: RPATH, RUNPATH, LC_RPATH.
    pub search_paths: Vec<SearchPath>,
    /// Versions of symbols asked for, by library; ELF alone.
    pub versions: Vec<Versions>,
    /// `pie`, `relro`, `bind-now`, `exec-stack`, as far as set; ELF alone.
    pub flags: Vec<&'static str>,
    /// The linker, as it names itself.
    pub linker: Option<String>,
    /// What a Mach-O file was built for and with.
    pub platform: Option<Platform>,
}

/// A folder searched for libraries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchPath {
    /// `RPATH`, `RUNPATH` or `LC_RPATH`.
    pub kind: &'static str,
    /// The folders, as they stand there.
    pub path: String,
}

/// Versions asked for of one library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// The library.
    pub library: String,
    /// The names of the versions, lowest first: `GLIBC_2.2.5`, `GLIBC_2.34`.
    pub names: Vec<String>,
}

/// The system that a Mach-O file was built for, and the tools that built it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// `macos`, `ios`, …
    pub name: String,
    /// The oldest version of the system that it runs on.
    pub minimum: String,
    /// The version of the SDK it was built with.
    pub sdk: String,
    /// Tools and their versions; Go's linker names none.
    pub tools: Vec<String>,
}

impl Linkage {
    /// Returns the highest version asked for that begins like this: of `GLIBC_`,
    /// what the C library must be at least.
    pub fn highest(&self, prefix: &str) -> Option<&str> {
        let names = self.versions.iter().flat_map(|library| &library.names);
        names
            .filter_map(|name| name.strip_prefix(prefix))
            .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
            .max_by_key(|version| order(version))
    }

    /// Puts lists into the order in which they are printed.
    pub(super) fn settle(&mut self) {
        for library in &mut self.versions {
            library
                .names
                .sort_by_cached_key(|name| (order(name), name.clone()));
            library.names.dedup();
        }
    }
}

/// The numbers in a version, so that 2.34 comes after 2.4.
fn order(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
        .collect()
}

/// Reads a name that ends with NUL.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    let bytes = &bytes[..bytes.len().min(NAME_LEN_MAX)];
    let end = memchr::memchr(0, bytes)?;
    (end > 0).then(|| String::from_utf8_lossy(&bytes[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number() {
        let mut linkage = Linkage {
            versions: vec![Versions {
                library: "libc.so.6".into(),
                names: ["GLIBC_2.34", "GLIBC_2.4", "GLIBC_PRIVATE", "GLIBC_2.4"]
                    .map(String::from)
                    .to_vec(),
            }],
            ..Linkage::default()
        };
        linkage.settle();
        assert_eq!(
            linkage.versions[0].names,
            ["GLIBC_PRIVATE", "GLIBC_2.4", "GLIBC_2.34"]
        );
        assert_eq!(linkage.highest("GLIBC_"), Some("2.34"));
        assert_eq!(linkage.highest("GCC_"), None);
    }
}
