//! Names of stored files.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use proto::goproxy::Request;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;

/// The place of a file in the module tree, and below an upstream:
/// `golang.org/x/text/@v/v0.3.0.zip`. Made from parsed requests only.
///
/// It has no `..`, no empty element and no upper-case letter, and names the same
/// file on any file system. An answer of a checksum database has the place
/// `sumdb/<name>/<path>`, which no module can have: a module's first element has
/// a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(Arc<str>);

impl Key {
    /// Returns the place of the answer to a request.
    pub(crate) fn of(request: &Request) -> Self {
        Self(request.path().into())
    }

    /// Returns the place of the answer of the checksum database `name`.
    pub(crate) fn of_database(name: &str, request: &SumdbRequest) -> Self {
        Self(format!("sumdb/{name}/{}", request.path()).into())
    }

    /// Reads the place of a module's file. `None` where no request leads there,
    /// or where the request that does has another spelling.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let request = Request::parse(text).ok()?;
        (request.path() == text).then(|| Self(text.into()))
    }

    /// Returns the place of a version's `.info`.
    pub(crate) fn info(version: &ModuleVersion) -> Self {
        let module = version.path.escaped();
        let name = version.version.escaped();
        Self(format!("{module}/@v/{name}.info").into())
    }

    /// Returns the place as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns module, version and ending of a version's file, escaped as they are:
    /// `golang.org/x/text`, `v0.3.0`, `zip`. What a query is about counts as a version;
    /// lists and answers of databases have none.
    pub(crate) fn of_version(&self) -> Option<(&str, &str, &str)> {
        let (module, file) = self.0.rsplit_once("/@v/")?;
        let (version, ending) = file.rsplit_once('.')?;
        Some((module, version, ending))
    }

    /// Returns what the places of all files of the module begin with, and of no
    /// other module's: `golang.org/x/text/@`. `None` for an answer of a database.
    pub(crate) fn module_prefix(&self) -> Option<&str> {
        // Neither an escaped path nor an escaped version holds `@`.
        let slash = self.0.find("/@")?;
        self.0.get(..slash + 2)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_places_that_its_requests_have() {
        let version = ModuleVersion::from_escaped("github.com/!burnt!sushi/toml@v1.5.0").unwrap();
        let at = "github.com/!burnt!sushi/toml/@v/v1.5.0";
        assert_eq!(Key::info(&version).as_str(), format!("{at}.info"));
        for ending in ["info", "mod", "zip"] {
            let path = format!("{at}.{ending}");
            let key = Key::of(&Request::parse(&path).unwrap());
            assert_eq!(key.as_str(), path);
            assert_eq!(Key::parse(&path), Some(key.clone()));
            let prefix = key.module_prefix();
            assert_eq!(prefix, Some("github.com/!burnt!sushi/toml/@"));
            let parts = ("github.com/!burnt!sushi/toml", "v1.5.0", ending);
            assert_eq!(key.of_version(), Some(parts));
        }
        for text in ["m.example/x/@v/list", "m.example/x/@latest"] {
            assert_eq!(Key::parse(text).unwrap().of_version(), None, "{text}");
        }
    }

    #[test]
    fn what_no_request_prints_is_no_key() {
        for text in [
            "",
            "m.example/x",
            "m.example/x/@v/",
            "m.example/x/@v/v1.0.0.zip.tmp",
            "m.example/x/../y/@v/v1.0.0.zip",
            "m.example//x/@v/v1.0.0.zip",
            "m.example/X/@v/v1.0.0.zip",
            "/m.example/x/@v/list",
            "m.example/x/@v/v1.0.zip",
            "sumdb/sum.golang.org/latest",
        ] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn answers_of_databases_belong_to_no_module() {
        let request = SumdbRequest::parse("lookup/m.example/x@v1.0.0").unwrap();
        let key = Key::of_database("sum.golang.org", &request);
        assert_eq!(
            key.as_str(),
            "sumdb/sum.golang.org/lookup/m.example/x@v1.0.0"
        );
        assert_eq!(key.module_prefix(), None);
        assert_eq!(key.of_version(), None);
    }
}
