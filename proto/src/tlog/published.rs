//! Tiles as C2SP's logs publish them: all of height 8, and records in bundles.
//!
//! The paths are `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`: those of
//! [`Tile`] without the height, and another word for the records. An entry bundle
//! has each record with its length in two bytes, big-endian, in front.
//!
//! ```
//! use proto::tlog::{Tile, published};
//!
//! let tile = published::parse_path("tile/entries/x001/067.p/5")?;
//! assert_eq!(tile, Tile::parse("tile/8/data/x001/067.p/5")?);
//! assert_eq!(published::path(&tile).as_deref(), Some("tile/entries/x001/067.p/5"));
//! # Ok::<(), proto::tlog::Error>(())
//! ```
//!
//! Source: c2sp.org/tlog-tiles

use super::{Error, Level, Tile};

/// The height of all tiles.
pub const HEIGHT: u8 = 8;

/// Parses a path.
///
/// # Errors
///
/// [`Error::MalformedTilePath`] for all but the one way to write it.
pub fn parse_path(path: &str) -> Result<Tile, Error> {
    let rest = path
        .strip_prefix("tile/")
        .ok_or(Error::MalformedTilePath("does not begin with tile/"))?;
    if rest.starts_with("data/") {
        return Err(Error::MalformedTilePath("level is not in 0..=63"));
    }
    let path = match rest.strip_prefix("entries/") {
        Some(rest) => format!("tile/{HEIGHT}/data/{rest}"),
        None => format!("tile/{HEIGHT}/{rest}"),
    };
    Tile::parse(&path)
}

/// Returns the path of a tile of height 8, or `None` for another height.
pub fn path(tile: &Tile) -> Option<String> {
    let path = tile.path();
    let rest = path.strip_prefix("tile/8/")?;
    Some(match tile.level {
        Level::Data => format!("tile/entries/{}", rest.strip_prefix("data/")?),
        Level::Hashes(_) => format!("tile/{rest}"),
    })
}

/// Splits an entry bundle in its records, or returns `None` when it is cut short.
pub fn split_entries(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(u16::from_be_bytes(*len).into())?;
        entries.push(entry);
        rest = after;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::Level;

    #[test]
    fn paths_are_read_in_one_way_only() {
        for (path, level) in [
            ("tile/0/000", Level::Hashes(0)),
            ("tile/63/x001/234.p/255", Level::Hashes(63)),
            ("tile/entries/x001/234", Level::Data),
            ("tile/entries/000.p/1", Level::Data),
        ] {
            let tile = parse_path(path).unwrap();
            assert_eq!((tile.height, tile.level), (HEIGHT, level), "{path}");
            assert_eq!(super::path(&tile).as_deref(), Some(path));
        }
        for bad in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/0",
            "tile/64/000",
            "tile/00/000",
            "tile/data/000",
            "tile/entries",
            "tile/entries/",
            "tile/entries/entries/000",
            "tile/entries/000.p/256",
            "tile/entries/000.p/0",
            "tile/8/0/000",
            "tile/8/data/000",
            "/tile/0/000",
        ] {
            assert!(parse_path(bad).is_err(), "{bad}");
        }
        assert_eq!(super::path(&Tile::parse("tile/7/0/000").unwrap()), None);
    }

    #[test]
    fn bundles_are_split_or_refused() {
        assert_eq!(split_entries(b""), Some(vec![]));
        let bundle = b"\0\x01a\0\0\0\x02bc";
        assert_eq!(split_entries(bundle), Some(vec![&b"a"[..], b"", b"bc"]));
        for short in [1, 2, 4, 6, 7, 8] {
            assert_eq!(split_entries(&bundle[..short]), None, "{short}");
        }
    }
}
