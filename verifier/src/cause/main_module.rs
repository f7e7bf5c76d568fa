//! main-module: package main belongs to another main module, as where a module was made
//! around the project's own.

use super::{Cause, Confidence, Name, Pair, Reach, line};
use crate::artifact::Artifact;
use crate::diff::fields;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    cause(pair).into_iter().collect()
}

fn cause(pair: &Pair<'_>) -> Option<Cause> {
    let main = |artifact: &Artifact| {
        let main = artifact.go.info()?.main.as_ref()?;
        (!main.path.is_empty()).then(|| main.path.clone())
    };
    let (a, b) = (main(pair.a)?, main(pair.b)?);
    if a == b {
        return None;
    }
    let requires = |artifact: &Artifact, path: &str| {
        let info = artifact.go.info();
        info.is_some_and(|info| info.deps.iter().any(|module| module.path == path))
    };
    let [one, other] = &pair.names;
    let (summary, fix) = if requires(pair.a, &b) {
        (
            around(one, &a, other, &b),
            "build both from the same main module",
        )
    } else if requires(pair.b, &a) {
        (
            around(other, &b, one, &a),
            "build both from the same main module",
        )
    } else {
        (
            format!("two main modules: {one} was built from {a}, {other} from {b}"),
            "build both from one module; one that was renamed is another one",
        )
    };
    let field = pair
        .diff
        .fields
        .iter()
        .find(|field| field.name == fields::Name::Main)?;
    Some(Cause {
        name: Name::MainModule,
        confidence: Confidence::Proven,
        summary,
        evidence: vec![line(field)],
        fix: fix.into(),
        reach: Reach::Anything,
    })
}

fn around(wrapped: &str, module: &str, plain: &str, inner: &str) -> String {
    format!(
        "{wrapped} was built from a module around the project's: {module}, which requires {inner}; {plain} from \
         {inner} itself"
    )
}
