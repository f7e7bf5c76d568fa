//! Settings that more than one source may give, and which source wins.

use std::path::PathBuf;

use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;

use super::databases::{self, Choice};
use super::environment::Environment;
use super::problem::Problem;
use super::word::{parse_format, parse_level, parse_mode};
use super::{Address, Format, HttpProxy, Mode, address, upstreams};
use crate::args::Flags;

/// What one source says. What it does not say is `None`.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) data: Option<PathBuf>,
    pub(super) listen: Option<Address>,
    pub(super) admin: Option<Address>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) list: Option<ProxyList>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) netrc: Option<PathBuf>,
    pub(super) http_proxy: Option<HttpProxy>,
    pub(super) databases: Option<Choice>,
    pub(super) mode: Option<Mode>,
    pub(super) exempt: Option<Patterns>,
    pub(super) format: Option<Format>,
    pub(super) level: Option<String>,
}

impl Layer {
    /// Reads the flags, all of them, also those whose values are wrong.
    pub(super) fn of_flags(flags: &Flags, problems: &mut Vec<Problem>) -> Self {
        let mut read = Reader { problems };
        let databases = (!flags.database.is_empty()).then(|| {
            let texts = flags.database.iter().map(String::as_str);
            read.keep("--database", databases::parse_all(texts))
        });
        Self {
            data: flags.data.clone(),
            listen: read.text("--listen", flags.listen.as_deref(), address::parse),
            admin: read.text("--admin", flags.admin.as_deref(), address::parse),
            certificate: flags.tls_cert.clone(),
            key: flags.tls_key.clone(),
            list: read.text("--upstream", flags.upstream.as_deref(), upstreams::parse),
            ca_file: flags.ca_file.clone(),
            netrc: flags.netrc.clone(),
            http_proxy: None,
            databases: databases.flatten(),
            mode: read.text("--proof", flags.proof.as_deref(), parse_mode),
            exempt: read.text(
                "--no-proof-for",
                flags.no_proof_for.as_deref(),
                databases::parse_patterns,
            ),
            format: read.text("--log-format", flags.log_format.as_deref(), parse_format),
            level: read.text("--log-level", flags.log_level.as_deref(), parse_level),
        }
    }

    /// Returns what this layer says, and what `below` says where it does not.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            listen: self.listen.or(below.listen),
            admin: self.admin.or(below.admin),
            certificate: self.certificate.or(below.certificate),
            key: self.key.or(below.key),
            list: self.list.or(below.list),
            ca_file: self.ca_file.or(below.ca_file),
            netrc: self.netrc.or(below.netrc),
            http_proxy: self.http_proxy.or(below.http_proxy),
            databases: self.databases.or(below.databases),
            mode: self.mode.or(below.mode),
            exempt: self.exempt.or(below.exempt),
            format: self.format.or(below.format),
            level: self.level.or(below.level),
        }
    }

    /// Fills what is still open from the environment. What is not open is not even
    /// parsed: a variable meant for the go command does no harm when it is overridden.
    pub(super) fn or_environment(
        mut self,
        environment: &Environment,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut read = Reader { problems };
        self.data = self.data.or_else(|| default_data(environment));
        self.list = self.list.or_else(|| {
            let text = environment.text("GOPROXY");
            read.text("GOPROXY", text.as_deref(), upstreams::parse)
        });
        self.databases = self.databases.or_else(|| {
            let text = environment.text("GOSUMDB");
            read.text("GOSUMDB", text.as_deref(), |text| {
                databases::parse_all([text])
            })
        });
        self.exempt = self.exempt.or_else(|| {
            // The go command's own default for GONOSUMDB.
            ["GONOSUMDB", "GOPRIVATE"].into_iter().find_map(|name| {
                let text = environment.text(name);
                read.text(name, text.as_deref(), databases::parse_patterns)
            })
        });
        self.netrc = self.netrc.or_else(|| default_netrc(environment));
        self.http_proxy = self.http_proxy.or_else(|| {
            let mut proxy = |upper, lower| {
                let text = environment.either(upper, lower);
                read.text(upper, text.as_deref(), upstreams::parse_http_proxy)
                    .flatten()
            };
            Some(HttpProxy {
                http: proxy("HTTP_PROXY", "http_proxy"),
                https: proxy("HTTPS_PROXY", "https_proxy"),
                except: environment.either("NO_PROXY", "no_proxy"),
            })
        });
        self.level = self.level.or_else(|| {
            let text = environment.text("RUST_LOG");
            read.text("RUST_LOG", text.as_deref(), parse_level)
        });
        self
    }
}

/// systemd's folder for the service's state, or the folder that the XDG base
/// directory specification gives a user's program.
fn default_data(environment: &Environment) -> Option<PathBuf> {
    if let Some(folders) = environment.text("STATE_DIRECTORY") {
        // The first of a colon list.
        return folders.split(':').next().map(PathBuf::from);
    }
    let share = environment
        .path("XDG_DATA_HOME")
        // The specification has relative paths ignored.
        .filter(|path| path.is_absolute())
        .or_else(|| Some(environment.path("HOME")?.join(".local/share")))?;
    Some(share.join("sumward"))
}

/// The file `NETRC` names, or `~/.netrc` where there is one.
fn default_netrc(environment: &Environment) -> Option<PathBuf> {
    environment.path("NETRC").or_else(|| {
        let path = environment.path("HOME")?.join(".netrc");
        path.exists().then_some(path)
    })
}

struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn text<T>(
        &mut self,
        source: &str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.keep(source, parse(text?))
    }

    fn keep<T>(&mut self, source: &str, result: Result<T, String>) -> Option<T> {
        result
            .inspect_err(|message| self.problems.push(Problem::new(source, message)))
            .ok()
    }
}
