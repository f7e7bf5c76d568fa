//! What the user of this process may do with a data folder, told by names.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD};
use rustix::io::Errno;

use super::{Error, failed};

/// The folders in a data folder that are written to.
const FOLDERS: [&str; 6] = [
    "modules", "staging", "index", "sumdb", "evidence", "journal",
];

/// Makes a data folder where it is absent.
pub(super) fn make(folder: &Path) -> Result<(), Error> {
    check_kind(folder)?;
    fs::create_dir_all(folder).map_err(|error| {
        let nearest = folder.ancestors().skip(1).find(|parent| parent.exists());
        let nearest = nearest.unwrap_or(folder);
        if nearest.is_file() {
            let path = nearest.to_owned();
            return Error::NotAFolder { path };
        }
        explain("making", nearest, folder, error)
    })
}

/// Checks that a folder and those in it can be written to.
pub(super) fn check_writable(folder: &Path) -> Result<(), Error> {
    check(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?;
    for inner in FOLDERS {
        let inner = folder.join(inner);
        check_kind(&inner)?;
        if inner.exists() {
            check(&inner, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?;
        }
    }
    Ok(())
}

/// Checks that what is stored in a folder can be read.
pub(super) fn check_readable(folder: &Path) -> Result<(), Error> {
    check_kind(folder)?;
    let path = folder.to_owned();
    if !folder.exists() {
        return Err(Error::Absent { path });
    }
    check(folder, Access::READ_OK | Access::EXEC_OK)?;
    let modules = folder.join("modules");
    check_kind(&modules)?;
    if modules.exists() {
        check(&modules, Access::READ_OK | Access::EXEC_OK)?;
    }
    Ok(())
}

/// Checks that what lies at a path, if anything, is a folder.
fn check_kind(path: &Path) -> Result<(), Error> {
    if let Ok(target) = fs::read_link(path)
        && !path.exists()
    {
        let path = path.to_owned();
        return Err(Error::Dangling { path, target });
    }
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => Err(Error::NotAFolder {
            path: path.to_owned(),
        }),
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(())
        }
        Err(error) => Err(explain("looking at", path, path, error)),
    }
}

fn check(folder: &Path, access: Access) -> Result<(), Error> {
    // By the effective user, who opens files.
    match rustix::fs::accessat(CWD, folder, access, AtFlags::EACCESS) {
        Ok(()) => Ok(()),
        Err(Errno::ROFS) => Err(Error::ReadOnly {
            path: folder.to_owned(),
        }),
        Err(Errno::ACCESS) => Err(Error::Forbidden {
            path: folder.to_owned(),
            user: user(),
            right: right(folder),
        }),
        Err(error) => Err(failed("looking at", folder, error.into())),
    }
}

/// Names the first right to a folder that is missing.
fn right(folder: &Path) -> &'static str {
    let may = |access| rustix::fs::accessat(CWD, folder, access, AtFlags::EACCESS).is_ok();
    if !may(Access::EXEC_OK) {
        "enter"
    } else if !may(Access::READ_OK) {
        "list"
    } else {
        "write to"
    }
}

/// Says what an error at `path` in `folder` means to a person.
pub(super) fn explain(what: &'static str, folder: &Path, path: &Path, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied => Error::Forbidden {
            path: folder.to_owned(),
            user: user(),
            right: right(folder),
        },
        ErrorKind::ReadOnlyFilesystem => Error::ReadOnly {
            path: folder.to_owned(),
        },
        _ => failed(what, path, error),
    }
}

/// Returns the user this process runs as: `sumward (uid 123)`.
fn user() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid).then_some(name)
    });
    match name {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    }
}
