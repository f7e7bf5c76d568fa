//! Taking a bundle in, for a command of this machine.

use std::path::PathBuf;
use std::sync::Arc;

use http::Response;
use proto::note::VerifierKey;

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response;
use crate::bundle::Error;
use crate::bundle::failed::Failed;

/// Takes in the bundle that `file` of the query names, which one of the keys in `trust`
/// must have signed.
///
/// # Errors
/// A refusal with what is wrong with the request, with the bundle, or with the disk.
pub(super) async fn import(
    site: &Arc<Site>,
    query: Option<&str>,
) -> Result<Response<Body>, Refusal> {
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
    let report = site.mirror.import(&file, &trusted, |_| {}).await;
    let report = report.map_err(refused)?;
    response::json(&report)
}

fn refused(error: Error) -> Refusal {
    match Failed::from(error) {
        Failed::Waits(reason) => Refusal::conflict(format!("{reason}\n")),
        Failed::Refused(reason) => Refusal::denied(format!("{reason}\n")),
        Failed::Other(error) => Refusal::failed(format!("{error:#}\n")),
    }
}
