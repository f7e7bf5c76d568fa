//! The build cache and the module cache.

use proto::quantity;

use super::system::{is_full, room, state};
use super::{Found, Judged};
use crate::doctor::facts::{Facts, Folder};

/// The most names shown of one kind.
const SHOWN_MAX: usize = 5;

pub(super) fn build(facts: &Facts) -> Judged {
    let cache = &facts.cache;
    let Some(folder) = &cache.folder else {
        let mut judged = Judged::new("build cache", "GOCACHE");
        judged.add(
            Found::new(
                "cache-off",
                "without a build cache the go command refuses to build",
            )
            .seen("GOCACHE", cache.problem.clone())
            .fix("unset GOCACHE, or set it to an absolute path; HOME must be set where it is not"),
        );
        return judged.stands("none");
    };
    let mut judged = Judged::new("build cache", folder.path.clone());
    if folder.exists && !folder.problem.is_empty() {
        judged.add(
            Found::new(
                "cache-off",
                "what GOCACHE names can't be a build cache: the go command refuses to build",
            )
            .seen(folder.path.clone(), folder.problem.clone())
            .fix("unset GOCACHE, or set it to a folder of this user's own"),
        );
        return judged.stands("none");
    }
    if !folder.exists && !folder.problem.is_empty() {
        content(facts, folder, &mut judged);
        return judged.untold(folder.problem.clone());
    }
    if !folder.exists {
        disk(folder, &mut judged);
        return judged.stands("not there yet");
    }
    shared(folder, ["cache-foreign", "cache-open"], &mut judged);
    disk(folder, &mut judged);
    content(facts, folder, &mut judged);
    let size = format!(
        "{}{}, {}, {}",
        if cache.is_more { "at least " } else { "" },
        quantity::count(cache.outputs, "output", "outputs"),
        quantity::size(cache.bytes),
        if folder.own {
            "this user's own".to_owned()
        } else {
            format!("of user {}", folder.owner)
        }
    );
    if let Some(why) = cache.audit.strip_prefix("not audited: ") {
        judged.untold = Some(format!("its audit: {why}"));
    }
    let audited = match cache.audit.as_str() {
        "" => format!(
            "{} of them hashed ({})",
            quantity::grouped(cache.hashed, ','),
            quantity::size(cache.hashed_bytes)
        ),
        audit => audit.to_owned(),
    };
    judged.stands(format!("{size}; {audited}"))
}

fn disk(folder: &Folder, judged: &mut Judged) {
    if folder.read_only || !folder.writable {
        judged.add(
            Found::new(
                "cache-read-only",
                "the build cache can't be written to: builds fail",
            )
            .seen(folder.path.clone(), state(folder))
            .fix("name another folder for this user: export GOCACHE=/var/tmp/go-build"),
        );
    } else if is_full(folder) {
        judged.add(
            Found::new(
                "cache-full",
                format!(
                    "its disk has {} left: a build that fills it fails",
                    room(folder)
                ),
            )
            .seen(folder.path.clone(), room(folder))
            .fix("make room; go clean -cache empties the cache, and the next builds take longer")
            .run(&["go", "clean", "-cache"]),
        );
    }
}

fn content(facts: &Facts, folder: &Folder, judged: &mut Judged) {
    let cache = &facts.cache;
    if cache.unlisted > 0 {
        judged.add(
            Found::new("cache-unlisted", "part of the build cache can't be listed")
                .seen("folders", cache.unlisted.to_string())
                .fix("give this user back what is its own, or name another folder as GOCACHE"),
        );
    }
    if !cache.damaged.is_empty() || cache.audit_failed {
        let mut found = Found::new(
            "cache-damaged",
            "outputs are not what their names say: the go command links them all the same",
        );
        for name in cache.damaged.iter().take(SHOWN_MAX) {
            found = found.seen(folder.path.clone(), name.clone());
        }
        if cache.audit_failed {
            found = found.seen("audit", cache.audit.clone());
        }
        judged.add(
            found
                .fix("keep a copy, find out who wrote them, then empty the cache; verify-build cache audit names every one")
                .run(&["verify-build", "cache", "audit", &folder.path]),
        );
    }
}

fn shared(folder: &Folder, [foreign, open]: [&'static str; 2], judged: &mut Judged) {
    if !folder.own {
        judged.add(
            Found::new(
                foreign,
                format!(
                    "{} belongs to another user, who can put anything into it",
                    folder.path
                ),
            )
            .seen("owner", format!("user {}", folder.owner))
            .fix("use a folder of this user's own"),
        );
    }
    if folder.open {
        judged.add(
            Found::new(
                open,
                format!(
                    "others can put anything into {}, and the go command builds with it",
                    folder.path
                ),
            )
            .seen("folder", folder.path.clone())
            .fix("take the right to write from others, and begin with an empty folder")
            .run(&["chmod", "go-w", &folder.path]),
        );
    }
}

pub(super) fn modules(facts: &Facts) -> Judged {
    let Some(folder) = &facts.module_cache else {
        return Judged::new("module cache", "GOMODCACHE").stands("nothing says where it is");
    };
    let mut judged = Judged::new("module cache", folder.path.clone());
    if !folder.problem.is_empty() {
        return judged.untold(folder.problem.clone());
    }
    if !folder.exists {
        return judged.stands("not there yet");
    }
    shared(folder, ["modcache-foreign", "modcache-open"], &mut judged);
    judged.stands("its files are held against go.sum by go mod verify, not here")
}
