//! Zips that are verified on other threads while more of them are fetched.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::available_parallelism;

use proto::dirhash::H1;
use proto::module::ModuleVersion;
use proto::modzip;
use tokio::task::JoinSet;

use super::Error;
use super::ask::not_had;
use super::licence::Licences;
use super::spool::Window;
use crate::blocking;

/// A zip that was fetched.
pub(super) struct Fetched {
    pub(super) version: ModuleVersion,
    /// Its place in the bundle.
    pub(super) place: String,
    /// What its record says.
    pub(super) want: Option<H1>,
    /// What was found when it was proved before: its bytes, by their SHA-256, are those.
    pub(super) proved: Option<H1>,
    pub(super) window: Window,
}

/// Zips under way, as many as there are processors, and what was found of the others.
pub(super) struct Verifying {
    licences: Arc<Licences>,
    /// Loads them; stopped when this is dropped.
    _loading: JoinSet<()>,
    at_once: usize,
    running: JoinSet<Result<(ModuleVersion, String), Error>>,
    found: BTreeMap<ModuleVersion, String>,
}

impl Verifying {
    /// Begins to load the texts of licences, which takes some 100 ms, on another thread.
    pub(super) fn new() -> Self {
        let licences = Arc::new(Licences::default());
        let mut loading = JoinSet::new();
        let wanted = Arc::clone(&licences);
        loading.spawn_blocking(move || wanted.load());
        Self {
            licences,
            _loading: loading,
            at_once: available_parallelism().map_or(1, usize::from),
            running: JoinSet::new(),
            found: BTreeMap::new(),
        }
    }

    /// Begins with a zip as soon as a processor is free.
    ///
    /// # Errors
    /// What is wrong with a zip before it.
    pub(super) async fn begin(&mut self, zip: Fetched) -> Result<(), Error> {
        while self.running.len() >= self.at_once {
            self.one().await?;
        }
        let licences = Arc::clone(&self.licences);
        self.running.spawn(async move {
            let verified = blocking::run(move || Ok(verify(zip, &licences)));
            verified.await.map_err(Error::io("verifying"))?
        });
        Ok(())
    }

    /// Waits for all that are under way, and returns the licences by version.
    ///
    /// # Errors
    /// What is wrong with a zip.
    pub(super) async fn end(mut self) -> Result<BTreeMap<ModuleVersion, String>, Error> {
        while !self.running.is_empty() {
            self.one().await?;
        }
        Ok(self.found)
    }

    async fn one(&mut self) -> Result<(), Error> {
        if let Some(ended) = self.running.join_next().await {
            let ended = ended.map_err(std::io::Error::other);
            let (version, licence) = ended.map_err(Error::io("verifying"))??;
            self.found.insert(version, licence);
        }
        Ok(())
    }
}

/// Holds a zip against its record, and returns its licence. Blocks.
fn verify(zip: Fetched, licences: &Licences) -> Result<(ModuleVersion, String), Error> {
    let window = zip.window;
    let h1 = match zip.proved {
        Some(h1) => h1,
        None => {
            let limits = modzip::Limits::default();
            let verified = modzip::verify(window.clone(), window.len(), &zip.version, &limits);
            verified
                .map_err(|error| not_had(&zip.place, error.to_string()))?
                .h1
        }
    };
    if zip.want != Some(h1) {
        let reason = "it is not what its record says";
        return Err(not_had(&zip.place, reason.to_owned()));
    }
    let licence = licences.of(window, &format!("{}/", zip.version));
    Ok((zip.version, licence))
}

#[cfg(test)]
mod tests {
    use super::super::spool::Spool;
    use super::*;

    #[test]
    fn a_zip_that_was_proved_with_these_bytes_is_not_unpacked_and_any_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::beside(&folder.path().join("out")).unwrap();
        // Whoever unpacks it sees that it is not a zip.
        let span = spool.put(b"no zip").unwrap();
        let h1 = |byte: &str| H1::parse(&format!("h1:{}=", byte.repeat(43))).unwrap();
        let (right, other) = (h1("A"), h1("E"));
        let mut said = |want, proved| {
            let zip = Fetched {
                version: ModuleVersion::parse("m.example/x@v1.0.0").unwrap(),
                place: "m.example/x/@v/v1.0.0.zip".to_owned(),
                want,
                proved,
                window: spool.window(span).unwrap(),
            };
            verify(zip, &Licences::default())
                .map(|(_, licence)| licence)
                .map_err(|it| it.to_string())
        };
        assert_eq!(said(Some(right), Some(right)).unwrap(), "NOASSERTION");
        let unpacked = said(Some(right), None).unwrap_err();
        assert!(unpacked.contains("zip"), "{unpacked}");
        for (want, proved) in [(Some(right), Some(other)), (None, Some(right))] {
            let refused = said(want, proved).unwrap_err();
            assert!(refused.contains("not what its record says"), "{refused}");
        }
    }
}
