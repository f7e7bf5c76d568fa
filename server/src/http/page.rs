//! The page for people who open the server's address in a browser.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};

use super::body::Body;
use super::html::escape;
use super::{Role, Site, bundles, databases, html, missing};
use crate::config;
use crate::metrics::Breaker;
use crate::sumdb::Databases;

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
    let with_private = missing::tells_private(role, request);
    let mut text = format!("{}{INTRODUCTION}", html::HEAD);
    use_it(&mut text, site, &format!("{scheme}://{host}"));
    databases::section(&mut text, site, with_private).await;
    upstreams(&mut text, site);
    bundles::section(&mut text, site, with_private);
    match missing::of(site, role, request).await {
        Ok(missed) => missing::section(&mut text, &missed, role.tells_health()),
        Err(error) => tracing::warn!(%error, "the page does not tell what is missing"),
    }
    end(site, &mut text);
    html::respond(Bytes::from(text), method)
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

const INTRODUCTION: &str = "<h1>sumward</h1>
<p>This is a Go module proxy. It proves modules against a signed checksum database before it serves them.</p>
<h2>Use it</h2>
";

fn use_it(page: &mut String, site: &Site, url: &str) {
    let lines = go_env_lines(url, &site.config.databases, &site.databases);
    // Writing to a String cannot fail.
    let _ = writeln!(page, "<pre>{}</pre>", escape(&lines));
}

fn upstreams(page: &mut String, site: &Site) {
    page.push_str(
        "<h2>Upstreams</h2>\n<div class=wide><table><tr><th>address<th>state<th>last trouble</tr>\n",
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
