//! One answer of upstream for a file of a version: received, measured and judged.

use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::future::{Either, MaybeDone, select};
use proto::dirhash::{H1, Summary};

use super::Modules;
use super::error::Error;
use super::file::{Measured, Misfit, Part, VersionFile, measure};
use super::proof::Expected;
use super::stored::has_changed;
use super::transfer::{self, Received, Watched};
use crate::blocking;
use crate::ledger::Standing;
use crate::source::Asking;
use crate::source::upstream::Fetched;

impl Modules {
    /// Takes one answer: receives it, measures it, and judges it.
    pub(super) async fn take<F>(
        self: &Arc<Self>,
        file: &VersionFile,
        asking: &mut Asking,
        fetched: Fetched,
        watched: &Watched,
        mut expected: Pin<&mut MaybeDone<F>>,
    ) -> Result<(Received, Option<H1>, Option<Summary>, Standing), Error>
    where
        F: Future<Output = Result<Option<Expected>, Error>>,
    {
        if fetched.is_html() {
            return Err(Error::Unfit {
                reason: format!(
                    "{}: upstream sent a page for people, a sign-in page perhaps",
                    file.version
                ),
            });
        }
        let staged = self.shelf.stage().await;
        let staged = staged.map_err(Error::storage("making a file in staging"))?;
        let mut received = {
            let receive = pin!(transfer::receive(staged, asking, fetched, watched));
            match select(receive, expected.as_mut()).await {
                Either::Left((received, _)) => received?,
                // Without a proof the rest need not come.
                Either::Right(((), receive)) => match expected.as_mut().output_mut() {
                    Some(Err(error)) => return Err(error.clone()),
                    _ => receive.await?,
                },
            }
        };
        // The disk works while the file is measured and its proof arrives.
        let synced = tokio::spawn(received.synced());
        let measured = self.measure_received(file, &received).await?;
        expected.as_mut().await;
        // Kept for the next answer, should this one be wrong.
        let expected = match expected.as_mut().output_mut() {
            Some(expected) => expected.clone()?,
            None => return Err(Error::Stopping),
        };
        let standing = self
            .standing_of(file, &received, measured.h1, expected)
            .await?;
        let synced = synced.await.unwrap_or_else(|error| Err(error.into()));
        synced.map_err(Error::storage("writing a file in staging"))?;
        received.staged.note_synced();
        Ok((received, measured.h1, measured.contents, standing))
    }

    /// Judges a file that is all there.
    ///
    /// # Errors
    /// It is not what it should be, for which evidence is kept, or not what it was first.
    pub(super) async fn standing_of(
        &self,
        file: &VersionFile,
        received: &Received,
        h1: Option<H1>,
        expected: Option<Expected>,
    ) -> Result<Standing, Error> {
        let standing = match (file.part.covered(), h1, expected) {
            (Some(covered), Some(h1), Some(expected)) => {
                let suspect = received.suspect();
                self.prover
                    .judge(&file.version, covered, h1, expected, suspect)
                    .await?
            }
            _ => Standing::Uncovered,
        };
        self.check_first_use(file, received, h1, &standing).await?;
        Ok(standing)
    }

    /// Refuses other bytes than those that were the first under the name, where nothing
    /// but that first use tells which are right. What was stored may be lost or damaged;
    /// only a purge takes the name back. `.info` covers nothing and may be another one.
    ///
    /// # Errors
    /// [`Error::Changed`], for which evidence is kept.
    async fn check_first_use(
        &self,
        file: &VersionFile,
        received: &Received,
        h1: Option<H1>,
        standing: &Standing,
    ) -> Result<(), Error> {
        if matches!(standing, Standing::Proved { .. }) || file.part == Part::Info {
            return Ok(());
        }
        let Some(before) = self.first_use(file, None).await? else {
            return Ok(());
        };
        if !has_changed(&before, &received.sha256, h1) {
            return Ok(());
        }
        Err(self.changed(file, &before, received.suspect()).await)
    }

    pub(super) async fn measure_received(
        &self,
        file: &VersionFile,
        received: &Received,
    ) -> Result<Measured, Error> {
        let turn = match file.part {
            Part::Zip => Some(self.turn().await?),
            Part::Info | Part::Mod => None,
        };
        let (subject, size) = (file.clone(), received.size);
        let staged = Arc::clone(received.staged.file());
        let measured = blocking::run(move || {
            use std::io::Seek as _;
            // Work that has begun goes on when nobody waits, and is counted as long.
            let _turn = turn;
            (&*staged).rewind()?;
            let reader = std::io::BufReader::with_capacity(64 << 10, &*staged);
            Ok(measure(&subject, reader, size))
        })
        .await
        .map_err(Error::storage("hashing a received file"))?;
        if let Err(Misfit::Rules(reason)) = &measured {
            self.prover
                .keep_misfit(&file.version, reason, received.suspect())
                .await;
        }
        measured.map_err(Error::from)
    }
}
