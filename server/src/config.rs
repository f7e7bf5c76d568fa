//! Settings: what they are, where they come from, which source wins.
//!
//! Each setting is taken from the first of these that has it:
//!
//! 1. a flag ([`Flags`](crate::args::Flags)), or `--set KEY=VALUE`, which has every key,
//! 2. a variable named after the key: `SUMWARD_UPSTREAM_LIST` for `upstream.list`,
//! 3. the configuration files (YAML, every key documented in
//!    `deploy/config/sumward.yaml`), a later file before an earlier one,
//! 4. the variables of the go command and of the system: `GOPROXY`, `GOSUMDB`,
//!    `GONOSUMDB` (with `GOPRIVATE` as its default), the proxy variables, `NETRC`,
//! 5. the defaults, which are Go's own where Go has one.
//!
//! `GONOPROXY` (with `GOPRIVATE` as its default) is no weaker than the others: it adds
//! an entry to `upstream.private`, after those that are there.
//!
//! The keys are listed in `partial.rs`. A source becomes a `Layer`: values by the path
//! of their key, each with its origin. Layers are put over each other, and serde reads
//! what comes of it.
//!
//! Nothing else in the server reads the environment or a configuration file.
//! Loading has no side effects: no folder is made, no name is resolved.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use proto::sumdb::PUBLIC_KEY;

mod address;
mod databases;
pub mod environment;
mod kind;
mod layer;
mod lines;
pub mod load;
mod partial;
pub mod problem;
mod schema;
mod show;
mod unit;
mod upstreams;
mod variables;
mod word;

/// Everything the server needs to know before it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The folder of modules, proofs and index. Made when absent.
    pub data: PathBuf,
    /// The folder for sockets of a running server: the first of `RUNTIME_DIRECTORY`,
    /// which systemd sets. No key says it.
    pub runtime: Option<PathBuf>,
    /// Where modules are served.
    pub listen: Address,
    /// Where `/healthz`, `/readyz` and `/metrics` are served; on `listen` when
    /// `None`.
    pub admin: Option<Address>,
    /// Who clients are that come through others.
    pub clients: Clients,
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
    /// What is noted of the use of modules.
    pub usage: Usage,
    /// What is logged and how.
    pub log: Log,
}

/// Where connections come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A unix socket: `unix:/run/sumward.sock`.
    Unix(PathBuf),
    /// A listening socket that systemd hands down, by its `FileDescriptorName=`:
    /// `systemd:main`.
    Inherited(String),
}

/// Which addresses may speak for a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clients {
    /// Proxies whose `Forwarded` and `X-Forwarded-For` headers are believed:
    /// addresses and blocks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether each connection begins with a PROXY protocol header (version 1 or
    /// 2). Only trusted proxies may then connect.
    pub proxy_protocol: bool,
}

/// What is noted of the use of modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Whether the client's address is noted beside what was fetched.
    pub client_addresses: bool,
    /// Entries noted for one day; beyond, fetches of further modules are counted
    /// together.
    pub entries_per_day_max: usize,
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
    /// Where private modules come from. The first entry whose patterns match a
    /// module decides, and the main list is not asked about it.
    pub private: Vec<Private>,
    /// Hosts with port (`cdn.internal:443`) that a redirect may lead to although
    /// their address is private, loopback or link-local.
    pub redirect_hosts: Vec<String>,
    /// Certificates (PEM) trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Credentials by host, in netrc syntax.
    pub netrc: Option<PathBuf>,
    /// HTTP proxies on the way to upstreams.
    pub http_proxy: HttpProxy,
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// How long an upstream may take until its answer begins. The public mirror
    /// takes up to a minute for a module it has not seen.
    pub head_timeout: Duration,
    /// How long an upstream may send nothing of an answer that has begun before it
    /// is given up.
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

