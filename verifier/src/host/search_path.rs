//! Programs on the PATH.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Finds a program in the folders that PATH lists. Relative ones are passed over:
/// they are other folders wherever a build runs.
pub fn find(path: &OsStr, program: &str) -> Option<PathBuf> {
    let file = file_name(program);
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&file))
        .find(|file| is_program(file))
}

/// Returns what the file of a program is called here: `go`, `go.exe`.
pub fn file_name(program: &str) -> String {
    format!("{program}{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn relative_folders_are_passed_over() {
        assert_eq!(
            find(OsStr::new("../../../../../../../../bin:."), "sh"),
            None
        );
    }

    #[test]
    fn what_cannot_be_run_is_no_program() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for (folder, mode) in folders.iter().zip([0o644, 0o755]) {
            let file = folder.path().join("go");
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = std::env::join_paths(folders.iter().map(|folder| folder.path())).unwrap();
        assert_eq!(find(&path, "go"), Some(folders[1].path().join("go")));
        assert_eq!(find(folders[0].path().as_os_str(), "go"), None);
    }
}
