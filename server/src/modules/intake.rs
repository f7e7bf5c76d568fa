//! Files that somebody brings, instead of an upstream: from a module cache or from the
//! disk of another proxy. They are measured and judged as an upstream's bytes are, and
//! what no database proves is not kept, whatever the policy lets upstreams do.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use proto::goproxy::Request;
use proto::module::ModuleVersion;
use sha2::{Digest as _, Sha256};

use super::Modules;
use super::error::Error;
use super::file::{Part, VersionFile, new_record};
use super::stored::{Rejection, Seen};
use super::transfer::Received;
use crate::ask::Asked;
use crate::blocking::{self, CALL_MAX};
use crate::ledger::Standing;
use crate::serve::peer::ClientAddress;
use crate::store::{Key, Staged};
use crate::sumdb::Hops;

/// What became of a file that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is stored; the standing says which record proves it.
    Kept(Standing),
    /// One is stored under its name that may be served.
    There,
}

/// Why a file that was brought is not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not a file of a version: a list, or the answer to a question.
    #[error("only files of versions are taken in: VERSION.info, .mod, .zip")]
    NotOfVersion,
    /// It is larger than such a file may be.
    #[error("larger than {max} bytes, which is the most that is taken")]
    TooLarge {
        /// The most bytes of such a file.
        max: u64,
    },
    /// No database proves it, although the settings would let an upstream's through.
    #[error("no database proves it: {standing}")]
    NotProved {
        /// How it stands.
        standing: Standing,
    },
    /// Nothing proves a `.info`, and nothing of its version is proved and stored.
    #[error(
        "nothing proves a .info, and neither .mod nor .zip of the version is stored and proved"
    )]
    InfoAlone,
    /// It was measured or judged, and is not what it should be; or nobody can say.
    #[error(transparent)]
    Judged(#[from] Error),
}

/// A file on its way in.
pub(crate) struct Intake {
    file: VersionFile,
    staged: Staged,
    hasher: Sha256,
    size: u64,
    max: u64,
}

impl Modules {
    /// Tells whether a file need not be brought: one that may be served is stored.
    ///
    /// # Errors
    /// [`Refused::NotOfVersion`]; what the disk answers.
    pub(crate) async fn has(&self, request: &Request) -> Result<bool, Refused> {
        let file = version_file(request)?;
        Ok(matches!(self.look(&file).await?, Seen::Good(_)))
    }

    /// Begins to take in a file.
    ///
    /// # Errors
    /// [`Refused::NotOfVersion`]; that nothing can be stored.
    pub(crate) async fn intake(&self, request: &Request) -> Result<Intake, Refused> {
        let file = version_file(request)?;
        self.check_room().await?;
        let staged = self.shelf.stage().await;
        Ok(Intake {
            max: file.part.bytes_max(&self.limits),
            staged: staged.map_err(Error::storage("making a file in staging"))?,
            hasher: Sha256::new(),
            size: 0,
            file,
        })
    }

    /// Judges a file that is all there, and gives it its name. `from` says where it came
    /// from, for evidence.
    ///
    /// # Errors
    /// Why it is not kept; nothing is changed then.
    pub(crate) async fn take_in(
        self: &Arc<Self>,
        intake: Intake,
        from: &str,
    ) -> Result<Taken, Refused> {
        let started = Instant::now();
        let file = intake.file;
        let asked = self.asked_by_us();
        let is_in_the_way = match self.look(&file).await? {
            Seen::Good(_) => return Ok(Taken::There),
            Seen::Absent => false,
            Seen::Unreadable(_) => true,
            Seen::Unjudged(found) => {
                let hops = Hops::from(&asked);
                match self.judge_stored(&file, found, Some(&hops)).await {
                    Ok(_) => return Ok(Taken::There),
                    Err(Rejection::Wrong(_)) => true,
                    Err(Rejection::Unknown(error)) => return Err(error.into()),
                }
            }
        };
        let received = Received {
            sha256: hex::encode(intake.hasher.finalize()),
            size: intake.size,
            staged: intake.staged,
            url: from.to_owned(),
        };
        let measured = self.measure_received(&file, &received).await?;
        let expected = self.expected(&file, &asked).await?;
        let standing = self
            .standing_of(&file, &received, measured.h1, expected)
            .await?;
        match standing {
            Standing::Proved { .. } => {}
            Standing::Uncovered if file.part == Part::Info => self.check_version(&file).await?,
            standing => return Err(Refused::NotProved { standing }),
        }
        if is_in_the_way {
            self.discard(&file).await?;
        }
        let record = new_record(
            received.sha256.clone(),
            received.size,
            measured.h1,
            standing.clone(),
        );
        self.keep(&file, received, record.clone(), started, &asked)
            .await?;
        if let Some(contents) = &measured.contents {
            self.keep_contents(&file.version, &record, contents).await;
        }
        Ok(Taken::Kept(standing))
    }

