//! The lines of go.mod and go.work files, as words.

use super::Error;

/// A statement: its words, without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The number of its line, from 1 on.
    pub(super) line: usize,
    /// The verb, also of a statement in a block, and what follows it.
    pub(super) words: Vec<String>,
}

/// The longest file that is read, in bytes: the go command takes no longer go.mod.
pub(super) const LEN_MAX: usize = 16 << 20;

/// Splits a file in its statements.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>, Error> {
    let len = text.len();
    if len > LEN_MAX {
        return Err(Error::TooLong { len, max: LEN_MAX });
    }
    let mut statements = Vec::new();
    let mut block: Option<String> = None;
    for (at, text) in text.lines().enumerate() {
        let line = at + 1;
        let fault = |fault: &str| Error::Line {
            line,
            fault: fault.to_owned(),
        };
        let mut words = words(text).map_err(&fault)?;
        let opens = words.last().is_some_and(|word| word == "(");
        match (&block, words.as_slice()) {
            (_, []) => {}
            (Some(_), [word]) if word == ")" => block = None,
            (None, [verb, _]) if opens => block = Some(verb.clone()),
            (None, [_, open, close]) if open == "(" && close == ")" => {}
            (_, words) if words.iter().any(|word| word == "(" || word == ")") => {
                return Err(fault("a parenthesis out of place"));
            }
            (verb, _) => {
                if let Some(verb) = verb {
                    words.insert(0, verb.clone());
                }
                statements.push(Statement { line, words });
            }
        }
    }
    if block.is_some() {
        let line = text.lines().count();
        let fault = "a block is not closed".to_owned();
        return Err(Error::Line { line, fault });
    }
    Ok(statements)
}

/// Returns the words of a line before its comment.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with("//") {
            return Ok(words);
        }
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after;
    }
}

fn word(rest: &str) -> Result<(String, &str), &'static str> {
    let first = rest.chars().next().unwrap_or_default();
    if let '(' | ')' | ',' | '[' | ']' = first {
        return Ok((first.to_string(), &rest[1..]));
    }
    if let '"' | '`' = first {
        let inside = &rest[1..];
        let end = inside.find(first).ok_or("a quote is not closed")?;
        let word = &inside[..end];
        if first == '"' && word.contains('\\') {
            return Err("an escape in quotes");
        }
        return Ok((word.to_owned(), &inside[end + 1..]));
    }
    let ends = |(at, letter): (usize, char)| {
        let stops = letter.is_whitespace() || "(),[]\"`".contains(letter);
        (stops || rest[at..].starts_with("//")).then_some(at)
    };
    let end = rest.char_indices().find_map(ends).unwrap_or(rest.len());
    Ok((rest[..end].to_owned(), &rest[end..]))
}
