//! Versions, module paths and lines of go.sum.

use std::cmp::Ordering;

use proto::module::pattern::Patterns;
use proto::module::{self, ModulePath, ModuleVersion, Version};
use proto::{gosum as go_sum, module::pseudo as pseudo_version, semver as sem};

use super::{halves, text};

/// Three versions, one a line: comparing them is an order.
pub fn semver(data: &[u8]) {
    let text = text(data);
    let (a, rest) = halves(&text);
    let (b, c) = halves(rest);
    for version in [a, b, c] {
        let canonical = sem::canonical(version);
        assert_eq!(canonical.is_some(), sem::is_valid(version));
        assert_eq!(sem::major(version).is_some(), sem::is_valid(version));
        assert_eq!(sem::compare(version, version), Ordering::Equal);
        if let Some(full) = canonical {
            assert_eq!(sem::canonical(&full).as_deref(), Some(&*full));
            assert_eq!(sem::compare(version, &full), Ordering::Equal);
            assert!(version.ends_with(sem::build(version)));
            assert!(full.ends_with(sem::prerelease(version)));
        }
    }
    let (ab, bc, ac) = (sem::compare(a, b), sem::compare(b, c), sem::compare(a, c));
    assert_eq!(ab, sem::compare(b, a).reverse());
    if ab == bc || bc == Ordering::Equal {
        assert_eq!(ac, ab);
    }
}

/// A path, or a path and a version with `@` between: escaping loses nothing, and
/// nothing is read two ways.
pub fn module_path(data: &[u8]) {
    let text = text(data);
    if let Ok(path) = ModulePath::parse(&text) {
        assert_eq!(path.as_str(), text);
        assert!(module::check_import_path(&text).is_ok());
        assert!(module::check_file_path(&text).is_ok());
        let escaped = path.escaped();
        assert_eq!(escaped, escaped.to_lowercase());
        assert_eq!(ModulePath::from_escaped(&escaped).as_ref(), Ok(&path));
        is_safe_path(&escaped);
    }
    if let Ok(path) = ModulePath::from_escaped(&text) {
        assert_eq!(path.escaped(), text);
    }
    if let Ok(version) = module::unescape_version(&text) {
        assert_eq!(module::escape_version(&version).as_deref(), Ok(&*text));
        assert!(!text.contains('/'));
        is_safe_path(&text);
    }
    if let Ok(version) = Version::parse(&text) {
        assert_eq!(version.as_str(), text);
        assert_eq!(Version::from_escaped(&version.escaped()), Ok(version));
    }
    if let Ok(module) = ModuleVersion::parse(&text) {
        assert_eq!(module.to_string(), text);
        let again = ModuleVersion::from_escaped(&module.escaped());
        assert_eq!(again.as_ref(), Ok(&module));
    }
    if module::check_file_path(&text).is_ok() {
        is_safe_path(&text);
    }
}

/// What may be joined to a folder and stays below it, on Windows too.
pub(super) fn is_safe_path(path: &str) {
    assert!(!path.is_empty() && !path.contains(['\\', ':', '\0', '\n']));
    for element in path.split('/') {
        assert!(!element.is_empty() && element != "." && element != "..");
        assert!(!element.ends_with('.'));
    }
}

/// A version: what is taken apart can be put together.
pub fn pseudo(data: &[u8]) {
    let text = text(data);
    let Ok(parts) = pseudo_version::parse(&text) else {
        return;
    };
    assert!(pseudo_version::is_pseudo(&text) && sem::is_valid(&text));
    assert_eq!(parts.version(), text);
    assert_eq!(parts.time_rfc3339().len(), "2006-01-02T15:04:05Z".len());
    if let Some(base) = parts.base {
        assert!(sem::is_valid(&base), "{base}");
        assert_eq!(sem::compare(&base, &text), Ordering::Less, "{base}");
    }
}

/// A list of patterns, then paths, one a line.
pub fn patterns(data: &[u8]) {
    let text = text(data);
    let (list, paths) = halves(&text);
    let Ok(patterns) = Patterns::parse(list) else {
        return;
    };
    assert_eq!(patterns.to_string(), list);
    for path in paths.lines().take(16) {
        let matches = patterns.matches(path);
        assert!(!matches || !patterns.is_empty());
        // What is below a match matches too, unless the path was cut short.
        if matches && !path.ends_with('/') {
            assert!(patterns.matches(&format!("{path}/below")), "{path}");
        }
        // A list matches when one of its patterns does.
        let alone = |one: &str| Patterns::parse(one).is_ok_and(|p| p.matches(path));
        assert_eq!(matches, list.split(',').any(alone));
    }
}

/// A go.sum file.
pub fn gosum(data: &[u8]) {
    let text = text(data);
    if let Ok(line) = go_sum::Line::parse(&text) {
        assert_eq!(line.to_string(), text);
    }
    let Ok(lines) = go_sum::parse(&text) else {
        return;
    };
    let printed = go_sum::format(&lines);
    let again = go_sum::parse(&printed).expect("what was printed");
    assert_eq!(go_sum::format(&again), printed);
    assert!(lines.iter().all(|line| again.contains(line)));
}
