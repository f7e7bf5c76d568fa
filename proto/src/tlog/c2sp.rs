//! The paths under which other logs than Go's are read: `checkpoint`, `tile/L/N` and
//! `tile/entries/N`, with tiles of height 8.
//!
//! Below one address both forms can lie: Go's paths have the height in front, and no
//! level of theirs has three digits, as the number of a tile has here.
//!
//! Source: c2sp.org/tlog-tiles

use super::{Level, Tile};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// `checkpoint`: the newest signed head.
    Checkpoint,
    /// `tile/<level>/<number>[.p/<width>]`: hashes.
    Tile(Tile),
    /// `tile/entries/<number>[.p/<width>]`: records, each with its length before it.
    Entries(Tile),
}

impl Request {
    /// Parses what follows the log's address and a slash; `None` when it is no such
    /// path.
    pub fn parse(path: &str) -> Option<Self> {
        if path == "checkpoint" {
            return Some(Self::Checkpoint);
        }
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let number = rest.split('/').next()?;
        let number = number.strip_prefix('x').unwrap_or(number);
        let number = number.strip_suffix(".p").unwrap_or(number);
        if number.len() != 3 {
            return None;
        }
        let level = match level {
            "entries" => "data",
            "data" => return None,
            level => level,
        };
        // The rest is as Go has it.
        let tile = Tile::parse(&format!("tile/8/{level}/{rest}")).ok()?;
        Some(match tile.level {
            Level::Data => Self::Entries(tile),
            Level::Hashes(_) => Self::Tile(tile),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_paths_of_the_specification() {
        let tile = |path| Tile::parse(path).unwrap();
        for (path, want) in [
            ("checkpoint", Request::Checkpoint),
            ("tile/0/000", Request::Tile(tile("tile/8/0/000"))),
            ("tile/5/x001/234", Request::Tile(tile("tile/8/5/x001/234"))),
            ("tile/8/001.p/7", Request::Tile(tile("tile/8/8/001.p/7"))),
            (
                "tile/entries/000",
                Request::Entries(tile("tile/8/data/000")),
            ),
            (
                "tile/entries/x123/456.p/7",
                Request::Entries(tile("tile/8/data/x123/456.p/7")),
            ),
        ] {
            assert_eq!(Request::parse(path), Some(want), "{path}");
        }
    }

    #[test]
    fn the_paths_of_the_go_command_are_left_to_it() {
        for path in [
            "latest",
            "checkpoint/",
            "tile/8/0/001",
            "tile/8/63/x001/067.p/1",
            "tile/8/data/x012/345",
            "tile/data/000",
            "tile/entries/0",
            "tile/entries/000.p/256",
            "tile/00/000",
            "tile/64/000",
            "tile/x/000",
            "tile/0/x000/001",
        ] {
            assert_eq!(Request::parse(path), None, "{path}");
        }
    }
}
