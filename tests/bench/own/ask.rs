//! A client that has each of many modules logged once, over many connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use proto::dirhash;
use proto::sumdb::own;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::modules::module;

/// How a record is asked for.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `GET URL/lookup/MODULE@VERSION`, as the go command does.
    Lookup,
    /// `POST URL` with the record, as the programs of Tessera have it.
    Add,
}

/// Has `count` modules logged, each asked for once. Prints the seconds that it took.
///
/// # Panics
/// When one is not logged.
pub(super) fn all(url: &str, kind: Kind, count: usize, connections: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("start a runtime");
    let (host, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .expect("a URL with a path");
    let requests = (0..count).map(|number| request(host, path, kind, number));
    let requests: Arc<[Vec<u8>]> = requests.collect();
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    runtime.block_on(async {
        let mut asking = JoinSet::new();
        for _ in 0..connections {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            asking.spawn(ask(host.to_owned(), requests, next));
        }
        while let Some(asked) = asking.join_next().await {
            asked.expect("every record is logged");
        }
    });
    println!("{:.3}", start.elapsed().as_secs_f64());
}

fn request(host: &str, path: &str, kind: Kind, number: usize) -> Vec<u8> {
    let module = module(number);
    let text = match kind {
        Kind::Lookup => format!(
            "GET /{path}/lookup/{} HTTP/1.1\r\nHost: {host}\r\n\r\n",
            module.escaped()
        ),
        Kind::Add => {
            let h1 = |part| dirhash::go_mod(format!("{module}{part}").as_bytes());
            let record = own::text(&module, h1(""), h1("/go.mod"));
            let length = record.len();
            format!(
                "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{record}"
            )
        }
    };
    text.into_bytes()
}

/// Asks for what nobody has asked for yet, over one connection.
async fn ask(host: String, requests: Arc<[Vec<u8>]>, next: Arc<AtomicUsize>) {
    let mut stream = TcpStream::connect(host).await.expect("connect");
    let mut bytes = Vec::new();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        stream.write_all(request).await.expect("send a request");
        let end = loop {
            if let Some(end) = length(&bytes) {
                break end;
            }
            let read = stream.read_buf(&mut bytes).await.expect("read an answer");
            assert!(read > 0, "the connection was closed");
        };
        let answer = String::from_utf8_lossy(&bytes[..end]);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        bytes.drain(..end);
    }
}

/// Returns the length of the answer that the bytes begin with; `None` where it is not all
/// there.
fn length(bytes: &[u8]) -> Option<usize> {
    let head = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse::<usize>().ok())
        .expect("an answer with its length");
    (bytes.len() >= head + body).then_some(head + body)
}
