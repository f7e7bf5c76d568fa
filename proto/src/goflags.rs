//! Flags in one text, as the go command takes them from variables and settings.
//!
//! ```
//! use proto::goflags::{for_packages, split};
//!
//! let (packages, flags) = for_packages("all=-s -X 'main.version=a b'");
//! assert_eq!(packages, Some("all"));
//! assert_eq!(split(flags), ["-s", "-X", "main.version=a b"]);
//! ```

/// Splits words at spaces; one that begins with a quotation mark goes on to the next
/// such mark, or to the end.
///
/// Source: cmd/internal/quoted
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '\'' | '"' => rest[1..]
                .split_once(first)
                .unwrap_or_else(|| (&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// Splits the pattern of packages, where there is one, from the flags for them: the
/// value of `-ldflags`, `-gcflags` and `-asmflags`.
///
/// Source: cmd/go/internal/load/flag.go
pub fn for_packages(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((packages, flags)) if !text.trim_start().starts_with(['-', '"', '\'']) => {
            (Some(packages.trim()), flags)
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_the_go_command_does() {
        let table: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("  -s\t-w ", &["-s", "-w"]),
            (
                "-X 'main.c=a b' \"-lm 'x'\"",
                &["-X", "main.c=a b", "-lm 'x'"],
            ),
            // Quotation marks within a word are its own.
            ("-X=main.a='b c'", &["-X=main.a='b", "c'"]),
            ("''", &[""]),
            ("'no end", &["no end"]),
        ];
        for (text, want) in table {
            assert_eq!(split(text), want, "{text}");
        }
    }

    #[test]
    fn a_pattern_stands_before_the_first_flag() {
        let table = [
            ("-X main.a=b", (None, "-X main.a=b")),
            (" -X main.a=b", (None, " -X main.a=b")),
            ("all=-s", (Some("all"), "-s")),
            (" ./... =-X main.a=b", (Some("./..."), "-X main.a=b")),
            ("'-X=main.a=b'", (None, "'-X=main.a=b'")),
            ("", (None, "")),
        ];
        for (text, want) in table {
            assert_eq!(for_packages(text), want, "{text}");
        }
    }
}
