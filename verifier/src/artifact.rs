//! One file taken in whole: its bytes, its format, its Go build.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::hashlog::Log;

use crate::goinfo::GoInfo;
use crate::image::{Format, Image, begins_with_zeros};
use crate::input::{self, Input};
use crate::progress::Bar;

/// A file with everything that it alone tells.
#[derive(Debug)]
pub struct Artifact {
    /// Its bytes and their hash.
    pub input: Input,
    /// Its format.
    pub image: Image,
    /// Its Go build.
    pub go: GoInfo,
    /// The log of what the go command hashed when it built the file, once that
    /// is known to be this file's ([`crate::hashlog`]).
    pub log: Option<Arc<Log>>,
}

impl Artifact {
    /// Reads a file and looks into it.
    ///
    /// # Errors
    /// As [`Input::read`]; a file that was read is always an artifact.
    pub fn read(path: &Path) -> Result<Self, input::Error> {
        Ok(Self::of(Input::read(path)?))
    }

    /// Reads as [`Self::read`], and tells a bar of every byte.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_along(path: &Path, bar: &Bar) -> Result<Self, input::Error> {
        Ok(Self::of(Input::read_along(path, bar)?))
    }

    /// Looks into a file that was read.
    pub fn of(input: Input) -> Self {
        let image = Image::read(&input.bytes);
        let go = GoInfo::read(&input.bytes, &image);
        Self {
            input,
            image,
            go,
            log: None,
        }
    }

    /// Returns the file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.input.bytes
    }
}

/// Returns what keeps a file from being judged as a build.
pub fn obstacle(artifact: &Artifact) -> Option<String> {
    let path = artifact.input.path.display();
    let image = &artifact.image;
    match image.format {
        Format::Empty => Some(format!(
            "{path} is empty; look at the step that should have written it"
        )),
        Format::Container(kind) => Some(format!(
            "{path} is a {kind}; unpack it and compare the files inside"
        )),
        Format::Other if begins_with_zeros(artifact.bytes()) => Some(format!(
            "{path} begins with zeros, where a program has its header: it is damaged, as a file is that a crash \
             kept from being written to disk; build or copy it again"
        )),
        _ if image.truncated => Some(format!(
            "{path} is cut off: its headers name bytes past its end; copy or download it again"
        )),
        format if format.is_program() && image.regions.len() <= 1 && !image.problems.is_empty() => {
            Some(format!(
                "{path} begins like {} and can't be read as one ({}); copy or download it again",
                format.name(),
                image.problems.join("; ")
            ))
        }
        _ => None,
    }
}

/// Reads files, two or more at a time, and hands them over in order.
///
/// # Errors
/// The first error of a reader, in the order of the paths.
pub fn read_all<T: Send, E: From<input::Error>>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<T, input::Error> + Sync,
    mut each: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let parallel = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, PARALLEL_MAX);
    let read = &read;
    let mut index = 0;
    for batch in paths.chunks(parallel) {
        let files: Vec<Result<T, input::Error>> = std::thread::scope(|scope| {
            #[expect(
                clippy::needless_collect,
                reason = "all must be started before one is waited for"
            )]
            let readers: Vec<_> = batch
                .iter()
                .map(|path| scope.spawn(move || read(path)))
                .collect();
            readers.into_iter().map(join).collect()
        });
        for file in files {
            each(index, file?)?;
            index += 1;
        }
    }
    Ok(())
}

/// The most files held in memory at one time, the first one apart.
const PARALLEL_MAX: usize = 4;

/// A panic in a reader is our own bug and goes on in the caller.
fn join<T>(reader: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match reader.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
pub(crate) mod made;
