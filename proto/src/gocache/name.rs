//! Names of files in a build cache.

use super::Id;

/// What a name at the top of the cache stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// One of the folders `00` to `ff`.
    Folder(u8),
    /// Files that the go command keeps there.
    Own(Own),
    /// Nothing that the go command makes.
    Foreign,
}

/// What the go command keeps at the top of the cache beside the 256 folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// `README`: says whose folder it is.
    Readme,
    /// `trim.txt`: when entries out of use were last deleted, Unix seconds.
    Trim,
    /// `testexpire.txt`: `go clean -testcache` forgets test results older than
    /// this, Unix nanoseconds.
    TestExpire,
    /// `log.txt`: what old versions of the go command looked up and stored.
    Log,
    /// `fuzz`: inputs that `go test -fuzz` found.
    Fuzz,
}

impl Top {
    /// Reads a name at the top of the cache.
    pub fn parse(name: &[u8]) -> Self {
        match name {
            b"README" => Self::Own(Own::Readme),
            b"trim.txt" => Self::Own(Own::Trim),
            b"testexpire.txt" => Self::Own(Own::TestExpire),
            b"log.txt" => Self::Own(Own::Log),
            b"fuzz" => Self::Own(Own::Fuzz),
            &[high, low] => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => Self::Folder(high << 4 | low),
                _ => Self::Foreign,
            },
            _ => Self::Foreign,
        }
    }
}

/// What a name within one of the 256 folders stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `<action>-a`.
    Action(Id),
    /// `<output>-d`.
    Output(Id),
}

impl Entry {
    /// Reads a name within the folder of this first byte. `None` for names that
    /// the go command neither makes nor looks for: another ending, upper case,
    /// another folder.
    pub fn parse(folder: u8, name: &[u8]) -> Option<Self> {
        let (digits, ending) = name.split_at_checked(64)?;
        if !digits.iter().all(|byte| digit(*byte).is_some()) {
            return None;
        }
        let id = Id::parse(digits).ok().filter(|id| id.0[0] == folder)?;
        match ending {
            b"-a" => Some(Self::Action(id)),
            b"-d" => Some(Self::Output(id)),
            _ => None,
        }
    }

    /// Returns the path within the cache, with `/`.
    pub fn path(&self) -> String {
        let (id, ending) = match self {
            Self::Action(id) => (id, 'a'),
            Self::Output(id) => (id, 'd'),
        };
        format!("{:02x}/{id}-{ending}", id.0[0])
    }
}

/// A lower-case hexadecimal digit: the go command writes no other.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
