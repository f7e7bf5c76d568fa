//! Sending something to an address of the settings: to a witness, say.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use url::Url;

use super::Upstreams;
use crate::telemetry::traces::{self, Ended};

/// An answer, of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posted {
    /// The status.
    pub(crate) status: u16,
    /// The `Content-Type`; empty where there is none.
    pub(crate) content_type: String,
    /// The body.
    pub(crate) body: Bytes,
}

/// How long a request and its answer may take in all.
const POST_MAX: Duration = Duration::from_secs(20);

impl Upstreams {
    /// Posts a body to an address that the settings name, through the same proxies and with
    /// the same trust as upstreams. Redirects are not followed.
    ///
    /// # Errors
    /// Why there is no answer, or none of at most `body_max` bytes.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        body_max: usize,
    ) -> Result<Posted, String> {
        let url = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        let late = |_| format!("no answer within {} s", POST_MAX.as_secs());
        // A name or a password in the URL is not part of it.
        let host = url.host_str().unwrap_or_default().to_owned();
        let asked = self.post_within(url, headers, body, body_max);
        let asked = async { tokio::time::timeout(POST_MAX, asked).await.map_err(late)? };
        traces::asking(asked, |posted, began| span(&host, posted, began)).await
    }

    async fn post_within(
        &self,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
        body_max: usize,
    ) -> Result<Posted, String> {
        let sent = self.client.post(url, headers, body).await;
        let mut response = sent.map_err(|error| error.text().to_owned())?;
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| error.without_url().to_string())?
        {
            if body.len() + chunk.len() > body_max {
                return Err(format!("the answer is longer than {body_max} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Posted {
            status,
            content_type,
            body: body.freeze(),
        })
    }
}

/// What is told of a post: whom it was sent to, and what came of it.
fn span(host: &str, posted: &Result<Posted, String>, began: Instant) -> Ended {
    let mut attributes = vec![
        traces::text("http.request.method", "POST"),
        traces::text("server.address", host),
    ];
    let failed = match posted {
        Ok(posted) => {
            attributes.push(traces::status(posted.status));
            (!(200..300).contains(&posted.status)).then(String::new)
        }
        Err(error) => Some(error.clone()),
    };
    Ended {
        name: "post".to_owned(),
        began,
        attributes,
        failed,
    }
}
