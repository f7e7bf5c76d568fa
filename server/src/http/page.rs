//! The page for people who open the server's address in a browser.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue};
use http::{Request, Response, StatusCode};

use super::body::Body;
use super::html::{ago, escape};
use super::{Role, Site, bundles, missing, response};
use crate::config;
use crate::metrics::Breaker;
use crate::own;
use crate::sumdb::{Database, Databases};

/// Answers with the page. It shows this server's address as the client wrote it; on the
/// admin address, where modules are served.
pub(crate) async fn answer(site: &Arc<Site>, role: Role, request: &Request<()>) -> Response<Body> {
    let scheme = if site.config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let host = host(request).filter(|_| role.serves_modules());
    let host = host.unwrap_or_else(|| site.config.listen.to_string());
    let method = request.method();
    let mut text = page(site, &format!("{scheme}://{host}"));
    bundles::section(&mut text, site, missing::tells_private(role, request));
    match missing::of(site, role, request).await {
        Ok(missed) => missing::section(&mut text, &missed, role.tells_health()),
        Err(error) => tracing::warn!(%error, "the page does not tell what is missing"),
    }
    end(site, &mut text);
    let text = Bytes::from(text);
    let mut response = response::text(StatusCode::OK, text, method);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    response
}

/// Returns how the client calls this server: in HTTP/2 the authority says so, in
/// HTTP/1 mostly the `Host` header. Userinfo is left out.
fn host<B>(request: &Request<B>) -> Option<String> {
    let authority = request.uri().authority().map(|authority| {
        let text = authority.as_str();
        text.rsplit_once('@').map_or(text, |(_, host)| host)
    });
    let header = || request.headers().get(HOST)?.to_str().ok();
    let host = authority.or_else(header)?;
    // What is shown is pasted into a shell.
    host.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b))
        .then(|| host.to_owned())
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>sumward</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}a{color:#0550ae}
pre{background:#f2f4f6;padding:.8rem;overflow-x:auto;border-radius:4px}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #dde1e5;vertical-align:top}td.name{overflow-wrap:anywhere;min-width:11rem}
.good{color:#116329}.bad{color:#a40e26;font-weight:600}.dim{color:#57606a}code{font-size:.75rem;overflow-wrap:anywhere}summary{cursor:pointer}.day{white-space:nowrap}
@media(prefers-color-scheme:dark){body{color:#dfe3e8;background:#14171b}a{color:#79b8ff}pre{background:#20252b}td,th{border-color:#39414a}
.good{color:#5fd083}.bad{color:#ff8f8f}.dim{color:#9aa4ae}}
</style></head><body>
<h1>sumward</h1>
<p>This is a Go module proxy. It proves modules against a signed checksum database before it serves them.</p>
<h2>Use it</h2>
";

fn page(site: &Site, url: &str) -> String {
    let mut page = String::from(HEAD);
    let lines = go_env_lines(url, &site.config.databases, &site.databases);
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<pre>{}</pre>\n<h2>Checksum databases</h2>\n<div class=wide><table><tr><th>name<th>records in the newest head<th>head accepted<th>state</tr>\n",
        escape(&lines)
    );
    for database in site.databases.all() {
        let head = database
            .head_size()
            .map_or_else(|| "none yet".to_owned(), |size| size.to_string());
        let state = match (database, database.is_stopped()) {
            (Database::Followed(_), true) => {
                "<span class=bad>stopped: two of its heads do not fit, look at the evidence</span>"
            }
            (Database::Followed(_), false) => "<span class=good>followed</span>",
            (Database::Own(_), true) => {
                "<span class=bad>nothing is signed: the log says why</span>"
            }
            (Database::Own(_), false) => "<span class=good>kept and signed here</span>",
        };
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{head}<td>{}<td>{state}</tr>",
            escape(database.name()),
            age_of(database)
        );
        if let Database::Own(own) = database
            && let Some(standing) = own.witness_standing()
        {
            let _ = writeln!(page, "<tr><td><td colspan=3>{}</tr>", witnesses(&standing));
        }
    }
    page.push_str(
        "</table></div>\n<h2>Upstreams</h2>\n<div class=wide><table><tr><th>address<th>state<th>last trouble</tr>\n",
    );
    let health = site.sources.health();
    for upstream in &health {
        let class = if upstream.breaker == Breaker::Closed {
            "good"
        } else {
            "bad"
        };
        let trouble = upstream.last_failure.as_ref().map_or_else(
            || "<span class=dim>none</span>".to_owned(),
            |(ago, reason)| format!("{} ({} s ago)", escape(reason), ago.as_secs()),
        );
        let _ = writeln!(
            page,
            "<tr><td>{}<td><span class={class}>{}</span><td>{trouble}</tr>",
            escape(&upstream.label),
            upstream.state(),
        );
    }
    if health.is_empty() {
        page.push_str("<tr><td colspan=3 class=dim>none: only what is stored is served</tr>\n");
    }
    page.push_str("</table></div>\n");
    page
}

/// Says how the newest head of our own log stands with its witnesses.
fn witnesses(standing: &own::WitnessStanding) -> String {
    let class = if standing.is_alarmed { "bad" } else { "dim" };
    let mut text = format!(
        "<span class={class}>cosigned by {} of {} witnesses, {} are needed</span>",
        standing.fresh, standing.witnesses, standing.needed
    );
    for (name, why) in &standing.troubles {
        let _ = write!(
            text,
            "<br><span class=dim>{}: {}</span>",
            escape(name),
            escape(why)
        );
    }
    text
}

/// Says how old a database's newest head is.
fn age_of(database: &Database) -> String {
    if let Database::Own(_) = database {
        return "<span class=dim>signed here</span>".to_owned();
    }
    match (database.head_age(), database.is_standing_still()) {
        (None, _) => "<span class=dim>never</span>".to_owned(),
        (Some(age), true) => format!(
            "<span class=bad>{} ago: too long, no newer one comes</span>",
            ago(age.as_secs())
        ),
        (Some(age), false) => format!("{} ago", ago(age.as_secs())),
    }
}

fn end(site: &Site, page: &mut String) {
    let _ = write!(
        page,
        "<p class=dim>sumward {}, {} KiB of answers in memory. /healthz, /readyz and /metrics tell machines.</p>\n</body></html>\n",
        env!("CARGO_PKG_VERSION"),
        site.shelf.hot_bytes() >> 10,
    );
}

/// Returns the two lines that point the go command here. It knows one database only:
/// our own, else the first of the settings that is for every module.
pub(crate) fn go_env_lines(
    url: &str,
    configured: &[config::Database],
    databases: &Databases,
) -> String {
    let general = configured
        .iter()
        .find(|database| database.modules.is_none());
    let followed = general.or_else(|| configured.first());
    let database = match (databases.own(), followed) {
        (Some(own), _) => own.key().to_string(),
        (None, None) => "off".to_owned(),
        (None, Some(database)) if database.name == "sum.golang.org" => database.name.clone(),
        (None, Some(database)) => database.key.to_string(),
    };
    format!("go env -w GOPROXY={url}\ngo env -w GOSUMDB={database}\n")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::host;

    #[test]
    fn the_page_calls_the_server_as_the_client_does() {
        let http1 = Request::get("/").header("host", "mirror.example:8080");
        let http2 = Request::get("https://mirror.example:8443/");
        let hostile = Request::get("/").header("host", "$(reboot)");
        let user = Request::get("http://user:secret@mirror.example/");
        for (request, want) in [
            (http1, Some("mirror.example:8080")),
            (http2, Some("mirror.example:8443")),
            (user, Some("mirror.example")),
            (hostile, None),
            (Request::get("/"), None),
        ] {
            let request = request.body(()).unwrap();
            assert_eq!(host(&request).as_deref(), want);
        }
    }
}
