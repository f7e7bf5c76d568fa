//! An upstream that lies when it is told to.

use std::convert::Infallible;
use std::io;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rand::Rng as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Weather;
use super::world::{File, World};

type Body = BoxBody<Bytes, io::Error>;

/// Of a thousand answers, so many are lies while upstream lies.
const LIES_PER_MILLE: u32 = 150;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// One byte is another.
    Flipped,
    /// The end is missing, and the length says nothing of that.
    Short,
    /// The length is right, and the connection breaks before the end.
    CutOff,
    /// The connection breaks before anything is said.
    HangsUp,
    /// This status, and words.
    Status(u16),
    /// A page for people.
    Page,
    /// JSON that is something else.
    Json,
    /// Nothing is ever said.
    Silent,
    /// The answer is right, and comes late.
    Late,
    /// The answer is right, and comes in pieces.
    InPieces,
    /// The answer is right, and was compressed without being asked to.
    Compressed,
}

const LIES: [Lie; 14] = [
    Lie::Flipped,
    Lie::Flipped,
    Lie::Short,
    Lie::CutOff,
    Lie::HangsUp,
    Lie::Status(500),
    Lie::Status(503),
    Lie::Status(404),
    Lie::Page,
    Lie::Json,
    Lie::Silent,
    Lie::Late,
    Lie::InPieces,
    Lie::Compressed,
];

/// Serves the world, until it is dropped, under `/a`, `/b` and `/db`.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Origin {
    pub(super) async fn start(world: Arc<World>, weather: Arc<Weather>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (world, weather) = (Arc::clone(&world), Arc::clone(&weather));
                while connections.try_join_next().is_some() {}
                connections.spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (world, weather) = (Arc::clone(&world), Arc::clone(&weather));
                        async move { answer(&world, &weather, request.uri().path()).await }
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    let io = TokioIo::new(stream);
                    let _ = http.serve_connection(io, service).await;
                });
            }
        });
        Self {
            address,
            _accepting: accepting,
        }
    }
}

async fn answer(world: &World, weather: &Weather, path: &str) -> io::Result<Response<Body>> {
    let path = path.trim_start_matches('/');
    let path = match path.split_once('/') {
        Some(("a" | "b", rest)) => rest,
        _ => path,
    };
    let file = world.honest(path);
    if !weather.upstream_lies() || rand::rng().random_range(0..1000) >= LIES_PER_MILLE {
        return Ok(honest(file));
    }
    let lie = LIES[rand::rng().random_range(0..LIES.len())];
    tell(lie, file).await
}

fn honest(file: Option<File>) -> Response<Body> {
    match file {
        Some(file) => whole(200, file.bytes),
        None => whole(404, Bytes::from_static(b"not found: no such thing\n")),
    }
}

async fn tell(lie: Lie, file: Option<File>) -> io::Result<Response<Body>> {
    let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
    match lie {
        Lie::HangsUp => return Err(broken()),
        Lie::Status(status) => return Ok(whole(status, Bytes::from_static(b"not now\n"))),
        Lie::Page => {
            let mut page = whole(200, Bytes::from_static(b"<html>sign in</html>"));
            let html = http::HeaderValue::from_static("text/html");
            page.headers_mut().insert("content-type", html);
            return Ok(page);
        }
        Lie::Json => return Ok(whole(200, Bytes::from_static(b"{\"error\":\"quota\"}"))),
        Lie::Silent => std::future::pending().await,
        Lie::Late => tokio::time::sleep(Duration::from_millis(40)).await,
        _ => {}
    }
    let Some(file) = file else {
        return Ok(honest(None));
    };
    let proved = file.proved.clone();
    let bytes = file.bytes.clone();
    Ok(match lie {
        Lie::Flipped if !proved.is_empty() => {
            let mut bytes = bytes.to_vec();
            bytes[rand::rng().random_range(proved)] ^= 1;
            whole(200, bytes.into())
        }
        Lie::Short if !proved.is_empty() => {
            let end = rand::rng().random_range(0..bytes.len());
            whole(200, bytes.slice(..end))
        }
        Lie::CutOff => {
            let end = rand::rng().random_range(0..bytes.len());
            pieces(&bytes, vec![Ok(bytes.slice(..end)), Err(broken())])
        }
        Lie::InPieces => {
            let middle = rand::rng().random_range(0..bytes.len());
            pieces(
                &bytes,
                vec![Ok(bytes.slice(..middle)), Ok(bytes.slice(middle..))],
            )
        }
        Lie::Compressed => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(&bytes)?;
            let mut response = whole(200, encoder.finish()?.into());
            let gzip = http::HeaderValue::from_static("gzip");
            response.headers_mut().insert("content-encoding", gzip);
            response
        }
        _ => honest(Some(file)),
    })
}

fn whole(status: u16, bytes: Bytes) -> Response<Body> {
    let body = Full::new(bytes).map_err(|never: Infallible| match never {});
    let mut response = Response::new(body.boxed());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// An answer as long as `bytes`, in pieces that come a little after each other.
fn pieces(bytes: &Bytes, pieces: Vec<io::Result<Bytes>>) -> Response<Body> {
    let frames = stream::unfold(pieces.into_iter(), |mut pieces| async {
        let piece = pieces.next()?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        Some((piece.map(Frame::data), pieces))
    });
    let mut response = Response::new(StreamBody::new(frames).boxed());
    response
        .headers_mut()
        .insert("content-length", bytes.len().into());
    response
}
