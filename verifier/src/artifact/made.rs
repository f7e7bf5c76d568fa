//! Small programs of Go for Linux on amd64, made for tests: functions with their line table,
//! constants and variables, and what the go command and its linker leave beside them.

mod line_table;

use std::collections::HashMap;

use object::elf;
use proto::buildinfo::blob;

use super::Artifact;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::made::{self, ALLOC, BASE, BITS, EXEC, NAMES, NOTE, SYMBOLS, Section};
use crate::input::Input;

/// A piece of code or data.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'p> {
    /// These bytes.
    Bytes(&'p [u8]),
    /// Four bytes: how far it is from behind them to what has this name.
    Relative(&'p str),
    /// Eight bytes: the address of what has this name.
    Address(&'p str),
    /// Eight bytes: a number.
    Number(u64),
}

use Piece::{Address, Bytes, Number, Relative};

/// A function of Go, or of C, which no line table describes.
#[derive(Debug, Clone)]
pub(crate) struct Function<'p> {
    pub(crate) name: &'p str,
    pub(crate) code: Vec<Piece<'p>>,
    /// The files and lines that its code comes from, and how many bytes of it.
    pub(crate) lines: Vec<(&'p str, u8, u8)>,
}

/// A constant or a variable.
#[derive(Debug, Clone)]
pub(crate) struct Datum<'p> {
    pub(crate) section: &'static str,
    pub(crate) name: &'p str,
    pub(crate) pieces: Vec<Piece<'p>>,
}

/// A program; sections without bytes are left out.
#[derive(Debug, Clone)]
pub(crate) struct Program<'p> {
    pub(crate) version: &'p str,
    /// The lines of its build information.
    pub(crate) info: &'p str,
    /// A letter for each part of its build ID.
    pub(crate) id: [char; 4],
    pub(crate) functions: Vec<Function<'p>>,
    pub(crate) c_functions: Vec<Function<'p>>,
    pub(crate) data: Vec<Datum<'p>>,
    /// Data behind the marks that end Go's own.
    pub(crate) c_data: Vec<Datum<'p>>,
    pub(crate) has_symbols: bool,
    /// What compilers and the host's linker say of themselves.
    pub(crate) comment: &'p str,
}

/// The code section, and the sections of data in their order.
const TEXT: &str = ".text";
const DATA: [&str; 3] = [".rodata", ".noptrdata", ".data"];

/// The length that functions are filled up to a multiple of.
const ALIGN: usize = 16;

/// A function whose code comes from line 7 of a file named after its package.
pub(crate) fn function<'p>(name: &'p str, file: &'p str, code: &[Piece<'p>]) -> Function<'p> {
    let code = code.to_vec();
    let len = code.iter().map(Piece::len).sum::<usize>();
    Function {
        name,
        lines: vec![(file, 7, u8::try_from(len).unwrap())],
        code,
    }
}

/// A datum in a section.
pub(crate) fn datum<'p>(section: &'static str, name: &'p str, pieces: &[Piece<'p>]) -> Datum<'p> {
    Datum {
        section,
        name,
        pieces: pieces.to_vec(),
    }
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Bytes(bytes) => bytes.len(),
            Relative(_) => 4,
            Address(_) | Number(_) => 8,
        }
    }
}

/// Where everything lies that has a name: its address and length.
type Places<'p> = HashMap<&'p str, (u64, usize)>;

impl<'p> Program<'p> {
    /// A program of package main at example.com/p, trimmed.
    pub(crate) fn new(functions: Vec<Function<'p>>, data: Vec<Datum<'p>>) -> Self {
        Self {
            version: "go1.27.3",
            info: "path\texample.com/p\nmod\texample.com/p\t(devel)\t\nbuild\t-trimpath=true\n",
            id: ['A', 'B', 'C', 'D'],
            functions,
            c_functions: Vec::new(),
            data,
            c_data: Vec::new(),
            has_symbols: false,
            comment: "",
        }
    }

    /// With another build ID in all its parts.
    pub(crate) fn rebuilt(mut self) -> Self {
        self.id = ['w', 'x', 'y', 'z'];
        self
    }

    pub(crate) fn with_symbols(mut self) -> Self {
        self.has_symbols = true;
        self
    }

    /// The program as it is read. Nobody can check whether it was changed.
    pub(crate) fn artifact(&self) -> Artifact {
        let (_, places) = self.bytes(&Places::new());
        let (bytes, _) = self.bytes(&places);
        let mut artifact = Artifact::of(Input {
            path: "made".into(),
            sha256: [u8::try_from(self.id[0]).unwrap(); 32],
            bytes: bytes.into(),
            identity: None,
        });
        artifact.go.self_check = SelfCheck::Unknown("made up");
        artifact
    }

