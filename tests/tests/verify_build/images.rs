//! Container images, laid out by hand from layers that tar made; universal Mach-O.

use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::workshop::{Answer, Workshop, compare, run, verify_build};

struct Image<'a> {
    root: PathBuf,
    created: &'a str,
    variable: &'a str,
}

impl Image<'_> {
    fn blob(&self, bytes: &[u8]) -> (String, usize) {
        let hash = hex::encode(Sha256::digest(bytes));
        let blobs = self.root.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(blobs.join(&hash), bytes).unwrap();
        (format!("sha256:{hash}"), bytes.len())
    }

    fn json(&self, value: &serde_json::Value) -> (String, usize) {
        self.blob(value.to_string().as_bytes())
    }

    /// Writes a layout of one image with these layers.
    fn write(&self, layers: &[&Path]) {
        let layers: Vec<_> = layers
            .iter()
            .map(|path| self.blob(&std::fs::read(path).unwrap()))
            .map(|(digest, size)| json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": size }))
            .collect();
        let (digest, size) = self.json(&json!({
            "created": self.created, "os": "linux", "architecture": "amd64",
            "config": { "Env": [self.variable] },
            "rootfs": { "type": "layers", "diff_ids": [self.created] },
        }));
        let (digest, size) = self.json(&json!({
            "schemaVersion": 2,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size },
            "layers": layers,
        }));
        let index =
            json!({ "schemaVersion": 2, "manifests": [{ "digest": digest, "size": size }] });
        std::fs::write(self.root.join("index.json"), index.to_string()).unwrap();
        std::fs::write(
            self.root.join("oci-layout"),
            "{\"imageLayoutVersion\":\"1.0.0\"}",
        )
        .unwrap();
    }
}

/// A layer with a program and a whiteout.
fn layer(top: &Path, name: &str, program: &Path) -> PathBuf {
    let tree = top.join(name);
    std::fs::create_dir(&tree).unwrap();
    std::fs::copy(program, tree.join("tool")).unwrap();
    std::fs::write(tree.join(".wh.gone"), "").unwrap();
    let line = format!(
        "tar --sort=name --mtime=@1 --owner=0 --group=0 -C {name} -cf - . | gzip -n > {name}.layer"
    );
    run(top, "sh", &["-ec", &line]);
    top.join(format!("{name}.layer"))
}

fn says_what_is_inside(answer: &Answer) {
    let inside = answer.report["files"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|file| {
            let path = file["inside"]["path"].as_array()?;
            (path.len() == 2).then(|| path.clone())
        });
    assert_eq!(inside, Some(vec![json!("layer 2"), json!("tool")]));
    let comparisons = answer.report["comparisons"].as_array().unwrap();
    assert!(
        comparisons[1]["container"]["notes"][0]
            .as_str()
            .unwrap()
            .contains("1 whiteout")
    );
}

