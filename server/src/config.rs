//! Settings: what they are, where they come from, which source wins.
//!
//! Each setting is taken from the first of these that has it:
//!
//! 1. a flag ([`Flags`](crate::args::Flags)), or `--set KEY=VALUE`, which has every key,
//! 2. a variable named after the key: `SUMWARD_UPSTREAM_LIST` for `upstream.list`,
//! 3. the configuration files (YAML, every key documented in
//!    `deploy/config/sumward.yaml`): feature files, then the stage file, then the base
//!    file; of one layer a later file before an earlier one,
//! 4. the variables of the go command and of the system: `GOPROXY`, `GOSUMDB`,
//!    `GONOSUMDB` (with `GOPRIVATE` as its default), the proxy variables, `NETRC`,
//! 5. the defaults, which are Go's own where Go has one.
//!
//! `GONOPROXY` (with `GOPRIVATE` as its default) is no weaker than the others: it adds
//! an entry to `upstream.private`, after those that are there.
//!
//! With a trusted key (`trust.rs`) the files must be those of a signed manifest
//! (`signed.rs`), before any of them is parsed.
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
use proto::module::pattern::Patterns;
use proto::note::VerifierKey;
use proto::sumdb::PUBLIC_KEY;

mod address;
mod databases;
pub mod environment;
mod events;
pub(crate) mod file;
mod kind;
mod layer;
mod limits;
mod lines;
pub(crate) mod live;
pub mod load;
mod log;
mod named;
mod own;
mod partial;
mod pins;
pub mod place;
pub mod problem;
mod proof;
mod ratio;
mod schema;
mod section;
mod show;
pub(crate) mod signed;
pub(crate) mod sources;
mod traces;
mod trust;
mod unit;
mod upstream;
mod upstream_list;
mod variables;
mod witnesses;
mod word;
mod yaml;

pub(crate) use address::UNIX_PATH_BYTES_MAX;
pub use events::Events;
pub use limits::Limits;
pub use log::{Format, Log, Sample};
pub use own::Own;
pub use pins::{Naming, Pins};
pub use proof::{Mode, Proof};
pub use ratio::Ratio;
pub use traces::{Errors, Traces};
pub(crate) use unit::parse_size;
pub use upstream::{Breaker, HttpProxy, Private, Upstream};
pub use witnesses::{Unwitnessed, Witness};

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
    /// The database that is kept and signed here.
    pub own: Own,
    /// What must be proved.
    pub proof: Proof,
    /// How long and how much is kept near at hand.
    pub cache: Cache,
    /// What is let go where room is short.
    pub gc: Gc,
    /// What nobody may exceed.
    pub limits: Limits,
    /// What is noted of the use of modules.
    pub usage: Usage,
    /// Which bundles are taken in.
    pub bundle: Bundle,
    /// What is logged and how.
    pub log: Log,
    /// Where the traces of requests go.
    pub traces: Traces,
    /// Where errors are reported.
    pub errors: Errors,
    /// Where what happens to modules and databases is told.
    pub events: Events,
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

/// Which bundles are taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The keys of those who make bundles for this mirror.
    pub trust: Vec<VerifierKey>,
    /// A folder of which the server takes in what appears there; none when `None`.
    pub watch: Option<PathBuf>,
    /// How long a file there must not have grown.
    pub settle: Duration,
}

/// PEM files for serving TLS; read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
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

/// What is let go where room is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gc {
    /// Bytes of module files that may stay; all when `None`.
    pub budget: Option<u64>,
    /// What stays, whatever the budget.
    pub pins: Pins,
    /// How long after the files were looked at they are looked at again; only on command
    /// when `None`.
    pub every: Option<Duration>,
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
            own: Own::default(),
            proof: Proof::default(),
            cache: Cache::default(),
            gc: Gc::default(),
            limits: Limits::default(),
            usage: Usage::default(),
            bundle: Bundle::default(),
            log: Log::default(),
            traces: Traces::default(),
            errors: Errors::default(),
            events: Events::default(),
        }
    }
}

impl Config {
    /// Tells whether a module is served without a proof: what the database of our own
    /// proves never is.
    pub fn is_exempt(&self, module: &str) -> bool {
        let is_own = self.own.key.is_some() && self.upstream.private_entry(module).is_some();
        self.proof.is_exempt(module) && !is_own
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

impl Default for Gc {
    fn default() -> Self {
        Self {
            budget: None,
            pins: Pins::default(),
            every: Some(Duration::from_secs(3600)),
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

impl Default for Bundle {
    fn default() -> Self {
        Self {
            trust: Vec::new(),
            watch: None,
            settle: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests;