/// Where the modules come from that match patterns of `GOPRIVATE` or `GONOPROXY`.
#[derive(Debug, Clone, PartialEq)]
pub struct Private {
    /// The modules.
    pub modules: Patterns,
    /// The upstreams that may be told their names; nobody when `None`.
    pub list: Option<ProxyList>,
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
    /// How long its newest head may stay the same before that is an alarm; never
    /// when `None`.
    pub head_age_max: Option<Duration>,
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
    /// How long "not found" is remembered.
    pub negative_ttl: Duration,
    /// How many refusals are remembered in memory.
    pub negative_entries_max: usize,
    /// How many answers "does not exist" are stored, to be given again when
    /// upstream is dead.
    pub absences_max: usize,
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
    /// Open connections of one client address. Behind trusted proxies it is the
    /// clients' addresses that count.
    pub connections_per_address_max: usize,
    /// Bytes of one request's head.
    pub header_bytes_max: usize,
    /// How long a client may take to send a request's head.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall_timeout: Duration,
    /// Upstream transfers of zips at once.
    pub fetches_max: usize,
    /// Upstream transfers of lists, `.info`, `.mod` and answers of checksum databases
    /// at once.
    pub text_fetches_max: usize,
    /// Requests waiting for transfers at once.
    pub waiting_max: usize,
    /// Requests of one client address waiting for transfers at once.
    pub waiting_per_address_max: usize,
    /// How long a transfer goes on that no client waits for any more.
    pub unwatched_max: Duration,
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

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inherited(name) => write!(f, "systemd:{name}"),
        }
    }
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
            runtime: None,
            listen: LISTEN,
            admin: None,
            clients: Clients::default(),
            tls: None,
            upstream: Upstream::default(),
            databases: vec![Database::public()],
            proof: Proof::default(),
            cache: Cache::default(),
            limits: Limits::default(),
            usage: Usage::default(),
            log: Log::default(),
        }
    }
}

impl Limits {
    /// Returns the connections that one client address may hold: as set, and never so
    /// many that nobody else has any.
    pub fn connections_of_one(&self) -> usize {
        share_of_one(self.connections_per_address_max, self.connections_max)
    }

    /// Returns the requests of one client address that may wait for transfers; the
    /// same.
    pub fn waiting_of_one(&self) -> usize {
        share_of_one(self.waiting_per_address_max, self.waiting_max)
    }
}

/// A quarter, one at the least, is left to others.
fn share_of_one(set: usize, all: usize) -> usize {
    let others = (all / 4).max(1);
    set.min(all.saturating_sub(others)).max(1)
}

impl Proof {
    /// Tells whether a module is served without a proof. Go toolchains never are: the
    /// go command looks them up whatever `GONOSUMDB` says.
    pub fn is_exempt(&self, module: &str) -> bool {
        module != TOOLCHAIN && self.exempt.matches(module)
    }
}

impl Upstream {
    /// Returns the entry that a private module comes under, and `None` for all
    /// others. Go toolchains are never private.
    pub fn private_entry(&self, module: &str) -> Option<&Private> {
        let mut entries = self.private.iter();
        entries.find(|entry| module != TOOLCHAIN && entry.modules.matches(module))
    }
}

/// The module that Go toolchains are versions of.
const TOOLCHAIN: &str = "golang.org/toolchain";

impl Database {
    /// Returns Go's public database with its published key.
    pub fn public() -> Self {
        Self {
            name: "sum.golang.org".to_owned(),
            key: VerifierKey::parse(PUBLIC_KEY).expect("a test parses the published key"),
            url: None,
            modules: None,
            head_age_max: Some(PUBLIC_HEAD_AGE_MAX),
        }
    }
}

/// Go's public database signs a new head every few minutes.
const PUBLIC_HEAD_AGE_MAX: Duration = Duration::from_secs(24 * 3600);

const LISTEN: Address = Address::Tcp(SocketAddr::new(
    std::net::IpAddr::V4(Ipv4Addr::LOCALHOST),
    8080,
));

/// Go's default list without its last entry: `direct` is for clients.
const UPSTREAM_LIST: &str = "https://proxy.golang.org";

impl Default for Upstream {
    fn default() -> Self {
        Self {
            list: ProxyList::parse(UPSTREAM_LIST).expect("a test parses the default list"),
            private: Vec::new(),
            redirect_hosts: Vec::new(),
            ca_file: None,
            netrc: None,
            http_proxy: HttpProxy::default(),
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(75),
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
            negative_ttl: Duration::from_secs(30),
            negative_entries_max: 10_000,
            absences_max: 100_000,
            hot_bytes_max: 32 << 20,
            disk_free_min: 512 << 20,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            connections_per_address_max: 1024,
            header_bytes_max: 32 << 10,
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            write_stall_timeout: Duration::from_secs(30),
            fetches_max: 64,
            text_fetches_max: 128,
            waiting_max: 4096,
            waiting_per_address_max: 1024,
            unwatched_max: Duration::from_secs(120),
            zip_bytes_max: 500 << 20,
            mod_bytes_max: 16 << 20,
            text_bytes_max: 16 << 20,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            client_addresses: false,
            entries_per_day_max: 100_000,
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
