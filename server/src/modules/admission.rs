//! What comes into the database of our own.
//!
//! Public module versions come in once the public database proves them: both hashes are
//! copied from its record, and no file is fetched. Private ones are fetched from the
//! upstreams that may be told their names, and hashed; what was stored of them before, and
//! so was served, stays what it is. Their files are kept, proved, once they are logged.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use proto::dirhash::H1;
use proto::goproxy::Request;
use proto::module::ModuleVersion;
use proto::tlog::record_hash;
use tokio::sync::Semaphore;

use super::Shelf;
use super::error::Error as ModuleError;
use super::file::{Misfit, Part, VersionFile, measure, new_record};
use super::transfer::{self, Received, Watched};
use crate::blocking;
use crate::config;
use crate::ledger::Standing;
use crate::own::{Admit, Admitted, Error, Logged};
use crate::shelf::Kept;
use crate::source::upstream::{FetchError, Want, is_timeout_in_disguise};
use crate::source::{Class, Sources};
use crate::store::Key;
use crate::sumdb::{Databases, Hops, LookupError};

/// Decides what comes into the database of our own.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) sources: Arc<Sources>,
    /// Those in which public modules are proved.
    pub(crate) followed: Arc<Databases>,
    /// Tells which modules are private.
    pub(crate) upstream: config::Upstream,
    pub(crate) limits: config::Limits,
    /// Files that are hashed at once: one costs up to 80 MB and a core.
    pub(crate) measuring: Semaphore,
}

/// One file of a private module version.
struct AdmittedFile {
    h1: H1,
    /// Where it came from, without secrets.
    from: String,
    /// The file, where it is not stored yet.
    received: Option<(VersionFile, Received)>,
}

impl Admit for Admission {
    fn admit<'a>(
        &'a self,
        module: &'a ModuleVersion,
        via: Option<HeaderValue>,
    ) -> BoxFuture<'a, Result<Admitted, Error>> {
        match self.upstream.private_entry(module.path.as_str()) {
            Some(_) => self.private(module, via).boxed(),
            None => self.public(module, via).boxed(),
        }
    }
}

impl Admission {
    async fn public(
        &self,
        module: &ModuleVersion,
        via: Option<HeaderValue>,
    ) -> Result<Admitted, Error> {
        let denied = |reason: String| Error::Denied { reason };
        let Some(database) = self.followed.covering(module.path.as_str()) else {
            return Err(denied(format!(
                "{module} cannot be proved: no configured checksum database covers it"
            )));
        };
        let answer = database.lookup(module, &Hops { via }).await;
        let answer = answer.map_err(|error| of_lookup(module, database.name(), error))?;
        let record = &answer.record;
        match (record.h1(module), record.go_mod_h1(module)) {
            (Some(zip), Some(go_mod)) => Ok(Admitted {
                zip,
                go_mod,
                first_use: None,
                then: None,
            }),
            _ => Err(denied(format!(
                "verifying {module}: the record in {} has not both lines for it",
                database.name()
            ))),
        }
    }

