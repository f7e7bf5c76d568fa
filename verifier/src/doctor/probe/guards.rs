//! SELinux and fapolicyd, by their files.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};

use proto::visible::clean;

use super::Desk;
use crate::doctor::facts::Guards;
use crate::opening::{self, Links};

/// How much of the audit log is read, from its end, in bytes.
const LOG_BYTES_MAX: u64 = 8 << 20;

/// The most denials kept.
const DENIALS_MAX: usize = 5;

pub(super) fn look(desk: &Desk<'_>) -> Guards {
    let mut guards = Guards {
        fapolicyd: fapolicyd(desk),
        ..Guards::default()
    };
    let configured = desk.disk.text("/etc/selinux/config").unwrap_or_default();
    let mode = configured
        .lines()
        .find_map(|line| line.trim().strip_prefix("SELINUX="));
    guards.selinux_configured = mode.unwrap_or_default().trim().to_ascii_lowercase();
    guards.selinux = match desk.disk.text("/sys/fs/selinux/enforce") {
        Some(text) if text.trim() == "1" => "enforcing".into(),
        Some(_) => "permissive".into(),
        None if guards.selinux_configured.is_empty() => return guards,
        None => "disabled".into(),
    };
    match log(desk) {
        Ok(text) => denials(&text, &mut guards),
        Err(problem) => guards.audit_problem = problem,
    }
    guards
}

/// Reads the end of the audit log.
///
/// # Errors
/// Why it can't be read: root alone can, mostly.
fn log(desk: &Desk<'_>) -> Result<String, String> {
    let path = desk.disk.place("/var/log/audit/audit.log");
    let mut file = match opening::regular(&path, Links::Followed) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("there is no audit log, and the kernel's own is not read".into());
        }
        Err(error) => return Err(format!("{}: {error}; run it as root", path.display())),
    };
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    let start = SeekFrom::Start(len.saturating_sub(LOG_BYTES_MAX));
    let mut bytes = Vec::new();
    file.seek(start)
        .and_then(|_| file.take(LOG_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `type=AVC msg=…: avc:  denied  { execute } for  pid=1 comm="go" name="x" … tclass=file`
fn denials(log: &str, guards: &mut Guards) {
    for line in log
        .lines()
        .filter(|line| line.contains("avc:") && line.contains(" denied "))
    {
        let field = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            let value = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            value.or_else(|| rest.split(' ').next())
        };
        let program = field(" comm=").unwrap_or_default();
        if !is_of_go(program) {
            continue;
        }
        if guards.denials.len() == DENIALS_MAX {
            guards.denials_more += 1;
            continue;
        }
        let access = line
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once('}'));
        let access = access.map_or("", |(access, _)| access.trim());
        let target = field(" tcontext=").unwrap_or_default();
        let kind = target.split(':').nth(2).unwrap_or(target);
        let class = field(" tclass=").unwrap_or_default();
        let denial = clean(&format!("{program}: {access} on {class} {kind}"));
        if !guards.denials.contains(&denial) {
            guards.denials.push(denial);
        }
    }
}

/// Programs of a Go installation, and what the go command calls what it builds to run.
fn is_of_go(program: &str) -> bool {
    matches!(
        program,
        "go" | "gofmt" | "compile" | "link" | "asm" | "cgo" | "vet" | "cover"
    ) || program.ends_with(".test")
}

fn fapolicyd(desk: &Desk<'_>) -> String {
    let Some(config) = desk.disk.text("/etc/fapolicyd/fapolicyd.conf") else {
        return String::new();
    };
    let pid = desk.disk.text("/run/fapolicyd.pid");
    let runs = pid.is_some_and(|pid| {
        let pid = pid.trim();
        let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
        is_number && fs::metadata(desk.disk.place(&format!("/proc/{pid}"))).is_ok()
    });
    let permissive = config.lines().any(|line| {
        let line: String = line.split_whitespace().collect();
        line == "permissive=1"
    });
    match (runs, permissive) {
        (false, _) => "stopped",
        (true, true) => "permissive",
        (true, false) => "enforcing",
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_about_go_are_told_and_others_not() {
        let line = |program: &str, access: &str| {
            format!(
                "type=AVC msg=audit(1.2:3): avc:  denied  {{ {access} }} for  pid=7 comm=\"{program}\" name=\"b001\" dev=\"dm-0\" scontext=user_u:user_r:user_t:s0 tcontext=system_u:object_r:user_tmp_t:s0 tclass=file permissive=0\n"
            )
        };
        let log = [
            line("go", "execute"),
            line("httpd", "read"),
            line("go", "execute"),
            line("x.test", "map"),
        ]
        .concat();
        let mut guards = Guards::default();
        denials(&log, &mut guards);
        assert_eq!(
            guards.denials,
            [
                "go: execute on file user_tmp_t",
                "x.test: map on file user_tmp_t"
            ]
        );
        denials("avc:  denied  { } comm=go\n\navc: denied", &mut guards);
    }
}
