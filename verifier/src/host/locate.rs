//! Finding the installation to judge.
//!
//! The go command of an installation is itself under suspicion, so it is not run
//! while there is another way: a program in the folder `bin` of a tree belongs to
//! that tree.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::host::{Environment, search_path};

/// How long `go env GOROOT` may take.
const GO_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest path it may print, in bytes.
const PATH_BYTES_MAX: u64 = 8192;

/// An installation, and how it was found.
#[derive(Debug)]
pub struct Located {
    /// Its root.
    pub root: PathBuf,
    /// What a reader should know about the way.
    pub note: Option<String>,
}

/// Chooses the installation: the one named, $GOROOT, or that of the go command on
/// the PATH.
///
/// # Errors
/// When none is found.
pub fn goroot(named: Option<&Path>, environment: &Environment) -> anyhow::Result<Located> {
    if let Some(named) = named {
        let root = named.to_owned();
        return Ok(Located { root, note: None });
    }
    if let Some(root) = environment.var("GOROOT") {
        return Ok(Located {
            root: root.into(),
            note: Some("GOROOT says where the installation is".into()),
        });
    }
    let path = environment.var("PATH");
    let Some(go) = path.and_then(|path| search_path::find(path, "go")) else {
        bail!(
            "no go command on the PATH; name the installation: verify-build toolchain /usr/local/go"
        );
    };
    let real = go
        .canonicalize()
        .with_context(|| format!("resolving {}", go.display()))?;
    let tree = real.parent().and_then(Path::parent);
    if let Some(root) = tree.filter(|root| root.join("VERSION").is_file()) {
        return Ok(Located {
            root: root.to_owned(),
            note: Some(format!("{} belongs to it", go.display())),
        });
    }
    let root = ask(&go)?;
    let note = format!(
        "{} lies in no installation and was asked where it is; a go command that was tampered with can name another",
        go.display()
    );
    Ok(Located {
        root,
        note: Some(note),
    })
}

fn ask(go: &Path) -> anyhow::Result<PathBuf> {
    let asking = || format!("asking {} env GOROOT", go.display());
    let mut child = Command::new(go)
        .args(["env", "GOROOT"])
        // Another version, which a go.mod here may want, is not the one asked about.
        .env("GOTOOLCHAIN", "local")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(asking)?;
    if !wait(&mut child).with_context(asking)? {
        bail!("{}: it failed or did not end", asking());
    }
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        stdout
            .take(PATH_BYTES_MAX)
            .read_to_string(&mut said)
            .with_context(asking)?;
    }
    let root = said.trim_end();
    if root.is_empty() {
        bail!("{}: it names none", asking());
    }
    Ok(root.into())
}

/// Waits for success; a child that takes too long is ended.
fn wait(child: &mut Child) -> std::io::Result<bool> {
    let deadline = Instant::now() + GO_TIMEOUT;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}
