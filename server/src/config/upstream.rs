//! How upstreams are reached.

use std::path::PathBuf;
use std::time::Duration;

use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;

use super::proof::TOOLCHAIN;

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
    /// Failures in a hundred transfers of the last `window` that open it.
    pub failures_percent: u32,
    /// How many transfers must have ended in it before their rate counts.
    pub transfers_min: u32,
    /// How long a transfer is remembered.
    pub window: Duration,
    /// How long it stays open the first time; doubled each time after.
    pub open_min: Duration,
    /// The longest it stays open.
    pub open_max: Duration,
}

impl Upstream {
    /// Returns the entry that a private module comes under, and `None` for all
    /// others. Go toolchains are never private.
    pub fn private_entry(&self, module: &str) -> Option<&Private> {
        let mut entries = self.private.iter();
        entries.find(|entry| module != TOOLCHAIN && entry.modules.matches(module))
    }
}

/// Go's default list without its last entry: `direct` is for clients.
pub(super) const UPSTREAM_LIST: &str = "https://proxy.golang.org";

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
            failures_percent: 50,
            transfers_min: 20,
            window: Duration::from_secs(10),
            open_min: Duration::from_secs(5),
            open_max: Duration::from_secs(120),
        }
    }
}
