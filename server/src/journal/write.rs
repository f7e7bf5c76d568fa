//! The thread that writes the journal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::Order;
use crate::store::folder::sync_folder;

/// Writes what comes until nobody can send more.
pub(super) fn run(folder: &Path, mut orders: mpsc::Receiver<Order>) {
    while let Some(first) = orders.blocking_recv() {
        let mut batches: BTreeMap<PathBuf, Vec<Order>> = BTreeMap::new();
        let mut next = Some(first);
        let mut bytes = 0;
        while let Some(order) = next {
            bytes += order.line.len();
            batches.entry(order.file.clone()).or_default().push(order);
            next = (bytes < BATCH_BYTES)
                .then(|| orders.try_recv().ok())
                .flatten();
        }
        for (file, batch) in batches {
            let lines = batch.iter().map(|order| order.line.as_slice());
            let result = append(&folder.join(file), lines);
            for order in batch {
                let told = match &result {
                    Ok(()) => Ok(()),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                // Whoever asked may be gone.
                let _ = order.done.send(told);
            }
        }
    }
}

/// Bytes of lines after which no more are gathered to be written at once.
const BATCH_BYTES: usize = 8 << 20;

/// Appends lines to a file and makes them durable. Where that fails, what was
/// written is cut off again; where that fails too, the next line begins behind
/// what is left.
pub(super) fn append<'a>(path: &Path, lines: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
    let file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let length = file.metadata()?.len();
    let mut text = Vec::new();
    if length > 0 && !ends_with_newline(&file, length)? {
        text.push(b'\n');
    }
    for line in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let written = (&file).write_all(&text).and_then(|()| file.sync_data());
    if let Err(error) = written {
        let _ = file.set_len(length);
        return Err(error);
    }
    if length == 0
        && let Some(folder) = path.parent()
    {
        sync_folder(folder)?;
    }
    Ok(())
}

fn ends_with_newline(file: &File, length: u64) -> io::Result<bool> {
    let mut last = [0];
    file.read_exact_at(&mut last, length - 1)?;
    Ok(last == *b"\n")
}
