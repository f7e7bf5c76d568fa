//! A web hook: what it was sent, and what it answers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A request with its headers, in lower case, and its body.
#[derive(Clone, Debug)]
pub struct Posted {
    head: String,
    pub body: Vec<u8>,
}

impl Posted {
    /// The value of a header of this name (lower case).
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| {
            let (held, value) = line.split_once(": ")?;
            held.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// The receiver. It ends with the process of the tests.
pub struct Hook {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    /// Requests that are still to be refused.
    refuse: usize,
}

impl Hook {
    /// Takes requests on a free port; the first `refuse` of them are answered with 503.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn refusing(refuse: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let posted = Vec::new();
        let state = Arc::new(Mutex::new(State { posted, refuse }));
        let taking = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                take(stream, &taking);
            }
        });
        Self { address, state }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// All that was posted so far, refused or not.
    ///
    /// # Panics
    /// When the receiver has.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.state.lock().expect("the receiver").posted.clone()
    }
}

fn take(mut stream: TcpStream, state: &Mutex<State>) {
    let Some(posted) = read(&mut stream) else {
        return;
    };
    let mut state = state.lock().expect("the receiver");
    state.posted.push(posted);
    let status = match state.refuse.checked_sub(1) {
        Some(left) => {
            state.refuse = left;
            "503 Service Unavailable"
        }
        None => "204 No Content",
    };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes());
}

fn read(stream: &mut TcpStream) -> Option<Posted> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.parse::<usize>().ok())?
            })?;
            if bytes.len() >= end + 4 + length {
                let body = bytes[end + 4..end + 4 + length].to_vec();
                return Some(Posted { head, body });
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

impl Posted {
    /// Tells whether the message is signed with a secret such as `whsec_…`, by
    /// standardwebhooks.com.
    ///
    /// # Panics
    /// When there is no such secret.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let base64 = secret.strip_prefix("whsec_").expect("a secret");
        let key = STANDARD.decode(base64).expect("a secret in base64");
        let start = format!(
            "{}.{}.",
            self.header("webhook-id"),
            self.header("webhook-timestamp")
        );
        let message = [start.as_bytes(), &self.body].concat();
        let want = format!("v1,{}", STANDARD.encode(hmac(&key, &message)));
        self.header("webhook-signature") == want
    }
}

/// HMAC-SHA256 with a key of at most 64 bytes, as RFC 2104 says it.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        for (byte, of_key) in block.iter_mut().zip(key) {
            *byte ^= of_key;
        }
        block
    };
    let inner = Sha256::digest([&padded(0x36)[..], message].concat());
    Sha256::digest([&padded(0x5c)[..], &inner].concat()).into()
}
