//! The stable names of causes.

use serde::Serialize;

/// Makes the enum, and beside it the list of all names.
macro_rules! names {
    ($(#[$of_enum:meta])* pub enum Name { $($(#[$of_name:meta])* $name:ident,)* }) => {
        $(#[$of_enum])*
        pub enum Name {
            $($(#[$of_name])* $name,)*
        }

        impl Name {
            /// Every name, in order.
            pub const ALL: [Self; [$(Name::$name),*].len()] = [$(Self::$name),*];
        }
    };
}

names! {
    /// The stable names of causes, in the order in which equally sure ones are
    /// listed: what changes most comes first. A name never changes its meaning.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "kebab-case")]
    #[expect(
        missing_docs,
        reason = "schema/report-v1.json documents every name, for readers of reports"
    )]
    pub enum Name {
        ModifiedAfterBuild,
        DependencySum,
        Target,
        PackageArguments,
        Compiler,
        GoVersion,
        ToolchainPatched,
        ToolchainDefaults,
        GoExperiment,
        BuildMode,
        CpuLevel,
        Instrumentation,
        CompilerFlags,
        BuildTags,
        CgoEnabled,
        #[serde(rename = "fips140")]
        Fips140,
        PgoProfile,
        VcsRevision,
        VcsModified,
        MainModule,
        MainVersion,
        DependencyVersion,
        DependencyReplaced,
        SourceContent,
        DependencyContent,
        ImportUnreached,
        EmbeddedFile,
        GeneratedOrder,
        CgoFlags,
        CCompiler,
        CSource,
        CLibrary,
        Lto,
        SdkVersion,
        HostLinker,
        CachePoisoned,
        CacheStaleCgo,
        StaleModuleIndex,
        CompilerNondeterminism,
        Toolexec,
        LinkMode,
        ExternalLinkFlags,
        DynamicLinker,
        LinkOrder,
        DebugCompression,
        LinkerFlags,
        LdflagsVariable,
        SymbolsStripped,
        SourcePath,
        GorootPath,
        ModuleCachePath,
        CgoTempPath,
        PrefixMapFlag,
        VcsMissing,
        BuildinfoMissing,
        VersionStamp,
        DependencyVendored,
        GodebugDefault,
        BuildIdFlag,
        GnuBuildIdFlag,
        PeTimestamp,
        CodeSignature,
        SplitDebug,
        ArchiveMembers,
        ArchiveMetadata,
        Unexplained,
    }
}

impl Name {
    /// Returns the name as reports print it.
    pub fn as_str(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}
