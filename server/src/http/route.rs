//! From a request's path to what is asked. Nothing else looks at URLs.

use proto::goproxy;

use crate::metrics;
use crate::source::upstream::instance;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Reading the settings again.
    Reload,
    /// The page for people.
    Page,
    /// Is the process alive?
    Health,
    /// Can it do its work?
    Ready,
    /// Prometheus.
    Metrics,
    /// Which process is this? Asked by a server that suspects it is talking to
    /// itself.
    Instance,
    /// Takes back what is stored and remembered of a module: `/purge/MODULE[@VERSION]`.
    Purge {
        /// The module and version, as the go command writes them.
        what: String,
    },
    /// Stops serving a version that is in the database of our own, or serves it again:
    /// `/deny/MODULE@VERSION`.
    Deny {
        /// The version, as the go command writes it.
        what: String,
    },
    /// Lets stored files go until the rest fits a budget.
    Gc,
    /// Takes in a file of a version that somebody brings: `/import/MODULE/@v/VERSION.zip`.
    Import {
        /// The file.
        request: goproxy::Request,
    },
    /// What was asked for and could not be had, as a list.
    Missing,
    /// Takes in a bundle that lies on this machine: `/bundle/import`.
    ImportBundle,
    /// A record of a database, and its proof: `/record?module=MODULE@VERSION`.
    Record {
        /// Whether it is asked for as a file: `/record.tlog-proof`.
        is_file: bool,
    },
    /// Which versions came into the database of our own, and when.
    Index,
    /// Something of a module.
    Module {
        /// What of which module.
        request: goproxy::Request,
        /// Whether upstream may not be asked.
        cached_only: bool,
    },
    /// Something of a checksum database. Where the database's name ends only the
    /// table of databases knows.
    Database {
        /// What follows `/sumdb/`, decoded.
        rest: String,
        /// Whether upstream may not be asked.
        cached_only: bool,
    },
}

/// The longest path that is looked at: a module path and version of 4 KiB are
/// far beyond what any host serves.
const PATH_BYTES_MAX: usize = 8 << 10;

impl Route {
    /// Reads the path of a request as it came, still percent-encoded.
    ///
    /// # Errors
    /// What is wrong with it, as text for the client.
    pub(crate) fn parse(path: &str) -> Result<Self, String> {
        match path {
            "/" => return Ok(Self::Page),
            "/healthz" => return Ok(Self::Health),
            "/readyz" => return Ok(Self::Ready),
            "/metrics" => return Ok(Self::Metrics),
            "/index" => return Ok(Self::Index),
            "/record" => return Ok(Self::Record { is_file: false }),
            "/record.tlog-proof" => return Ok(Self::Record { is_file: true }),
            "/gc" => return Ok(Self::Gc),
            "/reload" => return Ok(Self::Reload),
            "/missing.txt" => return Ok(Self::Missing),
            "/bundle/import" => return Ok(Self::ImportBundle),
            instance::PATH => return Ok(Self::Instance),
            _ => {}
        }
        if path.len() > PATH_BYTES_MAX {
            return Err(format!("the path is longer than {PATH_BYTES_MAX} bytes\n"));
        }
        let path = path
            .strip_prefix('/')
            .ok_or("the path does not start with a slash\n")?;
        if path.starts_with('/') {
            return Err(two_slashes(path));
        }
        let path = goproxy::decode(path).map_err(|error| format!("{error}\n"))?;
        let (path, cached_only) = match path.strip_prefix("cached-only/") {
            Some(rest) => (rest, true),
            None => (path.as_str(), false),
        };
        if let Some(what) = path.strip_prefix("purge/")
            && !cached_only
        {
            let what = what.to_owned();
            return Ok(Self::Purge { what });
        }
        if let Some(what) = path.strip_prefix("deny/")
            && !cached_only
        {
            let what = what.to_owned();
            return Ok(Self::Deny { what });
        }
        if let Some(path) = path.strip_prefix("import/")
            && !cached_only
        {
            let request = goproxy::Request::parse(path).map_err(|error| format!("{error}\n"))?;
            return Ok(Self::Import { request });
        }
        if let Some(rest) = path.strip_prefix("sumdb/") {
            return Ok(Self::Database {
                rest: rest.to_owned(),
                cached_only,
            });
        }
        let request = goproxy::Request::parse(path).map_err(|error| format!("{error}\n"))?;
        Ok(Self::Module {
            request,
            cached_only,
        })
    }

