//! The work folder: everything that a run writes lies in it. It is taken by one run at a
//! time, belongs to one program, and is gone on with by the next run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::obstacle::{Kind, Obstacle};
use crate::durable;
use crate::host::interrupt::Interrupt;
use crate::rebuild::scratch::{self, Scratch};
use proto::quantity;

/// The file by which a folder is known to be ours.
const MARK: &str = "reproduce.json";

/// The name and version of that file's form.
const SCHEMA: &str = "verify-build/reproduce-work-v1";

/// How often the disk space used is measured while a program runs.
const LOOK: Duration = Duration::from_secs(3);

/// The longest that a mark is read, in bytes.
const MARK_BYTES_MAX: u64 = 1 << 16;

/// How much a run may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of time, all in all.
    pub time: Duration,
    /// Of disk space in the work folder, in bytes.
    pub disk_bytes: u64,
}

/// The folder.
#[derive(Debug)]
pub struct Work {
    folder: PathBuf,
    /// Whether it stays after the run.
    is_kept: bool,
    limits: Limits,
    started: Instant,
    is_full: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    /// Held as long as this run works in the folder.
    _lock: Option<File>,
    _scratch: Option<Scratch>,
}

/// What a work folder is for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    schema: String,
    /// The SHA-256 of the program.
    program: String,
}

impl Work {
    /// Opens the folder that was named, or makes one below `temporary` that goes away
    /// with the run.
    ///
    /// # Errors
    /// When it can't be made, another run works in it, or it is not one of this program.
    pub fn open(
        named: Option<&Path>,
        temporary: &Path,
        program: &str,
        limits: Limits,
    ) -> anyhow::Result<Self> {
        let (folder, scratch, lock) = match named {
            None => {
                let scratch = Scratch::new(temporary)?;
                (scratch.path().to_owned(), Some(scratch), None)
            }
            Some(named) => {
                let (folder, lock) = take(named, program)?;
                (folder, None, Some(lock))
            }
        };
        Ok(Self {
            folder,
            is_kept: named.is_some(),
            limits,
            started: Instant::now(),
            is_full: Arc::default(),
            is_over: Arc::default(),
            _lock: lock,
            _scratch: scratch,
        })
    }

    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Says whether it stays after the run.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Makes a folder in it, unless it is there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(path)
    }

    /// Says whether a folder is whole and holds this, by the note beside it.
    pub fn holds(&self, name: &str, what: &str) -> bool {
        fs::read(self.note(name)).is_ok_and(|noted| noted == what.as_bytes())
    }

    /// Notes what a folder holds, now that it is whole.
    ///
    /// # Errors
    /// When the note can't be written.
    pub fn note_held(&self, name: &str, what: &str) -> anyhow::Result<()> {
        fs::write(self.note(name), what).context("noting that the source is there")
    }

    fn note(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.ready"))
    }

    /// Makes a folder in it that is empty.
    ///
    /// # Errors
    /// When it can't be made, or what was in it can't be removed.
    pub fn empty_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        // Or a run that ends here would leave a note of what is there in part.
        match fs::remove_file(self.note(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).context("removing a note");
            }
            Ok(()) | Err(_) => {}
        }
        let path = self.folder.join(name);
        scratch::remove(&path).with_context(|| format!("removing {}", path.display()))?;
        self.folder(name)
    }

    /// Returns the time that is left.
    ///
    /// # Errors
    /// An [`Obstacle`] when none is left, or the folder is full.
    pub fn left(&self) -> anyhow::Result<Duration> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(Obstacle::new(
                Kind::Limit,
                format!(
                    "the work folder holds more than {} (--disk-limit)",
                    quantity::size(self.limits.disk_bytes)
                ),
            )
            .into());
        }
        let left = self.limits.time.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Err(self.out_of_time().into());
        }
        Ok(left)
    }

    /// Says that the time is used up.
    pub fn out_of_time(&self) -> Obstacle {
        Obstacle::new(
            Kind::Limit,
            format!(
                "the {} that the run may take are used up (--time-limit)",
                quantity::count(self.limits.time.as_secs(), "second", "seconds")
            ),
        )
    }

    /// Measures the disk space used from time to time until the folder is dropped, and
    /// stops what is running once it is too much.
    pub fn watch(&self, interrupt: &Interrupt) {
        let (folder, most) = (self.folder.clone(), self.limits.disk_bytes);
        let (is_full, is_over) = (Arc::clone(&self.is_full), Arc::clone(&self.is_over));
        let interrupt = interrupt.clone();
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                if scratch::size(&folder) > most {
                    is_full.store(true, Ordering::Relaxed);
                    interrupt.set();
                    return;
                }
                thread::park_timeout(LOOK);
            }
        });
    }

    /// Measures the disk space used now.
    ///
    /// # Errors
    /// An [`Obstacle`] when it is too much.
    pub fn measure(&self) -> anyhow::Result<()> {
        if scratch::size(&self.folder) > self.limits.disk_bytes {
            self.is_full.store(true, Ordering::Relaxed);
        }
        self.left().map(|_| ())
    }

    /// Says whether the folder is full: then what was running was stopped for that.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Takes a folder for a program, and for this run alone.
