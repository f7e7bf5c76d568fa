//! A client that asks for all kinds of things, and checks every byte of what it gets.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use proto::tlog::{Level, Tile};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::world::{DATABASE, World};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Of a thousand requests, so many are left in the middle.
const LEAVES_PER_MILLE: u32 = 20;

/// Of a hundred thousand requests, so many take a version back.
const PURGES_PER_100_000: u32 = 300;

/// What became of requests.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Answers with all their bytes, each of them right.
    pub(super) right: AtomicU64,
    /// Answers with a status that refuses.
    pub(super) refused: AtomicU64,
    /// Answers 404, 410.
    pub(super) absent: AtomicU64,
    /// Answers that broke off.
    pub(super) cut: AtomicU64,
    /// Clients that left.
    pub(super) left: AtomicU64,
    /// Clients that waited for too long.
    pub(super) waited: AtomicU64,
    /// Versions taken back.
    pub(super) purged: AtomicU64,
}

/// A client with a connection of its own.
pub(super) struct Client {
    pub(super) world: Arc<World>,
    pub(super) tally: Arc<Tally>,
    pub(super) main: SocketAddr,
    pub(super) admin: SocketAddr,
    rng: StdRng,
    connection: Option<Connection>,
}

struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request and how it is asked.
#[derive(Clone, Debug)]
struct Ask {
    method: Method,
    /// Without the slash at its beginning.
    path: String,
    range: Option<Range<u64>>,
    relayed: bool,
    leaves: bool,
}

impl Client {
    pub(super) fn new(
        world: &Arc<World>,
        tally: &Arc<Tally>,
        (main, admin): (SocketAddr, SocketAddr),
        seed: u64,
    ) -> Self {
        Self {
            world: Arc::clone(world),
            tally: Arc::clone(tally),
            main,
            admin,
            rng: StdRng::seed_from_u64(seed),
            connection: None,
        }
    }

