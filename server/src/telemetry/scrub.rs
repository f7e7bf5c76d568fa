//! Secrets taken out of texts that leave for another program.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What is taken for a secret, and what stands there instead. Rather too much than too
/// little.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let of = |pattern: &str, instead| {
        let pattern = Regex::new(pattern).expect("a test matches with each");
        (pattern, instead)
    };
    vec![
        // Who asks, in a URL, and what the URL asks for: signed queries are keys.
        of(r#"(?i)://[^\s/?#"'<>]*@"#, "://…@"),
        of(r#"(?i)(\w+://[^\s?#"'<>]*)\?[^\s"'<>]*"#, "$1?…"),
        // A header, to the end of its line.
        of(
            r"(?i)\b((?:proxy-)?authorization|cookie|x-sentry-auth)\b[^\r\n]*",
            "$1 …",
        ),
        of(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}", "$1 …"),
        // A line of a netrc file, a setting.
        of(
            r#"(?i)\b(password|passwd|token|secret|api[_-]?key)\b["']?(?:\s*[:=]\s*|\s+)\S+"#,
            "$1 …",
        ),
    ]
});

/// Returns a text without what looks like a secret in it.
pub(super) fn scrub(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (secret, instead) in SECRETS.iter() {
        if secret.is_match(&text) {
            text = Cow::Owned(secret.replace_all(&text, *instead).into_owned());
        }
    }
    text
}

/// Returns what is told of a text: without secrets, and at most so many bytes of it.
pub(super) fn told(text: &str, bytes_max: usize) -> String {
    // A secret that is cut off in its middle may not look like one: taken out first.
    let text = scrub(text);
    text[..text.floor_char_boundary(bytes_max)].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_secret_is_taken_out() {
        for (text, want) in [
            (
                "asking https://user:canary@h/x failed",
                "asking https://…@h/x failed",
            ),
            ("https://canary@h", "https://…@h"),
            ("https://h/zip?X-Sig=canary, again", "https://h/zip?… again"),
            ("Authorization: Basic canary\nnext", "Authorization …\nnext"),
            (
                "with \"authorization\": \"canary\"",
                "with \"authorization …",
            ),
            ("sent Bearer canary.canary to it", "sent Bearer … to it"),
            (
                "machine h login me password canary",
                "machine h login me password …",
            ),
            ("token=canary", "token …"),
            ("Cookie: a=canary", "Cookie …"),
        ] {
            assert_eq!(scrub(text), want);
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "verifying rsc.io/quote@v1.5.2: checksum mismatch",
            "https://proxy.golang.org/rsc.io/quote/@v/v1.5.2.zip",
            "the basic rules",
            "",
        ] {
            assert!(
                matches!(scrub(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_password_of_a_url_stays(before in ".{0,20}", user in "[a-z]{0,8}", after in "[^@]{0,20}") {
            let text = format!("{before} https://{user}:canary-canary@host.example/{after}");
            prop_assert!(!scrub(&text).contains("canary"), "{}", scrub(&text));
        }
    }
}
