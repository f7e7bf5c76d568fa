//! Which checksum database the go command would ask, by the person's settings.
//!
//! The environment comes first, then the person's own file of settings (what `go
//! env -w` writes), then Go's defaults. The `go.env` inside the tree is not read:
//! whoever changed the tree can have changed that too, and no program of the tree
//! is run to ask it.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, bail};
use proto::goproxy::list::{Fallback, Proxy, ProxyList};
use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use proto::sumdb::Setting;
use proto::toolchain::MODULE;

use super::site::Site;
use crate::host::{Environment, goenv};

const DEFAULT_GOPROXY: &str = "https://proxy.golang.org,direct";
const DEFAULT_GOSUMDB: &str = "sum.golang.org";

/// Why nobody is asked where GOSUMDB says so.
const OFF: &str = "GOSUMDB=off: no database is to be asked";

/// The longest file of settings that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Whom the go command would ask.
#[derive(Debug)]
pub enum Choice {
    /// This database, by the first of these routes that leads to it.
    Ask {
        /// Its key.
        key: VerifierKey,
        /// The routes, in order.
        routes: Vec<Route>,
    },
    /// Nobody, for this reason.
    Nobody(String),
}

/// A way to a database.
#[derive(Debug)]
pub enum Route {
    /// Through a proxy, if that relays the database; this is where it would.
    Proxy {
        /// The place for the database's files.
        site: Site,
        /// Whether to go on to the next route when the proxy can't be asked.
        passes_errors: bool,
    },
    /// The database itself.
    Database(Site),
}

/// The settings of a person.
#[derive(Debug)]
pub struct Settings {
    environment: HashMap<&'static str, String>,
    file: HashMap<String, String>,
}

const NAMES: [&str; 4] = ["GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE"];

