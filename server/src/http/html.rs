//! What pages begin with, how they are sent, and text as they show it.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

use super::body::Body;
use super::response;

/// How every page begins, light or dark as its reader has it.
pub(super) const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>sumward</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;overflow-wrap:anywhere}a{color:#0550ae}
pre{background:#f2f4f6;padding:.8rem;overflow-x:auto;border-radius:4px}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #dde1e5;vertical-align:top}td.name{overflow-wrap:anywhere;min-width:11rem}
.good{color:#116329}.bad{color:#a40e26;font-weight:600}.dim{color:#57606a}code{font-size:.75rem;overflow-wrap:anywhere}summary{cursor:pointer}.day{white-space:nowrap}
.plot{display:block}.plot polyline{fill:none;stroke:currentColor;stroke-width:1.5}
input,button{font:inherit;color:inherit;background:transparent;border:1px solid #8c959f;border-radius:4px;padding:.2rem .5rem;max-width:100%}
@media(prefers-color-scheme:dark){body{color:#dfe3e8;background:#14171b}a{color:#79b8ff}pre{background:#20252b}td,th{border-color:#39414a}
.good{color:#5fd083}.bad{color:#ff8f8f}.dim{color:#9aa4ae}}
</style></head><body>";

/// Sends a page. It fetches nothing and runs nothing.
pub(super) fn respond(text: Bytes, method: &Method) -> Response<Body> {
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

/// Returns text of others as it stands in HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Says how long something was: `50 s`, `12 min`, `3 h`, `5 days`.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_of_others_stays_text() {
        assert_eq!(super::escape("<a&\">"), "&lt;a&amp;&quot;&gt;");
    }

    #[test]
    fn times_are_said_as_people_do() {
        let said = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(super::ago);
        let want = ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"];
        assert_eq!(said, want);
    }
}
