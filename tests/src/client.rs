//! An HTTP/1.1 client that sends exactly the bytes it is given: no path is
//! cleaned up, no redirect followed, nothing retried, nothing decoded.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer of a healthy server on a loaded machine.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended where its framing said it would.
    pub complete: bool,
}

impl Reply {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text, with anything that is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// GET without further headers.
///
/// # Panics
/// When the server cannot be reached or does not speak HTTP.
#[must_use]
pub fn get(address: SocketAddr, target: &str) -> Reply {
    send(address, "GET", target, &[])
}

/// Sends one request on a connection of its own and reads the whole answer.
///
/// # Panics
/// When the server cannot be reached or does not speak HTTP.
#[must_use]
pub fn send(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
    let mut answer = begin(address, method, target, headers);
    let mut body = Vec::new();
    let complete = answer.read_rest(&mut body);
    Reply {
        status: answer.status,
        headers: answer.headers,
        body,
        complete,
    }
}

/// Sends one request and reads the answer as far as its headers.
///
/// # Panics
/// When the server cannot be reached or does not speak HTTP.
#[must_use]
pub fn begin(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("connect");
    stream
        .set_read_timeout(Some(WAIT_MAX))
        .expect("set a read timeout");
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .expect("send the request");
    Answer::read_head(stream, method == "HEAD").expect("read an answer's head")
}

/// An answer whose body is still on the wire. Dropping it hangs up.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    stream: BufReader<TcpStream>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClosed,
}

impl Answer {
    fn read_head(stream: TcpStream, is_head: bool) -> std::io::Result<Self> {
        let mut stream = BufReader::with_capacity(64 * 1024, stream);
        let status_line = read_line(&mut stream)?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| std::io::Error::other(format!("status line {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut stream)?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let framing = if is_head || status == 204 || status == 304 {
            Framing::None
        } else if header(&headers, "transfer-encoding") == Some("chunked") {
            Framing::Chunked
        } else {
            match header(&headers, "content-length").and_then(|value| value.parse().ok()) {
                Some(length) => Framing::Length(length),
                None => Framing::UntilClosed,
            }
        };
        Ok(Self {
            status,
            headers,
            stream,
            framing,
        })
    }

    /// Reads what is left of the body; whether it ended as it should.
    pub fn read_rest(&mut self, body: &mut Vec<u8>) -> bool {
        match self.framing {
            Framing::None => true,
            Framing::Length(length) => {
                let before = body.len() as u64;
                let read = (&mut self.stream).take(length).read_to_end(body);
                read.is_ok() && body.len() as u64 - before == length
            }
            Framing::Chunked => self.read_chunks(body).is_ok(),
            Framing::UntilClosed => self.stream.read_to_end(body).is_ok(),
        }
    }

    /// Reads up to `buffer.len()` bytes of a body that is framed by its length.
    ///
    /// # Errors
    /// The socket's own.
    pub fn read_some(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Framing::Length(left) = self.framing else {
            return self.stream.read(buffer);
        };
        let want = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.stream.read(&mut buffer[..want])?;
        self.framing = Framing::Length(left - read as u64);
        Ok(read)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let line = read_line(&mut self.stream)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(digits, 16)
                .map_err(|_| std::io::Error::other(format!("chunk size {line:?}")))?;
            let before = body.len() as u64;
            (&mut self.stream).take(size).read_to_end(body)?;
            if body.len() as u64 - before != size {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            read_line(&mut self.stream)?;
            if size == 0 {
                return Ok(());
            }
        }
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(held, _)| held == name)
        .map(|(_, value)| value.as_str())
}

fn read_line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
