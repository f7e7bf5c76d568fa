//! At which stage of a build a cause is at work, and what it leaves as it was.

use crate::cause::Name;

/// Causes that change no code of Go's functions: they work on what is compiled
/// already, or on the C side.
pub(super) fn leaves_go_code(name: Name) -> bool {
    let is_c = matches!(
        name,
        Name::CCompiler | Name::CLibrary | Name::CSource | Name::Lto | Name::SdkVersion
    );
    let is_data = matches!(name, Name::EmbeddedFile | Name::GeneratedOrder);
    // The host's linker writes other instructions in place of some.
    is_c || is_data || works_after_compiling(name) && !relinks(name)
}

/// Causes for which the host's linker does something else.
fn relinks(name: Name) -> bool {
    matches!(
        name,
        Name::HostLinker | Name::LinkMode | Name::ExternalLinkFlags
    )
}

/// Causes that move C code and change none, and leave the kind of file it is.
pub(super) fn leaves_the_rest(name: Name) -> bool {
    let is_edited = name == Name::ModifiedAfterBuild;
    let is_go = matches!(
        name,
        Name::SourceContent
            | Name::DependencyContent
            | Name::EmbeddedFile
            | Name::GeneratedOrder
            | Name::ToolchainPatched
    );
    is_go || works_after_compiling(name) && !relinks(name) && !is_edited
}

/// Causes at work when all packages are compiled: the linker's flags, what it
/// stamps, and tools that change what it wrote.
pub(super) fn works_after_compiling(name: Name) -> bool {
    matches!(
        name,
        Name::ModifiedAfterBuild
            | Name::HostLinker
            | Name::LinkMode
            | Name::ExternalLinkFlags
            | Name::DynamicLinker
            | Name::LinkOrder
            | Name::DebugCompression
            | Name::LinkerFlags
            | Name::LdflagsVariable
            | Name::SymbolsStripped
            | Name::VcsMissing
            | Name::BuildinfoMissing
            | Name::VersionStamp
            | Name::BuildIdFlag
            | Name::GnuBuildIdFlag
            | Name::PeTimestamp
            | Name::CodeSignature
            | Name::SplitDebug
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(holds: fn(Name) -> bool) -> String {
        let held = Name::ALL.into_iter().filter(|name| holds(*name));
        let names: Vec<String> = held.map(Name::as_str).collect();
        names.join(" ")
    }

    #[test]
    fn each_cause_works_at_its_stage() {
        assert_eq!(
            names(works_after_compiling),
            "modified-after-build host-linker link-mode external-link-flags dynamic-linker link-order \
             debug-compression linker-flags ldflags-variable symbols-stripped vcs-missing buildinfo-missing \
             version-stamp build-id-flag gnu-build-id-flag pe-timestamp code-signature split-debug"
        );
        assert_eq!(names(relinks), "host-linker link-mode external-link-flags");
        assert_eq!(
            names(leaves_go_code),
            "modified-after-build embedded-file generated-order c-compiler c-source c-library lto sdk-version \
             dynamic-linker link-order debug-compression linker-flags ldflags-variable symbols-stripped \
             vcs-missing buildinfo-missing version-stamp build-id-flag gnu-build-id-flag pe-timestamp \
             code-signature split-debug"
        );
        assert_eq!(
            names(leaves_the_rest),
            "toolchain-patched source-content dependency-content embedded-file generated-order dynamic-linker \
             link-order debug-compression linker-flags ldflags-variable symbols-stripped vcs-missing \
             buildinfo-missing version-stamp build-id-flag gnu-build-id-flag pe-timestamp code-signature \
             split-debug"
        );
    }
}
