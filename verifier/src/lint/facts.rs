//! What rules and requirements ask of one file.

use memchr::memmem;
use proto::buildinfo::{BuildInfo, Module};

use crate::artifact::Artifact;
use crate::cause::linker_flags;
use crate::image::{Content, Format};

/// The most places with a temporary folder that are looked at.
const PLACES_MAX: usize = 10_000;

/// The longest text shown around such a place, in bytes.
const SHOWN_MAX: usize = 200;

/// One file, and questions about it.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The file.
    pub artifact: &'a Artifact,
    /// Flags given to Go's linker, where build information shows them.
    pub linker_flags: Vec<(String, String)>,
}

impl<'a> Facts<'a> {
    /// Gathers what more than one rule asks.
    pub fn of(artifact: &'a Artifact) -> Self {
        let flags = artifact.go.setting("-ldflags").unwrap_or_default();
        Self {
            artifact,
            linker_flags: linker_flags(flags),
        }
    }

    /// The path as it was given.
    pub fn path(&self) -> String {
        self.artifact.input.path.display().to_string()
    }

    /// Why the file can't be judged as a Go program.
    pub fn obstacle(&self) -> Option<String> {
        let image = &self.artifact.image;
        match image.format {
            Format::Empty => Some("it is empty".into()),
            Format::Container(kind) => Some(format!(
                "it is a {kind}: unpack it and judge the files in it"
            )),
            // What is said of the first program would pass for the others.
            Format::MachOFat => Some(
                "it holds a program for each of several architectures: judge them one by one (lipo -thin)".into(),
            ),
            Format::GoArchive => Some("it is a compiled package, not a program".into()),
            _ if image.truncated => Some("it is cut off: copy or download it again".into()),
            format if format.is_program() && image.regions.len() <= 1 && !image.problems.is_empty() => {
                Some(format!(
                    "it begins like {} and can't be read as one ({})",
                    format.name(),
                    image.problems.join("; ")
                ))
            }
            _ if !self.artifact.go.is_go() => {
                Some("nothing in it says that Go built it, or all of that was taken away".into())
            }
            _ => None,
        }
    }

    /// The Go version, experiments included.
    pub fn go_version(&self) -> Option<&str> {
        let found = self.artifact.go.build_info.as_ref()?;
        found.value.version.as_deref()
    }

    /// Modules and settings.
    pub fn info(&self) -> Option<&BuildInfo> {
        self.artifact.go.info()
    }

    /// A build setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.artifact.go.setting(key)
    }

    /// Modules and settings, where settings are on record: go1.17 and earlier, and
    /// other build tools, record none.
    pub fn recorded(&self) -> Option<&BuildInfo> {
        self.info().filter(|info| !info.settings.is_empty())
    }

    /// Whether -trimpath was given; `None` when settings are not on record.
    pub fn trimmed(&self) -> Option<bool> {
        self.recorded()?;
        Some(self.setting("-trimpath") == Some("true"))
    }

    /// Whether the commit that is on record is all of the source; `None` when there
    /// is not a commit.
    pub fn is_clean(&self) -> Option<bool> {
        let info = self.info()?;
        info.setting("vcs.revision")?;
        let version = info.main.as_ref().map_or("", |main| main.version.as_str());
        Some(info.setting("vcs.modified") == Some("false") && !version.ends_with("+dirty"))
    }

    /// Whether the build ID still is `A/B/C/A`, what the linker is given before the
    /// content is known.
    pub fn is_unfinished(&self) -> bool {
        let program = self.artifact.go.program();
        program.is_some_and(|program| *program == program.placeholder())
    }

    /// Every module but the main one.
    pub fn dependencies(&self) -> impl Iterator<Item = &Module> {
        self.info().into_iter().flat_map(|info| &info.deps)
    }

    /// Whether the file has a symbol table or debug information; `None` for formats
    /// whose parts are not known.
    pub fn has_symbols(&self) -> Option<bool> {
        let image = &self.artifact.image;
        match image.format {
            Format::Elf | Format::Pe | Format::MachO | Format::Wasm => {}
            _ => return None,
        }
        let named = |name: &str| name != ".shstrtab" && name != ".dynsym" && name != ".dynstr";
        let mut regions = image.regions.iter();
        Some(regions.any(|region| region.content == Content::Symbols && named(&region.name)))
    }

    /// Texts in the file with the folder of a go command's or linker's work in them,
    /// each once: `/tmp/go-build1234/b001`, `/tmp/go-link-1234/000000.o`.
    pub fn temporary_paths(&self) -> Vec<(usize, String)> {
        let bytes = self.artifact.bytes();
        let mut found: Vec<(usize, String)> = Vec::new();
        for word in ["/go-build", "/go-link-"] {
            for at in memmem::find_iter(bytes, word.as_bytes()).take(PLACES_MAX) {
                let after = bytes.get(at + word.len());
                if !after.is_some_and(u8::is_ascii_digit) {
                    continue;
                }
                let (start, text) = text_around(bytes, at);
                let is_new = !found.iter().any(|(_, known)| *known == text);
                if text.starts_with(['/', '\\']) && is_new && found.len() < 10 {
                    found.push((start, text));
                }
            }
        }
        found
    }
}

/// The printable text that a place in a file lies in.
fn text_around(bytes: &[u8], at: usize) -> (usize, String) {
    let is_text = |byte: &u8| byte.is_ascii_graphic() && !b"\"'`=:;,".contains(byte);
    let before = bytes
        .get(at.saturating_sub(SHOWN_MAX)..at)
        .unwrap_or_default();
    let start = at - before.iter().rev().take_while(|byte| is_text(byte)).count();
    let rest = bytes.get(start..).unwrap_or_default();
    let len = rest
        .iter()
        .take(2 * SHOWN_MAX)
        .take_while(|byte| is_text(byte))
        .count();
    let text = rest.get(..len).unwrap_or_default();
    (start, String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_where_printing_ends() {
        let bytes = b"\0/tmp/go-build12/b001\0next";
        assert_eq!(text_around(bytes, 5), (1, "/tmp/go-build12/b001".into()));
        assert_eq!(text_around(b"x", 0), (0, "x".into()));
        assert_eq!(text_around(b"\0", 0), (0, String::new()));
    }
}
