//! Two archives of one package, member by member and symbol by symbol.
//!
//! The build ID differs in every pair and says nothing: it is passed over.
//! References are compared by what they name, not by number, so that one symbol
//! more does not make all the others differ.

mod symbols;

use std::collections::{HashMap, VecDeque};

use super::archive::{self, Member};
use super::header::Header;
use super::object::Object;
use super::symbol::Class;

/// The most symbols of one member told.
pub const SYMBOLS_MAX: usize = 10_000;

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    /// Its name.
    pub name: String,
    /// What it is.
    pub form: Form,
    /// Its size in both, in bytes.
    pub sizes: [Option<usize>; 2],
    /// Packages whose export data differs: what was imported was not the same.
    pub imports: Vec<String>,
    /// The symbols that differ, functions first.
    pub symbols: Vec<SymbolChange>,
    /// How many more symbols differ.
    pub omitted: usize,
    /// Why symbols can't be told, where that is so.
    pub unread: Option<String>,
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Export data: what importers need to know.
    Export,
    /// An object that Go's compiler wrote.
    Go,
    /// An object that Go's assembler wrote.
    Assembly,
    /// Anything else: with cgo, what the C compiler wrote.
    Foreign,
}

/// A symbol that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolChange {
    /// Its name.
    pub name: String,
    /// What it is.
    pub class: Class,
    /// How it differs.
    pub change: Change,
}

/// How a symbol differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only one side has it, this many bytes of it.
    Only {
        /// 0 for the first, 1 for the second.
        side: usize,
        /// Bytes.
        size: u32,
    },
    /// Its bytes differ.
    Bytes {
        /// Sizes in bytes.
        sizes: [u32; 2],
        /// The first byte that differs.
        offset: usize,
        /// How many bytes differ at equal offsets, or exist on one side only.
        differing: usize,
    },
    /// Its bytes are the same and refer to other symbols.
    Reference {
        /// The first place where they do.
        offset: u32,
        /// What is referred to.
        targets: [Option<String>; 2],
    },
    /// Only flags, alignment or kind differ.
    Attributes,
    /// It is the same, and tables that belong to it differ.
    Tables {
        /// Which, the first of them.
        table: &'static str,
    },
}

/// Returns the members that differ; `None` when either is not an archive.
pub fn archives(a: &[u8], b: &[u8]) -> Option<Vec<MemberChange>> {
    let sides = [
        archive::members(a)?.collect::<Vec<_>>(),
        archive::members(b)?.collect::<Vec<_>>(),
    ];
    // Go cuts names to 16 bytes, so that several may share one.
    let mut waiting: HashMap<&[u8], VecDeque<usize>> = HashMap::new();
    for (at, other) in sides[1].iter().enumerate() {
        waiting.entry(other.name).or_default().push_back(at);
    }
    let mut changes = Vec::new();
    let mut taken = vec![false; sides[1].len()];
    for one in &sides[0] {
        let other = waiting.get_mut(one.name).and_then(VecDeque::pop_front);
        if let Some(at) = other {
            taken[at] = true;
        }
        changes.extend(member(Some(one), other.map(|at| &sides[1][at])));
    }
    for (other, taken) in sides[1].iter().zip(taken) {
        if !taken {
            changes.extend(member(None, Some(other)));
        }
    }
    Some(changes)
}

fn member(a: Option<&Member<'_>>, b: Option<&Member<'_>>) -> Option<MemberChange> {
    let one = a.or(b)?;
    let header = Header::parse(one.data);
    let object = Object::in_member(one.data);
    let form = match (one.name, &header, &object) {
        (b"__.PKGDEF", Some(_), _) => Form::Export,
        (b"_go_.o", _, Some(_)) => Form::Go,
        (_, _, Some(_)) => Form::Assembly,
        _ => Form::Foreign,
    };
    let mut change = MemberChange {
        name: one.name(),
        form,
        sizes: [a.map(|a| a.data.len()), b.map(|b| b.data.len())],
        imports: Vec::new(),
        symbols: Vec::new(),
        omitted: 0,
        unread: None,
    };
    let (Some(a), Some(b)) = (a, b) else {
        return Some(change);
    };
    if without_id(a.data) == without_id(b.data) {
        return None;
    }
    match (Object::in_member(a.data), Object::in_member(b.data)) {
        (Some(Ok(a)), Some(Ok(b))) => symbols::compare(&a, &b, &mut change),
        (Some(Err(error)), _) | (_, Some(Err(error))) => change.unread = Some(error.to_string()),
        _ => {}
    }
    Some(change)
}

/// The bytes before and after a member's build ID.
fn without_id(data: &[u8]) -> (&[u8], &[u8]) {
    match Header::parse(data).and_then(|header| header.build_id) {
        Some((_, range)) => (&data[..range.start], &data[range.end..]),
        None => (data, &[]),
    }
}

impl Change {
    /// Says how the symbol differs, in a few words; `names` are those of the two
    /// sides.
    pub fn describe(&self, names: [&str; 2]) -> String {
        match self {
            Self::Only { side, size } => {
                format!("only in {}, {size} bytes", names[*side])
            }
            Self::Bytes {
                sizes: [a, b],
                offset,
                differing,
            } if a == b => {
                format!("{differing} of {a} bytes differ, from offset {offset:#x} on")
            }
            Self::Bytes {
                sizes: [a, b],
                offset,
                ..
            } => format!("{a} and {b} bytes, different from offset {offset:#x} on"),
            Self::Reference {
                offset,
                targets: [a, b],
            } => {
                let word = |target: &Option<String>| {
                    target.clone().unwrap_or_else(|| "nothing".to_owned())
                };
                format!(
                    "refers to {}, and to {}, at offset {offset:#x}",
                    word(a),
                    word(b)
                )
            }
            Self::Attributes => "its attributes differ".to_owned(),
            Self::Tables { table } => format!("its {table} differs"),
        }
    }
}
