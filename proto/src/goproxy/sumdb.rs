//! Requests to a checksum database, as they come through a proxy under
//! `/sumdb/<name>/`:
//!
//! ```text
//! supported                          asks whether the proxy relays this database
//! latest                             the newest signed tree head
//! lookup/<module>@<version>          a record, its number, and a head that covers it
//! tile/8/0/x001/067.p/1              hashes, or with `data` for the level, records
//! ```
//!
//! Source: go.dev/ref/mod#checksum-database, golang.org/x/mod/sumdb.

use super::Error;
use crate::module::ModuleVersion;
use crate::tlog::Tile;

/// One request for a checksum database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SumdbRequest {
    /// `supported`
    Supported,
    /// `latest`
    Latest,
    /// `lookup/<module>@<version>`
    Lookup(ModuleVersion),
    /// `tile/<height>/<level>/<number>[.p/<width>]`
    Tile(Tile),
}

impl SumdbRequest {
    /// Parses what follows the database's name and a slash, decoded.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Module`], [`Error::Tile`].
    pub fn parse(rest: &str) -> Result<Self, Error> {
        if let Some(module) = rest.strip_prefix("lookup/") {
            return Ok(Self::Lookup(ModuleVersion::from_escaped(module)?));
        }
        if rest.starts_with("tile/") {
            let tile = Tile::parse(rest).map_err(|_| Error::Tile {
                path: rest.to_owned(),
            })?;
            return Ok(Self::Tile(tile));
        }
        match rest {
            "supported" => Ok(Self::Supported),
            "latest" => Ok(Self::Latest),
            _ => Err(Error::Unknown),
        }
    }

    /// The path that [`SumdbRequest::parse`] reads.
    pub fn path(&self) -> String {
        match self {
            Self::Supported => "supported".to_owned(),
            Self::Latest => "latest".to_owned(),
            Self::Lookup(module) => format!("lookup/{}", module.escaped()),
            Self::Tile(tile) => tile.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_path_are_inverses() {
        for path in [
            "supported",
            "latest",
            "lookup/rsc.io/quote@v1.5.2",
            "lookup/github.com/!burnt!sushi/toml@v1.5.0",
            "lookup/github.com/dgrijalva/jwt-go@v3.2.0+incompatible",
            "lookup/golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64",
            "tile/8/0/x001/067.p/1",
            "tile/8/1/000",
            "tile/8/data/x012/345",
        ] {
            assert_eq!(SumdbRequest::parse(path).unwrap().path(), path);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for path in [
            "",
            "Supported",
            "supported/",
            "latest/x",
            "lookup",
            "tile",
            "x",
        ] {
            assert_eq!(SumdbRequest::parse(path), Err(Error::Unknown), "{path}");
        }
        for path in [
            "lookup/",
            "lookup/rsc.io/quote",
            "lookup/rsc.io/quote@",
            "lookup/rsc.io/quote@v1",
            "lookup/rsc.io/quote@master",
            "lookup/rsc.io/quote@v1.5.2@v1.5.2",
            "lookup/rsc.io/quote@v1.5.2/go.mod",
            "lookup/rsc.io/quote@v1.5.2+incompatible",
            "lookup/rsc.io/quote@v0.5.2+incompatible",
            "lookup/rsc.io/quote@v2.0.0",
            "lookup/rsc.io/quote@-x",
            "lookup/rsc.io/Quote@v1.5.2",
            "lookup/rsc.io/quote@v1.5.2-RC",
            "lookup/../quote@v1.5.2",
        ] {
            assert!(
                matches!(SumdbRequest::parse(path), Err(Error::Module(_))),
                "{path}"
            );
        }
        for path in [
            "tile/",
            "tile/8/0/1",
            "tile/8/0/x000/001",
            "tile/0/0/001",
            "tile/31/0/001",
            "tile/8/64/001",
            "tile/8/0/001.p/0",
            "tile/8/0/001.p/256",
            "tile/8/0/001/",
        ] {
            assert!(
                matches!(SumdbRequest::parse(path), Err(Error::Tile { .. })),
                "{path}"
            );
        }
    }
}
