//! Filling this server's own store with what a bundle would hold.

use futures_util::StreamExt as _;
use proto::module::ModuleVersion;

use super::Error;
use super::ask::{Ask, not_had};
use super::wanted::{Need, Wanted};

/// What was fetched or was there already, each proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Warmed {
    /// Files of modules.
    pub(crate) files: usize,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// What cannot be had, and why.
    pub(crate) missing: Vec<String>,
}

/// Asks for all that is wanted, and goes on where something cannot be had.
pub(crate) async fn warm(
    ask: &dyn Ask,
    wanted: &Wanted,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Warmed {
    let mut warmed = Warmed::default();
    for (version, need) in &wanted.modules {
        for ending in endings(*need) {
            let read = read(ask, &place(version, ending)).await;
            match read {
                Ok(bytes) => {
                    warmed.files += 1;
                    warmed.bytes += bytes;
                    progress(bytes);
                }
                Err(Error::NotHad { absent: true, .. }) if is_spare(*need, ending) => {}
                Err(error) => warmed.missing.push(error.to_string()),
            }
        }
    }
    warmed
}

fn endings(need: Need) -> &'static [&'static str] {
    match need {
        Need::GoMod => &["mod", "info"],
        Need::ZipIfThere | Need::Zip => &["mod", "info", "zip"],
    }
}

/// Whether nobody may ever need it.
fn is_spare(need: Need, ending: &str) -> bool {
    need == Need::ZipIfThere || (need == Need::GoMod && ending == "info")
}

fn place(version: &ModuleVersion, ending: &str) -> String {
    let (module, name) = (version.path.escaped(), version.version.escaped());
    format!("{module}/@v/{name}.{ending}")
}

async fn read(ask: &dyn Ask, place: &str) -> Result<u64, Error> {
    let mut pieces = ask.get(place).await?;
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| not_had(place, error.to_string()))?;
        bytes += piece.len() as u64;
    }
    Ok(bytes)
}
