//! The names that systemd knows, by section.
//!
//! Made from `systemd --dump-configuration-items` of systemd 252 (Debian 12), which lists
//! every name with its section; what later versions added is from their NEWS.

/// Whether systemd knows a name in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It does, since 252 at the latest.
    Yes,
    /// It does, since this version.
    Since(u16),
    /// It does not.
    No,
    /// The section is none of systemd's.
    NoSection,
}

/// Says whether systemd knows a name in a section.
pub fn known(section: &str, name: &str) -> Known {
    if section.starts_with("X-") || name.starts_with("X-") {
        return Known::Yes;
    }
    let Some((_, own, runs)) = SECTIONS.iter().find(|(known, _, _)| *known == section) else {
        return Known::NoSection;
    };
    let has = |names: &str| names.split(' ').any(|one| one == name);
    if has(own) || (*runs && has(RUNS)) {
        return Known::Yes;
    }
    let newer = NEWER
        .iter()
        .find(|(of, known, _)| *known == name && (*of == section || (of.is_empty() && *runs)));
    newer.map_or(Known::No, |(_, _, version)| Known::Since(*version))
}

/// Returns the sections in which systemd knows a name.
pub fn sections_of(name: &str) -> impl Iterator<Item = &'static str> {
    let name = name.to_owned();
    let sections = SECTIONS.iter().map(|(section, _, _)| *section);
    sections.filter(move |section| known(section, &name) != Known::No)
}

/// Sections, the names that each has of its own, and whether it runs programs.
const SECTIONS: [(&str, &str, bool); 11] = [
    ("Unit", UNIT, false),
    ("Install", INSTALL, false),
    ("Service", SERVICE, true),
    ("Socket", SOCKET, true),
    ("Mount", MOUNT, true),
    ("Swap", SWAP, true),
    ("Automount", AUTOMOUNT, false),
    ("Timer", TIMER, false),
    ("Path", PATH, false),
    ("Slice", SLICE, false),
    ("Scope", SCOPE, false),
];

/// Names that came after 252: section (none for each that runs programs), name, version.
const NEWER: &[(&str, &str, u16)] = &[
    ("", "OpenFile", 253),
    ("", "ImportCredential", 254),
    ("", "MemoryPressureWatch", 254),
    ("", "MemoryPressureThresholdSec", 254),
    ("", "DelegateSubgroup", 254),
    ("", "RootEphemeral", 254),
    ("", "MemoryKSM", 254),
    ("", "CoredumpReceive", 255),
    ("", "MemoryZSwapWriteback", 256),
    ("", "SetLoginEnvironment", 255),
    ("", "PrivatePIDs", 257),
    ("Service", "ReloadSignal", 253),
    ("Service", "FileDescriptorStorePreserve", 254),
    ("Service", "RestartMode", 254),
    ("Service", "RestartSteps", 254),
    ("Service", "RestartMaxDelaySec", 254),
    ("Service", "RefreshOnReload", 260),
    ("Socket", "PollLimitIntervalSec", 255),
    ("Socket", "PollLimitBurst", 255),
    ("Socket", "PassFileDescriptorsToExec", 256),
    ("Unit", "SurviveFinalKillSignal", 255),
    ("Unit", "WantsMountsFor", 256),
];

