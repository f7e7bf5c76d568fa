//! Container images: OCI image layouts, and what `docker save` writes. Files in
//! them are named by their digests, so that nothing pairs by name: they are shown
//! by what they are for instead.
//!
//! Source: github.com/opencontainers/image-spec, image-layout.md, manifest.md,
//! config.md; github.com/moby/docker-image-spec

mod settings;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::fault::{Fault, Kind as FaultKind};
use super::kind::Kind;
use super::listing::{Content, Fact, Listing, Member, Metadata, Place, shorten};
use super::open::Container;
use super::path::key;
use super::source::Source;

/// The largest index, manifest or configuration read, in bytes.
const JSON_LEN_MAX: u64 = 4 << 20;

/// The most images in one layout, attestations included.
const IMAGES_MAX: usize = 1000;

/// The most layers of one image.
const LAYERS_MAX: usize = 10_000;

/// The most bytes of JSON read of one layout, files named twice counted twice.
const JSON_TOTAL_MAX: u64 = 64 << 20;

/// The most settings of one layout.
const FACTS_MAX: usize = 100_000;

/// How deep an index may hold another.
const INDEX_DEPTH_MAX: usize = 4;

/// An image as a container of its layers.
#[derive(Debug)]
pub struct Image {
    /// The view.
    pub container: Container,
    /// Its layers as members, and all settings as facts.
    pub listing: Arc<Listing>,
    /// The files that it is made of, by their numbers in the container around it.
    pub used: HashSet<usize>,
}

/// Shows an image by its parts; `None` for what is not an image.
///
/// # Errors
/// What is wrong with the image, or why it can't be read.
pub fn image(container: &Container, listing: &Listing) -> Result<Option<Image>, Fault> {
    if !matches!(container.kind, Kind::Folder | Kind::Tar) {
        return Ok(None);
    }
    let mut names = HashMap::new();
    for (index, member) in listing.members.iter().enumerate() {
        names.insert(key(&member.name), index);
    }
    let is_layout = names.contains_key("oci-layout") && names.contains_key("index.json");
    if !is_layout && !names.contains_key("manifest.json") {
        return Ok(None);
    }
    // What is compressed as a whole is unpacked once for all of its files.
    let packed = listing.members.iter().enumerate();
    let packed = packed.filter(|(_, member)| matches!(member.place, Place::Packed));
    let packed = packed.filter(|(_, member)| matches!(member.content, Content::File { .. }));
    let aside = container.take(listing, &packed.map(|(index, _)| index).collect())?;
    let mut layout = Layout {
        container,
        listing,
        names,
        aside,
        view: Listing::default(),
        used: HashSet::new(),
        images: 0,
        json_len: 0,
    };
    if is_layout {
        let index = layout.json("index.json")?;
        layout.index(&index, 0)?;
    } else {
        // Many things that are no image have a file of this name.
        let Ok(manifest) = layout.json("manifest.json") else {
            return Ok(None);
        };
        if !layout.saved(&manifest)? {
            return Ok(None);
        }
    }
    layout.set_aside_derived();
    let listing = Arc::new(layout.view);
    Ok(Some(Image {
        container: container.of_layers(Arc::clone(&listing)),
        listing,
        used: layout.used,
    }))
}

struct Layout<'a> {
    container: &'a Container,
    listing: &'a Listing,
    /// Members by path.
    names: HashMap<&'a str, usize>,
    /// Members unpacked already.
    aside: HashMap<usize, Source>,
    view: Listing,
    used: HashSet<usize>,
    images: usize,
    json_len: u64,
}

