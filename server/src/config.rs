//! Settings: what they are, where they come from, which source wins.
//!
//! Each setting is taken from the first of these that has it:
//!
//! 1. a flag ([`Flags`](crate::args::Flags)),
//! 2. the configuration file (YAML, every key documented in
//!    `deploy/config/sumward.yaml`),
//! 3. the environment ([`environment::Environment`]): `GOPROXY`, `GOSUMDB`, `GONOSUMDB`
//!    (with `GOPRIVATE` as its default), the proxy variables, `NETRC`,
//! 4. the defaults, which are Go's own where Go has one.
//!
//! Nothing else in the server reads the environment or a configuration file.
//! Loading has no side effects: no folder is made, no name is resolved.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use proto::sumdb::PUBLIC_KEY;

mod address;
mod databases;
pub mod environment;
mod file;
mod layer;
pub mod load;
pub mod problem;
mod show;
mod unit;
mod upstreams;
mod word;
mod yaml;

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The folder of modules, proofs and index. Made when absent.
    pub data: PathBuf,
    /// Where modules are served.
    pub listen: SocketAddr,
    /// Where `/healthz`, `/readyz` and `/metrics` are served; on `listen` when
    /// `None`.
    pub admin: Option<SocketAddr>,
    /// Certificate and key for `listen`; plain HTTP when `None`.
    pub tls: Option<Tls>,
    /// Where modules come from.
    pub upstream: Upstream,
    /// The followed checksum databases. The first whose `modules` fits a module
    /// proves it; all are relayed to clients.
    pub databases: Vec<Database>,
    /// What must be proved.
    pub proof: Proof,
    /// How long and how much is kept near at hand.
    pub cache: Cache,
    /// What nobody may exceed.
    pub limits: Limits,
    /// What is logged and how.
    pub log: Log,
}

/// PEM files for serving TLS; read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How upstreams are reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Upstream {
    /// The upstreams in GOPROXY syntax; never holds `direct`. URLs may carry
    /// userinfo: print them by `Display`, which hides it.
    pub list: ProxyList,
    /// Certificates (PEM) trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Credentials by host, in netrc syntax.
    pub netrc: Option<PathBuf>,
    /// HTTP proxies on the way to upstreams.
    pub http_proxy: HttpProxy,
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// How long an upstream may send nothing before it is given up.
    pub read_timeout: Duration,
    /// How often one request is tried at one upstream, the first included.
    pub attempts: u32,
    /// The pause before the second attempt; doubled for each one after it.
    pub backoff_min: Duration,
    /// The longest pause between attempts.
    pub backoff_max: Duration,
    /// When an upstream is left alone.
    pub breaker: Breaker,
}

/// The HTTP proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. URLs may carry
/// userinfo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpProxy {
    /// The proxy for `http` upstreams.
    pub http: Option<String>,
    /// The proxy for `https` upstreams.
    pub https: Option<String>,
    /// Hosts reached without one: the comma list of `NO_PROXY`.
    pub except: Option<String>,
}

/// When an upstream that fails is left alone, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row that open the breaker.
    pub failures_max: u32,
    /// How long it stays open the first time; doubled each time after.
    pub open_min: Duration,
    /// The longest it stays open.
    pub open_max: Duration,
}

/// A checksum database the server follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// The name clients ask for: `/sumdb/<name>/…`. May hold slashes.
    pub name: String,
    /// The key its heads are signed with.
    pub key: VerifierKey,
    /// Its own address, which is asked instead of the upstream list. Where it is
    /// `None`, the upstream that relays the database is asked, else `https://<name>`.
    pub url: Option<String>,
    /// The modules it proves; all when `None`.
    pub modules: Option<Patterns>,
}

/// What must be proved before it is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// What becomes of a module that is not proved.
    pub mode: Mode,
    /// Modules served without a proof.
    pub exempt: Patterns,
    /// How long after a mismatch upstream is left before it is asked again.
    pub pause: Duration,
}

/// What becomes of a module that is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    Require,
    /// It is served, and the log and the index say so.
    Report,
    /// No database is asked about it.
    Off,
}

/// How long and how much is kept near at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// How long a version list or an answer about `latest` or a branch is served
    /// without asking upstream.
    pub list_fresh: Duration,
    /// How old such an answer may grow while upstream fails.
    pub list_stale_max: Duration,
    /// How long "not found" is remembered.
    pub negative_ttl: Duration,
    /// How many "not found" are remembered.
    pub negative_entries_max: usize,
    /// Bytes of answers kept in memory.
    pub hot_bytes_max: u64,
    /// Free bytes on the data disk below which nothing new is fetched.
    pub disk_free_min: u64,
}

/// What nobody may exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open client connections; more wait to be accepted.
    pub connections_max: usize,
    /// Bytes of one request's head.
    pub header_bytes_max: usize,
    /// How long a client may take to send a request's head.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall_timeout: Duration,
    /// Upstream transfers at once.
    pub fetches_max: usize,
    /// Clients waiting for transfers at once.
    pub waiting_max: usize,
    /// Bytes of one module zip; Go's own limit.
    pub zip_bytes_max: u64,
    /// Bytes of one go.mod; Go's own limit.
    pub mod_bytes_max: u64,
    /// Bytes of one `.info`, list or latest answer.
    pub text_bytes_max: u64,
    /// How long open requests may go on after SIGTERM.
    pub drain_timeout: Duration,
}

/// What is logged and how; always to standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// One line for people, or one JSON object, an event.
    pub format: Format,
    /// A level or `tracing` filter directives.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Config {
    /// Returns the settings as a configuration file, secrets left out.
    pub fn show(&self) -> String {
        show::print(self)
    }

    /// Returns the defaults around a data folder: the public mirror, the public
    /// database, proof required.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            listen: LISTEN,
            admin: None,
            tls: None,
            upstream: Upstream::default(),
            databases: vec![Database::public()],
            proof: Proof::default(),
            cache: Cache::default(),
            limits: Limits::default(),
            log: Log::default(),
        }
    }
}

impl Database {
    /// Returns Go's public database with its published key.
    pub fn public() -> Self {
        Self {
            name: "sum.golang.org".to_owned(),
            key: VerifierKey::parse(PUBLIC_KEY).expect("a test parses the published key"),
            url: None,
            modules: None,
        }
    }
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Go's default list without its last entry: `direct` is for clients.
const UPSTREAM_LIST: &str = "https://proxy.golang.org";

impl Default for Upstream {
    fn default() -> Self {
        Self {
            list: ProxyList::parse(UPSTREAM_LIST).expect("a test parses the default list"),
            ca_file: None,
            netrc: None,
            http_proxy: HttpProxy::default(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            attempts: 3,
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(5),
            breaker: Breaker::default(),
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures_max: 5,
            open_min: Duration::from_secs(5),
            open_max: Duration::from_secs(120),
        }
    }
}

impl Default for Proof {
    fn default() -> Self {
        Self {
            mode: Mode::Require,
            exempt: Patterns::default(),
            pause: Duration::from_secs(60),
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            list_fresh: Duration::from_secs(60),
            list_stale_max: Duration::from_secs(30 * 24 * 3600),
            negative_ttl: Duration::from_secs(30),
            negative_entries_max: 10_000,
            hot_bytes_max: 32 << 20,
            disk_free_min: 512 << 20,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            header_bytes_max: 32 << 10,
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            write_stall_timeout: Duration::from_secs(30),
            fetches_max: 64,
            waiting_max: 4096,
            zip_bytes_max: 500 << 20,
            mod_bytes_max: 16 << 20,
            text_bytes_max: 16 << 20,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: Format::Text,
            level: "info".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