/// Names of every section that runs programs.
const RUNS: &str = "\
    AllowedCPUs AllowedMemoryNodes AmbientCapabilities AppArmorProfile BPFProgram BindPaths BindReadOnlyPaths \
    BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth BlockIOWeight BlockIOWriteBandwidth CPUAccounting \
    CPUAffinity CPUQuota CPUQuotaPeriodSec CPUSchedulingPolicy CPUSchedulingPriority CPUSchedulingResetOnFork \
    CPUShares CPUWeight CacheDirectory CacheDirectoryMode CapabilityBoundingSet ConfigurationDirectory \
    ConfigurationDirectoryMode CoredumpFilter DefaultMemoryLow DefaultMemoryMin Delegate DeviceAllow DevicePolicy \
    DisableControllers DynamicUser Environment EnvironmentFile ExecPaths ExecSearchPath ExtensionDirectories \
    ExtensionImages FinalKillSignal Group IOAccounting IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax \
    IOReadIOPSMax IOSchedulingClass IOSchedulingPriority IOWeight IOWriteBandwidthMax IOWriteIOPSMax IPAccounting \
    IPAddressAllow IPAddressDeny IPCNamespacePath IPEgressFilterPath IPIngressFilterPath IgnoreSIGPIPE \
    InaccessibleDirectories InaccessiblePaths KeyringMode KillMode KillSignal LimitAS LimitCORE LimitCPU LimitDATA \
    LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNICE LimitNOFILE LimitNPROC LimitRSS LimitRTPRIO \
    LimitRTTIME LimitSIGPENDING LimitSTACK LoadCredential LoadCredentialEncrypted LockPersonality LogExtraFields \
    LogLevelMax LogNamespace LogRateLimitBurst LogRateLimitIntervalSec LogsDirectory LogsDirectoryMode \
    ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap MemoryAccounting \
    MemoryDenyWriteExecute MemoryHigh MemoryLimit MemoryLow MemoryMax MemoryMin MemorySwapMax MountAPIVFS \
    MountFlags MountImages NUMAMask NUMAPolicy NetworkNamespacePath Nice NoExecPaths NoNewPrivileges \
    OOMScoreAdjust PAMName PassEnvironment Personality PrivateDevices PrivateIPC PrivateMounts PrivateNetwork \
    PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome ProtectHostname \
    ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyDirectories \
    ReadOnlyPaths ReadWriteDirectories ReadWritePaths RemoveIPC RestartKillSignal RestrictAddressFamilies \
    RestrictFileSystems RestrictNamespaces RestrictNetworkInterfaces RestrictRealtime RestrictSUIDSGID \
    RootDirectory RootHash RootHashSignature RootImage RootImageOptions RootVerity RuntimeDirectory \
    RuntimeDirectoryMode RuntimeDirectoryPreserve SELinuxContext SecureBits SendSIGHUP SendSIGKILL SetCredential \
    SetCredentialEncrypted Slice SmackProcessLabel SocketBindAllow SocketBindDeny StandardError StandardInput \
    StandardInputData StandardInputText StandardOutput StartupAllowedCPUs StartupAllowedMemoryNodes \
    StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight StateDirectory StateDirectoryMode \
    SupplementaryGroups SyslogFacility SyslogIdentifier SyslogLevel SyslogLevelPrefix SystemCallArchitectures \
    SystemCallErrorNumber SystemCallFilter SystemCallLog TTYColumns TTYPath TTYReset TTYRows TTYVHangup \
    TTYVTDisallocate TasksAccounting TasksMax TemporaryFileSystem TimeoutCleanSec TimeoutSec TimerSlackNSec UMask \
    UnsetEnvironment User UtmpIdentifier UtmpMode WatchdogSignal WorkingDirectory";