impl Layout<'_> {
    /// Takes in every image that an index names.
    fn index(&mut self, index: &Value, depth: usize) -> Result<(), Fault> {
        if depth > INDEX_DEPTH_MAX {
            return Err(FaultKind::TooDeep {
                max: INDEX_DEPTH_MAX,
            }
            .into());
        }
        let manifests = list(index, "manifests");
        let several = manifests.len() > 1 || depth > 0;
        for descriptor in manifests {
            self.images += 1;
            if self.images > IMAGES_MAX {
                return Err(FaultKind::TooMany {
                    what: "images",
                    max: IMAGES_MAX,
                }
                .into());
            }
            let path = blob(descriptor)?;
            let manifest = self.json(&path)?;
            if manifest.get("manifests").is_some() {
                self.index(&manifest, depth + 1)?;
                continue;
            }
            let title = if several {
                format!("image {}", platform(descriptor))
            } else {
                "image".into()
            };
            let annotations = settings::flatten(descriptor.get("annotations"));
            for (name, value) in annotations {
                let name = format!("{title}: annotation of the index {name}");
                self.view.facts.push(Fact::packing(name, value));
            }
            self.manifest(&title, &manifest)?;
        }
        Ok(())
    }

    fn manifest(&mut self, title: &str, manifest: &Value) -> Result<(), Fault> {
        if let Some(kind) = manifest.get("mediaType").and_then(Value::as_str) {
            let fact = Fact::packing(format!("{title}: type of manifest"), kind);
            self.view.facts.push(fact);
        }
        for (name, value) in settings::flatten(manifest.get("annotations")) {
            let name = format!("{title}: annotation {name}");
            self.view.facts.push(if settings::is_time(&name) {
                Fact::packing(name, value)
            } else {
                Fact::carried(name, value)
            });
        }
        if let Some(config) = manifest.get("config") {
            self.config(title, &blob(config)?)?;
        }
        self.bound_facts()?;
        let layers = list(manifest, "layers");
        let paths = layers.iter().map(blob).collect::<Result<Vec<_>, _>>()?;
        let kinds = layers.iter().map(|layer| {
            let kind = layer.get("mediaType").and_then(Value::as_str);
            kind.unwrap_or_default().to_owned()
        });
        self.layers(title, &paths, &kinds.collect::<Vec<_>>())
    }

    /// Takes in what `docker save` wrote; false when it is another file of this name.
    fn saved(&mut self, manifest: &Value) -> Result<bool, Fault> {
        let Some(images) = manifest.as_array() else {
            return Ok(false);
        };
        let is_image =
            |image: &Value| image.get("Config").is_some() && image.get("Layers").is_some();
        if images.is_empty() || !images.iter().all(is_image) {
            return Ok(false);
        }
        for (index, image) in images.iter().take(IMAGES_MAX).enumerate() {
            let title = match images.len() {
                1 => "image".into(),
                _ => format!("image {}", index + 1),
            };
            for (name, value) in settings::flatten(image.get("RepoTags")) {
                let name = format!("{title}: tag {name}");
                self.view.facts.push(Fact::packing(name, value));
            }
            if let Some(config) = image.get("Config").and_then(Value::as_str) {
                self.config(&title, config)?;
            }
            self.bound_facts()?;
            let layers = list(image, "Layers").iter().filter_map(Value::as_str);
            let paths: Vec<String> = layers.map(str::to_owned).collect();
            self.layers(&title, &paths, &[])?;
        }
        Ok(true)
    }

    fn config(&mut self, title: &str, path: &str) -> Result<(), Fault> {
        let index = self.find(path)?;
        let hash = self.listing.members.get(index);
        let hash = hash.and_then(|member| member.content.sha256());
        // Attestations and artifacts have an empty configuration, or one that is not JSON.
        let Ok(config) = self.json(path) else {
            let fact = Fact::carried(format!("{title}: configuration"), hash.unwrap_or_default());
            self.view.facts.push(fact);
            return Ok(());
        };
        let mut follows = String::new();
        for (name, value) in settings::flatten(Some(&config)) {
            // These digests follow from the layers, if they are true.
            if name.starts_with("rootfs/diff_ids") {
                follows.push_str(&value);
                follows.push(' ');
                continue;
            }
            let name = format!("{title}: {name}");
            self.view.facts.push(if settings::is_time(&name) {
                Fact::packing(name, value)
            } else {
                Fact::carried(name, value)
            });
        }
        let name = format!("{title}: stated digests of the layers");
        self.view.facts.push(Fact::rest(name, shorten(&follows)));
        Ok(())
    }

    fn bound_facts(&self) -> Result<(), Fault> {
        if self.view.facts.len() > FACTS_MAX {
            return Err(FaultKind::TooMany {
                what: "settings",
                max: FACTS_MAX,
            }
            .into());
        }
        Ok(())
    }

    fn layers(&mut self, title: &str, paths: &[String], kinds: &[String]) -> Result<(), Fault> {
        if paths.len() > LAYERS_MAX {
            return Err(FaultKind::TooMany {
                what: "layers",
                max: LAYERS_MAX,
            }
            .into());
        }
        let title = title.trim_start_matches("image").trim_start();
        for (number, path) in paths.iter().enumerate() {
            let index = self.find(path)?;
            let Some(member) = self.listing.members.get(index) else {
                continue;
            };
            let blank = if title.is_empty() { "" } else { " " };
            let kind = kinds.get(number).filter(|kind| !kind.is_empty());
            let name = format!("{title}{blank}layer {}", number + 1);
            self.verify(&name, path, member);
            let own = kind.map(|kind| ("layer type", kind.clone()));
            let source = self.source(index)?;
            self.view.add(Member {
                name,
                content: member.content.clone(),
                format: member.format,
                metadata: Metadata {
                    own: own.into_iter().collect(),
                    ..Metadata::default()
                },
                place: Place::Here(source),
                origin: None,
            })?;
        }
        Ok(())
    }

    /// A blob's name is its digest, or somebody changed it.
    fn verify(&mut self, name: &str, path: &str, member: &Member) {
        let stated = path.strip_prefix("blobs/sha256/");
        let computed = member.content.sha256();
        if let (Some(stated), Some(computed)) = (stated, computed)
            && stated != computed
        {
            self.view.notes.push(format!(
                "{name} is called sha256:{stated} and hashes to {computed}: it was changed after the image was made"
            ));
        }
    }

    fn find(&mut self, path: &str) -> Result<usize, Fault> {
        let found = self.names.get(key(path)).copied();
        let found = found.ok_or_else(|| {
            Fault::malformed(format!("it names the file {path} and does not hold it"))
        })?;
        self.used.insert(found);
        Ok(found)
    }

    /// Files that only repeat what the image says, for older programs; and folders.
    fn set_aside_derived(&mut self) {
        let members = self.listing.members.iter().enumerate();
        // Beside a layer, of which older programs have one folder each.
        let is_beside_layer = |name: &str| {
            let (folder, base) = name.rsplit_once('/').unwrap_or(("", name));
            let layer = self.names.get(format!("{folder}/layer.tar").as_str());
            matches!(base, "VERSION" | "json") && layer.is_some_and(|at| self.used.contains(at))
        };
        let is_derived = |member: &Member| {
            let name = key(&member.name);
            let known = ["oci-layout", "index.json", "manifest.json", "repositories"];
            member.content == Content::Folder || known.contains(&name) || is_beside_layer(name)
        };
        let derived = members.filter(|(_, member)| is_derived(member));
        let derived: Vec<usize> = derived.map(|(index, _)| index).collect();
        self.used.extend(derived);
    }

    fn source(&self, index: usize) -> Result<Source, Fault> {
        if let Some(source) = self.aside.get(&index) {
            return Ok(source.clone());
        }
        let mut taken = self.container.take(self.listing, &HashSet::from([index]))?;
        taken
            .remove(&index)
            .ok_or_else(|| FaultKind::Changed.into())
    }

    fn json(&mut self, path: &str) -> Result<Value, Fault> {
        let index = self.find(path)?;
        let source = self.source(index)?;
        if source.len() > JSON_LEN_MAX {
            return Err(Fault::malformed(format!(
                "its {path} is {} bytes long",
                source.len()
            )));
        }
        self.json_len = self.json_len.saturating_add(source.len());
        if self.json_len > JSON_TOTAL_MAX {
            return Err(FaultKind::TooMany {
                what: "bytes of JSON",
                max: usize::try_from(JSON_TOTAL_MAX).unwrap_or(usize::MAX),
            }
            .into());
        }
        let bytes = source.bytes_at(0, usize::try_from(source.len()).unwrap_or(0))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Fault::malformed(format!("its {path} is not JSON ({error})")))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Returns the path of the blob that a descriptor names.
fn blob(descriptor: &Value) -> Result<String, Fault> {
    let digest = descriptor.get("digest").and_then(Value::as_str);
    let (algorithm, hash) = digest
        .and_then(|digest| digest.split_once(':'))
        .ok_or_else(|| Fault::malformed("it names a file by no digest"))?;
    Ok(format!("blobs/{algorithm}/{hash}"))
}

fn platform(descriptor: &Value) -> String {
    let platform = descriptor.get("platform");
    let part = |name: &str| {
        platform
            .and_then(|platform| platform.get(name))
            .and_then(Value::as_str)
    };
    let of = descriptor
        .get("annotations")
        .and_then(|all| all.get("vnd.docker.reference.type"))
        .and_then(Value::as_str);
    let parts = ["os", "architecture", "variant"].map(part);
    let words: Vec<&str> = parts.into_iter().flatten().collect();
    match (words.is_empty(), of) {
        (true, _) => "without a platform".into(),
        (false, Some(of)) => format!("{} ({of})", words.join("/")),
        (false, None) => words.join("/"),
    }
}
