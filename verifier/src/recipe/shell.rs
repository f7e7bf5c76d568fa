//! Words as a POSIX shell, and as the go command inside -ldflags, takes them.

/// Quotes a word for a POSIX shell, where it has to be.
pub fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes an argument; of `-ldflags=-s -w` the value alone, as people write it.
pub fn argument(text: &str) -> String {
    match text.split_once('=') {
        Some((flag, value)) if flag.starts_with('-') && word(flag) == flag && !value.is_empty() => {
            format!("{flag}={}", word(value))
        }
        _ => word(text),
    }
}

/// Joins words into one text that the go command splits into the same words again, or
/// `None` where no text does: it knows no escapes.
///
/// Source: cmd/internal/quoted Join
pub fn join<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Option<String> {
    let quote = |word: T| {
        let word = word.as_ref();
        let begins_quoted = word.starts_with(['\'', '"']);
        if !word.is_empty() && !begins_quoted && !word.contains([' ', '\t', '\n', '\r']) {
            return Some(word.to_owned());
        }
        if !word.contains('\'') {
            Some(format!("'{word}'"))
        } else if !word.contains('"') {
            Some(format!("\"{word}\""))
        } else {
            None
        }
    };
    let words: Option<Vec<String>> = words.into_iter().map(quote).collect();
    Some(words?.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        let table = [
            ("go", "go"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME;x", "'$HOME;x'"),
            ("a,b=c", "a,b=c"),
        ];
        for (text, want) in table {
            assert_eq!(word(text), want, "{text}");
        }
        assert_eq!(argument("-ldflags=-s -w"), "-ldflags='-s -w'");
        assert_eq!(argument("-trimpath"), "-trimpath");
        assert_eq!(argument("-tags=a,b"), "-tags=a,b");
        assert_eq!(argument("./cmd/x"), "./cmd/x");
        assert_eq!(argument("-x y=z"), "'-x y=z'");
    }

    proptest! {
        #[test]
        fn joined_words_are_split_again(words in prop::collection::vec("[ -~]{0,12}", 0..5)) {
            if let Some(text) = join(&words) {
                prop_assert_eq!(proto::goflags::split(&text), words);
            } else {
                prop_assert!(words.iter().any(|word| word.contains('\'') && word.contains('"')));
            }
        }

        #[test]
        fn a_shell_gives_the_word_back(text in "[ -~]{0,20}") {
            // What stands between quotes is taken as it is.
            let quoted = word(&text);
            let bare = if quoted.starts_with('\'') {
                quoted.replace(r"'\''", "\u{0}").trim_matches('\'').replace('\u{0}', "'")
            } else {
                quoted
            };
            prop_assert_eq!(bare, text);
        }
    }
}
