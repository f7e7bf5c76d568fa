//! Those who get what leaves the server: one that takes HTTP requests, and the socket of
//! a journal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::SOON;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The lines of its head.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A server that keeps what it is sent.
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    /// Held open by one that hangs.
    _listener: Option<TcpListener>,
}

impl Receiver {
    /// Answers everything with 200.
    pub(crate) fn that_answers() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || answer(stream, &kept));
            }
        });
        Self {
            address,
            requests,
            _listener: None,
        }
    }

    /// Takes connections, as the kernel does for it, and never answers.
    pub(crate) fn that_hangs() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            _listener: Some(listener),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers the requests of one connection.
fn answer(stream: TcpStream, kept: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.unwrap().trim().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        kept.lock().unwrap().push(Request { path, head, body });
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        reader.get_mut().write_all(answer).unwrap();
    }
}

/// Stands in for systemd's journal: its socket, read by the test or by nobody.
pub(crate) struct Journal {
    pub(crate) path: PathBuf,
    socket: UnixDatagram,
    _folder: TempDir,
}

impl Journal {
    pub(crate) fn bind() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        Self {
            path,
            socket,
            _folder: folder,
        }
    }

    /// Waits for an entry that has these bytes.
    pub(crate) fn entry_with(&self, words: &str) -> String {
        let mut bytes = vec![0; 1 << 20];
        loop {
            let length = self.socket.recv(&mut bytes).unwrap();
            let entry = String::from_utf8_lossy(&bytes[..length]);
            if entry.contains(words) {
                return entry.into_owned();
            }
        }
    }
}