/// Names of `[Unit]`.
const UNIT: &str = "\
    After AllowIsolate AssertACPower AssertArchitecture AssertCPUFeature AssertCPUPressure AssertCPUs \
    AssertCapability AssertControlGroupController AssertCredential AssertDirectoryNotEmpty AssertEnvironment \
    AssertFileIsExecutable AssertFileNotEmpty AssertFirstBoot AssertGroup AssertHost AssertIOPressure \
    AssertKernelCommandLine AssertKernelVersion AssertMemory AssertMemoryPressure AssertNeedsUpdate \
    AssertOSRelease AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsEncrypted \
    AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsSymbolicLink AssertSecurity AssertUser \
    AssertVirtualization Before BindTo BindsTo CollectMode ConditionACPower ConditionArchitecture \
    ConditionCPUFeature ConditionCPUPressure ConditionCPUs ConditionCapability ConditionControlGroupController \
    ConditionCredential ConditionDirectoryNotEmpty ConditionEnvironment ConditionFileIsExecutable \
    ConditionFileNotEmpty ConditionFirmware ConditionFirstBoot ConditionGroup ConditionHost ConditionIOPressure \
    ConditionKernelCommandLine ConditionKernelVersion ConditionMemory ConditionMemoryPressure ConditionNeedsUpdate \
    ConditionOSRelease ConditionPathExists ConditionPathExistsGlob ConditionPathIsDirectory \
    ConditionPathIsEncrypted ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsSymbolicLink \
    ConditionSecurity ConditionUser ConditionVirtualization Conflicts DefaultDependencies Description \
    Documentation FailureAction FailureActionExitStatus IgnoreOnIsolate JobRunningTimeoutSec JobTimeoutAction \
    JobTimeoutRebootArgument JobTimeoutSec JoinsNamespaceOf OnFailure OnFailureIsolate OnFailureJobMode OnSuccess \
    OnSuccessJobMode PartOf PropagateReloadFrom PropagateReloadTo PropagatesReloadTo PropagatesStopTo \
    RebootArgument RefuseManualStart RefuseManualStop ReloadPropagatedFrom Requires RequiresMountsFor \
    RequiresOverridable Requisite RequisiteOverridable SourcePath StartLimitAction StartLimitBurst \
    StartLimitInterval StartLimitIntervalSec StopPropagatedFrom StopWhenUnneeded SuccessAction \
    SuccessActionExitStatus Upholds Wants";

/// Names of `[Install]`.
const INSTALL: &str = "\
    Alias Also DefaultInstance RequiredBy WantedBy";

/// Names of `[Service]`.
const SERVICE: &str = "\
    BusName ExecCondition ExecReload ExecStart ExecStartPost ExecStartPre ExecStop ExecStopPost ExitType \
    FailureAction FileDescriptorStoreMax GuessMainPID NonBlocking NotifyAccess OOMPolicy PIDFile \
    PermissionsStartOnly RebootArgument RemainAfterExit Restart RestartForceExitStatus RestartPreventExitStatus \
    RestartSec RootDirectoryStartOnly RuntimeMaxSec RuntimeRandomizedExtraSec Sockets StartLimitAction \
    StartLimitBurst StartLimitInterval SuccessExitStatus TimeoutAbortSec TimeoutStartFailureMode TimeoutStartSec \
    TimeoutStopFailureMode TimeoutStopSec Type USBFunctionDescriptors USBFunctionStrings WatchdogSec";

/// Names of `[Socket]`.
const SOCKET: &str = "\
    Accept Backlog BindIPv6Only BindToDevice Broadcast DeferAcceptSec DirectoryMode ExecStartPost ExecStartPre \
    ExecStopPost ExecStopPre FileDescriptorName FlushPending FreeBind IPTOS IPTTL KeepAlive KeepAliveIntervalSec \
    KeepAliveProbes KeepAliveTimeSec ListenDatagram ListenFIFO ListenMessageQueue ListenNetlink \
    ListenSequentialPacket ListenSpecial ListenStream ListenUSBFunction Mark MaxConnections \
    MaxConnectionsPerSource MessageQueueMaxMessages MessageQueueMessageSize NoDelay PassCredentials PassPacketInfo \
    PassSecurity PipeSize Priority ReceiveBuffer RemoveOnStop ReusePort SELinuxContextFromNet SendBuffer Service \
    SmackLabel SmackLabelIPIn SmackLabelIPOut SocketGroup SocketMode SocketProtocol SocketUser Symlinks \
    TCPCongestion Timestamping Transparent TriggerLimitBurst TriggerLimitIntervalSec Writable";

/// Names of `[Mount]`.
const MOUNT: &str = "\
    DirectoryMode ForceUnmount LazyUnmount Options ReadWriteOnly SloppyOptions Type What Where";

/// Names of `[Swap]`.
const SWAP: &str = "\
    Options Priority What";