    /// The file, with what is known of places, and where things came to lie.
    fn bytes(&self, known: &Places<'p>) -> (Vec<u8>, Places<'p>) {
        let text_start = known.get(TEXT).map_or(0, |(address, _)| *address);
        let (text, in_text) = self.text(known);
        let table = line_table::of(&self.functions, &in_text, text_start);
        let mut sections = vec![section(TEXT, BITS, ALLOC | EXEC, text)];
        let mut inside = vec![in_text];
        for name in DATA {
            let (body, data) = self.section(name, known);
            if !body.is_empty() {
                sections.push(section(name, BITS, ALLOC, body));
                inside.push(data);
            }
        }
        sections.push(section(".gopclntab", BITS, ALLOC, table));
        sections.push(section(".go.buildinfo", BITS, ALLOC, self.info()));
        let note = made::note(b"Go\0\0", 4, self.build_id().as_bytes());
        sections.push(section(".note.go.buildid", NOTE, ALLOC, note));
        if !self.comment.is_empty() {
            let comment = [self.comment.as_bytes(), b"\0"].concat();
            sections.push(section(".comment", BITS, 0, comment));
        }
        if self.has_symbols {
            let (table, names) = self.symbols(known);
            sections.push(section(".symtab", SYMBOLS, 0, table));
            sections.push(section(".strtab", NAMES, 0, names));
        }
        let (mut bytes, placed) = made::elf(&sections, true);
        let address = |index: usize| BASE + placed[index].start as u64;
        let mut places = Places::new();
        for (index, things) in inside.iter().enumerate() {
            places.insert(sections[index].name, (address(index), placed[index].len()));
            let things = things.iter();
            places
                .extend(things.map(|(name, at, len)| (*name, (address(index) + *at as u64, *len))));
        }
        // The program starts at its first function.
        bytes[24..32].copy_from_slice(&address(0).to_le_bytes());
        (bytes, places)
    }

    fn text(&self, known: &Places<'p>) -> (Vec<u8>, Vec<Thing<'p>>) {
        let mut text = Vec::new();
        let mut things = Vec::new();
        for function in self.functions.iter().chain(&self.c_functions) {
            let start = text.len();
            write(&function.code, TEXT, known, &mut text);
            things.push((function.name, start, text.len() - start));
            text.resize(text.len().next_multiple_of(ALIGN), 0xcc);
        }
        (text, things)
    }

    fn section(&self, name: &str, known: &Places<'p>) -> (Vec<u8>, Vec<Thing<'p>>) {
        let mut body = Vec::new();
        let mut things = Vec::new();
        let data = self.data.iter().chain(&self.c_data);
        for datum in data.filter(|datum| datum.section == name) {
            let start = body.len();
            write(&datum.pieces, name, known, &mut body);
            things.push((datum.name, start, body.len() - start));
        }
        (body, things)
    }

    fn build_id(&self) -> String {
        self.id.map(|part| part.to_string().repeat(20)).join("/")
    }

    fn info(&self) -> Vec<u8> {
        let mut bytes = blob::MAGIC.to_vec();
        bytes.extend([8, 2]);
        bytes.resize(32, 0);
        let framed = [
            &blob::FRAME_START[..],
            self.info.as_bytes(),
            &blob::FRAME_END,
        ]
        .concat();
        for text in [self.version.as_bytes(), &framed] {
            line_table::varint(text.len() as u64, &mut bytes);
            bytes.extend(text);
        }
        bytes
    }

    /// The table of symbols and their names.
    fn symbols(&self, known: &Places<'p>) -> (Vec<u8>, Vec<u8>) {
        let (mut table, mut names) = (made::symbol(0, 0, 0, false), vec![0]);
        let mut add = |name: &str, address: u64, size: u64, is_code: bool| {
            table.extend(made::symbol(names.len(), address, size, is_code));
            names.extend(name.as_bytes());
            names.push(0);
        };
        let place = |name: &str| {
            known
                .get(name)
                .map_or((0, 0), |(at, len)| (*at, *len as u64))
        };
        for function in self.functions.iter().chain(&self.c_functions) {
            let (address, len) = place(function.name);
            add(function.name, address, len, true);
        }
        for datum in self.data.iter().chain(&self.c_data) {
            let (address, len) = place(datum.name);
            add(datum.name, address, len, false);
        }
        let end = |all: &mut dyn Iterator<Item = &'p str>| all.last().map(place);
        let go = end(&mut self.functions.iter().map(|one| one.name));
        add("runtime.text", place(TEXT).0, 0, false);
        add(
            "runtime.etext",
            go.map_or(0, |(at, len)| at + len),
            0,
            false,
        );
        for (section, start, mark) in [
            (".rodata", "runtime.rodata", "runtime.erodata"),
            (".noptrdata", "runtime.noptrdata", "runtime.enoptrdata"),
            (".data", "runtime.data", "runtime.edata"),
        ] {
            let own = self.data.iter().filter(|datum| datum.section == section);
            if let Some((at, len)) = own.map(|datum| place(datum.name)).next_back() {
                add(start, place(section).0, 0, false);
                add(mark, at + len, 0, false);
            }
        }
        (table, names)
    }
}

/// A thing with a name: where it begins in its section, and its length.
type Thing<'p> = (&'p str, usize, usize);

fn section(name: &'static str, kind: u32, flags: u64, body: Vec<u8>) -> Section {
    let segment = match flags & ALLOC {
        0 => 0,
        _ if flags & EXEC != 0 => elf::PF_R.0 | elf::PF_X.0,
        _ => elf::PF_R.0 | elf::PF_W.0,
    };
    Section {
        name,
        kind,
        flags,
        segment,
        body,
    }
}

fn write(pieces: &[Piece<'_>], section: &str, known: &Places<'_>, out: &mut Vec<u8>) {
    let address = |name: &str| known.get(name).map_or(0, |(address, _)| *address);
    for piece in pieces {
        match piece {
            Bytes(bytes) => out.extend(*bytes),
            Number(number) => out.extend(number.to_le_bytes()),
            Address(name) => out.extend(address(name).to_le_bytes()),
            Relative(name) => {
                let next = address(section) + out.len() as u64 + 4;
                let distance = address(name).wrapping_sub(next);
                out.extend(&distance.to_le_bytes()[..4]);
            }
        }
    }
}