fn take(named: &Path, program: &str) -> anyhow::Result<(PathBuf, File)> {
    fs::create_dir_all(named).with_context(|| format!("making {}", named.display()))?;
    // The go command knows a folder by one name.
    let folder = named
        .canonicalize()
        .with_context(|| format!("naming {}", named.display()))?;
    let mark = folder.join(MARK);
    let wanted = Mark {
        schema: SCHEMA.into(),
        program: program.into(),
    };
    if mark.exists() {
        ensure!(
            read(&mark)? == wanted,
            "{} is the work folder of another program; name a new one with -o",
            named.display()
        );
    } else {
        let mut entries =
            fs::read_dir(&folder).with_context(|| format!("reading {}", named.display()))?;
        if entries.next().is_some() {
            bail!(
                "{} is not empty and no work folder of verify-build reproduce; name a new one with -o",
                named.display()
            );
        }
        let text = serde_json::to_vec_pretty(&wanted).context("writing the mark")?;
        durable::write(&mark, |out| out.write_all(&text))?;
    }
    let lock = folder.join("lock");
    let file = File::create(&lock).with_context(|| format!("making {}", lock.display()))?;
    match file.try_lock() {
        Ok(()) => Ok((folder, file)),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("another run works in {}", named.display())
        }
        Err(fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", lock.display()))
        }
    }
}

fn read(mark: &Path) -> anyhow::Result<Mark> {
    use std::io::Read as _;
    let reading = || format!("reading {}", mark.display());
    let file =
        crate::opening::regular(mark, crate::opening::Links::Refused).with_context(reading)?;
    let mut text = Vec::new();
    file.take(MARK_BYTES_MAX)
        .read_to_end(&mut text)
        .with_context(reading)?;
    serde_json::from_slice(&text).with_context(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            time: Duration::from_secs(60),
            disk_bytes: 1 << 20,
        }
    }

    #[test]
    fn a_folder_belongs_to_one_program_and_one_run() {
        let place = tempfile::tempdir().unwrap();
        let named = place.path().join("work");
        let open = |program| Work::open(Some(&named), place.path(), program, limits());
        let first = open("aa").unwrap();
        assert!(open("aa").unwrap_err().to_string().contains("another run"));
        fs::write(first.folder("builds").unwrap().join("x"), "kept").unwrap();
        drop(first);
        assert!(
            open("bb")
                .unwrap_err()
                .to_string()
                .contains("another program")
        );
        drop(open("aa").unwrap());
        assert!(named.join("builds/x").is_file());
        let foreign = place.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("mine"), "").unwrap();
        let error = Work::open(Some(&foreign), place.path(), "aa", limits()).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        fs::write(foreign.join(MARK), "nonsense").unwrap();
        assert!(Work::open(Some(&foreign), place.path(), "aa", limits()).is_err());
    }

    #[test]
    fn limits_are_obstacles() {
        let place = tempfile::tempdir().unwrap();
        let none = Limits {
            time: Duration::ZERO,
            ..limits()
        };
        let work = Work::open(None, place.path(), "aa", none).unwrap();
        let error = work.left().unwrap_err();
        assert_eq!(error.downcast::<Obstacle>().unwrap().kind, Kind::Limit);
        let path = work.path().to_owned();
        drop(work);
        assert!(!path.exists());
    }
}
