//! The configuration as files, flags and variables say it: every key may be absent.
//!
//! A section is listed once, below. From that come its serde reader and writer, its
//! schema, and the way between it and [`Config`](super::Config).

use serde::{Deserialize, Serialize};

use super::address::{Blocks, HostsAndPorts, Listen};
use super::databases::Databases;
use super::events::EventsSection;
use super::kind::{OrOff, Part, Said};
use super::log::LogSection;
use super::pins::PinWords;
use super::schema::Schema;
use super::section::{at, section};
use super::traces::{ErrorsSection, TracesSection};
use super::unit::{Count, Pause, Size, Timeout};
use super::upstream_list::{HttpProxyUrl, NoProxy, PrivateEntries, Upstreams};
use super::witnesses::{Needed, UnwitnessedWord, Witnesses};
use super::word::{ModeWord, ModulePatterns, Path, Switch, TrustLines};
use crate::config;

section!(Partial of config::Config {
    data: Said<Path>,
    listen: Said<Listen>,
    admin: Said<OrOff<Listen>>,
    clients: Clients,
    tls: TlsSection,
    upstream: Upstream,
    databases: Said<Databases>,
    own: Own,
    proof: Proof,
    cache: Cache,
    gc: Gc,
    limits: Limits,
    usage: Usage,
    bundle: Bundle,
    log: LogSection,
    traces: TracesSection,
    errors: ErrorsSection,
    events: EventsSection,
});

impl Partial {
    /// Returns what is said of every key; of `data` nothing where the settings were only
    /// looked at and nothing says it.
    pub(super) fn shown(config: &config::Config) -> Self {
        let mut partial = Self::of(config);
        if config.data.as_os_str().is_empty() {
            partial.data = None;
        }
        partial
    }
}

section!(Clients of config::Clients {
    trusted_proxies: Said<Blocks>,
    proxy_protocol: Said<Switch>,
});

section!(Upstream of config::Upstream {
    list: Said<Upstreams>,
    private: Said<PrivateEntries>,
    redirect_hosts: Said<HostsAndPorts>,
    ca_file: Said<OrOff<Path>>,
    netrc: Said<OrOff<Path>>,
    http_proxy: Said<OrOff<HttpProxyUrl>> => http_proxy.http,
    https_proxy: Said<OrOff<HttpProxyUrl>> => http_proxy.https,
    no_proxy: Said<NoProxy> => http_proxy.except,
    connect_timeout: Said<Timeout>,
    head_timeout: Said<Timeout>,
    read_timeout: Said<Timeout>,
    attempts: Said<Count<u32, 100>>,
    backoff_min: Said<Timeout>,
    backoff_max: Said<Timeout>,
    breaker: Breaker,
});

section!(Breaker of config::Breaker {
    failures_max: Said<Count<u32, 1_000_000>>,
    failures_percent: Said<Count<u32, 100>>,
    transfers_min: Said<Count<u32, 1_000_000>>,
    window: Said<Timeout>,
    open_min: Said<Timeout>,
    open_max: Said<Timeout>,
});

section!(Own of config::Own {
    key: Said<OrOff<Path>>,
    second_key: Said<OrOff<Path>>,
    high_water: Said<OrOff<Path>>,
    recheck: Said<OrOff<Timeout>>,
    witnesses: Said<Witnesses>,
    witnesses_needed: Said<Needed>,
    cosigned_within: Said<Timeout>,
    unwitnessed: Said<UnwitnessedWord>,
});

section!(Proof of config::Proof {
    mode: Said<ModeWord>,
    exempt: Said<ModulePatterns>,
    pause: Said<Pause>,
});

section!(Cache of config::Cache {
    list_fresh: Said<Pause>,
    negative_ttl: Said<Pause>,
    negative_entries_max: Said<Count<usize, 10_000_000>>,
    absences_max: Said<Count<usize, 100_000_000>>,
    hot_bytes_max: Said<Size<u64, 0, { u64::MAX }>>,
    disk_free_min: Said<Size<u64, 0, { u64::MAX }>>,
});

section!(Gc of config::Gc {
    budget: Said<OrOff<Size<u64, 0, { u64::MAX }>>>,
    pins: Said<PinWords>,
    every: Said<OrOff<Timeout>>,
});

section!(Limits of config::Limits {
    connections_max: Said<Many>,
    connections_per_address_max: Said<Many>,
    header_bytes_max: Said<Size<usize, HEADER_BYTES_MIN, { 1 << 20 }>>,
    header_read_timeout: Said<Timeout>,
    idle_timeout: Said<Timeout>,
    write_stall_timeout: Said<Timeout>,
    fetches_max: Said<Many>,
    text_fetches_max: Said<Many>,
    waiting_max: Said<Many>,
    waiting_per_address_max: Said<Many>,
    unwatched_max: Said<Pause>,
    zip_bytes_max: Said<BodySize>,
    mod_bytes_max: Said<BodySize>,
    text_bytes_max: Said<BodySize>,
    drain_timeout: Said<Pause>,
});

section!(Usage of config::Usage {
    client_addresses: Said<Switch>,
    entries_per_day_max: Said<Count<usize, 100_000_000>>,
});

section!(Bundle of config::Bundle {
    trust: Said<TrustLines>,
    watch: Said<OrOff<Path>>,
    settle: Said<Timeout>,
});

type Many = Count<usize, 1_000_000>;
type BodySize = Size<u64, { 1 << 10 }, BODY_BYTES_MAX>;

/// hyper takes no smaller buffer for a request's head.
const HEADER_BYTES_MIN: u64 = 8 << 10;

/// No answer is larger: a zip beyond Go's 500 MiB is of no use to a go command.
const BODY_BYTES_MAX: u64 = 4 << 30;

/// Certificate and key make one setting; [`Config::load`](config::Config::load)
/// reports one without the other.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsSection {
    certificate: Option<Said<OrOff<Path>>>,
    key: Option<Said<OrOff<Path>>>,
}

impl Part for TlsSection {
    type Setting = Option<config::Tls>;

    fn fill(self, tls: &mut Option<config::Tls>) {
        let said = |part: Option<Said<OrOff<Path>>>| part.and_then(|said| said.0);
        if let (Some(certificate), Some(key)) = (said(self.certificate), said(self.key)) {
            *tls = Some(config::Tls { certificate, key });
        }
    }

    fn of(tls: &Option<config::Tls>) -> Self {
        let tls = tls.as_ref();
        Self {
            certificate: Some(Said(tls.map(|tls| tls.certificate.clone()))),
            key: Some(Said(tls.map(|tls| tls.key.clone()))),
        }
    }

    fn schema() -> Schema {
        Schema::Section(vec![("certificate", Schema::Value), ("key", Schema::Value)])
    }
}