/// Names of `[Automount]`.
const AUTOMOUNT: &str = "\
    DirectoryMode ExtraOptions TimeoutIdleSec Where";

/// Names of `[Timer]`.
const TIMER: &str = "\
    AccuracySec FixedRandomDelay OnActiveSec OnBootSec OnCalendar OnClockChange OnStartupSec OnTimezoneChange \
    OnUnitActiveSec OnUnitInactiveSec Persistent RandomizedDelaySec RemainAfterElapse Unit WakeSystem";

/// Names of `[Path]`.
const PATH: &str = "\
    DirectoryMode DirectoryNotEmpty MakeDirectory PathChanged PathExists PathExistsGlob PathModified \
    TriggerLimitBurst TriggerLimitIntervalSec Unit";

/// Names of `[Slice]`.
const SLICE: &str = "\
    AllowedCPUs AllowedMemoryNodes BPFProgram BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth \
    BlockIOWeight BlockIOWriteBandwidth CPUAccounting CPUQuota CPUQuotaPeriodSec CPUShares CPUWeight \
    DefaultMemoryLow DefaultMemoryMin Delegate DeviceAllow DevicePolicy DisableControllers IOAccounting \
    IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax IOReadIOPSMax IOWeight IOWriteBandwidthMax \
    IOWriteIOPSMax IPAccounting IPAddressAllow IPAddressDeny IPEgressFilterPath IPIngressFilterPath \
    ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap MemoryAccounting \
    MemoryHigh MemoryLimit MemoryLow MemoryMax MemoryMin MemorySwapMax RestrictNetworkInterfaces Slice \
    SocketBindAllow SocketBindDeny StartupAllowedCPUs StartupAllowedMemoryNodes StartupBlockIOWeight \
    StartupCPUShares StartupCPUWeight StartupIOWeight TasksAccounting TasksMax";

/// Names of `[Scope]`.
const SCOPE: &str = "\
    AllowedCPUs AllowedMemoryNodes BPFProgram BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth \
    BlockIOWeight BlockIOWriteBandwidth CPUAccounting CPUQuota CPUQuotaPeriodSec CPUShares CPUWeight \
    DefaultMemoryLow DefaultMemoryMin Delegate DeviceAllow DevicePolicy DisableControllers FinalKillSignal \
    IOAccounting IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax IOReadIOPSMax IOWeight \
    IOWriteBandwidthMax IOWriteIOPSMax IPAccounting IPAddressAllow IPAddressDeny IPEgressFilterPath \
    IPIngressFilterPath KillMode KillSignal ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit \
    ManagedOOMPreference ManagedOOMSwap MemoryAccounting MemoryHigh MemoryLimit MemoryLow MemoryMax MemoryMin \
    MemorySwapMax OOMPolicy RestartKillSignal RestrictNetworkInterfaces RuntimeMaxSec RuntimeRandomizedExtraSec \
    SendSIGHUP SendSIGKILL Slice SocketBindAllow SocketBindDeny StartupAllowedCPUs StartupAllowedMemoryNodes \
    StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight TasksAccounting TasksMax TimeoutStopSec \
    WatchdogSignal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_sections() {
        assert_eq!(known("Service", "ExecStart"), Known::Yes);
        assert_eq!(known("Service", "ProtectSystem"), Known::Yes);
        assert_eq!(known("Socket", "ProtectSystem"), Known::Yes);
        assert_eq!(known("Unit", "ExecStart"), Known::No);
        assert_eq!(known("Service", "DropCapability"), Known::No);
        assert_eq!(known("Service", "RestartSteps"), Known::Since(254));
        assert_eq!(known("Services", "ExecStart"), Known::NoSection);
        assert_eq!(known("X-Corp", "Anything"), Known::Yes);
        assert!(sections_of("StartLimitIntervalSec").eq(["Unit"]));
        assert_eq!(sections_of("HealthCheckHTTPUrl").count(), 0);
    }
}
