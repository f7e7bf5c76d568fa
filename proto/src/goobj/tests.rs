use super::archive::members;
use super::*;

#[test]
fn nothing_is_found_in_nothing() {
    assert_eq!(import_path(b""), None);
    assert!(members(b"!<arch>").is_none());
    assert_eq!(members(b"!<arch>\n").unwrap().count(), 0);
}
