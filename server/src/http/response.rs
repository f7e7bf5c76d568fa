//! From an answer or a refusal to an HTTP response: conditions, ranges, HEAD.

mod range;

use std::io;
use std::ops::Range as Span;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::body::Body;
use super::refusal::Refusal;
use crate::blocking::{self, CALL_MAX};
use crate::serve::peer::Peer;
use crate::serve::unreadable::OnUnreadable;
use crate::shelf::answer::{Answer, Kind, Lasting, Pieces};
use crate::store::{Content, StoredFile};
use range::Range;

/// To whom an answer goes: what of the request shapes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct To<'a> {
    /// GET or HEAD.
    pub(crate) method: &'a Method,
    headers: &'a HeaderMap,
    /// Whether the kernel itself reads the bytes of the answer; see [`Peer`].
    writes_to_kernel: bool,
}

impl<'a> To<'a> {
    /// Reads what shapes the answer to a request.
    pub(crate) fn of<R, B>(peer: &Peer<R>, request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            headers: request.headers(),
            writes_to_kernel: peer.writes_to_kernel,
        }
    }
}

/// Answers with what is all there.
pub(crate) fn whole(answer: &Answer, to: To<'_>) -> Response<Body> {
    let headers =
        answer.headers(|answer| headers_of(answer.kind, answer.tag.as_deref(), answer.lasting));
    let etag = headers.get(ETAG);
    if let (Some(etag), Some(wanted)) = (etag, to.headers.get(IF_NONE_MATCH))
        && matches(wanted, etag)
    {
        return build(StatusCode::NOT_MODIFIED, headers.clone(), Body::empty());
    }
    let length = usize::try_from(answer.content.len()).unwrap_or(usize::MAX);
    let range = match (to.method, etag) {
        (&Method::GET, Some(etag)) => Range::read(etag, length, to.headers),
        _ => Range::Whole,
    };
    match range {
        Range::Whole => content(StatusCode::OK, headers.clone(), to, answer, 0..length),
        Range::Part { first, end } => {
            let mut headers = headers.clone();
            let value = format!("bytes {first}-{}/{length}", end - 1);
            headers.insert(CONTENT_RANGE, ascii(&value));
            content(StatusCode::PARTIAL_CONTENT, headers, to, answer, first..end)
        }
        Range::Outside => {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, ascii(&format!("bytes */{length}")));
            build(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::empty())
        }
    }
}

/// Answers with a tile that is made while it is sent.
pub(crate) fn streamed(
    kind: Kind,
    length: Option<u64>,
    pieces: Pieces,
    method: &Method,
) -> Response<Body> {
    in_pieces(
        headers_of(kind, None, Lasting::AsKind),
        length,
        pieces,
        method,
    )
}

/// Answers with a zip that is arriving. Ranges and conditions wait until it is
/// stored: without its end nothing is proved. Others may keep it an hour, as they may
/// what turns out to be served unproved.
pub(crate) fn arriving(length: Option<u64>, pieces: Pieces, method: &Method) -> Response<Body> {
    let headers = headers_of(Kind::Zip, None, Lasting::Unproved);
    in_pieces(headers, length, pieces, method)
}

fn in_pieces(
    mut headers: HeaderMap,
    length: Option<u64>,
    pieces: Pieces,
    method: &Method,
) -> Response<Body> {
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::arriving(pieces, length)
    };
    build(StatusCode::OK, headers, body)
}

/// Returns the headers of a 200 of this kind.
fn headers_of(kind: Kind, tag: Option<&str>, lasting: Lasting) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, content_type(kind));
    headers.insert(CACHE_CONTROL, cache_control(kind, lasting));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(tag) = tag
        && let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\""))
    {
        headers.insert(ETAG, value);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    headers
}

fn content_type(kind: Kind) -> HeaderValue {
    HeaderValue::from_static(match kind {
        Kind::List
        | Kind::Mod
        | Kind::Head
        | Kind::Lookup
        | Kind::Records
        | Kind::PartialRecords => "text/plain; charset=utf-8",
        Kind::Latest | Kind::Query | Kind::Info => "application/json",
        Kind::Zip => "application/zip",
        Kind::Tile | Kind::PartialTile => "application/octet-stream",
    })
}

/// Tells how long others may keep an answer. What is proved never changes; what only
/// upstream says is kept a minute at the most.
fn cache_control(kind: Kind, lasting: Lasting) -> HeaderValue {
    const HOUR: &str = "public, max-age=3600";
    HeaderValue::from_static(match (kind, lasting) {
        (Kind::List | Kind::Latest | Kind::Query | Kind::Head, _) => "public, max-age=60",
        (Kind::Lookup | Kind::PartialTile | Kind::PartialRecords, _) | (_, Lasting::Unproved) => {
            HOUR
        }
        // It never changes, and nothing proves it.
        (Kind::Info, Lasting::AsKind) => "public, max-age=86400",
        (Kind::Mod | Kind::Zip | Kind::Tile | Kind::Records, Lasting::AsKind) => {
            "public, max-age=31536000, immutable"
        }
    })
}

