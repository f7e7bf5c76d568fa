//! Where traces of requests and reports of errors go.

use sentry_types::Dsn;
use serde::{Deserialize, Serialize};
use url::Url;

use super::kind::{Kind, OrOff, Part, Said};
use super::ratio::{PartOfAll, Ratio};
use super::schema::Schema;
use super::section::{at, section};

/// Where the traces of requests go.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// An OpenTelemetry collector that takes OTLP by HTTP; nobody when `None`.
    pub endpoint: Option<Url>,
    /// Which part of the traces that begin here is exported. Of those that a client has
    /// begun, the client has decided.
    pub sample: Ratio,
}

/// Where errors are reported.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Errors {
    /// The address and key of a project at a Sentry server; nobody when `None`.
    pub sentry_dsn: Option<Dsn>,
    /// What systemd calls this run of the service. No key says it.
    pub invocation_id: Option<String>,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            endpoint: None,
            sample: Ratio::ALL,
        }
    }
}

section!(TracesSection of Traces {
    endpoint: Said<OrOff<Endpoint>>,
    sample: Said<PartOfAll>,
});

section!(ErrorsSection of Errors {
    sentry_dsn: Said<OrOff<DsnText>>,
});

/// The address of a collector.
pub(super) struct Endpoint;

impl Kind for Endpoint {
    type Setting = Url;

    fn parse(text: &str) -> Result<Url, String> {
        let mut url = Url::parse(text)
            .map_err(|error| format!("is not the URL of a collector: {error}; {ENDPOINT_HELP}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(format!(
                "`{}:` is not spoken; {ENDPOINT_HELP}",
                url.scheme()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "has a name or a password in it; the variable OTEL_EXPORTER_OTLP_HEADERS takes `authorization=…`; {ENDPOINT_HELP}"
            ));
        }
        if url.path() == "/" {
            url.set_path("/v1/traces");
        }
        Ok(url)
    }

    fn print(url: &Url) -> String {
        url.to_string()
    }
}

const ENDPOINT_HELP: &str = "write http://HOST:4318, or https with a path";

/// A DSN, as Sentry's settings of a project show it.
pub(super) struct DsnText;

impl Kind for DsnText {
    type Setting = Dsn;

    fn parse(text: &str) -> Result<Dsn, String> {
        // The text itself may be a secret that was put into the wrong place.
        text.parse::<Dsn>().map_err(|error| {
            format!("is not a DSN of Sentry: {error}; write https://KEY@HOST/PROJECT")
        })
    }

    /// Prints what may be known; the secret key of old projects may not.
    fn print(dsn: &Dsn) -> String {
        let secret = dsn.secret_key().unwrap_or_default();
        dsn.to_string().replacen(&format!(":{secret}@"), "@", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_that_of_traces() {
        for (text, want) in [
            ("http://c:4318", Ok("http://c:4318/v1/traces")),
            ("https://c/otlp/v1/traces", Ok("https://c/otlp/v1/traces")),
            ("grpc://c:4317", Err("`grpc:` is not spoken")),
            ("c:4318", Err("`c:` is not spoken")),
            ("collector", Err("is not the URL")),
            ("http://user:pass@c", Err("OTEL_EXPORTER_OTLP_HEADERS")),
        ] {
            match (Endpoint::parse(text), want) {
                (Ok(url), Ok(want)) => assert_eq!(url.as_str(), want),
                (Err(error), Err(want)) => assert!(error.contains(want), "{error}"),
                (got, want) => panic!("{text}: {got:?}, want {want:?}"),
            }
        }
    }

    #[test]
    fn a_dsn_is_shown_without_its_secret() {
        for text in [
            "https://public:hidden@sentry.example/42",
            "https://public@sentry.example/42",
        ] {
            let dsn = DsnText::parse(text).unwrap();
            assert_eq!(DsnText::print(&dsn), "https://public@sentry.example/42");
        }
        let error = DsnText::parse("https://sentry.example/hidden").unwrap_err();
        assert!(!error.contains("hidden"), "{error}");
    }
}
