//! Under which keys the map keeps its numbers.

use proto::module::ModuleVersion;
use proto::module::lookalike::skeleton;
use proto::sumdb::table::key_of;

/// Keys in the ledger, where several logs may be.
#[derive(Clone, Debug)]
pub(super) struct ByLedger {
    /// The log's name: no name has a space, so no two logs share a key.
    pub(super) log: String,
}

impl ByLedger {
    /// Where the number of a module version's record is.
    pub(super) fn of(&self, module: &ModuleVersion) -> String {
        format!("{} {}", self.log, module.escaped())
    }

    /// Where the first record is whose path has a skeleton: behind three spaces, with which
    /// no module version begins.
    pub(super) fn of_skeleton(&self, path: &str) -> String {
        format!("{}   {}", self.log, skeleton(path))
    }

    /// What all keys of the log begin with.
    pub(super) fn all(&self) -> String {
        format!("{} ", self.log)
    }

    /// Tells whether a key of the log is of a module version or of a skeleton: others say
    /// when records came.
    pub(super) fn is_number(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.all());
        rest.is_some_and(|rest| rest.starts_with(' ') || rest.contains('@'))
    }

    /// Where it is said which records are there. No module version is called so: each has
    /// an `@`.
    pub(super) fn range(&self) -> String {
        format!("{} recent", self.log)
    }
}

/// The key of a module version in a file.
pub(super) fn by_file(module: &ModuleVersion) -> Vec<u8> {
    key_of(module)
}

/// The key of a path's skeleton in a file: no module version begins with a space.
pub(super) fn by_file_of_skeleton(path: &str) -> Vec<u8> {
    format!(" {}", skeleton(path)).into_bytes()
}

#[cfg(test)]
mod tests {
    use proto::module::PATH_LEN_MAX;
    use proto::sumdb::table::KEY_LEN_MAX;

    use super::*;

    #[test]
    fn a_path_has_one_key_and_its_skeleton_another_and_the_longest_has_room() {
        let of = |path: &str| ModuleVersion::parse(&format!("{path}@v1.0.0")).unwrap();
        let mut long = format!("corp.example/{}", "a/".repeat(PATH_LEN_MAX / 2));
        long.truncate(PATH_LEN_MAX - 1);
        long.push('a');
        let paths = ["corp.example/a", "corp.example/b", &long];
        let mut keys: Vec<_> = paths.iter().map(|path| by_file(&of(path))).collect();
        keys.extend(paths.iter().map(|path| by_file_of_skeleton(path)));
        assert!(keys.iter().all(|key| key.len() <= KEY_LEN_MAX / 2));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 6);
    }
}
