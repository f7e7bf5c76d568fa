use super::*;

#[test]
fn names_are_words_of_the_command_line_and_found() {
    for one in ALL {
        let name = one.name();
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(name.bytes().all(is_word), "{name}");
        assert_eq!(parse(name).unwrap().name(), name);
        assert!(!one.what().is_empty() && !one.fix().is_empty());
    }
    let error = parse("moon-phase").unwrap_err();
    assert!(error.contains("source-folder, goroot"));
}