fn an_inspection_names_its_layers(image: &Path) {
    let told = verify_build()
        .args(["inspect"])
        .arg(image)
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    for part in [
        "  kind         container image in a folder\n",
        "  image: created 2020-01-01T00:00:00Z\n",
        "  layer 2  tar archive in gzip\n",
        "  tool  ELF, linux/amd64, go",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn images_are_compared_by_layers_and_settings() {
    let mut shop = Workshop::new();
    let programs = [shop.build(&[], &[]), shop.build(&[], &["-tags=extra"])];
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    let layers = [
        layer(top, "one", &programs[0]),
        layer(top, "two", &programs[1]),
    ];
    let base = top.join("base.layer");
    run(
        top,
        "sh",
        &[
            "-ec",
            "mkdir etc; echo x > etc/x; tar --mtime=@1 -cf - etc | zstd -q > base.layer",
        ],
    );
    let image = |name: &str, created, variable, layer: &PathBuf| {
        let root = top.join(name);
        std::fs::create_dir(&root).unwrap();
        let image = Image {
            root: root.clone(),
            created,
            variable,
        };
        image.write(&[&base, layer]);
        root
    };
    let first = image("first", "2020-01-01T00:00:00Z", "A=1", &layers[0]);
    let later = image("later", "2021-01-01T00:00:00Z", "A=1", &layers[0]);
    let other = image("other", "2020-01-01T00:00:00Z", "A=2", &layers[1]);

    an_inspection_names_its_layers(&first);
    let answer = compare(&[&first, &later]);
    let cause = answer.proves_only("archive-metadata");
    assert_eq!(cause["evidence"][0]["where"], "image: created");

    // The same in a tar, and in a compressed one, which can't be read at random.
    run(
        top,
        "sh",
        &[
            "-ec",
            "tar -C first -cf first.tar .; tar -C other -czf other.tgz .",
        ],
    );
    let answer = compare(&[&first, &top.join("first.tar")]);
    let cause = answer.proves_only("archive-metadata");
    assert_eq!(cause["evidence"][0]["where"], "kind of container");
    for pair in [
        [&first, &other],
        [&top.join("first.tar"), &top.join("other.tgz")],
    ] {
        let answer = compare(&pair.map(PathBuf::as_path));
        assert_eq!(answer.exit, 1);
        assert!(
            answer.causes().contains(&"build-tags"),
            "{:#}",
            answer.report["summary"]
        );
        let members = answer.causes().contains(&"archive-members");
        assert!(members, "the setting A=2 differs");
        says_what_is_inside(&answer);
    }

    // A blob changed under its name is said.
    let name = hex::encode(Sha256::digest(std::fs::read(&layers[1]).unwrap()));
    std::fs::copy(&layers[0], other.join("blobs/sha256").join(name)).unwrap();
    let answer = compare(&[&first, &other]);
    let notes = answer.report["comparisons"][0]["container"]["notes"].to_string();
    assert!(
        notes.contains("changed after the image was made"),
        "{notes}"
    );
}

/// Joins programs the way lipo does.
fn universal(parts: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    let words = |file: &mut Vec<u8>, words: &[u32]| {
        words
            .iter()
            .for_each(|word| file.extend(word.to_be_bytes()));
    };
    words(&mut file, &[0xcafe_babe, parts.len() as u32]);
    let mut offset = 0x4000;
    for (kind, subkind, bytes) in parts {
        words(
            &mut file,
            &[*kind, *subkind, offset, bytes.len() as u32, 14],
        );
        offset = (offset + bytes.len() as u32).next_multiple_of(0x4000);
    }
    for (_, _, bytes) in parts {
        file.resize(file.len().next_multiple_of(0x4000), 0);
        file.extend_from_slice(bytes);
    }
    file
}

#[test]
fn universal_programs_are_paired_by_processor() {
    let mut shop = Workshop::new();
    let intel = std::fs::read(shop.build(&["GOOS=darwin", "GOARCH=amd64"], &[])).unwrap();
    let arm = shop.build(&["GOOS=darwin", "GOARCH=arm64"], &[]);
    let tagged =
        std::fs::read(shop.build(&["GOOS=darwin", "GOARCH=arm64"], &["-tags=extra"])).unwrap();
    let arm_bytes = std::fs::read(&arm).unwrap();
    let files = [shop.output(), shop.output(), shop.output()];
    let (amd64, arm64) = ((0x0100_0007, 3), (0x0100_000c, 0));
    let join =
        |one: &[u8], other: &[u8]| universal(&[(amd64.0, amd64.1, one), (arm64.0, arm64.1, other)]);
    std::fs::write(&files[0], join(&intel, &arm_bytes)).unwrap();
    std::fs::write(&files[1], join(&intel, &tagged)).unwrap();
    let reversed = universal(&[(arm64.0, arm64.1, &arm_bytes), (amd64.0, amd64.1, &intel)]);
    std::fs::write(&files[2], reversed).unwrap();
    let answer = compare(&[&files[0], &files[1]]);
    answer.proves_only("build-tags");
    assert_eq!(
        answer.report["files"][2]["inside"]["path"],
        json!(["arm64"])
    );
    assert_eq!(
        answer.report["comparisons"][0]["container"]["total"]["same"],
        1
    );
    let answer = compare(&[&files[0], &files[2]]);
    assert_eq!(
        answer.proves_only("archive-metadata")["evidence"][0]["where"],
        "order of members"
    );
    // Beside the program for one processor, the other is what only one side has.
    let answer = compare(&[&arm, &files[0]]);
    assert_eq!(
        answer.report["comparisons"][0]["container"]["only_in_b"][0]["path"],
        "amd64"
    );
}
