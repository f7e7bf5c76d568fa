use super::*;

#[test]
fn every_name_of_the_command_line_is_a_variation_in_its_order() {
    let names = ALL.each_ref().map(|one| one.name);
    assert_eq!(names, crate::args::rebuild::VARIATIONS);
    for one in &ALL {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(one.name.bytes().all(is_word), "{}", one.name);
        assert_eq!(named(one.name).unwrap().name, one.name);
        assert!(!one.what.is_empty() && !one.fix.is_empty());
    }
    assert!(named("moon-phase").is_none());
}
