//! What a proxy can be asked to turn into a version.

use std::fmt;

use super::Error;
use crate::module::{self, Version};

/// What stands before `.info`: a canonical version, or a short version, a
/// branch, a tag or a commit that the upstream shall turn into one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query(String);

impl Query {
    /// Parses a query as a person writes it.
    ///
    /// # Errors
    /// [`Error::Query`] for a leading `-`, [`Error::Module`].
    pub fn parse(query: &str) -> Result<Self, Error> {
        let len = query.len();
        let max = module::VERSION_LEN_MAX;
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        let len = module::escape_version(query)?.len();
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        // Behind some upstream this becomes an argument of a command.
        if query.starts_with('-') {
            let query = query.to_owned();
            return Err(Error::Query { query });
        }
        Ok(Self(query.to_owned()))
    }

    /// Parses a query in its escaped form.
    ///
    /// # Errors
    /// [`Error::Query`], [`Error::Module`].
    pub fn from_escaped(escaped: &str) -> Result<Self, Error> {
        let (len, max) = (escaped.len(), module::VERSION_LEN_MAX);
        if len > max {
            return Err(module::Error::TooLong { len, max }.into());
        }
        Self::parse(&module::unescape_version(escaped)?)
    }

    /// The query as a person writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The query as URLs and file names write it.
    pub fn escaped(&self) -> String {
        module::escape_path_element(&self.0)
    }

    /// The version, when the query is a canonical one.
    pub fn version(&self) -> Option<Version> {
        Version::parse(&self.0).ok()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
