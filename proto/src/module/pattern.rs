//! Lists of patterns as GOPRIVATE, GONOSUMDB and GONOPROXY hold them:
//! `*.corp.example.com,rsc.io/private`.
//!
//! A pattern is a glob over as many leading elements of a module path as it has
//! itself: `rsc.io/*` matches `rsc.io/quote` and `rsc.io/quote/v3`. In it `*` and
//! `?` stand for anything but `/`, `[a-z]` and `[^a-z]` for one character of a
//! class, and `\` takes the next character as it is.
//!
//! Source: go help module-private, Go's path.Match, golang.org/x/mod/module.

use std::fmt;

use super::Error;

/// A comma-separated list of patterns; empty ones in it are skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    text: String,
    globs: Vec<Glob>,
}

impl Patterns {
    /// Parses a list. The go command passes over a malformed pattern in
    /// silence; here it is refused, since it would match nothing.
    ///
    /// # Errors
    /// [`Error::Pattern`].
    pub fn parse(list: &str) -> Result<Self, Error> {
        let globs = list
            .split(',')
            .map(|glob| glob.strip_suffix('/').unwrap_or(glob))
            .filter(|glob| !glob.is_empty())
            .map(|glob| {
                Glob::parse(glob).ok_or_else(|| Error::Pattern {
                    pattern: glob.to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        let text = list.to_owned();
        Ok(Self { text, globs })
    }

    /// Tells whether any pattern matches leading elements of the path.
    pub fn matches(&self, path: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches_prefix(path))
    }

    /// Whether there is no pattern, so that nothing matches.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Glob {
    tokens: Vec<Token>,
    /// Slashes in the pattern's text, and so in what it is held against.
    slashes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    One(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    fn parse(glob: &str) -> Option<Self> {
        let mut rest = glob.chars();
        let mut tokens = Vec::new();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '[' => class(&mut rest)?,
                '\\' => Token::One(rest.next()?),
                c => Token::One(c),
            });
        }
        let slashes = glob.matches('/').count();
        Some(Self { tokens, slashes })
    }

    fn matches_prefix(&self, path: &str) -> bool {
        let mut ends = path.match_indices('/').map(|(at, _)| at);
        let prefix = match ends.nth(self.slashes) {
            Some(end) => path.get(..end),
            None => (path.matches('/').count() == self.slashes).then_some(path),
        };
        prefix.is_some_and(|prefix| self.matches(prefix))
    }

    /// Takes the shortest run for each star, and lengthens only the last one,
    /// which is enough since no star crosses a slash. So the work is bounded by
    /// the product of the two lengths.
    fn matches(&self, text: &str) -> bool {
        let mut token_at = 0;
        let mut rest = text.chars();
        let mut star: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let token = self.tokens.get(token_at);
            if token == Some(&Token::Star) {
                token_at += 1;
                star = Some((token_at, rest.clone()));
                continue;
            }
            let fits = match (token, rest.next()) {
                (None, None) => return true,
                (Some(token), Some(c)) => token.accepts(c),
                (None, Some(_)) | (Some(_), None) => false,
            };
            if fits {
                token_at += 1;
                continue;
            }
            let Some((after_star, from)) = star.as_mut() else {
                return false;
            };
            if from.next().is_none_or(|c| c == '/') {
                return false;
            }
            token_at = *after_star;
            rest = from.clone();
        }
    }
}

impl Token {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => c != '/',
            Self::One(one) => c == *one,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|&(low, high)| low <= c && c <= high) != *negated
            }
        }
    }
}

/// Parses a class after its `[`: at least one character or range, then `]`.
fn class(rest: &mut std::str::Chars<'_>) -> Option<Token> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        if rest.as_str().starts_with(']') && !ranges.is_empty() {
            rest.next();
            return Some(Token::Class { negated, ranges });
        }
        let low = class_character(rest)?;
        let mut high = low;
        if rest.as_str().starts_with('-') {
            rest.next();
            high = class_character(rest)?;
        }
        ranges.push((low, high));
    }
}

fn class_character(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_leading_elements() {
        let cases = [
            ("", "rsc.io/quote", false),
            (",,", "rsc.io/quote", false),
            ("rsc.io", "rsc.io/quote", true),
            ("rsc.io/", "rsc.io/quote", true),
            ("rsc.io/quote", "rsc.io/quote", true),
            ("rsc.io/quote", "rsc.io/quote/v3", true),
            ("rsc.io/quote", "rsc.io/quotes", false),
            ("rsc.io/quote/v3", "rsc.io/quote", false),
            ("*", "rsc.io/quote", true),
            ("*/*/*", "rsc.io/quote", false),
            ("*/quote", "rsc.io/quote", true),
            ("*.corp.example.com", "git.corp.example.com/a/b", true),
            ("*.corp.example.com", "corp.example.com/a", false),
            ("x.com/*,rsc.io/q*e", "rsc.io/quote/v3", true),
            ("x.com/*,rsc.io/q*e", "x.com", false),
            ("rsc.io/q?ote", "rsc.io/quote", true),
            ("rsc?io/quote", "rsc/io/quote", false),
            ("rsc.io/[a-q]uote", "rsc.io/quote", true),
            ("rsc.io/[^a-q]uote", "rsc.io/quote", false),
            ("rsc.io/\\*", "rsc.io/quote", false),
            ("rsc.io/\\*", "rsc.io/*", true),
            // Spaces are part of a pattern, as with the go command.
            ("a.com, rsc.io", "rsc.io/quote", false),
        ];
        for (list, path, want) in cases {
            assert_eq!(
                Patterns::parse(list).unwrap().matches(path),
                want,
                "{list} on {path}"
            );
        }
    }

    #[test]
    fn globs_as_path_match_does() {
        let cases = [
            ("abc", "abc", true),
            ("*c", "abc", true),
            ("a*", "abc", true),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[x\\-]", "z", false),
            ("[\\-x]", "x", true),
            ("*x", "xxx", true),
        ];
        for (glob, text, want) in cases {
            assert_eq!(
                Glob::parse(glob).unwrap().matches(text),
                want,
                "{glob} on {text}"
            );
        }
    }

    #[test]
    fn refuses_malformed_patterns() {
        for glob in [
            "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\", "a\\", "[\\",
        ] {
            let list = format!("rsc.io,{glob}");
            let pattern = glob.to_owned();
            assert_eq!(
                Patterns::parse(&list),
                Err(Error::Pattern { pattern }),
                "{glob}"
            );
        }
    }

    proptest! {
        #[test]
        fn print_is_what_was_parsed(list in "[a-z.*?/,]{0,20}") {
            prop_assert_eq!(Patterns::parse(&list).unwrap().to_string(), list);
        }

        #[test]
        fn a_path_matches_itself_and_what_is_below(path in "[a-z.]{1,8}(/[a-z.]{1,8}){0,3}", below in "(/[a-z]{1,3})?") {
            let patterns = Patterns::parse(&path).unwrap();
            let inside = format!("{path}{below}");
            prop_assert!(patterns.matches(&inside));
            prop_assert!(!patterns.matches("Z/Z/Z/Z/Z"));
        }
    }
}