    async fn private(
        &self,
        module: &ModuleVersion,
        via: Option<HeaderValue>,
    ) -> Result<Admitted, Error> {
        // The small one first: what upstream does not have is seen by it.
        let go_mod = self.take(module, Part::Mod, via.clone()).await?;
        let zip = self.take(module, Part::Zip, via).await?;
        let (zip_h1, go_mod_h1) = (zip.h1, go_mod.h1);
        let received: Vec<_> = [go_mod.received, zip.received]
            .into_iter()
            .flatten()
            .collect();
        let shelf = Arc::clone(&self.shelf);
        let keep = move |logged: Logged| -> BoxFuture<'static, ()> {
            Box::pin(keep(shelf, received, [go_mod_h1, zip_h1], logged))
        };
        Ok(Admitted {
            zip: zip_h1,
            go_mod: go_mod_h1,
            first_use: Some(zip.from),
            then: Some(Box::new(keep)),
        })
    }

    /// Comes by one file and its hash: as it is stored, or from upstream.
    async fn take(
        &self,
        module: &ModuleVersion,
        part: Part,
        via: Option<HeaderValue>,
    ) -> Result<AdmittedFile, Error> {
        let request = match part {
            Part::Zip => Request::Zip(module.clone()),
            Part::Info | Part::Mod => Request::Mod(module.clone()),
        };
        let file = VersionFile {
            version: module.clone(),
            part,
            key: Key::of(&request),
        };
        let known = self.stored(&file).await?;
        if let Some((h1, true)) = known {
            return Ok(AdmittedFile {
                h1,
                from: format!("stored as {}", file.key),
                received: None,
            });
        }
        let received = self.fetch(&file, via).await?;
        let h1 = self.measure(&file, &received).await?;
        if let Some((before, _)) = known
            && before != h1
        {
            return Err(Error::Denied {
                reason: format!(
                    "{file}: not the file that was stored here first, which had {before}\n\
                     `sumward purge` lets another one take its place"
                ),
            });
        }
        let from = received.url.clone();
        Ok(AdmittedFile {
            h1,
            from,
            received: Some((file, received)),
        })
    }

    /// Returns the hash that was recorded of a file when it was first stored, and whether
    /// it still lies there.
    async fn stored(&self, file: &VersionFile) -> Result<Option<(H1, bool)>, Error> {
        let record = self.shelf.recorded(&file.key).await;
        let record = record.map_err(Error::io("reading what was stored first"))?;
        let Some(record) = record else {
            return Ok(None);
        };
        let h1 = record.h1.as_deref().map(H1::parse);
        let Some(Ok(h1)) = h1 else { return Ok(None) };
        let found = self.shelf.look(&file.key).await;
        let found = found.map_err(Error::io("reading a stored file"))?;
        let is_there = match &found {
            Some(found) => self.shelf.is_as_recorded(&file.key, found, ()).await,
            None => false,
        };
        Ok(Some((h1, is_there)))
    }

    async fn fetch(&self, file: &VersionFile, via: Option<HeaderValue>) -> Result<Received, Error> {
        let own = self
            .sources
            .upstreams()
            .want(file.part.bytes_max(&self.limits));
        let want = Want {
            via: via.unwrap_or(own.via),
            class: match file.part {
                Part::Zip => Class::Zip,
                Part::Info | Part::Mod => Class::Text,
            },
            ..own
        };
        let denied = |error| of_module(file, error);
        let mut asking = self
            .sources
            .ask(file.module(), file.key.as_str(), want)
            .map_err(|error| denied(error.into()))?;
        let fetched = asking.next().await.map_err(|error| denied(error.into()))?;
        if fetched.is_html() {
            let reason = "upstream sent a page for people, a sign-in page perhaps".to_owned();
            return Err(denied(ModuleError::Unfit { reason }));
        }
        let staged = self.shelf.stage().await;
        let staged = staged.map_err(Error::io("making a file in staging"))?;
        transfer::receive(staged, &mut asking, fetched, &Watched::by_nobody())
            .await
            .map_err(denied)
    }

    async fn measure(&self, file: &VersionFile, received: &Received) -> Result<H1, Error> {
        let _turn = self.measuring.acquire().await;
        let (subject, size) = (file.clone(), received.size);
        let staged = Arc::clone(received.staged.file());
        let measured = blocking::run(move || {
            use std::io::Seek as _;
            (&*staged).rewind()?;
            let reader = std::io::BufReader::with_capacity(64 << 10, &*staged);
            Ok(measure(&subject, reader, size))
        });
        let measured = measured.await.map_err(Error::io("hashing a file"))?;
        let denied = |reason: String| Error::Denied { reason };
        match measured {
            Ok(measured) => measured
                .h1
                .ok_or_else(|| denied(format!("{file} has no hash"))),
            Err(Misfit::Unread(error)) => Err(Error::io("reading a file back")(error)),
            Err(Misfit::Unfit(reason) | Misfit::Rules(reason)) => Err(denied(reason)),
        }
    }
}

