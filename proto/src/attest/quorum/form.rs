//! A quorum file as it is written, before anything in it is understood.

use serde::Deserialize;

use super::host;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) version: u64,
    pub(super) level: String,
    #[serde(default)]
    pub(super) inputs: Option<String>,
    pub(super) hosts: Vec<host::Form>,
    pub(super) quorum: FormQuorum,
    #[serde(default)]
    pub(super) max_age: Option<String>,
    #[serde(default)]
    pub(super) log: Option<FormLog>,
    #[serde(default)]
    pub(super) witnesses: Option<FormWitnesses>,
    #[serde(default)]
    pub(super) checksum_database: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormQuorum {
    pub(super) k: usize,
    pub(super) of: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormLog {
    pub(super) origin: String,
    pub(super) key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormWitnesses {
    pub(super) k: usize,
    pub(super) keys: Vec<String>,
}
