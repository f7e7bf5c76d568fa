//! The published program: a file, or the one in a package that is meant.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::work::Work;
use crate::artifact::Artifact;
use crate::container::limits::Budget;
use crate::durable;
use crate::members::root::Root;
use crate::members::survey::Surveyor;

/// The most programs of a package named where one is to be chosen.
const NAMED_MAX: usize = 12;

/// The program to build again.
#[derive(Debug)]
pub struct Given {
    /// The file as it was named.
    pub path: PathBuf,
    /// The program's path in the package; `None` for a file that is not a package.
    pub inside: Option<String>,
    /// The program.
    pub artifact: Artifact,
}

/// A program found in a package.
struct Found {
    place: String,
    artifact: Artifact,
}

impl Given {
    /// Reads a file; of a package, the one program of Go in it, or the one that is
    /// called `name`: by its path in the package, its last part, or its import path.
    ///
    /// # Errors
    /// When it can't be read, or a package holds none or several.
    pub fn read(path: &Path, name: Option<&str>) -> anyhow::Result<Self> {
        let budget = Budget::default();
        let carrier = match Root::read(path, &budget)? {
            Root::File(artifact) => {
                return Ok(Self {
                    path: path.to_owned(),
                    inside: None,
                    artifact: *artifact,
                });
            }
            Root::Carrier(carrier) => carrier,
        };
        let programs = RefCell::new(Vec::new());
        let take = Box::new(|place: &[String], artifact: &Artifact| {
            let mut programs = programs.borrow_mut();
            if artifact.image.format.is_program() && artifact.go.is_go() {
                programs.push(Found {
                    place: place.join(": "),
                    // The bytes are shared; what they tell is read anew.
                    artifact: Artifact::of(crate::input::Input {
                        path: artifact.input.path.clone(),
                        bytes: artifact.input.bytes.clone(),
                        sha256: artifact.input.sha256,
                        identity: None,
                    }),
                });
            }
            programs.len()
        });
        let holding = carrier.survey(&mut Surveyor::new(&budget, take))?;
        if let Some(reason) = holding.reason {
            bail!("{}: {reason}", path.display());
        }
        let found =
            choose(programs.into_inner(), name).with_context(|| path.display().to_string())?;
        Ok(Self {
            path: path.to_owned(),
            inside: Some(found.place),
            artifact: found.artifact,
        })
    }

    /// Lays a program of a package out in the work folder, where others can read it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn laid_out(mut self, work: &Work) -> anyhow::Result<Self> {
        if self.inside.is_none() {
            return Ok(self);
        }
        let path = work.folder("given")?.join("program");
        durable::write(&path, |out| out.write_all(self.artifact.bytes()))?;
        self.artifact.input.path = path;
        Ok(self)
    }

    /// Returns what reports call it.
    pub fn name(&self) -> String {
        match &self.inside {
            None => self.path.display().to_string(),
            Some(inside) => format!("{}: {inside}", self.path.display()),
        }
    }

    /// Returns its SHA-256 in hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(self.artifact.input.sha256)
    }
}

fn choose(mut programs: Vec<Found>, name: Option<&str>) -> anyhow::Result<Found> {
    if let Some(name) = name {
        programs.retain(|program| program.is_called(name));
    }
    // One program packed twice is one program.
    let mut seen = std::collections::HashSet::new();
    programs.retain(|program| seen.insert(program.artifact.input.sha256));
    match (programs.len(), name) {
        (1, _) => programs.pop().context("one program was there"),
        (0, None) => bail!("there is no program of Go in it"),
        (0, Some(name)) => bail!("there is no program of Go called {name} in it"),
        (count, _) => {
            let names: Vec<&str> = programs
                .iter()
                .take(NAMED_MAX)
                .map(|program| program.place.as_str())
                .collect();
            bail!(
                "there are {count} programs of Go in it; choose one with --program: {}",
                names.join(", ")
            )
        }
    }
}

impl Found {
    fn is_called(&self, name: &str) -> bool {
        let import = self.artifact.go.info().map(|info| info.path.as_str());
        let last = self.place.rsplit(['/', ' ']).next();
        self.place == name || last == Some(name) || import == Some(name)
    }
}
