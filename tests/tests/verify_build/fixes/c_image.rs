//! The image that has a C compiler.

use super::desk::Desk;
use crate::workshop::compare;

/// The C compiler that a file names, and the image that has it.
#[test]
fn the_image_of_the_given_files_c_compiler() {
    let desk = Desk::new();
    let source = desk.path("source");
    let greeting = "package greeting\n\n// static int level(void) { return 3; }\nimport \"C\"\n\n\
                    func Text() int { return int(C.level()) }\n";
    std::fs::write(source.join("greeting/greeting.go"), greeting).unwrap();
    let line = "CGO_ENABLED=1 go build -trimpath '-ldflags=-linkmode=external' .";
    let built = desk.both(line, line);
    let mut bytes = std::fs::read(&built.a).unwrap();
    let at = memchr::memmem::find(&bytes, b"GCC: (").unwrap();
    let end = at + memchr::memchr(0, &bytes[at..]).unwrap();
    let mut text = b"GCC: (Ubuntu 13.3.0-6ubuntu2~24.04.1) 13.3.0".to_vec();
    text.resize(end - at, b' ');
    text.truncate(end - at);
    assert!(
        text.contains(&b')'),
        "the compiler's text is too short here"
    );
    bytes[at..end].copy_from_slice(&text);
    std::fs::write(&built.a, bytes).unwrap();
    let answer = compare(&[&built.a, &built.b]);
    let mut causes = answer.report["causes"].as_array().unwrap().iter();
    let said = causes.any(|cause| cause["fix"].as_str().unwrap().contains("ubuntu:24.04"));
    assert!(said, "{:#}", answer.report["causes"]);
}
