//! Where members lie in a bundle.

use std::fmt;

use super::{Error, PLACE_BYTES_MAX, shown};
use crate::goproxy::Request;
use crate::goproxy::sumdb::SumdbRequest;

/// The place of a member that a manifest lists.
///
/// [`Place::parse`] and `Display` are inverses: what has another spelling, an empty
/// element, `..` or a leading slash is not a place. Places have an order, in which a bundle
/// has its members: what describes it, then each database, then the modules, so that
/// whoever reads it can prove each module as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `bundle/sbom.cdx.json`
    Sbom,
    /// `sumdb/<name>/…`
    Database {
        /// The database's name.
        name: String,
        /// What of it.
        request: SumdbRequest,
    },
    /// `<module>/@v/…`
    Module(Request),
}

impl Place {
    /// Parses a place. `databases` are the names of those that the bundle has something
    /// of: names may have slashes, and the longest that fits counts.
    ///
    /// # Errors
    /// [`Error::Place`].
    pub fn parse<'a>(
        text: &str,
        databases: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        let fault = |fault: String| Error::Place {
            place: shown(text),
            fault,
        };
        if text.len() > PLACE_BYTES_MAX {
            let text = format!("it has more than {PLACE_BYTES_MAX} bytes");
            return Err(fault(text));
        }
        let place = if text == SBOM {
            Self::Sbom
        } else if let Some(rest) = text.strip_prefix(SUMDB) {
            let named = |name: &&str| {
                let after = rest.strip_prefix(*name);
                after.is_some_and(|after| after.starts_with('/'))
            };
            let name = databases.into_iter().filter(named).max_by_key(|n| n.len());
            let name = name.ok_or_else(|| fault("the bundle has no such database".to_owned()))?;
            let request = SumdbRequest::parse(&rest[name.len() + 1..]);
            Self::Database {
                name: name.to_owned(),
                request: request.map_err(|error| fault(error.to_string()))?,
            }
        } else {
            let request = Request::parse(text).map_err(|error| fault(error.to_string()))?;
            Self::Module(checked(request).map_err(fault)?)
        };
        if place.to_string() != text {
            return Err(fault("it has another spelling".to_owned()));
        }
        Ok(place)
    }

    /// What a bundle's members are sorted by, before their places.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Sbom => 0,
            Self::Database { .. } => 1,
            Self::Module(_) => 2,
        }
    }
}

/// A bundle has files of versions and lists. What a branch or a tag is today is no
/// matter for it.
fn checked(request: Request) -> Result<Request, String> {
    match &request {
        Request::Latest(_) => Err("bundles have no @latest".to_owned()),
        Request::Info { .. } if request.version().is_none() => {
            Err("it is the answer to a query, not a version".to_owned())
        }
        Request::Info { .. } | Request::List(_) | Request::Mod(_) | Request::Zip(_) => Ok(request),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sbom => f.write_str(SBOM),
            Self::Database { name, request } => write!(f, "{SUMDB}{name}/{}", request.path()),
            Self::Module(request) => f.write_str(&request.path()),
        }
    }
}

const SBOM: &str = "bundle/sbom.cdx.json";
const SUMDB: &str = "sumdb/";
