//! What a program is built from, without a word about where: the part of a build
//! record that another host must match for its build to be comparable.
//!
//! Two hosts that build the same sources with the same toolchain and flags write
//! the same bytes here, whatever their folders, users and home folders are called:
//!
//! ```
//! use proto::inputs::{Inputs, Source, Toolchain};
//!
//! let inputs = Inputs {
//!     package: "example.com/tool".into(),
//!     source: Source { go_sum: Some("ab".repeat(32)), ..Source::default() },
//!     toolchain: Toolchain { version: "go1.27.3".into(), h1: None },
//!     flags: vec!["-trimpath".into()],
//!     target: [("GOOS".into(), "linux".into())].into(),
//!     cgo: None,
//!     unstated: ["toolchain".into()].into(),
//! };
//! let text = String::from_utf8(inputs.bytes()?)?;
//! assert!(text.starts_with(r#"{"cgo":null,"flags":["-trimpath"],"package":"example.com/tool","#));
//! assert_eq!(inputs.sha256()?.len(), 64);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Equal digests say that the inputs named here are equal. What was found to shape
//! the program and is not pinned here is listed in [`Inputs::unstated`]: where that is
//! not empty, builds of equal inputs may rightly differ. An empty list promises
//! nothing: without `-trimpath` folders are in the program, with `-buildvcs` the
//! repository's tags.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct as _};
use serde_json::{Map, Value};

use crate::canonical;

/// The name and version of the form; part of what is hashed, so that no digest of
/// another form can be taken for one of this.
pub const TYPE: &str = "verify-build/inputs-v1";

/// The inputs of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The import path of the program.
    pub package: String,
    /// The sources.
    pub source: Source,
    /// The Go toolchain.
    pub toolchain: Toolchain,
    /// Flags of `go build`, those of GOFLAGS first, sorted by name. Flags that
    /// change no byte of a program are left out; a value that may not be published
    /// is written as `…`.
    pub flags: Vec<String>,
    /// What go is told of the target, by variable: GOOS, GOARCH, GOAMD64,
    /// GOEXPERIMENT and so on.
    pub target: BTreeMap<String, String>,
    /// The C side; null where no C code goes into the program.
    pub cgo: Option<Cgo>,
    /// What was found to shape the program and is not pinned by the other fields:
    /// flags and variables by name, `source`, `toolchain`, `sysroot`. GOWORK is among
    /// them wherever there is a workspace: of its modules `source` has one go.sum.
    pub unstated: BTreeSet<String>,
}

/// The sources of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The commit that they are of; null outside version control.
    pub revision: Option<Revision>,
    /// The `h1:` over the files of every package that is compiled and comes from no
    /// module cache, under the names `<import path>/<file>`, and over what says how
    /// they are compiled: `<module path>/go.mod`, or `vendor/modules.txt`. Null where
    /// they can't be told.
    pub h1: Option<String>,
    /// SHA-256 of go.mod in hexadecimal; null where there is none.
    pub go_mod: Option<String>,
    /// SHA-256 of go.sum, which pins what comes from module caches.
    pub go_sum: Option<String>,
    /// SHA-256 of go.work.
    pub go_work: Option<String>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The version control system.
    pub system: String,
    /// The commit's name.
    pub commit: String,
    /// Whether files of the repository differ from it, or are not known to it and not
    /// ignored.
    pub modified: bool,
}

/// A Go toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// `go env GOVERSION`.
    pub version: String,
    /// The `h1:` over those files of GOROOT that the module `golang.org/toolchain` has
    /// and that can change what is built, under its names; tests and documents are
    /// left out, since packagers leave them out. Null where not every file can be
    /// hashed, or compiled packages lie beside them that it does not cover.
    pub h1: Option<String>,
}

/// The C side of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cgo {
    /// CGO_CFLAGS and its kind, by name; a word that may not be published is
    /// written as `…`.
    pub settings: BTreeMap<String, String>,
    /// The first line that the C compiler prints when asked for its version; null
    /// when it does not answer.
    pub compiler: Option<String>,
    /// SHA-256 of the C compiler's program; null when it is not found.
    pub compiler_sha256: Option<String>,
    /// SHA-256 over headers, libraries, assembler and linker; null as long as
    /// nobody has computed it, and then `unstated` has `sysroot`.
    pub sysroot: Option<String>,
}

impl Inputs {
    /// Returns the canonical text, without a line end.
    ///
    /// # Errors
    /// As [`canonical::bytes`]: a name that is not ASCII.
    pub fn bytes(&self) -> Result<Vec<u8>, canonical::Error> {
        canonical::bytes(self)
    }

    /// Returns the SHA-256 of the canonical text, in hexadecimal.
    ///
    /// # Errors
    /// As [`Inputs::bytes`].
    pub fn sha256(&self) -> Result<String, canonical::Error> {
        canonical::sha256(self)
    }

    /// Names what is not the same in both: `cgo.sysroot`, `flags`, `target.GOARCH`.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let fields = |inputs: &Self| serde_json::to_value(inputs).unwrap_or_default();
        let mut names = Vec::new();
        differing(&fields(self), &fields(other), "", &mut names);
        names
    }
}

fn differing(one: &Value, other: &Value, path: &str, names: &mut Vec<String>) {
    if one == other {
        return;
    }
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        names.push(path.to_owned());
        return;
    };
    let fields: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for name in fields {
        let of = |fields: &Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
        let dot = if path.is_empty() { "" } else { "." };
        differing(&of(one), &of(other), &format!("{path}{dot}{name}"), names);
    }
}

