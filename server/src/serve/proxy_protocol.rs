//! Reading the header with which a trusted proxy begins each connection.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use proto::proxy_header::{self, Next};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// It did not come in time.
    #[error("no PROXY protocol header within {0:?}")]
    Timeout(Duration),
    /// The connection ended first.
    #[error("reading the PROXY protocol header: {0}")]
    Read(#[from] io::Error),
    /// Something else came.
    #[error(transparent)]
    Header(#[from] proxy_header::Error),
}

/// Reads the header and nothing of what follows. Returns the client, and `None` when
/// the proxy speaks for itself.
///
/// # Errors
/// Anything that is not a whole header `within` that time.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    within: Duration,
) -> Result<Option<IpAddr>, Error> {
    let reading = async {
        let mut bytes = Vec::new();
        loop {
            match proxy_header::next(&bytes)? {
                Next::Whole(client) => return Ok(client),
                Next::Read(count) => {
                    let start = bytes.len();
                    bytes.resize(start + count, 0);
                    stream.read_exact(&mut bytes[start..]).await?;
                }
            }
        }
    };
    timeout(within, reading)
        .await
        .map_err(|_| Error::Timeout(within))?
}