impl Settings {
    /// Reads the environment and the person's file of settings.
    ///
    /// # Errors
    /// When that file is there and can't be read, or a variable is not UTF-8.
    pub fn read(environment: &Environment) -> anyhow::Result<Self> {
        let mut told = HashMap::new();
        for name in NAMES {
            let Some(value) = environment.var(name) else {
                continue;
            };
            // Passed over, a list of private names would let them out.
            let value = value.to_str();
            let value = value.with_context(|| format!("{name} is not UTF-8"))?;
            told.insert(name, value.to_owned());
        }
        Ok(Self {
            environment: told,
            file: read_file(environment)?,
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name).or_else(|| self.file.get(name));
        value.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Chooses database and addresses.
    ///
    /// # Errors
    /// When a setting can't be understood.
    pub fn choose(&self) -> anyhow::Result<Choice> {
        let Some((key, url)) = self.named()? else {
            return Ok(Choice::Nobody(OFF.into()));
        };
        if let Some(why) = self.kept_back(MODULE)? {
            return Ok(Choice::Nobody(why));
        }
        self.database(key, url)
    }

    /// Returns why no database is to be asked about a module; `None` where nothing speaks
    /// against it.
    ///
    /// # Errors
    /// When a setting can't be understood.
    pub fn kept_back(&self, module: &str) -> anyhow::Result<Option<String>> {
        for name in ["GONOSUMDB", "GOPRIVATE"] {
            let Some(list) = self.get(name) else { continue };
            let is_covered = Patterns::parse(list).context(name)?.matches(module);
            // As in the go command, GOPRIVATE is the default of GONOSUMDB alone.
            return Ok(is_covered.then(|| {
                format!("{name}={list} covers {module}: no database is to be asked about it")
            }));
        }
        Ok(None)
    }

    /// Chooses addresses of the database of a key; nobody where GOSUMDB names another one,
    /// since names that are meant for that one may be private.
    ///
    /// # Errors
    /// When a setting can't be understood.
    pub fn choose_by_key(&self, key: &VerifierKey) -> anyhow::Result<Choice> {
        match self.named()? {
            None => Ok(Choice::Nobody(OFF.into())),
            Some((own, _)) if own != *key => Ok(Choice::Nobody(format!(
                "GOSUMDB={own} is another database than {key}: the go command would not ask that"
            ))),
            Some((own, url)) => self.database(own, url),
        }
    }

    /// The database that GOSUMDB names, with its address where it has one; `None` for `off`.
    fn named(&self) -> anyhow::Result<Option<(VerifierKey, Option<String>)>> {
        let sumdb = self.get("GOSUMDB").unwrap_or(DEFAULT_GOSUMDB);
        Ok(match Setting::parse(sumdb).context("GOSUMDB")? {
            Setting::Off => None,
            Setting::Database { key, url } => Some((key, url)),
        })
    }

    fn database(&self, key: VerifierKey, url: Option<String>) -> anyhow::Result<Choice> {
        let routes = match url {
            Some(url) => vec![Route::Database(Site::parse(&url)?)],
            None => self.routes(key.name())?,
        };
        Ok(if routes.is_empty() {
            Choice::Nobody("GOPROXY=off: nobody is to be asked".into())
        } else {
            Choice::Ask { key, routes }
        })
    }

    /// The proxies of the GOPROXY list, where modules come from.
    ///
    /// # Errors
    /// When the list can't be understood.
    pub fn proxies(&self) -> anyhow::Result<Vec<Site>> {
        let list = self.get("GOPROXY").unwrap_or(DEFAULT_GOPROXY);
        let list = ProxyList::parse(list).context("GOPROXY")?;
        let urls = list.entries().iter().map_while(|entry| match &entry.proxy {
            Proxy::Url(url) => Some(url),
            Proxy::Off | Proxy::Direct => None,
        });
        urls.map(|url| Site::parse(url)).collect()
    }

    /// The routes of the GOPROXY list. At its end stands the database itself: a
    /// proxy need not relay it.
    fn routes(&self, database: &str) -> anyhow::Result<Vec<Route>> {
        let list = self.get("GOPROXY").unwrap_or(DEFAULT_GOPROXY);
        let list = ProxyList::parse(list).context("GOPROXY")?;
        let mut routes = Vec::new();
        for entry in list.entries() {
            match &entry.proxy {
                Proxy::Off => return Ok(routes),
                Proxy::Direct => break,
                Proxy::Url(url) => routes.push(Route::Proxy {
                    site: relayed(&Site::parse(url)?, database),
                    passes_errors: entry.separator == Fallback::AnyError,
                }),
            }
        }
        routes.push(Route::Database(Site::parse(&format!(
            "https://{database}"
        ))?));
        Ok(routes)
    }
}

/// The routes to a database at an address that a person gave: a proxy such as
/// sumward, or the database itself.
///
/// # Errors
/// When it is no address.
pub fn routes_to(address: &str, database: &str) -> anyhow::Result<Vec<Route>> {
    let site = Site::parse(address)?;
    if address.contains("/sumdb/") {
        return Ok(vec![Route::Database(site)]);
    }
    Ok(vec![
        Route::Proxy {
            site: relayed(&site, database),
            passes_errors: false,
        },
        Route::Database(site),
    ])
}

fn relayed(proxy: &Site, database: &str) -> Site {
    proxy.join(&format!("sumdb/{database}"))
}

/// Reads `name=value` lines of the file that GOENV names, or the usual one.
fn read_file(environment: &Environment) -> anyhow::Result<HashMap<String, String>> {
    let Some(path) = goenv::file(environment).filter(|path| path.is_file()) else {
        return Ok(HashMap::new());
    };
    let len = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    if len > FILE_BYTES_MAX {
        bail!(
            "{}: more than {FILE_BYTES_MAX} bytes of settings",
            path.display()
        );
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let known = NAMES.contains(&name);
        known.then(|| (name.to_owned(), value.trim_end().to_owned()))
    };
    Ok(text.lines().filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use proto::note::SignerKey;

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let none = [("GOENV", "off")].into_iter();
        Settings::read(&Environment::new(none.chain(variables.iter().copied())))
    }

    /// The routes in words, or why there are none.
    fn routes(choice: anyhow::Result<Choice>) -> Vec<String> {
        match choice {
            Err(error) => vec![format!("error: {error:#}")],
            Ok(Choice::Nobody(why)) => vec![format!("nobody: {why}")],
            Ok(Choice::Ask { key, routes }) => {
                let route = |route: &Route| match route {
                    Route::Database(site) => format!("database {}", site.name()),
                    Route::Proxy {
                        site,
                        passes_errors,
                    } => format!("proxy {} {passes_errors}", site.name()),
                };
                let routes = routes.iter().map(route);
                std::iter::once(key.name().to_owned())
                    .chain(routes)
                    .collect()
            }
        }
    }

    fn chosen(variables: &[(&str, &str)]) -> Vec<String> {
        routes(settings(variables).and_then(|settings| settings.choose()))
    }

    #[test]
    fn proxies_are_asked_in_their_order_and_the_database_last() {
        let own = "sum.golang.org";
        let direct = "database https://sum.golang.org";
        let relayed = |proxy: &str, passes: bool| format!("proxy {proxy}/sumdb/{own} {passes}");
        assert_eq!(
            chosen(&[]),
            [own, &relayed("https://proxy.golang.org", false), direct]
        );
        let list = "https://a.example|https://b.example,https://c.example,direct,https://d.example";
        assert_eq!(
            chosen(&[("GOPROXY", list)]),
            [
                own,
                &relayed("https://a.example", true),
                &relayed("https://b.example", false),
                &relayed("https://c.example", false),
                direct
            ]
        );
        assert_eq!(
            chosen(&[("GOPROXY", "https://a.example,off")]),
            [own, &relayed("https://a.example", false)]
        );
        assert_eq!(
            chosen(&[("GOPROXY", "off")]),
            ["nobody: GOPROXY=off: nobody is to be asked"]
        );
        assert_eq!(chosen(&[("GOPROXY", "direct")]), [own, direct]);
        assert_eq!(
            chosen(&[("GOSUMDB", "sum.golang.org https://mirror.example")]),
            [own, "database https://mirror.example"]
        );
    }

    #[test]
    fn private_names_are_asked_of_nobody() {
        assert_eq!(chosen(&[("GOSUMDB", "off")]), [format!("nobody: {OFF}")]);
        let covered = |name: &str, list: &str| {
            vec![format!(
                "nobody: {name}={list} covers golang.org/toolchain: no database is to be asked about it"
            )]
        };
        for name in ["GONOSUMDB", "GOPRIVATE"] {
            assert_eq!(chosen(&[(name, "golang.org")]), covered(name, "golang.org"));
        }
        // GOPRIVATE is the default of GONOSUMDB alone.
        let both = [("GONOSUMDB", "corp.example"), ("GOPRIVATE", "golang.org")];
        assert_eq!(chosen(&both).len(), 3);
        assert_eq!(
            chosen(&[("GONOSUMDB", ""), both[1]]),
            covered("GOPRIVATE", "golang.org")
        );
        let kept = settings(&both).unwrap();
        assert!(kept.kept_back("corp.example/secret").unwrap().is_some());
        assert!(kept.kept_back("golang.org/x/mod").unwrap().is_none());
        assert!(chosen(&[("GOPRIVATE", "[")])[0].starts_with("error: GOPRIVATE"));
        assert!(chosen(&[("GOSUMDB", "nonsense")])[0].starts_with("error: GOSUMDB"));
    }

    #[test]
    fn a_key_is_looked_for_where_the_person_s_own_database_is() {
        let key = VerifierKey::parse(proto::sumdb::PUBLIC_KEY).unwrap();
        let by_key = |variables: &[(&str, &str)]| {
            routes(settings(variables).and_then(|settings| settings.choose_by_key(&key)))
        };
        assert_eq!(by_key(&[]).len(), 3);
        // The names are not Go's own: that they are private is for the caller to look at.
        assert_eq!(by_key(&[("GOPRIVATE", "golang.org")]).len(), 3);
        assert_eq!(by_key(&[("GOSUMDB", "off")]), [format!("nobody: {OFF}")]);
        let other = SignerKey::from_seed("sum.example", [7; 32]).unwrap();
        let other = other.verifier().to_string();
        let said = &by_key(&[("GOSUMDB", &other)])[0];
        assert!(
            said.starts_with(&format!("nobody: GOSUMDB={other} is another database")),
            "{said}"
        );
    }

    #[test]
    fn the_environment_comes_before_the_file_of_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env");
        fs::write(
            &file,
            "GOPROXY=off \nGOFLAGS=-mod=mod\nGOSUMDB=off\nnonsense\n",
        )
        .unwrap();
        let goenv = ("GOENV", file.to_str().unwrap());
        let read = |variables: &[(&str, &str)]| {
            let file = [goenv].into_iter();
            Settings::read(&Environment::new(file.chain(variables.iter().copied())))
        };
        let settings = read(&[("GOSUMDB", "sum.golang.org")]).unwrap();
        assert_eq!(settings.get("GOPROXY"), Some("off"));
        assert_eq!(settings.get("GOSUMDB"), Some("sum.golang.org"));
        assert_eq!(settings.get("GOPRIVATE"), None);
        assert!(!settings.file.contains_key("GOFLAGS"));
        let len = usize::try_from(FILE_BYTES_MAX).unwrap();
        fs::write(&file, vec![b'\n'; len]).unwrap();
        assert!(read(&[]).is_ok());
        fs::write(&file, vec![b'\n'; len + 1]).unwrap();
        assert!(read(&[]).is_err());
        fs::remove_file(&file).unwrap();
        assert!(read(&[]).unwrap().file.is_empty());
    }

    #[test]
    fn an_address_is_a_proxy_s_or_the_database_s_own() {
        let of = |address: &str| {
            let key = VerifierKey::parse(proto::sumdb::PUBLIC_KEY).unwrap();
            let routes_to = routes_to(address, "sum.golang.org");
            routes(routes_to.map(|routes| Choice::Ask { key, routes }))
        };
        assert_eq!(
            of("https://mirror.example")[1..],
            [
                "proxy https://mirror.example/sumdb/sum.golang.org false",
                "database https://mirror.example"
            ]
        );
        let own = "https://mirror.example/sumdb/sum.golang.org";
        assert_eq!(of(own)[1..], [format!("database {own}")]);
        assert!(of("nonsense")[0].starts_with("error"));
    }
}
