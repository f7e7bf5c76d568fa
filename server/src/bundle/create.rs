//! Making a bundle: everything is asked for and set aside, then written under another name.
//!
//! Made again after a crash it has the same bytes: what was fetched and proved is in the
//! server's store by then, and nothing of the half file is taken over.

use std::io;

use proto::bundle::Manifest;
use proto::note::SignerKey;

use super::ask::Ask;
use super::draft::{Draft, Drafted, Order};
use super::step::{MAKING, Making};
use super::verifying::Verifying;
use super::volumes::Split;
use super::{Error, pack};

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    /// Bytes of the file.
    pub(crate) bytes: u64,
}

/// Makes a bundle.
///
/// # Errors
/// What cannot be had, what is not proved, or what the file system answers. There is no
/// new file then.
pub(crate) async fn create(
    ask: &dyn Ask,
    order: &Order<'_>,
    signer: &SignerKey,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, Error> {
    let drafted = draft(ask, order, progress).await?;
    write(drafted, order, signer)
}

/// Asks for everything that goes into a bundle, and writes none.
///
/// # Errors
/// As [`create`].
pub(crate) async fn draft(
    ask: &dyn Ask,
    order: &Order<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Drafted, Error> {
    let mut draft = Draft::new(ask, order, progress)?;
    let verifying = Verifying::new();
    let databases = draft.databases().await?;
    draft.modules(verifying).await?;
    draft.finish(databases)
}

fn write(drafted: Drafted, order: &Order<'_>, signer: &SignerKey) -> Result<Made, Error> {
    let Drafted {
        manifest,
        spans,
        mut spool,
    } = drafted;
    MAKING.reach(Making::Drafted);
    let mut out = Split::begin(order.out, order.volume).map_err(Error::at(order.out))?;
    pack::pack(&mut out, &manifest, signer, |number| {
        if number == spans.len() / 2 {
            MAKING.reach(Making::HalfWritten);
        }
        let span = spans.get(number).ok_or(io::ErrorKind::InvalidInput)?;
        spool.window(*span)
    })?;
    MAKING.reach(Making::Written);
    let bytes = out.finish().map_err(Error::at(order.out))?;
    Ok(Made { manifest, bytes })
}
