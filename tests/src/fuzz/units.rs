//! Unit files of systemd, read and judged.

use proto::unit::Unit;
use verifier::doctor::rules::units;

/// What is read has a place in the file, and nothing that is said of it drives a terminal.
///
/// # Panics
/// When a promise is broken.
pub fn unit(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(unit) = Unit::parse(&text) else {
        return;
    };
    let lines = text.lines().count();
    for section in &unit.sections {
        assert!(section.line <= lines);
        for one in &section.assignments {
            assert!(!one.name.is_empty() && one.line <= lines);
        }
    }
    for found in units::unit("x.service", &unit).found {
        let finding = found.finding;
        let shown = finding.evidence.iter().filter_map(|one| one.a.as_deref());
        for text in shown.chain([finding.summary.as_str()]) {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}
