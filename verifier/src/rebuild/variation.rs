//! What should not matter to a build: one table, and by theme how each is varied.

mod files;
mod folders;
mod process;
mod variables;

use std::ffi::OsStr;

use super::project::Project;
use super::scene::Scene;
use crate::host::machine::Machine;
use crate::host::public;
use crate::host::surroundings::Variables;

/// One thing that is varied.
#[derive(Debug)]
pub struct Variation {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// What is varied, after the word "with".
    pub what: &'static str,
    /// What to do when it matters.
    pub fix: &'static str,
    possible: fn(&Ground<'_>) -> Result<(), String>,
    apply: fn(&Ground<'_>, &mut Scene) -> String,
}

impl Variation {
    /// Says why it can't be varied here.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        (self.possible)(ground)
    }

    /// Changes the scene, and says how exactly.
    pub fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String {
        (self.apply)(ground, scene)
    }
}

/// What variations stand on.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The program and how it is built.
    pub project: &'a Project,
    /// The host.
    pub machine: &'a Machine,
    /// Variables of the environment that builds do not get.
    pub others: &'a Variables,
}

/// Every variation, in the order of the command line's list.
pub static ALL: [Variation; 17] = [
    Variation {
        name: "source-folder",
        what: "the sources in another folder",
        fix: "build with -trimpath; where C code is compiled, see that neither flags nor code spell out the folder",
        possible: files::can_be_copied,
        apply: |_, scene| {
            scene.sources.moved = true;
            "a copy in another folder".into()
        },
    },
    Variation {
        name: "goroot",
        what: "the Go installation at another path",
        fix: "build with -trimpath",
        possible: folders::goroot_can_be_copied,
        apply: |_, scene| {
            scene.moved_goroot = true;
            "a copy in another folder".into()
        },
    },
    Variation {
        name: "module-cache",
        what: "a new module cache",
        fix: "build with -trimpath; where the version stamp differs, go took the version from what the module cache \
              remembers: keep a copy of the cache's .info file of this module as evidence, then build with an empty \
              GOMODCACHE or with -buildvcs=false",
        possible: |ground| match ground.project.env("GOMODCACHE") {
            "" => Err("go env says no GOMODCACHE".into()),
            _ => Ok(()),
        },
        apply: folders::other_module_cache,
    },
    Variation {
        name: "home",
        what: "another home folder",
        fix: "find what reads from the home folder or writes its path into the program: a CC or -toolexec program, a -X \
              value",
        possible: |_| Ok(()),
        apply: folders::other_home,
    },
    Variation {
        name: "tmpdir",
        what: "another folder for temporary files",
        fix: "find what keeps the folder's path: flags such as -grecord-gcc-switches, C code with debug information, a \
              -toolexec program; or set TMPDIR to the same path everywhere",
        possible: |_| Ok(()),
        apply: |_, scene| {
            scene.moved_temporary = true;
            "another, in place of the one that all builds share".into()
        },
    },
    Variation {
        name: "user",
        what: "another user",
        fix: "find what writes the user's name or number into the program: a -X value, a generated file, an archive that is \
              embedded",
        possible: process::user_can_be_another,
        apply: process::other_user,
    },
    Variation {
        name: "umask",
        what: "another umask",
        fix: "set umask 022 before the build, or find what copies the modes of files into the program",
        possible: |ground| match ground.machine.program("sh") {
            Some(_) => Ok(()),
            None => Err("needs the program sh".into()),
        },
        apply: |_, scene| {
            scene.umask = Some("0077");
            "0077, in place of what it is".into()
        },
    },
    Variation {
        name: "time-zone",
        what: "another time zone",
        fix: "set TZ=UTC for the build, and find what writes a local time into the program",
        possible: |_| Ok(()),
        apply: variables::other_time_zone,
    },
    Variation {
        name: "locale",
        what: "another locale",
        fix: "set LC_ALL=C for the build, and find what sorts or prints by locale",
        possible: |_| Ok(()),
        apply: variables::other_locale,
    },
    Variation {
        name: "gomaxprocs",
        what: "another GOMAXPROCS",
        fix: "set GOMAXPROCS to the same number everywhere, and report it: the compiler should not depend on it",
        possible: |_| Ok(()),
        apply: variables::other_gomaxprocs,
    },
    Variation {
        name: "parallel-builds",
        what: "another number of steps at a time",
        fix: "pass the same -p everywhere, and find the step that depends on another without saying so",
        possible: |ground| match ground.project.build.value("p") {
            Some(_) => Err("-p is given on the command line".into()),
            None => Ok(()),
        },
        apply: |_, scene| {
            scene.flags.push("-p=1".into());
            "-p=1, in place of one for each processor".into()
        },
    },
    Variation {
        name: "cpu-count",
        what: "one processor",
        fix: "find the tool that asks how many processors there are, and give it a number",
        possible: process::can_run_on_one_processor,
        apply: |ground, scene| {
            let all = &ground.machine.processors;
            scene.processor = all.first().copied();
            format!("one, in place of {}", all.len())
        },
    },
    Variation {
        name: "hostname",
        what: "another host name",
        fix: "find what writes the host name into the program: a -X value, a generated file",
        possible: |ground| {
            let namespaces = ground.machine.namespaces.as_ref();
            namespaces.map(|_| ()).map_err(Clone::clone)
        },
        apply: |_, scene| {
            scene.hostname = Some("varied-host");
            "varied-host, in place of what it is".into()
        },
    },
    Variation {
        name: "file-times",
        what: "other times on the source files",
        fix: "find what copies the files' times into the program: __TIMESTAMP__ in C, a generator, an archive that is \
              embedded",
        possible: files::can_be_mounted,
        apply: |_, scene| {
            scene.sources.manner.other_times = true;
            "2001-02-03T04:05:06Z on every file".into()
        },
    },
    Variation {
        name: "file-order",
        what: "source files made in the opposite order",
        fix: "find what lists a folder without sorting: a generator, a wildcard in a script",
        possible: files::order_can_be_another,
        apply: |_, scene| {
            scene.sources.manner.reversed = true;
            "made from the last name to the first".into()
        },
    },
    Variation {
        name: "environment",
        what: "variables that builds do not get otherwise",
        fix: "find what reads the variable; where it is needed, name it with --pass and set it the same everywhere",
        possible: |_| Ok(()),
        apply: variables::others,
    },
    Variation {
        name: "clock",
        what: "another time of day",
        fix: "find what writes the time into the program, __DATE__ and __TIME__ in C sources first; or set \
              SOURCE_DATE_EPOCH to the time of the commit wherever it is built",
        possible: variables::no_clock_is_set,
        apply: variables::other_clock,
    },
];

/// Finds a variation by name.
pub fn named(name: &str) -> Option<&'static Variation> {
    ALL.iter().find(|one| one.name == name)
}

/// Says what a variable was, for a sentence that may be published.
fn was(scene: &Scene, name: &str) -> String {
    let value = scene.variables.get(OsStr::new(name));
    value.map_or_else(
        || "unset".to_owned(),
        |value| public::variable(name, &value.to_string_lossy()).text,
    )
}

#[cfg(test)]
mod tests;
