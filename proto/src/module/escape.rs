//! The escaped form of paths and versions: `!` and the lower-case letter for
//! every upper-case one, ASCII only.

use super::check::{self, Kind};
use super::{Error, check_path};

/// Escapes a module path: `github.com/Azure` becomes `github.com/!azure`.
///
/// # Errors
/// [`Error::Path`] when it is not a module path.
pub fn escape_path(path: &str) -> Result<String, Error> {
    check_path(path)?;
    Ok(escape(path))
}

/// Reads back what [`escape_path`] wrote, and nothing else.
///
/// # Errors
/// [`Error::Escape`] or [`Error::Path`].
pub fn unescape_path(escaped: &str) -> Result<String, Error> {
    let path = unescape(escaped)?;
    check_path(&path)?;
    Ok(path)
}

/// Escapes a version or a version query (a branch name, a commit).
///
/// # Errors
/// [`Error::VersionText`] when it could not be one element of a path, or holds
/// `!` or anything beyond ASCII.
pub fn escape_version(version: &str) -> Result<String, Error> {
    check_version_text(version)?;
    Ok(escape(version))
}

/// Reads back what [`escape_version`] wrote, and nothing else.
///
/// # Errors
/// [`Error::Escape`] or [`Error::VersionText`].
pub fn unescape_version(escaped: &str) -> Result<String, Error> {
    let version = unescape(escaped)?;
    check_version_text(&version)?;
    Ok(version)
}

/// Checks that the text can be a version query: one element of a path.
fn check_version_text(version: &str) -> Result<(), Error> {
    let stray = version.chars().find(|&c| c == '!' || !c.is_ascii());
    let checked = match stray {
        Some(c) => Err(check::Fault::Character(c)),
        None => check::element(version, Kind::File),
    };
    checked.map_err(|fault| Error::VersionText {
        version: version.to_owned(),
        fault,
    })
}

/// Escapes text that is known to hold neither `!` nor non-ASCII characters.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

pub(super) fn unescape(escaped: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(escaped.len());
    let mut bang = false;
    for c in escaped.chars() {
        let fits = match (bang, c) {
            (true, _) => c.is_ascii_lowercase(),
            (false, _) => c.is_ascii() && !c.is_ascii_uppercase(),
        };
        if !fits {
            return Err(refusal(escaped));
        }
        if !bang && c == '!' {
            bang = true;
            continue;
        }
        out.push(if bang { c.to_ascii_uppercase() } else { c });
        bang = false;
    }
    if bang {
        return Err(refusal(escaped));
    }
    Ok(out)
}

fn refusal(escaped: &str) -> Error {
    Error::Escape {
        text: escaped.to_owned(),
    }
}