/// By hand for [`TYPE`], which no value of this type can lack or change.
impl Serialize for Inputs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Inputs", 8)?;
        fields.serialize_field("type", TYPE)?;
        fields.serialize_field("package", &self.package)?;
        fields.serialize_field("source", &self.source)?;
        fields.serialize_field("toolchain", &self.toolchain)?;
        fields.serialize_field("flags", &self.flags)?;
        fields.serialize_field("target", &self.target)?;
        fields.serialize_field("cgo", &self.cgo)?;
        fields.serialize_field("unstated", &self.unstated)?;
        fields.end()
    }
}

/// Reads what [`Inputs::bytes`] writes: every field, none besides, and of this [`TYPE`].
impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        if form.of_type != TYPE {
            let of_type = form.of_type;
            return Err(serde::de::Error::custom(format_args!(
                "inputs of the type {of_type:?}, want {TYPE:?}"
            )));
        }
        Ok(Self {
            package: form.package,
            source: form.source,
            toolchain: form.toolchain,
            flags: form.flags,
            target: form.target,
            cgo: form.cgo,
            unstated: form.unstated,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(rename = "type")]
    of_type: String,
    package: String,
    source: Source,
    toolchain: Toolchain,
    flags: Vec<String>,
    target: BTreeMap<String, String>,
    cgo: Option<Cgo>,
    unstated: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything filled in, so that the golden text shows every field.
    fn full() -> Inputs {
        let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pairs = pairs.iter();
            pairs.map(|(a, b)| ((*a).into(), (*b).into())).collect()
        };
        Inputs {
            package: "example.com/tool/cmd/töol".into(),
            source: Source {
                revision: Some(Revision {
                    system: "git".into(),
                    commit: "0123456789abcdef0123456789abcdef01234567".into(),
                    modified: false,
                }),
                h1: Some("h1:/lwrad8jm+0aFkWLAYKiHQaRorn1in/11nBslS4x6VI=".into()),
                go_mod: Some("01".repeat(32)),
                go_sum: Some("02".repeat(32)),
                go_work: None,
            },
            toolchain: Toolchain {
                version: "go1.27.3".into(),
                h1: Some("h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=".into()),
            },
            flags: vec!["-ldflags=-s -w -X main.token=…".into(), "-trimpath".into()],
            target: pairs(&[
                ("GOOS", "linux"),
                ("GOARCH", "amd64"),
                ("GOAMD64", "v1"),
                ("CGO_ENABLED", "1"),
            ]),
            cgo: Some(Cgo {
                settings: pairs(&[("CGO_LDFLAGS", "-O2 -g"), ("CGO_CFLAGS", "-O2 -g")]),
                compiler: Some("gcc (Debian 12.2.0-14) 12.2.0".into()),
                compiler_sha256: Some("03".repeat(32)),
                sysroot: None,
            }),
            unstated: ["sysroot".into(), "-ldflags".into()].into(),
        }
    }

    #[test]
    fn text_and_digest_are_those_of_the_golden_file() {
        let golden = include_str!("../testdata/inputs-v1.json");
        let (text, digest) = golden.trim_end().split_once('\n').unwrap();
        assert_eq!(String::from_utf8(full().bytes().unwrap()).unwrap(), text);
        assert_eq!(full().sha256().unwrap(), digest);
    }

    #[test]
    fn what_was_written_is_read_back() {
        let bytes = full().bytes().unwrap();
        assert_eq!(serde_json::from_slice::<Inputs>(&bytes).unwrap(), full());
        let text = String::from_utf8(bytes).unwrap();
        for bad in [
            text.replace("inputs-v1", "inputs-v2"),
            text.replacen('{', "{\"more\":1,", 1),
            text.replacen("\"go_sum\"", "\"go_sums\"", 1),
        ] {
            assert!(serde_json::from_str::<Inputs>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_field_counts() {
        let digest = full().sha256().unwrap();
        let changes: [fn(&mut Inputs); 9] = [
            |inputs| inputs.package.push('x'),
            |inputs| inputs.source.revision = None,
            |inputs| inputs.source.h1 = None,
            |inputs| inputs.source.go_sum = None,
            |inputs| inputs.toolchain.h1 = None,
            |inputs| inputs.flags.reverse(),
            |inputs| inputs.target.clear(),
            |inputs| inputs.cgo = None,
            |inputs| inputs.unstated.clear(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = full();
            change(&mut changed);
            assert_ne!(changed.sha256().unwrap(), digest, "change {number}");
        }
    }

    #[test]
    fn what_differs_is_named_by_its_place() {
        let mut other = full();
        assert!(full().differing(&other).is_empty());
        other.flags.clear();
        other.target.insert("GOARCH".into(), "arm64".into());
        other.target.remove("GOOS");
        other.source.revision = None;
        let cgo = other.cgo.as_mut().unwrap();
        cgo.sysroot = Some("x".into());
        let names = [
            "cgo.sysroot",
            "flags",
            "source.revision",
            "target.GOARCH",
            "target.GOOS",
        ];
        assert_eq!(full().differing(&other), names);
        other.cgo = None;
        assert_eq!(other.differing(&full())[0], "cgo");
    }

    #[test]
    fn a_variable_with_a_name_beyond_ascii_is_refused() {
        let mut inputs = full();
        inputs.target.insert("GÖOS".into(), "linux".into());
        assert!(inputs.sha256().is_err());
    }
}