/// Gives files their names, now that they are proved. One that cannot be kept is fetched
/// again when it is asked for.
async fn keep(
    shelf: Arc<Shelf>,
    received: Vec<(VersionFile, Received)>,
    h1s: [H1; 2],
    logged: Logged,
) {
    let standing = Standing::Proved {
        database: logged.database,
        record: logged.id,
        key: format!("{:08x}", logged.key_hash),
        record_hash: record_hash(logged.record.as_bytes()).to_string(),
    };
    let [go_mod, zip] = h1s;
    for (file, received) in received {
        let h1 = match file.part {
            Part::Zip => zip,
            Part::Info | Part::Mod => go_mod,
        };
        let record = new_record(received.sha256, received.size, Some(h1), standing.clone());
        match shelf.keep(&file.key, received.staged, &record).await {
            Ok(Kept::Stored(_)) => {}
            Ok(Kept::Taken) => {
                tracing::warn!(key = %file.key, security = true, "another file has the name already");
            }
            Err(error) => tracing::warn!(key = %file.key, %error, "a file is not kept"),
        }
    }
}

/// What became of looking a public module version up.
fn of_lookup(module: &ModuleVersion, database: &str, error: LookupError) -> Error {
    match error {
        LookupError::NotFound { status, text } => Error::NotFound { status, text },
        LookupError::Unreachable {
            reason,
            retry_after,
        } => Error::Unreachable {
            reason: format!("{module} is not proved yet: {database}: {reason}"),
            retry_after,
        },
        LookupError::Internal { reason, kind } => Error::Internal { reason, kind },
        LookupError::Unsigned { reason } => Error::Unsigned { reason },
        error @ (LookupError::Private
        | LookupError::Denied { .. }
        | LookupError::Invalid { .. }
        | LookupError::Stopped { .. }) => Error::Denied {
            reason: format!("verifying {module}: {database}: {error}"),
        },
    }
}

/// What became of fetching a file of a private module. That it does not exist is no reason
/// to ask elsewhere, with its name.
fn of_module(file: &VersionFile, error: ModuleError) -> Error {
    let version = &file.version;
    let denied = |reason: String| Error::Denied { reason };
    match error {
        ModuleError::NotFound { text, .. } if is_timeout_in_disguise(&text) => Error::Unreachable {
            reason: format!("{version}: its upstream did not come by it in time"),
            retry_after: None,
        },
        ModuleError::NotFound { .. } => denied(format!(
            "{version} is private here and its upstream does not have it\n\
             that is not passed on as \"not found\": the go command would tell the name to others"
        )),
        ModuleError::Off | ModuleError::NotStored => denied(format!(
            "{version} is private here and not in the log, and there is no upstream to ask (GOPROXY=off)"
        )),
        ModuleError::Private { module } => denied(format!(
            "{module} is private here (GOPRIVATE or GONOPROXY of this proxy), and no upstream is named for it\n\
             name one in its configuration: upstream.private: [{{modules: {module}, list: https://…}}]"
        )),
        ModuleError::Storage { doing, error } => Error::Internal {
            reason: format!("{doing}: {error}"),
            kind: error.kind(),
        },
        ModuleError::Unfit { .. } | ModuleError::Rules { .. } => denied(format!("{file}: {error}")),
        ModuleError::Upstream(FetchError::Refused { .. }) => denied(format!("{file}: {error}")),
        ModuleError::Upstream(FetchError::Unavailable { retry_after, .. }) => Error::Unreachable {
            reason: format!("{file}: {error}"),
            retry_after,
        },
        error => Error::Unreachable {
            reason: format!("{file}: {error}"),
            retry_after: None,
        },
    }
}
