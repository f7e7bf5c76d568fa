//! What comes into the log: asked of whoever puts the server together.

use std::fmt;

use futures_util::future::BoxFuture;
use http::HeaderValue;
use proto::dirhash::H1;
use proto::module::ModuleVersion;
use proto::sumdb::own;

use super::Own;
use super::error::Error;
use crate::journal::{self, Entry};

/// Decides about module versions that are not in the log.
pub(crate) trait Admit: fmt::Debug + Send + Sync {
    /// Returns what is to be logged of a module version. `via` is the `Sumward-Via` value
    /// of the request on whose behalf others are asked.
    ///
    /// # Errors
    /// Why it is not admitted.
    fn admit<'a>(
        &'a self,
        module: &'a ModuleVersion,
        via: Option<HeaderValue>,
    ) -> BoxFuture<'a, Result<Admitted, Error>>;
}

/// A module version that is to be logged.
pub(crate) struct Admitted {
    /// The hash of its zip.
    pub(crate) zip: H1,
    /// The hash of its go.mod.
    pub(crate) go_mod: H1,
    /// Where its files came from, for a private module, whose first use is noted; `None`
    /// where the public database has it.
    pub(crate) first_use: Option<String>,
    /// What is to be done once it is logged.
    pub(crate) then: Option<Then>,
}

/// What is done once a record is logged.
pub(crate) type Then = Box<dyn FnOnce(Logged) -> BoxFuture<'static, ()> + Send>;

/// A record of the log.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    /// The log's name.
    pub(crate) database: String,
    /// The record's number.
    pub(crate) id: u64,
    /// Hash of the key that signs the log.
    pub(crate) key_hash: u32,
    /// The record's text.
    pub(crate) record: String,
}

impl Own {
    /// Has a module version admitted and logs it. Returns the number of its record.
    ///
    /// # Errors
    /// Why it is not logged.
    pub(super) async fn admit(
        &self,
        module: ModuleVersion,
        via: Option<HeaderValue>,
    ) -> Result<u64, Error> {
        let admitted = self.admit.admit(&module, via).await?;
        let record = own::text(&module, admitted.zip, admitted.go_mod);
        if let Some(from) = &admitted.first_use {
            let entry = Entry::Admitted {
                database: self.name().to_owned(),
                version: module.escaped(),
                h1: admitted.zip.to_string(),
                go_mod_h1: admitted.go_mod.to_string(),
                from: from.clone(),
                at: journal::seconds_now(),
            };
            let appended = self.journal.append(entry).await;
            appended.map_err(Error::io("noting a first use"))?;
        }
        let bytes = record.clone().into_bytes();
        let id = self.queue.append(module.clone(), bytes).await?;
        tracing::info!(
            module.path = module.path.as_str(),
            version = module.version.as_str(),
            record = id,
            from = admitted.first_use,
            "logged in the database of our own"
        );
        if let Some(then) = admitted.then {
            then(Logged {
                database: self.name().to_owned(),
                id,
                key_hash: self.key().key_hash(),
                record,
            })
            .await;
        }
        Ok(id)
    }
}
