//! From a request to the bytes of an answer, faults included.

use std::convert::Infallible;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::StreamBody;
use hyper::body::{Body, Frame};

use super::{Asked, Fault, State};

/// How much goes out in one piece when nothing slows the body.
const PIECE_BYTES: usize = 64 * 1024;

/// How often a slowed body gets its next piece.
const TICK: Duration = Duration::from_millis(10);

type Piece = Result<Frame<Bytes>, std::io::Error>;

pub(super) async fn answer<B>(
    state: &Arc<State>,
    request: &Request<B>,
) -> Result<Response<impl Body<Data = Bytes, Error = std::io::Error> + use<B>>, Infallible> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    state.lock().asked.push(asked(request, &path));
    let open = Open::new(Arc::clone(state));
    let mut plan = Plan::of(read(&state.root, &path));
    for fault in state.faults_for(&path) {
        plan.apply(&fault);
    }
    for (part, count) in std::mem::take(&mut plan.until) {
        if !state.was_asked(&part, count).await {
            let text = format!("{path} waited for {count} of {part} in vain\n");
            plan.apply(&Fault::Status(503, text));
        }
    }
    // The timer counts whole milliseconds: even no delay may cost one.
    if !plan.delay.is_zero() {
        tokio::time::sleep(plan.delay).await;
    }

    let mut response = Response::builder()
        .status(plan.status)
        .header("content-length", plan.body.len());
    if plan.status != StatusCode::OK {
        // The one type that the go command shows to a person.
        response = response.header("content-type", "text/plain; charset=utf-8");
    }
    for (name, value) in &plan.headers {
        response = response.header(name, value);
    }
    let body = StreamBody::new(pieces(plan, request.method() == "HEAD", open));
    Ok(response.body(body).expect("status and headers are valid"))
}

/// What will be sent.
struct Plan {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    cut_after: Option<usize>,
    bytes_per_second: Option<u64>,
    delay: Duration,
    until: Vec<(String, usize)>,
}

impl Plan {
    fn of(file: Option<Vec<u8>>) -> Self {
        let (status, body) = file.map_or_else(
            || (StatusCode::NOT_FOUND, b"not found: no such file\n".to_vec()),
            |content| (StatusCode::OK, content),
        );
        Self {
            status,
            headers: Vec::new(),
            body,
            cut_after: None,
            bytes_per_second: None,
            delay: Duration::ZERO,
            until: Vec::new(),
        }
    }

    fn apply(&mut self, fault: &Fault) {
        match fault {
            Fault::FlipByte(place) => {
                let place = place % self.body.len().max(1);
                if let Some(byte) = self.body.get_mut(place) {
                    *byte ^= 1;
                }
            }
            Fault::CutAfter(length) => self.cut_after = Some(*length),
            Fault::Delay(delay) => self.delay += *delay,
            Fault::UntilAsked(part, count) => self.until.push((part.clone(), *count)),
            Fault::Throttle(rate) => self.bytes_per_second = Some(*rate),
            Fault::Status(status, text) => {
                self.status = StatusCode::from_u16(*status).expect("a valid status in a fault");
                self.body = text.clone().into_bytes();
            }
            Fault::Body(body) => {
                self.status = StatusCode::OK;
                self.body.clone_from(body);
            }
            Fault::Header(name, value) => self.headers.push((
                name.parse().expect("a valid header name in a fault"),
                value.parse().expect("a valid header value in a fault"),
            )),
            Fault::Once(fault) | Fault::AtFirst(_, fault) => self.apply(fault),
        }
    }
}

/// Counts an answer as under way from its request to the end of its body.
struct Open(Arc<State>);

impl Open {
    fn new(state: Arc<State>) -> Self {
        let mut records = state.lock();
        records.open += 1;
        records.open_most = records.open_most.max(records.open);
        drop(records);
        Self(state)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().open -= 1;
    }
}

fn pieces(plan: Plan, is_head: bool, open: Open) -> impl stream::Stream<Item = Piece> {
    let body = if is_head {
        Bytes::new()
    } else {
        Bytes::from(plan.body)
    };
    let per_tick = plan.bytes_per_second.map(|rate| {
        usize::try_from(rate / 100)
            .expect("a rate under 4 GB/s")
            .max(1)
    });
    let end = plan.cut_after.unwrap_or(usize::MAX);
    let start = tokio::time::Instant::now();
    stream::unfold((0usize, body, open), move |(sent, body, open)| async move {
        if sent >= body.len() {
            return None;
        }
        if sent >= end {
            // What was sent must be on the wire before the error drops it.
            tokio::time::sleep(TICK * 3).await;
            let cut = std::io::Error::other("the upstream cuts here");
            return Some((Err(cut), (usize::MAX, body, open)));
        }
        if let Some(per_tick) = per_tick {
            // By the clock, so that a busy machine does not slow it further.
            let ticks = u32::try_from(sent / per_tick).unwrap_or(u32::MAX);
            tokio::time::sleep_until(start + TICK * ticks).await;
        }
        let length = per_tick.unwrap_or(PIECE_BYTES);
        let stop = body.len().min(end).min(sent + length);
        let piece = body.slice(sent..stop);
        Some((Ok(Frame::data(piece)), (stop, body, open)))
    })
}

/// The file of this path. A partial tile that is not there is cut from any wider
/// one, as a checksum database answers it.
fn read(root: &Path, path: &str) -> Option<Vec<u8>> {
    let relative = PathBuf::from(unescape_percent(path));
    let plain = |part| matches!(part, Component::Normal(_));
    if !relative.components().all(plain) {
        return None;
    }
    let file = root.join(&relative);
    if file.is_file() {
        return std::fs::read(file).ok();
    }
    let (full, width) = path.rsplit_once(".p/")?;
    let width: usize = width.parse().ok()?;
    let size = width.checked_mul(32)?;
    let mut candidates = vec![root.join(full)];
    if let Ok(partials) = std::fs::read_dir(root.join(format!("{full}.p"))) {
        candidates.extend(partials.flatten().map(|entry| entry.path()));
    }
    candidates.into_iter().find_map(|candidate| {
        let mut content = std::fs::read(candidate).ok()?;
        (content.len() >= size).then(|| {
            content.truncate(size);
            content
        })
    })
}

fn unescape_percent(path: &str) -> String {
    path.replace("%21", "!")
        .replace("%2B", "+")
        .replace("%2b", "+")
}

fn asked<B>(request: &Request<B>, path: &str) -> Asked {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Asked {
        method: request.method().to_string(),
        path: path.to_owned(),
        headers: headers.collect(),
    }
}
