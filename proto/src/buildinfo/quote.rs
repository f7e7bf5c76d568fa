//! Go string literals, as `strconv.Quote` writes and `strconv.Unquote` reads
//! them: build IDs and build settings are quoted this way.

use std::fmt::Write as _;

/// Returns the text of a literal in double quotes or backquotes, or `None` when
/// the whole is not one literal.
///
/// `\xNN` and octal escapes above 0x7f name single bytes; what they make must be
/// UTF-8 in the end, since this crate holds such text as `String`.
///
/// Source: Go specification, "String literals"
pub fn unquote(literal: &str) -> Option<String> {
    String::from_utf8(unquote_bytes(literal)?).ok()
}

/// Returns the bytes of a literal, which need not be UTF-8: `%q` of any bytes.
/// `None` when the whole is not one literal.
pub fn unquote_bytes(literal: &str) -> Option<Vec<u8>> {
    let mut chars = literal.chars();
    let quote = chars.next()?;
    let body = chars.as_str().strip_suffix(quote)?;
    match quote {
        '`' if !body.contains('`') => Some(body.replace('\r', "").into_bytes()),
        '"' => interpret(body),
        _ => None,
    }
}

/// Returns the text as a literal in double quotes.
///
/// Printable characters stand as they are; this crate calls every character
/// printable that is neither a control character nor U+FEFF or a space other
/// than the ASCII one. That is Go's table but for unassigned code points.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\u{7}' => literal.push_str("\\a"),
            '\u{8}' => literal.push_str("\\b"),
            '\u{c}' => literal.push_str("\\f"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '\u{b}' => literal.push_str("\\v"),
            ' '..='~' => literal.push(c),
            '\0'..='\u{7f}' => escape(&mut literal, 'x', 2, c),
            _ if is_printable(c) => literal.push(c),
            '\u{80}'..='\u{ffff}' => escape(&mut literal, 'u', 4, c),
            _ => escape(&mut literal, 'U', 8, c),
        }
    }
    literal.push('"');
    literal
}

fn escape(literal: &mut String, letter: char, digits: usize, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(literal, "\\{letter}{:0digits$x}", u32::from(c));
}

fn is_printable(c: char) -> bool {
    !(c.is_control() || c.is_whitespace() || c == '\u{feff}' || c == '\u{fffd}')
}

fn interpret(body: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' | '\n' => return None,
            '\\' => rest = read_escape(&rest[1..], &mut bytes)?,
            _ => {
                let len = c.len_utf8();
                bytes.extend_from_slice(&rest.as_bytes()[..len]);
                rest = &rest[len..];
            }
        }
    }
    Some(bytes)
}

/// Reads one escape behind its backslash and returns what follows it.
fn read_escape<'a>(rest: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let letter = rest.chars().next()?;
    let after = &rest[letter.len_utf8()..];
    let simple = match letter {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' => b'"',
        'x' => return push_byte(after, 2, 16, bytes),
        '0'..='7' => return push_byte(rest, 3, 8, bytes),
        'u' => return push_char(after, 4, bytes),
        'U' => return push_char(after, 8, bytes),
        _ => return None,
    };
    bytes.push(simple);
    Some(after)
}

fn push_byte<'a>(text: &'a str, digits: usize, radix: u32, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let (value, rest) = number(text, digits, radix)?;
    bytes.push(u8::try_from(value).ok()?);
    Some(rest)
}

fn push_char<'a>(text: &'a str, digits: usize, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let (value, rest) = number(text, digits, 16)?;
    let c = char::from_u32(value)?;
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

fn number(text: &str, digits: usize, radix: u32) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    // from_str_radix would take a sign.
    let all_digits = number.chars().all(|c| c.is_digit(radix));
    all_digits
        .then(|| u32::from_str_radix(number, radix).ok())
        .flatten()
        .map(|value| (value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_literals_as_go_does() {
        let table = [
            (r#""""#, Some("")),
            (r#""a b""#, Some("a b")),
            (
                r#""\a\b\f\n\r\t\v\\\"""#,
                Some("\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
            ),
            (r#""\x41\101\u00e9\U0001F600""#, Some("AA\u{e9}\u{1f600}")),
            // Two byte escapes that make one character.
            (r#""\xc3\xa9""#, Some("\u{e9}")),
            ("`a\\n\"b`", Some("a\\n\"b")),
            (r#""a"b""#, None),
            (r#""a"#, None),
            (r#"""#, None),
            ("", None),
            ("plain", None),
            (r#""\q""#, None),
            (r#""\x4""#, None),
            (r#""\x+1""#, None),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#""\xff""#, None),
            ("\"a\nb\"", None),
            ("`a`b`", None),
        ];
        for (literal, want) in table {
            assert_eq!(unquote(literal).as_deref(), want, "{literal}");
        }
    }

    #[test]
    fn writes_literals_as_go_does() {
        let table = [
            ("a b", r#""a b""#),
            ("\u{7f}\0", r#""\x7f\x00""#),
            ("\u{e9}\u{a0}\u{feff}", "\"\u{e9}\\u00a0\\ufeff\""),
            ("-X 'main.a=b \"c\"'", r#""-X 'main.a=b \"c\"'""#),
        ];
        for (text, want) in table {
            assert_eq!(quote(text), want);
        }
    }

    proptest! {
        #[test]
        fn unquote_undoes_quote(text in any::<String>()) {
            prop_assert_eq!(unquote(&quote(&text)), Some(text));
        }

        #[test]
        fn unquote_never_panics(text in ".*") {
            let _ = unquote(&format!("\"{text}\""));
        }
    }
}
