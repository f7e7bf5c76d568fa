//! The package in a symbol name.
//!
//! A symbol is its package's path, a dot and a name. In the path, dots behind
//! the last slash are written `%2e`, and so are quotes, percent signs, control
//! characters and bytes beyond ASCII; the first plain dot behind the last slash
//! ends it. Type arguments and receivers hold slashes and dots of their own.
//!
//! ```text
//! gopkg.in/yaml%2ev3.(*Decoder).Decode     gopkg.in/yaml.v3
//! slices.SortFunc[go.shape.[]example.com/x.T]   slices
//! type:.eq.example.com/x.T                 example.com/x
//! ```
//!
//! Source: cmd/internal/objabi/path.go PathToPrefix

use std::borrow::Cow;

/// What the compiler and the linker make for types without a name.
pub const GENERATED: &str = "(generated)";

/// What belongs to no Go package: C code and the linker's own.
pub const NONE: &str = "(no package)";

/// Returns the import path in a symbol name.
pub fn of_symbol(symbol: &str) -> Cow<'_, str> {
    let generated = ["type:.", "type..", "go:", "go."]
        .iter()
        .find_map(|prefix| symbol.strip_prefix(prefix));
    match generated {
        Some(rest) => of_generated(rest),
        None => path(symbol).map_or(Cow::Borrowed(NONE), unescape),
    }
}

/// `eq.example.com/x.T`, `hash.[3]example.com/x.T`, `(*struct { … }).Lock`.
fn of_generated(rest: &str) -> Cow<'_, str> {
    let named = ["eq.", "hash."]
        .iter()
        .find_map(|kind| rest.strip_prefix(kind));
    let Some(mut named) = named else {
        return Cow::Borrowed(GENERATED);
    };
    while let Some(inner) = element(named) {
        named = inner;
    }
    if named.starts_with("struct {") {
        return Cow::Borrowed(GENERATED);
    }
    path(named).map_or(Cow::Borrowed(GENERATED), unescape)
}

/// Takes the length off an array type.
fn element(named: &str) -> Option<&str> {
    let (len, element) = named.strip_prefix('[')?.split_once(']')?;
    len.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(element)
}

fn path(symbol: &str) -> Option<&str> {
    // A receiver or type argument may hold slashes and dots of its own.
    let plain = symbol.find(['(', '[', '{', ' ']).unwrap_or(symbol.len());
    let plain = &symbol[..plain];
    let last = plain.rfind('/').map_or(0, |slash| slash + 1);
    let dot = last + plain[last..].find('.')?;
    (dot > last).then(|| &symbol[..dot])
}

fn unescape(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let bytes = path.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |at: usize| {
            bytes
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.extend(u8::try_from(high << 4 | low));
                at += 3;
            }
            (byte, ..) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_package_of_every_kind_of_symbol() {
        let table = [
            ("main.main", "main"),
            ("main.main.func1.2", "main"),
            ("main.(*T).Add-fm", "main"),
            ("main.glob..func1", "main"),
            ("runtime.goexit.abi0", "runtime"),
            ("net/http.(*Server).Serve", "net/http"),
            (
                "vendor/golang.org/x/net/idna.init.0",
                "vendor/golang.org/x/net/idna",
            ),
            ("example.com/x.Map[...]", "example.com/x"),
            (
                "slices.SortFunc[go.shape.[]example.com/y.T,go.shape.int]",
                "slices",
            ),
            ("example.com/x.(*Set[example.com/y.T]).Add", "example.com/x"),
            ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"),
            ("example.com/a%2520b%2eé.F", "example.com/a%20b.é"),
            ("github.com/a.b/c.F", "github.com/a.b/c"),
            ("type:.eq.example.com/x.T", "example.com/x"),
            ("type..hash.[3]example.com/x.T", "example.com/x"),
            ("type:.eq.[2][3]runtime.T", "runtime"),
            (
                "type:.eq.struct { F uintptr; x example.com/x.T }",
                GENERATED,
            ),
            ("type:.eq.[4]string", GENERATED),
            ("go:(*struct { sync.Mutex; n int }).Lock", GENERATED),
            ("go:buildid", GENERATED),
            ("_cgo_panic", NONE),
            ("x_cgo_init", NONE),
            ("struct { sync.Mutex }.Lock", NONE),
            ("", NONE),
            (".", NONE),
            ("%", NONE),
            ("%2.x", "%2"),
        ];
        for (symbol, want) in table {
            assert_eq!(of_symbol(symbol), want, "{symbol}");
        }
    }
}
