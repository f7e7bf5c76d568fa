//! The -ldflags among the inputs of a link action, and other flags in their place: which
//! build-ID part they would give.
//!
//! A program built with -trimpath does not record its -ldflags, but part A of its build ID
//! is a hash over them. With the preimage of another link of the same packages, flags can be
//! put in until the hash is the program's.
//!
//! ```
//! use proto::hashlog::Log;
//! use proto::hashlog::linkflags::Open;
//! let log = Log::read(
//!     b"HASH[link m]\nHASH[link m]: \"linkflags [\\\"-s\\\"]\\n\"\n\
//!       HASH[link m]: 55c8fdd7ad51d94caaf601476cf1c339cfcb03ff003dd5c171e2121ae18946dc\n"
//!         .as_slice(),
//! )?;
//! let link = log.named("link m").next().ok_or("no such action")?;
//! let open = Open::of(link).ok_or("no flags in it")?;
//! assert_eq!(open.words(), ["-s"]);
//! assert_eq!(open.part(&["-s"]), link.part());
//! assert_ne!(open.part(&["-w"]), link.part());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: cmd/go/internal/work/exec.go printLinkerConfig

use sha2::{Digest as _, Sha256};

use super::Block;
use crate::buildid::{Part, Program};
use crate::buildinfo::quote;

/// The beginning of the line that holds the flags.
const LINE: &str = "linkflags ";

/// The beginning of the line that holds the build ID of package main's archive.
const MAIN: &str = "packagemain ";

/// The most flags read of one line.
const WORDS_MAX: usize = 10_000;

/// A link action whose flags are left open.
#[derive(Debug, Clone)]
pub struct Open {
    block: Block,
    /// Which line holds the flags.
    at: usize,
    before: Sha256,
    after: Vec<u8>,
}

impl Open {
    /// Leaves the flags of a link action open; `None` for other actions, and for one whose
    /// lines do not give its hash as text.
    pub fn of(block: &Block) -> Option<Self> {
        let is_link = block.name.starts_with("link ");
        let mut found = block.lines.iter().enumerate();
        let (at, _) = found.find(|(_, line)| is_link && line.starts_with(LINE))?;
        words(&block.lines[at])?;
        let open = Self::at(block.clone(), at);
        // Bytes that are not UTF-8 were replaced in the lines.
        (open.hash(&block.lines[at]) == block.hash).then_some(open)
    }

    fn at(block: Block, at: usize) -> Self {
        Self {
            before: Sha256::new_with_prefix(block.lines[..at].concat()),
            after: block.lines[at + 1..].concat().into_bytes(),
            block,
            at,
        }
    }

    /// Links a program's own package main. A stamp of version control is another action
    /// with the same content, so it changes part A as well.
    #[must_use]
    pub fn with_main(self, program: &Program) -> Self {
        let Self { mut block, at, .. } = self;
        for line in &mut block.lines {
            if line.starts_with(MAIN) {
                *line = format!("{MAIN}{}/{}\n", program.main_action, program.main_content);
            }
        }
        let mut open = Self::at(block, at);
        open.block.hash = open.hash(&open.block.lines[at]);
        open
    }

    /// Returns the flags that the action had.
    pub fn words(&self) -> Vec<String> {
        words(&self.block.lines[self.at]).unwrap_or_default()
    }

    /// Returns the part A that these flags give.
    pub fn part<T: AsRef<str>>(&self, words: &[T]) -> Part {
        Part::from_sha256(&self.hash(&line(words)))
    }

    /// Returns the action with these flags.
    pub fn with<T: AsRef<str>>(&self, words: &[T]) -> Block {
        let line = line(words);
        let mut block = self.block.clone();
        block.hash = self.hash(&line);
        block.lines[self.at] = line;
        block
    }

    fn hash(&self, line: &str) -> [u8; 32] {
        let mut hash = self.before.clone();
        hash.update(line);
        hash.update(&self.after);
        hash.finalize().into()
    }
}

/// Returns the flags of a link action; `None` where it names none that can be read.
pub fn of(block: &Block) -> Option<Vec<String>> {
    let line = block.lines.iter().find(|line| line.starts_with(LINE))?;
    words(line)
}

