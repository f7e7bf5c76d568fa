//! The beginning of a Go file: what a module index holds of it.
//!
//! Source: cmd/go/internal/modindex/{build,build_read}.go

use super::Change;

/// What decides whether a file is compiled, and with which packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// The `//go:build` line; empty when there is none.
    pub go_build: &'a str,
    /// The `// +build` lines, where there is no `//go:build`.
    pub plus_build: Vec<&'a str>,
    /// The package's name; empty for files that are not Go's.
    pub package: &'a str,
    /// What is imported, in the order of the file.
    pub imports: Vec<&'a str>,
}

/// Why the beginning of a file tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It goes on behind the bytes that were given.
    #[error("it goes on behind the bytes read")]
    CutOff,
    /// It is not how a Go file begins.
    #[error("it is not how a Go file begins")]
    Syntax,
}

impl<'a> Header<'a> {
    /// Reads the beginning of a Go file. `whole` says that the bytes are all of it.
    ///
    /// # Errors
    /// `CutOff` when more bytes are wanted, `Syntax` where the go command would see an
    /// error too.
    pub fn read(bytes: &'a [u8], whole: bool) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut scanner = Scanner {
            bytes,
            at: 0,
            met_end: false,
        };
        let header = scanner.header();
        // The end may have cut a comment, a string or a word.
        if scanner.met_end && !whole {
            return Err(Error::CutOff);
        }
        let (package, imports) = header?;
        let (go_build, plus_build) = constraints(&bytes[..scanner.at])?;
        Ok(Self {
            go_build,
            plus_build,
            package,
            imports,
        })
    }

    /// Reads the build constraints of a file of another language.
    ///
    /// # Errors
    /// `Syntax` for two `//go:build` lines.
    pub fn read_other(bytes: &'a [u8]) -> Result<Self, Error> {
        let (go_build, plus_build) = constraints(bytes)?;
        Ok(Self {
            go_build,
            plus_build,
            ..Self::default()
        })
    }

    /// Returns the first thing in which two readings of a file differ.
    pub fn change(&self, file: &str, other: &Header<'_>) -> Option<Change> {
        let one = |what, a: &str, b: &str| (a != b).then(|| Change::new(file, what, &[a], &[b]));
        let many = |what, a: &[&str], b: &[&str]| (a != b).then(|| Change::new(file, what, a, b));
        one("//go:build", self.go_build, other.go_build)
            .or_else(|| many("+build", &self.plus_build, &other.plus_build))
            .or_else(|| one("package", self.package, other.package))
            .or_else(|| many("imports", &self.imports, &other.imports))
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether anything was looked for at the end of the bytes.
    met_end: bool,
}

impl<'a> Scanner<'a> {
    /// Reads the package clause and the imports, and stops before what follows.
    fn header(&mut self) -> Result<(&'a str, Vec<&'a str>), Error> {
        self.skip_space()?;
        if self.word() != b"package" {
            return Err(Error::Syntax);
        }
        self.skip_space()?;
        let package = self.word();
        if package.is_empty() {
            return Err(Error::Syntax);
        }
        let mut imports = Vec::new();
        loop {
            self.skip_space()?;
            let before = self.at;
            if self.word() != b"import" {
                self.at = before;
                return Ok((text(package)?, imports));
            }
            self.skip_space()?;
            if self.peek() == Some(b'(') {
                self.at += 1;
                self.skip_space()?;
                while self.peek() != Some(b')') {
                    imports.push(self.import()?);
                    self.skip_space()?;
                }
                self.at += 1;
            } else {
                imports.push(self.import()?);
            }
        }
    }

    /// Reads a name, if there is one, and the quoted path after it.
    fn import(&mut self) -> Result<&'a str, Error> {
        if self.peek() == Some(b'.') {
            self.at += 1;
        } else {
            self.word();
        }
        self.skip_space()?;
        let quote = self.peek().filter(|byte| b"\"`".contains(byte));
        let quote = quote.ok_or(Error::Syntax)?;
        self.at += 1;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| *byte == quote) else {
            return Err(self.unfinished());
        };
        let path = &rest[..len];
        self.at += len + 1;
        // No import path that builds holds an escaped character.
        if path.contains(&b'\n') || path.contains(&b'\\') {
            return Err(Error::Syntax);
        }
        text(path)
    }

    fn word(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let len = rest.iter().position(|byte| !is_part(byte));
        self.met_end = self.met_end || len.is_none();
        let word = &rest[..len.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// Skips spaces, semicolons and comments.
    fn skip_space(&mut self) -> Result<(), Error> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\x0c' | b'\t' | b'\r' | b'\n' | b';' => self.at += 1,
                b'/' => self.skip_comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_comment(&mut self) -> Result<(), Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = match rest.get(1) {
            Some(b'/') => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            Some(b'*') => match memchr::memmem::find(&rest[2..], b"*/") {
                Some(at) => at + 4,
                None => return Err(self.unfinished()),
            },
            Some(_) => return Err(Error::Syntax),
            None => return Err(self.unfinished()),
        };
        self.at += len;
        Ok(())
    }

    fn unfinished(&mut self) -> Error {
        self.met_end = true;
        Error::Syntax
    }

    fn peek(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.met_end = self.met_end || byte.is_none();
        byte
    }
}

