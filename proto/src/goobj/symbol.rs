//! The symbols of an object file.

use super::block::number;

/// The size of a symbol's record in bytes.
pub(super) const SYMBOL_LEN: usize = 21;

/// The size of a relocation's record in bytes.
pub(super) const RELOCATION_LEN: usize = 23;

/// The size of an auxiliary symbol's record in bytes.
pub(super) const AUX_LEN: usize = 9;

/// A symbol that an object defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its number in the object.
    pub number: usize,
    /// Its name; empty for tables that belong to another symbol.
    pub name: &'a [u8],
    /// 0 or 1 for functions by their calling convention, 65535 for what only
    /// this object can refer to.
    pub abi: u16,
    /// The kind, numbered as this version of Go does.
    pub kind: u8,
    /// Bits.
    pub flags: [u8; 2],
    /// Size in memory, in bytes; data may be shorter, what follows is zero.
    pub size: u32,
    /// Alignment in bytes; 0 for the linker's default.
    pub align: u32,
    /// Its bytes before relocation.
    pub data: &'a [u8],
    /// The hash of its content, for symbols that the linker may merge with equal
    /// ones: 8 bytes (the data itself), or 16.
    pub hash: Option<&'a [u8]>,
}

impl<'a> Symbol<'a> {
    pub(super) fn read(
        symbol: usize,
        name: &'a [u8],
        record: &[u8],
        data: &'a [u8],
        hash: Option<&'a [u8]>,
    ) -> Self {
        let byte = |at: usize| record.get(at).copied().unwrap_or_default();
        Self {
            number: symbol,
            name,
            abi: u16::from_le_bytes([byte(8), byte(9)]),
            kind: byte(10),
            flags: [byte(11), byte(12)],
            size: number(record, 13).unwrap_or_default(),
            align: number(record, 17).unwrap_or_default(),
            data,
            hash,
        }
    }

    /// Tells what the symbol is, by the numbers of this minor version of Go 1.
    ///
    /// Source: cmd/internal/objabi/symkind.go
    pub fn class(&self, minor: Option<u32>) -> Class {
        // Go 1.24 put kinds for FIPS code after each of the first four.
        let kind = match minor {
            Some(minor) if minor < 24 => match self.kind {
                kind @ 0..=1 => kind,
                kind @ 2..=4 => kind * 2 - 1,
                kind => kind.saturating_add(4),
            },
            _ => self.kind,
        };
        match kind {
            1 | 2 => Class::Function,
            3 | 4 => Class::Constant,
            5..=8 => Class::Variable,
            9..=11 => Class::Zeroed,
            12..=21 => Class::Debug,
            _ => Class::Other,
        }
    }
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Code.
    Function,
    /// Data that nothing writes to: strings, types, tables.
    Constant,
    /// Data with a value to begin with.
    Variable,
    /// Data that is zero to begin with.
    Zeroed,
    /// Debug information.
    Debug,
    /// Anything else.
    Other,
}

impl Class {
    /// Returns the word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Constant => "constant",
            Self::Variable | Self::Zeroed => "variable",
            Self::Debug => "debug information",
            Self::Other => "symbol",
        }
    }
}

/// A reference to a symbol of this package or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ref {
    /// A special value below, or a number in the list of packages.
    pub package: u32,
    /// The number within the package's list.
    pub symbol: u32,
}

impl Ref {
    /// Symbols without a package, by name.
    pub const NONE: u32 = (1 << 31) - 1;
    /// Short symbols that are merged by content.
    pub const HASHED64: u32 = Self::NONE - 1;
    /// Other symbols that are merged by content.
    pub const HASHED: u32 = Self::NONE - 2;
    /// Symbols of the runtime that compilers know by number.
    pub const BUILTIN: u32 = Self::NONE - 3;
    /// Symbols of this package.
    pub const SELF: u32 = Self::NONE - 4;

    pub(super) fn read(record: &[u8]) -> Self {
        Self {
            package: number(record, 0).unwrap_or_default(),
            symbol: number(record, 4).unwrap_or_default(),
        }
    }
}

/// A place in a symbol's data that the linker fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relocation {
    /// Where, in bytes from the start of the data.
    pub offset: u32,
    /// How many bytes.
    pub size: u8,
    /// The kind, numbered by Go.
    pub kind: u16,
    /// What is added to the target's address.
    pub addend: i64,
    /// Whose address.
    pub target: Ref,
}

impl Relocation {
    pub(super) fn read(record: &[u8]) -> Self {
        let byte = |at: usize| record.get(at).copied().unwrap_or_default();
        let addend: [u8; 8] = std::array::from_fn(|index| byte(7 + index));
        Self {
            offset: number(record, 0).unwrap_or_default(),
            size: byte(4),
            kind: u16::from_le_bytes([byte(5), byte(6)]),
            addend: i64::from_le_bytes(addend),
            target: Ref::read(record.get(15..).unwrap_or_default()),
        }
    }
}

/// A symbol that belongs to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aux {
    /// What it is to the other, numbered by Go.
    pub kind: u8,
    /// Which symbol.
    pub symbol: Ref,
}

impl Aux {
    pub(super) fn read(record: &[u8]) -> Self {
        Self {
            kind: record.first().copied().unwrap_or_default(),
            symbol: Ref::read(record.get(1..).unwrap_or_default()),
        }
    }

    /// Returns the word for reports.
    pub fn as_str(&self) -> &'static str {
        match self.kind {
            0 => "type",
            1 => "function information",
            2 | 11 => "stack maps",
            3..=6 => "debug information",
            7 => "stack table",
            8 | 9 => "line table",
            10 => "inlining table",
            _ => "table",
        }
    }
}
