//! The list of what a bundle holds, as CycloneDX.

use proto::bundle::Carried;
use serde_json::{Value, json};

use super::licence::UNKNOWN;

/// Returns the bill of materials of these modules, with the SHA-256 of each zip, as it
/// is written into the bundle. It has no time and no serial number: the same modules give
/// the same bytes.
pub(crate) fn cyclonedx(modules: &[(Carried, Option<String>)]) -> Vec<u8> {
    let components: Vec<Value> = modules.iter().map(component).collect();
    let bom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": components,
    });
    let mut text = format!("{bom:#}").into_bytes();
    text.push(b'\n');
    text
}

fn component((carried, sha256): &(Carried, Option<String>)) -> Value {
    let (name, version) = carried.module.split_once('@').unwrap_or_default();
    let purl = format!("pkg:golang/{}@{}", name, version.replace('+', "%2B"));
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        // A go.mod alone is there for the graph of modules; none of its code is.
        "scope": if carried.zip { "required" } else { "excluded" },
    });
    if let Some(sha256) = sha256 {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sha256}]);
    }
    if carried.licence != UNKNOWN {
        component["licenses"] = json!([{"expression": carried.licence}]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_have_hash_and_licence_where_they_are_known() {
        let carried = |zip, licence: &str| Carried {
            module: "example.com/a@v2.0.0+incompatible".to_owned(),
            zip,
            licence: licence.to_owned(),
        };
        let modules = [
            (carried(true, "MIT"), Some("00".to_owned())),
            (carried(false, UNKNOWN), None),
        ];
        let text = cyclonedx(&modules);
        let bom: Value = serde_json::from_slice(&text).unwrap();
        let [known, unknown] = bom["components"].as_array().unwrap().as_slice() else {
            panic!("{bom}");
        };
        assert_eq!(
            known["purl"],
            "pkg:golang/example.com/a@v2.0.0%2Bincompatible"
        );
        assert_eq!(known["licenses"][0]["expression"], "MIT");
        assert_eq!(known["hashes"][0]["content"], "00");
        assert_eq!(unknown["scope"], "excluded");
        assert!(unknown.get("licenses").is_none() && unknown.get("hashes").is_none());
    }
}
