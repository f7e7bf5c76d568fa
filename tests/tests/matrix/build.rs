//! How one build of the program is made, as data: equal values are one build.

/// One build. Two that differ in `place` alone are the same build made twice,
/// in two folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Build {
    /// `1.21.`, `1.24.` or `1.27.`.
    pub(crate) go: &'static str,
    /// GOOS/GOARCH.
    pub(crate) target: &'static str,
    /// Further settings, `NAME=value`.
    pub(crate) settings: Vec<&'static str>,
    /// Flags of go build.
    pub(crate) flags: Vec<&'static str>,
    /// What is built.
    pub(crate) package: &'static str,
    /// Changes of the source: file, words, other words. A file that is not
    /// there is made of the other words.
    pub(crate) edits: Vec<[&'static str; 3]>,
    /// Commands run in the source folder before the build.
    pub(crate) before: Vec<&'static str>,
    /// Commands run on the program after the build, as `$1`.
    pub(crate) after: Vec<&'static str>,
    /// Which folder, module cache and proxy are used.
    pub(crate) place: u8,
    /// How the go command is led astray.
    pub(crate) mischief: Mischief,
}

/// What no build should have to bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mischief {
    /// Nothing.
    None,
    /// GOROOT under another name.
    OtherGoroot,
    /// A Go installation of the same version, with a function of the runtime
    /// changed.
    PatchedGoroot,
    /// The proxy has other content under the same version.
    OtherContent,
    /// One byte of a compiled package is changed in the build cache.
    PoisonedCache,
    /// The host's linker puts something else into every program.
    RestlessLinker,
}

impl Build {
    /// A -trimpath build without cgo for linux/amd64.
    pub(crate) fn new(go: &'static str) -> Self {
        Self {
            go,
            target: "linux/amd64",
            settings: vec!["CGO_ENABLED=0"],
            flags: vec!["-trimpath"],
            package: ".",
            edits: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            place: 0,
            mischief: Mischief::None,
        }
    }

    /// Says whether its bytes are the same on every machine: by a Go version that
    /// `tests/run.sh` names in full, with nothing of the machine's folders, C compiler or
    /// binutils in it.
    pub(crate) fn is_portable(&self) -> bool {
        let is_pinned = self.go != crate::pairs::MIDDLE;
        let runs_tools = |command: &&str| command.contains("strip");
        is_pinned
            && self.settings.contains(&"CGO_ENABLED=0")
            && self.flags.contains(&"-trimpath")
            && !self.after.iter().any(runs_tools)
    }

    pub(crate) fn to(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    pub(crate) fn set(mut self, setting: &'static str) -> Self {
        let name = setting.split('=').next();
        self.settings.retain(|held| held.split('=').next() != name);
        self.settings.push(setting);
        self
    }

    pub(crate) fn flag(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    /// Without -trimpath.
    pub(crate) fn plain(mut self) -> Self {
        self.flags.retain(|flag| *flag != "-trimpath");
        self
    }

    pub(crate) fn package(mut self, package: &'static str) -> Self {
        self.package = package;
        self
    }

    pub(crate) fn edit(mut self, file: &'static str, from: &'static str, to: &'static str) -> Self {
        self.edits.push([file, from, to]);
        self
    }

    pub(crate) fn before(mut self, command: &'static str) -> Self {
        self.before.push(command);
        self
    }

    pub(crate) fn after(mut self, command: &'static str) -> Self {
        self.after.push(command);
        self
    }

    /// The same in another folder.
    pub(crate) fn there(mut self) -> Self {
        self.place = 1;
        self
    }

    pub(crate) fn with(mut self, mischief: Mischief) -> Self {
        self.mischief = mischief;
        self
    }
}