    /// Asks for something, and checks the answer.
    pub(super) async fn one(&mut self) {
        if self.rng.random_range(0..100_000) < PURGES_PER_100_000 {
            return self.purge().await;
        }
        let ask = self.choose();
        let asked = tokio::time::timeout(PATIENCE, self.ask(&ask)).await;
        let counted = match asked {
            Ok(Some(StatusCode::OK | StatusCode::PARTIAL_CONTENT)) => &self.tally.right,
            Ok(Some(StatusCode::NOT_FOUND | StatusCode::GONE)) => &self.tally.absent,
            Ok(Some(_)) => &self.tally.refused,
            Ok(None) if ask.leaves => &self.tally.left,
            Ok(None) => &self.tally.cut,
            Err(_) => &self.tally.waited,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        if !matches!(asked, Ok(Some(_))) {
            self.connection = None;
        }
    }

    fn choose(&mut self) -> Ask {
        let path = self.choose_path();
        let prefix = match self.rng.random_range(0..20) {
            0 => "cached-only/",
            _ => "",
        };
        let method = match self.rng.random_range(0..20) {
            0 => Method::HEAD,
            _ => Method::GET,
        };
        let has_parts = self.world.files.contains_key(&path);
        let range = (has_parts && self.rng.random_range(0..10) == 0).then(|| {
            let first = self.rng.random_range(0..2000);
            first..first + self.rng.random_range(1..200_000)
        });
        Ask {
            method,
            path: format!("{prefix}{path}"),
            range,
            relayed: self.rng.random_range(0..50) == 0,
            leaves: self.rng.random_range(0..1000) < LEAVES_PER_MILLE,
        }
    }

    fn choose_path(&mut self) -> String {
        let rng = &mut self.rng;
        let number = rng.random_range(0..1000);
        let module = self.world.modules.choose(rng).unwrap();
        let version = module.versions.choose(rng).unwrap();
        let path = &module.path;
        match rng.random_range(0..100) {
            0..50 => self.world.paths.choose(rng).unwrap().clone(),
            50..60 => format!("{path}/@v/list"),
            60..66 => format!("{path}/@latest"),
            66..75 => format!("sumdb/{DATABASE}/lookup/{path}@{version}"),
            75..78 => format!("sumdb/{DATABASE}/lookup/f.example/x{number}@v1.0.0"),
            78..84 => format!("sumdb/{DATABASE}/{}", self.tile().path()),
            84..86 => format!("sumdb/{DATABASE}/latest"),
            86 => format!("sumdb/{DATABASE}/supported"),
            87 => format!("sumdb/other.example/lookup/{path}@{version}"),
            // Nobody has them, or they cannot be proved.
            88..90 => format!("absent.example/x{number}/@v/v1.0.0.mod"),
            90..92 => format!("{path}/@v/v9.9.{number}.zip"),
            92..94 => format!("{path}/deeper/@v/list"),
            94 => format!("{path}/@v/nothing{number}.info"),
            95 => format!("f.example/x{number}/@v/v1.0.0.zip"),
            // Nothing can be meant by them.
            96 => format!("{path}/@v/../../../../etc/passwd"),
            97 => format!("/{path}/@v/list"),
            98 => format!("{path}/@v/%00{number}.zip"),
            _ => format!("sumdb/{DATABASE}/tile/8/0/x{number}.p/300"),
        }
    }

    fn tile(&mut self) -> Tile {
        let (size, level) = (self.world.size(), self.rng.random_range(0..2));
        let index = self.rng.random_range(0..6);
        let widest = Tile::widest(8, Level::Hashes(level), index, size);
        let mut tile = widest.unwrap_or_else(|| {
            Tile::widest(8, Level::Hashes(0), 0, size).expect("a log of many records")
        });
        if self.rng.random_range(0..2) == 0 {
            tile.width = self.rng.random_range(1..=tile.width);
        }
        tile
    }

    /// Asks and reads the answer. Returns `None` where not all of it came.
    async fn ask(&mut self, ask: &Ask) -> Option<StatusCode> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("/{}", ask.path))
            .header("host", "127.0.0.1")
            .header(
                "x-forwarded-for",
                format!("10.0.0.{}", self.rng.random_range(1..9)),
            );
        if let Some(range) = &ask.range {
            let (first, last) = (range.start, range.end - 1);
            request = request.header("range", format!("bytes={first}-{last}"));
        }
        if ask.relayed {
            request = request.header("sumward-via", "another-server");
        }
        let request = request.body(Empty::new()).unwrap();
        let leave_after = Duration::from_micros(self.rng.random_range(0..3000));
        let sender = self.sender().await?;
        let answering = sender.send_request(request);
        let answer = if ask.leaves && leave_after.as_micros().is_multiple_of(2) {
            tokio::time::timeout(leave_after, answering).await.ok()?
        } else {
            answering.await
        };
        let (head, mut body) = answer.ok()?.into_parts();
        if ask.leaves {
            // A piece, perhaps, and no more.
            let _ = tokio::time::timeout(leave_after, body.frame()).await;
            return None;
        }
        let body = body.collect().await.ok()?.to_bytes();
        self.check(ask, head.status, &head.headers, &body);
        Some(head.status)
    }

    async fn sender(&mut self) -> Option<&mut SendRequest<Empty<Bytes>>> {
        if let Some(connection) = &mut self.connection
            && connection.sender.ready().await.is_err()
        {
            self.connection = None;
        }
        if self.connection.is_none() {
            self.connection = Some(connect(self.main).await?);
        }
        self.connection.as_mut().map(|it| &mut it.sender)
    }

    fn check(&self, ask: &Ask, status: StatusCode, headers: &HeaderMap, body: &Bytes) {
        let path = ask.path.strip_prefix("cached-only/").unwrap_or(&ask.path);
        let number = |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.parse().ok() };
        match status {
            StatusCode::OK if ask.method == Method::HEAD => {
                assert!(body.is_empty(), "{ask:?}");
                let (length, file) = (number("content-length"), self.world.files.get(path));
                if let (Some(length), Some(file)) = (length, file) {
                    assert_eq!(length, file.bytes.len() as u64, "{ask:?}");
                }
            }
            StatusCode::OK => {
                let right = self.world.is_right(path, body);
                assert!(right, "wrong bytes: {ask:?} {headers:?} {body:?}");
            }
            StatusCode::PARTIAL_CONTENT => {
                let range = ask.range.clone().expect("a part was asked for");
                let whole = &self.world.files[path].bytes;
                let end = range.end.min(whole.len() as u64);
                let part = whole.slice(range.start as usize..end as usize);
                assert_eq!(*body, part, "wrong part: {ask:?} {headers:?}");
            }
            status => assert!(
                status.is_client_error() || status.is_server_error(),
                "{ask:?} {status}"
            ),
        }
    }

    /// Takes a version back, as an operator does.
    async fn purge(&mut self) {
        let module = self.world.modules.choose(&mut self.rng).unwrap();
        let version = module.versions.choose(&mut self.rng).unwrap();
        let what = match self.rng.random_range(0..3) {
            0 => module.path.clone(),
            _ => format!("{}@{version}", module.path),
        };
        let Some(mut connection) = connect(self.admin).await else {
            return;
        };
        let request = Request::delete(format!("/purge/{what}"))
            .header("host", "127.0.0.1")
            .body(Empty::new())
            .unwrap();
        let answered = tokio::time::timeout(PATIENCE, connection.sender.send_request(request));
        if let Ok(Ok(answer)) = answered.await
            && answer.status() == StatusCode::OK
        {
            self.tally.purged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks for `path` until the whole truth comes, for at most `bound`.
    pub(super) async fn until_right(&mut self, path: &str, bound: Duration) {
        let get = Request::get(format!("/{path}")).header("host", "127.0.0.1");
        let get = get.body(Empty::<Bytes>::new()).unwrap();
        let mut last = String::new();
        let asked = tokio::time::timeout(bound, async {
            loop {
                let once = tokio::time::timeout(PATIENCE, async {
                    let answer = self.sender().await?.send_request(get.clone()).await.ok()?;
                    let status = answer.status();
                    let body = answer.into_body().collect().await.ok()?;
                    Some((status, body.to_bytes()))
                });
                match once.await {
                    Ok(Some((StatusCode::OK, body))) => {
                        let is_right = self.world.is_right(path, &body);
                        assert!(is_right, "wrong bytes: {path} {body:?}");
                        if self.world.is_complete(path, &body) {
                            return;
                        }
                    }
                    Ok(Some((status, body))) => {
                        last = format!("{status} {}", String::from_utf8_lossy(&body));
                    }
                    Ok(None) => self.connection = None,
                    Err(_) => {
                        "no answer".clone_into(&mut last);
                        self.connection = None;
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let asked = asked.await;
        assert!(asked.is_ok(), "{path} is not answered right: {last}");
    }
}

async fn connect(address: SocketAddr) -> Option<Connection> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    Some(Connection { sender, task })
}