/// Finds the `//go:build` line among the comments before the package clause, or the
/// `// +build` lines in those that an empty line ends.
fn constraints(bytes: &[u8]) -> Result<(&str, Vec<&str>), Error> {
    let mut go_build = None;
    let mut plus_build = Vec::new();
    // Lines that count once an empty line follows.
    let mut waiting = Vec::new();
    let mut leading = true;
    let mut in_comment = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() && leading {
            plus_build.append(&mut waiting);
            continue;
        }
        leading = leading && line.starts_with(b"//");
        if !in_comment && is_go_build(line) {
            if go_build.is_some() {
                return Err(Error::Syntax);
            }
            go_build = Some(text(line)?);
        }
        if leading && is_plus_build(line) {
            waiting.push(text(line)?);
        }
        if !is_comment(line, &mut in_comment) {
            break;
        }
    }
    if go_build.is_some() {
        plus_build.clear();
    }
    Ok((go_build.unwrap_or_default(), plus_build))
}

/// Whether a line holds comments and nothing else; keeps track of those that go on.
fn is_comment(line: &[u8], in_comment: &mut bool) -> bool {
    let mut rest = line;
    while !rest.is_empty() {
        if *in_comment {
            let Some(end) = memchr::memmem::find(rest, b"*/") else {
                return true;
            };
            *in_comment = false;
            rest = rest[end + 2..].trim_ascii();
        } else if rest.starts_with(b"//") {
            return true;
        } else if let Some(after) = rest.strip_prefix(b"/*") {
            *in_comment = true;
            rest = after.trim_ascii();
        } else {
            return false;
        }
    }
    true
}

fn is_go_build(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"//go:build");
    rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn is_plus_build(line: &[u8]) -> bool {
    let comment = line.strip_prefix(b"//").map(<[u8]>::trim_ascii);
    let rest = comment.and_then(|comment| comment.strip_prefix(b"+build"));
    rest.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::Syntax)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Header<'_>, Error> {
        Header::read(text.as_bytes(), true)
    }

    #[test]
    fn reads_what_decides_about_a_file() {
        let header = read(
            "// Copyright\n\n//go:build linux && !race\n\n// Package a\npackage a // x\n\nimport \"fmt\"\nimport (\n\t. \"os\" /* y */\n\t_ `embed`;x \"a/b\"\n)\n\nvar s = \"import\"\n",
        )
        .unwrap();
        assert_eq!(header.go_build, "//go:build linux && !race");
        assert_eq!(header.package, "a");
        assert_eq!(header.imports, ["fmt", "os", "embed", "a/b"]);
        assert!(header.plus_build.is_empty());
    }

    #[test]
    fn constraints_count_where_go_takes_them() {
        for (text, go_build, plus_build) in [
            ("//go:build a\npackage p\n", "//go:build a", &[][..]),
            ("/* x */ //go:build a\npackage p\n", "", &[]),
            ("/*\n//go:build a\n*/\npackage p\n", "", &[]),
            ("//go:builda\n\npackage p\n", "", &[]),
            // Behind the package clause it is a comment like any other.
            ("package p\n\n//go:build a\n", "", &[]),
            (
                "// +build a,b\n//+build c\n\npackage p\n",
                "",
                &["// +build a,b", "//+build c"],
            ),
            ("// +build a\npackage p\n", "", &[]),
            ("/* x */\n// +build a\n\npackage p\n", "", &[]),
            (
                "//go:build a\n// +build a\n\npackage p\n",
                "//go:build a",
                &[],
            ),
        ] {
            let header = read(text).unwrap();
            assert_eq!(header.go_build, go_build, "{text}");
            assert_eq!(header.plus_build, plus_build, "{text}");
            let other = text.replace("package p", "int x;");
            let other = Header::read_other(other.as_bytes()).unwrap();
            assert_eq!(other.go_build, go_build, "{text}");
            assert_eq!(other.plus_build, plus_build, "{text}");
        }
        let twice = "//go:build a\n//go:build b\npackage p\n";
        assert_eq!(read(twice), Err(Error::Syntax));
    }

    #[test]
    fn says_when_it_needs_more() {
        let whole = "/* c */\npackage p\n\nimport (\n\t\"fmt\"\n)\n\nfunc f() {}\n";
        let full = read(whole).unwrap();
        let end = whole.find("func").unwrap();
        for cut in 0..=whole.len() {
            let got = Header::read(&whole.as_bytes()[..cut], false);
            // A word that the end cuts could go on.
            let want = if cut > end + "func".len() {
                Ok(full.clone())
            } else {
                Err(Error::CutOff)
            };
            assert_eq!(got, want, "{cut}");
        }
        for bad in [
            "",
            "packag p",
            "package",
            "package p\nimport x\n",
            "/",
            "/* x",
        ] {
            assert_eq!(read(bad), Err(Error::Syntax), "{bad}");
        }
    }

    #[test]
    fn names_the_first_change() {
        let one = read("//go:build foo\n\npackage p\nimport \"a\"\n").unwrap();
        let other = read("//go:build bar\n\npackage p\nimport \"b\"\n").unwrap();
        let change = one.change("x.go", &other).unwrap();
        assert_eq!((change.what, change.file.as_str()), ("//go:build", "x.go"));
        assert_eq!(
            (change.a.as_str(), change.b.as_str()),
            ("//go:build foo", "//go:build bar")
        );
        assert_eq!(one.change("x.go", &one.clone()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![
            Just(b'/'), Just(b'*'), Just(b'"'), Just(b'('), Just(b'\n'), any::<u8>()
        ], 0..80), whole: bool) {
            let _ = Header::read(&bytes, whole);
            let _ = Header::read(&[b"package p\nimport ", &bytes[..]].concat(), whole);
        }
    }
}