/// Takes the quoted words of a line apart: `linkflags ["-X" "main.t=1"]`.
pub fn words(line: &str) -> Option<Vec<String>> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let list = line.strip_prefix(LINE)?;
    let mut rest = list.strip_prefix('[')?.strip_suffix(']')?;
    let mut words = Vec::new();
    while !rest.is_empty() {
        let end = end_of_literal(rest)?;
        words.push(quote::unquote(&rest[..end])?);
        rest = rest[end..]
            .strip_prefix(' ')
            .unwrap_or_else(|| &rest[end..]);
        if words.len() > WORDS_MAX {
            return None;
        }
    }
    Some(words)
}

/// Returns where the literal ends that a text begins with.
fn end_of_literal(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let inner = text.strip_prefix('"')?;
    let end = inner.find(|letter: char| {
        let closes = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        closes
    })?;
    Some(end + 2)
}

/// Prints the line as the go command does.
fn line<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| quote::quote(word.as_ref()))
        .collect();
    format!("{LINE}[{}]\n", words.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(lines: &[&str]) -> Block {
        Block {
            name: "link example.com/tool".into(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            hash: Sha256::digest(lines.concat()).into(),
        }
    }

    /// A link by go1.27.3 with `-ldflags='-s -w -X main.version=1.2.3 -X=main.commit=abc'`;
    /// packages are left out.
    const LINES: [&str; 4] = [
        "go1.27.3",
        "link\n",
        "linkflags [\"-s\" \"-w\" \"-X\" \"main.version=1.2.3\" \"-X=main.commit=abc\"]\n",
        "GOAMD64=v1\n",
    ];

    #[test]
    fn other_flags_give_another_part() {
        let block = link(&LINES);
        let open = Open::of(&block).unwrap();
        let words = ["-s", "-w", "-X", "main.version=1.2.3", "-X=main.commit=abc"];
        assert_eq!(open.words(), words);
        assert_eq!(open.part(&words), block.part());
        assert_eq!(open.with(&words), block);
        let turned = ["-w", "-s", "-X", "main.version=1.2.3", "-X=main.commit=abc"];
        let other = link(&[
            LINES[0],
            LINES[1],
            "linkflags [\"-w\" \"-s\" \"-X\" \"main.version=1.2.3\" \"-X=main.commit=abc\"]\n",
            LINES[3],
        ]);
        assert_eq!(open.part(&turned), other.part());
        assert_eq!(open.with(&turned), other);
        assert_eq!(of(&other).unwrap(), turned);
        let none: [&str; 0] = [];
        assert_eq!(of(&open.with(&none)).unwrap(), none);
    }

    #[test]
    fn another_package_main_is_linked() {
        let part = |byte: u8| Part::from_sha256(&[byte; 32]);
        let program = Program {
            link_action: part(0),
            main_action: part(1),
            main_content: part(2),
            content: part(3),
        };
        let main = format!("packagemain {}/{}\n", part(1), part(2));
        let of = |main: &str| link(&[LINES[0], LINES[1], LINES[2], main, LINES[3]]);
        let own = Open::of(&of("packagemain x/y\n")).unwrap();
        let words = own.words();
        assert_ne!(own.part(&words), of(&main).part());
        let other = own.with_main(&program);
        assert_eq!(other.part(&words), of(&main).part());
        assert_eq!(other.with(&words), of(&main));
    }

    #[test]
    fn what_is_no_link_or_does_not_prove_itself_is_not_opened() {
        let good = link(&LINES);
        let compile = Block {
            name: "build example.com/tool".into(),
            ..good.clone()
        };
        let forged = Block {
            hash: [7; 32],
            ..good
        };
        let without = link(&LINES[..2]);
        let broken = link(&["linkflags [\"-s]\n"]);
        for block in [compile, forged, without, broken] {
            assert!(Open::of(&block).is_none(), "{block:?}");
        }
        for line in [
            "linkflags",
            "linkflags -s",
            "linkflags [-s]",
            "linkflags [\"-s\" x]",
            "",
        ] {
            assert_eq!(words(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn words_are_read_as_they_were_written(all in prop::collection::vec(".{0,12}", 0..6)) {
            prop_assert_eq!(words(&line(&all)), Some(all));
        }

        #[test]
        fn any_line_is_read_or_refused(text in ".{0,60}") {
            let _ = words(&text);
            let _ = words(&format!("{LINE}[{text}]\n"));
        }
    }
}
