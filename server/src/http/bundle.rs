//! Taking a bundle in, for a command of this machine.

use std::path::PathBuf;
use std::sync::Arc;

use http::{Request, Response};
use proto::note::VerifierKey;
use serde_json::json;

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response;
use crate::bundle::Error;
use crate::bundle::failed::Failed;

/// Takes in the bundle that `file` of the query names, which one of the keys in `trust`
/// must have signed. What has begun goes on to its end when the one who asked is gone.
///
/// # Errors
/// A refusal with what is wrong with the request, with the bundle, or with the disk.
pub(super) async fn import(
    site: &Arc<Site>,
    query: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    let Named { file, trusted } = Named::parse(query)?;
    let mirror = Arc::clone(&site.mirror);
    let taken = tokio::spawn(async move { mirror.import(&file, &trusted).await });
    let failed = |error: tokio::task::JoinError| Refusal::internal("taking a bundle in", &error);
    let report = taken.await.map_err(failed)?.map_err(refused)?;
    response::json(&report)
}

/// Tells how far the bundle is taken in that `file` of the query names.
///
/// # Errors
/// A refusal with what is wrong with the request.
pub(super) fn underway(site: &Site, request: &Request<()>) -> Result<Response<Body>, Refusal> {
    let named = Named::parse(request.uri().query())?;
    let done = site.mirror.done(&named.file);
    response::json(&json!({ "done": done }))
}

/// The bundle that a query names, and who must have signed it.
struct Named {
    file: PathBuf,
    trusted: Vec<VerifierKey>,
}

impl Named {
    fn parse(query: Option<&str>) -> Result<Self, Refusal> {
        let mut file = None;
        let mut trusted = Vec::new();
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        for (key, value) in pairs {
            match &*key {
                "file" => file = Some(PathBuf::from(value.as_ref())),
                "trust" => trusted.push(
                    VerifierKey::parse(&value)
                        .map_err(|error| Refusal::bad_request(format!("{value}: {error}\n")))?,
                ),
                _ => {}
            }
        }
        let file = file.ok_or_else(|| Refusal::bad_request("no file is named\n".to_owned()))?;
        Ok(Self { file, trusted })
    }
}

fn refused(error: Error) -> Refusal {
    match Failed::from(error) {
        Failed::Waits(reason) => Refusal::conflict(format!("{reason}\n")),
        Failed::Refused(reason) => Refusal::denied(format!("{reason}\n")),
        Failed::Other(error) => Refusal::failed(format!("{error:#}\n")),
    }
}