    /// Returns under which name such requests are counted.
    pub(crate) fn metric(&self) -> metrics::Kind {
        match self {
            Self::Module { request, .. } => match request {
                goproxy::Request::List(_) => metrics::Kind::List,
                goproxy::Request::Latest(_) => metrics::Kind::Latest,
                goproxy::Request::Info { .. } => metrics::Kind::Info,
                goproxy::Request::Mod(_) => metrics::Kind::Mod,
                goproxy::Request::Zip(_) => metrics::Kind::Zip,
            },
            Self::Database { rest, .. } if rest.ends_with("/supported") => {
                metrics::Kind::SumdbSupported
            }
            Self::Database { rest, .. } if rest.ends_with("/latest") => metrics::Kind::SumdbLatest,
            Self::Database { rest, .. } if rest.contains("/lookup/") => metrics::Kind::SumdbLookup,
            Self::Database { .. } => metrics::Kind::SumdbTile,
            Self::Page
            | Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::Instance
            | Self::Purge { .. }
            | Self::Deny { .. }
            | Self::Gc
            | Self::Missing
            | Self::Import { .. }
            | Self::ImportBundle
            | Self::Reload
            | Self::Record { .. }
            | Self::Index => metrics::Kind::Other,
        }
    }
}

/// What a GOPROXY with a slash too many at its end makes the go command ask.
fn two_slashes(path: &str) -> String {
    let right = path.trim_start_matches('/');
    format!(
        "the path starts with more than one slash: ask for /{right}, and write GOPROXY without a \
         slash at its end\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_is_named_with_the_right_path() {
        for path in ["//rsc.io/quote/@v/list", "///rsc.io/quote/@v/list"] {
            let text = Route::parse(path).unwrap_err();
            assert!(text.contains(" /rsc.io/quote/@v/list,"), "{text}");
        }
    }

    fn module(path: &str) -> (String, bool) {
        match Route::parse(path) {
            Ok(Route::Module {
                request,
                cached_only,
            }) => (request.path(), cached_only),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn module_paths_come_back_escaped_once() {
        for (path, want) in [
            ("/rsc.io/quote/@v/list", "rsc.io/quote/@v/list"),
            ("/rsc.io/quote/@latest", "rsc.io/quote/@latest"),
            (
                "/github.com/%21burnt%21sushi/toml/@v/v1.0.0.zip",
                "github.com/!burnt!sushi/toml/@v/v1.0.0.zip",
            ),
            (
                "/example.com/a/@v/v2.0.0%2Bincompatible.mod",
                "example.com/a/@v/v2.0.0+incompatible.mod",
            ),
        ] {
            assert_eq!(module(path), (want.to_owned(), false));
        }
        assert_eq!(
            module("/cached-only/rsc.io/quote/@v/list"),
            ("rsc.io/quote/@v/list".to_owned(), true)
        );
    }

    #[test]
    fn refuses_what_no_go_command_asks() {
        for path in [
            "/rsc.io/../etc/passwd",
            "/rsc.io/%2e%2e/quote/@v/list",
            "/rsc.io%2fquote/@v/list",
            "/rsc.io//quote/@v/list",
            "/rsc.io/quote/@v/",
            "/rsc.io/quote/@v/v1.0.0.exe",
            "/github.com/BurntSushi/toml/@v/list",
            "/rsc.io/quote/@v/v1.0.0.zip\0",
            "/rsc.io/quote",
            "rsc.io",
        ] {
            assert!(Route::parse(path).is_err(), "{path}");
        }
        assert!(Route::parse(&format!("/{}", "a".repeat(PATH_BYTES_MAX))).is_err());
    }

    #[test]
    fn databases_are_told_from_modules() {
        for (path, want) in [("/sumdb/", false), ("/cached-only/sumdb/", true)] {
            assert_eq!(
                Route::parse(&format!("{path}sum.golang.org/supported")),
                Ok(Route::Database {
                    rest: "sum.golang.org/supported".to_owned(),
                    cached_only: want
                })
            );
        }
    }
}