/// Answers with a span of an answer's content.
///
/// A mapped file goes only where the kernel reads it: there a page that cannot be read
/// is a failed write, elsewhere it would be the end of this process.
fn content(
    status: StatusCode,
    mut headers: HeaderMap,
    to: To<'_>,
    answer: &Answer,
    span: Span<usize>,
) -> Response<Body> {
    headers.insert(CONTENT_LENGTH, span.len().into());
    if to.method == Method::HEAD {
        return build(status, headers, Body::empty());
    }
    match &answer.content {
        Content::Memory(bytes) => build(status, headers, Body::whole(bytes.slice(span))),
        Content::File(file) => match to.writes_to_kernel.then(|| file.map()) {
            Some(Ok(map)) => {
                let mut response = build(status, headers, Body::whole(map.slice(span)));
                let file = file.clone();
                let suspected = OnUnreadable::new(move || file.suspect());
                response.extensions_mut().insert(suspected);
                response
            }
            Some(Err(_)) | None => {
                let length = span.len() as u64;
                let body = Body::arriving(pieces(file.clone(), span), Some(length));
                build(status, headers, body)
            }
        },
    }
}

/// Bytes of a stored file that are read at once.
const PIECE_BYTES_MAX: usize = 256 << 10;

/// Reads a span of a file, piece by piece.
fn pieces(file: StoredFile, span: Span<usize>) -> Pieces {
    Box::pin(futures_util::stream::try_unfold(
        (file, span),
        async |(file, span): (StoredFile, Span<usize>)| {
            if span.is_empty() {
                return Ok(None);
            }
            let length = span.len().min(PIECE_BYTES_MAX);
            let (source, at) = (file.clone(), span.start as u64);
            let read = move || source.read_at(at, length);
            let piece = blocking::run_within(CALL_MAX, read).await;
            let piece = piece.inspect_err(|error: &io::Error| {
                // The next who asks finds it out.
                file.suspect();
                tracing::error!(%error, "a stored file cannot be read while it is sent");
            })?;
            Ok(Some((piece, (file, span.start + length..span.end))))
        },
    ))
}

/// Answers with a refusal.
pub(crate) fn refused(refusal: &Refusal, method: &Method) -> Response<Body> {
    let mut headers = text_headers();
    let caching = if refusal.may_be_kept {
        "public, max-age=60"
    } else {
        "no-store"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(after) = refusal.retry_after {
        headers.insert(RETRY_AFTER, seconds(after).into());
    }
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    in_memory(status, headers, method, refusal.text.clone())
}

/// Answers a method that is neither GET nor HEAD.
pub(crate) fn method_not_allowed() -> Response<Body> {
    let mut response = text(
        StatusCode::METHOD_NOT_ALLOWED,
        Bytes::from_static(b"only GET and HEAD are answered here\n"),
        &Method::GET,
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// Answers with a text that nobody may keep.
pub(crate) fn text(status: StatusCode, body: Bytes, method: &Method) -> Response<Body> {
    let mut headers = text_headers();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    in_memory(status, headers, method, body)
}

/// Answers one who changed something with what was done, in JSON.
///
/// # Errors
/// A refusal when that cannot be written as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<Response<Body>, Refusal> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Refusal::internal("writing the answer", &error))?;
    let response = self::text(StatusCode::OK, format!("{text}\n").into(), &Method::PUT);
    Ok(typed(response, "application/json"))
}

/// Gives an answer another media type than plain text.
pub(super) fn typed(mut response: Response<Body>, media_type: &'static str) -> Response<Body> {
    let value = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}

fn text_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

fn in_memory(
    status: StatusCode,
    mut headers: HeaderMap,
    method: &Method,
    bytes: Bytes,
) -> Response<Body> {
    headers.insert(CONTENT_LENGTH, bytes.len().into());
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::whole(bytes)
    };
    build(status, headers, body)
}

fn build(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Whole seconds, rounded up: a client told 0 would come back at once.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Compares `If-None-Match` with our tag (RFC 9110 §13.1.2: weak comparison,
/// a list, or `*`).
fn matches(wanted: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(wanted), Ok(etag)) = (wanted.to_str(), etag.to_str()) else {
        return false;
    };
    wanted
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use http::header::{IF_RANGE, RANGE};

    use super::*;

    #[test]
    fn conditions_and_ranges_shape_the_response() {
        let answer = Answer::of_bytes(Kind::Zip, Bytes::from_static(b"0123456789"), Some("tag"));
        let send = |headers: &HeaderMap| {
            let to = To {
                method: &Method::GET,
                headers,
                writes_to_kernel: false,
            };
            whole(&answer, to)
        };
        let ask = |name, value: &'static str| {
            let mut request = HeaderMap::new();
            request.insert(name, HeaderValue::from_static(value));
            send(&request)
        };
        assert_eq!(ask(IF_NONE_MATCH, "\"tag\"").status(), 304);
        assert_eq!(ask(IF_NONE_MATCH, "W/\"x\", W/\"tag\"").status(), 304);
        assert_eq!(ask(IF_NONE_MATCH, "\"other\"").status(), 200);
        let part = ask(RANGE, "bytes=2-4");
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()[CONTENT_RANGE], "bytes 2-4/10");
        assert_eq!(part.headers()[CONTENT_LENGTH], "3");
        assert_eq!(ask(RANGE, "bytes=10-").status(), 416);
        let mut request = HeaderMap::new();
        request.insert(RANGE, HeaderValue::from_static("bytes=2-4"));
        request.insert(IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(send(&request).status(), 200);
    }

    #[test]
    fn refusals_say_when_to_come_back() {
        let refusal = Refusal::unavailable("down\n", Some(Duration::from_millis(1500)));
        let response = refused(&refusal, &Method::GET);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
