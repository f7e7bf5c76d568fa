//! Files of modules that go into a bundle, each held against its record.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use proto::dirhash;
use proto::module::{ModuleVersion, Version, pseudo};

use super::Error;
use super::ask::{not_had, whole};
use super::draft::{Draft, TEXT_BYTES_MAX};
use super::lists::list_of;
use super::step::{MAKING, Making};
use super::verifying::{Fetched, Verifying};
use super::wanted::Need;

impl Draft<'_> {
    /// Carries files of modules, each held against its record: a zip whose bytes, by their
    /// SHA-256, are those that were proved is not unpacked once more.
    ///
    /// # Errors
    /// What cannot be had, or is not what its record says.
    pub(super) async fn modules(&mut self, mut verifying: Verifying) -> Result<(), Error> {
        let order = self.order;
        for (version, need) in &order.wanted.modules {
            if !self.records.contains_key(version) {
                continue;
            }
            let (module, name) = (version.path.escaped(), version.version.escaped());
            let base = format!("{module}/@v/{name}");
            self.go_mod(version, &format!("{base}.mod")).await?;
            // `go list -m all` wants it of each version of the build list.
            match self.info(&format!("{base}.info")).await {
                Err(Error::NotHad { absent: true, .. }) if *need != Need::Zip => {}
                taken => taken?,
            }
            if *need == Need::GoMod {
                continue;
            }
            let place = format!("{base}.zip");
            match self.zip(version, &place, &mut verifying).await {
                Err(Error::NotHad {
                    absent: true,
                    reason,
                    ..
                }) if *need == Need::ZipIfThere => {
                    let text = format!("{version}: its go.mod alone, there is no zip: {reason}");
                    self.remarks.push(text);
                    continue;
                }
                taken => taken?,
            }
        }
        self.licences = verifying.end().await?;
        self.lists()
    }

    /// Carries the lists of the versions that are carried.
    fn lists(&mut self) -> Result<(), Error> {
        let mut lists: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        // Those alone that can be built with.
        for version in self.licences.keys() {
            let versions = lists.entry(version.path.escaped()).or_default();
            if !pseudo::is_pseudo(version.version.as_str()) {
                versions.push(version.version.clone());
            }
        }
        for (module, versions) in lists {
            self.put(format!("{module}/@v/list"), list_of(versions).as_bytes())?;
        }
        Ok(())
    }

    async fn go_mod(&mut self, version: &ModuleVersion, place: &str) -> Result<(), Error> {
        let bytes = whole(self.ask, place, TEXT_BYTES_MAX).await?;
        let want = self
            .records
            .get(version)
            .and_then(|it| it.go_mod_h1(version));
        if want != Some(dirhash::go_mod(&bytes)) {
            return Err(not_had(place, "it is not what its record says".to_owned()));
        }
        self.put(place.to_owned(), &bytes)
    }

    async fn info(&mut self, place: &str) -> Result<(), Error> {
        let bytes = whole(self.ask, place, TEXT_BYTES_MAX).await?;
        self.put(place.to_owned(), &bytes)
    }

    async fn zip(
        &mut self,
        version: &ModuleVersion,
        place: &str,
        verifying: &mut Verifying,
    ) -> Result<(), Error> {
        let mut pieces = self.ask.get(place).await?;
        let mut part = self.spool.part();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| not_had(place, error.to_string()))?;
            part.write(&piece).map_err(Error::io("setting aside"))?;
            (self.progress)(piece.len() as u64);
        }
        let span = part.end();
        MAKING.reach(Making::ZipFetched);
        self.members.insert(place.to_owned(), span);
        let window = self.spool.window(span).map_err(Error::io("reading back"))?;
        let sha256 = hex::encode(span.sha256);
        let fetched = Fetched {
            version: version.clone(),
            place: place.to_owned(),
            want: self.records.get(version).and_then(|it| it.h1(version)),
            proved: self.ask.proved_h1(version, &sha256).await,
            window,
        };
        verifying.begin(fetched).await
    }
}