    /// Checks that something of the version is proved, so that a `.info` belongs to it.
    async fn check_version(&self, info: &VersionFile) -> Result<(), Refused> {
        for (part, request) in [
            (Part::Mod, Request::Mod(info.version.clone())),
            (Part::Zip, Request::Zip(info.version.clone())),
        ] {
            let (version, key) = (info.version.clone(), Key::of(&request));
            let file = VersionFile { version, part, key };
            if matches!(self.look(&file).await?, Seen::Good(_)) {
                let record = self.first_use(&file, None).await?;
                if record.is_some_and(|it| matches!(it.standing, Standing::Proved { .. })) {
                    return Ok(());
                }
            }
        }
        Err(Refused::InfoAlone)
    }

    /// How this server asks on nobody's behalf.
    fn asked_by_us(&self) -> Asked {
        let ours = self.sources.upstreams().want(self.limits.text_bytes_max);
        Asked {
            client: ClientAddress::Unix,
            cached_only: false,
            relayed: false,
            via: ours.via,
        }
    }
}

impl Intake {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Refused::TooLarge`]; what the disk answers.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), Refused> {
        let at = self.size;
        self.size = at.saturating_add(bytes.len() as u64);
        if self.size > self.max {
            return Err(Refused::TooLarge { max: self.max });
        }
        let file = Arc::clone(self.staged.file());
        let mut hasher = std::mem::take(&mut self.hasher);
        let work = move || -> io::Result<Sha256> {
            file.write_all_at(&bytes, at)?;
            hasher.update(&bytes);
            Ok(hasher)
        };
        let written = blocking::run_within(CALL_MAX, work).await;
        self.hasher = written.map_err(Error::storage("writing a file in staging"))?;
        Ok(())
    }
}

/// Returns the most bytes that are taken of the file that a request names.
///
/// # Errors
/// [`Refused::NotOfVersion`]; [`Refused::TooLarge`] for one of `length` bytes.
pub(crate) fn check_length(
    request: &Request,
    length: u64,
    limits: &crate::config::Limits,
) -> Result<(), Refused> {
    let max = version_file(request)?.part.bytes_max(limits);
    match length > max {
        true => Err(Refused::TooLarge { max }),
        false => Ok(()),
    }
}

/// Returns the file of a version that a request names.
fn version_file(request: &Request) -> Result<VersionFile, Refused> {
    let (version, part) = match request {
        Request::Mod(version) => (version.clone(), Part::Mod),
        Request::Zip(version) => (version.clone(), Part::Zip),
        Request::Info { path, query } => {
            let version = query.version().ok_or(Refused::NotOfVersion)?;
            let version = ModuleVersion::new(path.clone(), version);
            (version.map_err(|_| Refused::NotOfVersion)?, Part::Info)
        }
        Request::List(_) | Request::Latest(_) => return Err(Refused::NotOfVersion),
    };
    let key = Key::of(request);
    Ok(VersionFile { version, part, key })
}
