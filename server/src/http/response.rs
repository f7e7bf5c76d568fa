//! From an answer or a refusal to an HTTP response: conditions, ranges, HEAD.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH, IF_RANGE, RANGE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Response, StatusCode};

use super::body::{Body, Pieces};
use super::refusal::{Refusal, Remember};
use crate::shelf::answer::{Answer, Kind, headers};

/// Answers with what is all there.
pub(crate) fn whole(answer: &Answer, method: &Method, request: &HeaderMap) -> Response<Body> {
    let etag = answer.headers.get(ETAG);
    if let (Some(etag), Some(wanted)) = (etag, request.get(IF_NONE_MATCH))
        && matches(wanted, etag)
    {
        return build(
            StatusCode::NOT_MODIFIED,
            answer.headers.clone(),
            Body::empty(),
        );
    }
    let range = if method == Method::GET {
        range(answer, request)
    } else {
        Range::Whole
    };
    match range {
        Range::Whole => {
            let length = answer.body.len();
            content(
                StatusCode::OK,
                answer.headers.clone(),
                method,
                answer.body.clone(),
                length,
            )
        }
        Range::Part { first, end } => {
            let mut headers = answer.headers.clone();
            let value = format!("bytes {first}-{}/{}", end - 1, answer.body.len());
            headers.insert(CONTENT_RANGE, ascii(&value));
            let part = answer.body.slice(first..end);
            content(
                StatusCode::PARTIAL_CONTENT,
                headers,
                method,
                part,
                end - first,
            )
        }
        Range::Outside => {
            let mut headers = HeaderMap::new();
            headers.insert(
                CONTENT_RANGE,
                ascii(&format!("bytes */{}", answer.body.len())),
            );
            build(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::empty())
        }
    }
}

/// Answers with a zip that is arriving. Ranges and conditions wait until it is
/// stored: without its end nothing is proved.
pub(crate) fn arriving(length: Option<u64>, pieces: Pieces, method: &Method) -> Response<Body> {
    let mut headers = headers(Kind::Zip, None);
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::Arriving {
            pieces,
            left: length,
        }
    };
    build(StatusCode::OK, headers, body)
}

/// Answers with a refusal.
pub(crate) fn refused(refusal: &Refusal, method: &Method) -> Response<Body> {
    let mut headers = text_headers();
    let caching = match refusal.remember {
        Remember::Briefly => "public, max-age=60",
        Remember::No | Remember::Pause => "no-store",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Some(after) = refusal.retry_after {
        headers.insert(RETRY_AFTER, seconds(after).into());
    }
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = refusal.text.clone();
    let length = text.len();
    content(status, headers, method, text, length)
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
    let length = body.len();
    content(status, headers, method, body, length)
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

fn content(
    status: StatusCode,
    mut headers: HeaderMap,
    method: &Method,
    bytes: Bytes,
    length: usize,
) -> Response<Body> {
    headers.insert(CONTENT_LENGTH, length.into());
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

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { first: usize, end: usize },
    Outside,
}

/// Reads `Range` (RFC 9110 §14): one range of bytes. Several at once, other
/// units and a failing `If-Range` get the whole, as the RFC allows.
fn range(answer: &Answer, request: &HeaderMap) -> Range {
    let Some(etag) = answer.headers.get(ETAG) else {
        return Range::Whole;
    };
    if request.get(IF_RANGE).is_some_and(|wanted| wanted != etag) {
        return Range::Whole;
    }
    let Some(spec) = request
        .get(RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes="))
    else {
        return Range::Whole;
    };
    parse_range(spec, answer.body.len())
}

fn parse_range(spec: &str, length: usize) -> Range {
    let Some((first, last)) = spec.split_once('-') else {
        return Range::Whole;
    };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if last < first => Range::Whole,
        (Ok(first), _) if first >= length && (last.is_empty() || last.parse::<usize>().is_ok()) => {
            Range::Outside
        }
        (Ok(first), Ok(last)) => Range::Part {
            first,
            end: last.saturating_add(1).min(length),
        },
        (Ok(first), Err(_)) if last.is_empty() => Range::Part { first, end: length },
        (Err(_), Ok(0)) if first.is_empty() => Range::Outside,
        (Err(_), Ok(count)) if first.is_empty() && length > 0 => Range::Part {
            first: length.saturating_sub(count),
            end: length,
        },
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read() {
        for (spec, want) in [
            ("0-0", Range::Part { first: 0, end: 1 }),
            ("2-", Range::Part { first: 2, end: 10 }),
            ("2-100", Range::Part { first: 2, end: 10 }),
            ("-3", Range::Part { first: 7, end: 10 }),
            ("-30", Range::Part { first: 0, end: 10 }),
            ("10-", Range::Outside),
            ("10-12", Range::Outside),
            ("-0", Range::Outside),
            ("5-4", Range::Whole),
            ("0-1,3-4", Range::Whole),
            ("a-b", Range::Whole),
            ("", Range::Whole),
            ("18446744073709551616-", Range::Whole),
        ] {
            assert_eq!(parse_range(spec, 10), want, "{spec}");
        }
        assert_eq!(parse_range("-5", 0), Range::Whole);
        assert_eq!(parse_range("0-", 0), Range::Outside);
    }

    #[test]
    fn conditions_and_ranges_shape_the_response() {
        let answer = Answer::new(Kind::Zip, Bytes::from_static(b"0123456789"), Some("tag"));
        let ask = |name, value: &'static str| {
            let mut request = HeaderMap::new();
            request.insert(name, HeaderValue::from_static(value));
            whole(&answer, &Method::GET, &request)
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
        assert_eq!(whole(&answer, &Method::GET, &request).status(), 200);
    }

    #[test]
    fn refusals_say_when_to_come_back() {
        let refusal = Refusal::unavailable("down\n", Some(Duration::from_millis(1500)));
        let response = refused(&refusal, &Method::GET);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
