//! `--accept`: what less than equality is good enough.

use crate::mask::What;

/// What less than equality is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// Equal but for what masks of these kinds hide; without any, of the kinds that
    /// only name or sign a build.
    Masked(Vec<What>),
    /// Containers of the same members, packed in another way.
    Members,
}

pub(super) const HELP: &str = "\
Exit with 0, too, when files differ in less; the verdict stays \"different\"

  masked         equal after masking: but for build IDs, signatures, PE times and
                 what version control said
  masked=A,B,... equal but for these kinds, and no others: build-id, gnu-build-id,
                 uuid, vcs, build-info (settings), modules (with their sums),
                 variables (-X values), code-signature, timestamp, checksum,
                 debug-link
  members        containers, or a folder and a container, that hold the same members
                 with the same modes and links, packed in another way

Files that were changed after they were built are never accepted as masked.";

/// Reads `masked`, `masked=build-id,timestamp` or `members`.
pub(super) fn parse(text: &str) -> Result<Accept, String> {
    let (what, kinds) = match text.split_once('=') {
        Some((what, kinds)) => (what, Some(kinds)),
        None => (text, None),
    };
    match (what, kinds) {
        ("masked", None) => Ok(Accept::Masked(Vec::new())),
        ("masked", Some(kinds)) => {
            let kinds = kinds.split(',').map(str::trim).map(kind);
            Ok(Accept::Masked(kinds.collect::<Result<_, _>>()?))
        }
        ("members", None) => Ok(Accept::Members),
        _ => Err("say masked, masked=KIND,KIND or members".into()),
    }
}

fn kind(name: &str) -> Result<What, String> {
    let known = What::ALL.into_iter().find(|what| what.name() == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = What::ALL.into_iter().map(What::name).collect();
        format!(
            "there is no mask called {name:?}; there are {}",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_and_unknown_ones_are_refused() {
        assert_eq!(parse("masked"), Ok(Accept::Masked(Vec::new())));
        assert_eq!(
            parse("masked=build-id,timestamp"),
            Ok(Accept::Masked(vec![What::BuildId, What::Timestamp]))
        );
        assert_eq!(parse("members"), Ok(Accept::Members));
        let said = parse("masked=build-id,h1").unwrap_err();
        assert!(
            said.contains("\"h1\"") && said.contains("modules"),
            "{said}"
        );
        for wrong in ["", "mask", "masked=", "members=x", "masked=build-id,"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for what in What::ALL {
            assert!(HELP.contains(what.name()), "{}", what.name());
            let name = serde_json::to_value(what).unwrap();
            assert_eq!(name, what.name());
        }
    }
}
