//! What every program tells of itself, under the names that dashboards know.
//!
//! Read when somebody asks. Of `/proc` only the process's own folder is read, so that it
//! works under `ProcSubset=pid`; times come from clocks, not from there.
//!
//! Source: Prometheus, "Writing client libraries", "Standard and runtime collectors".

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// What the kernel tells of the process.
#[derive(Debug)]
pub(super) struct Process {
    /// Apart from the others, whose names have a prefix.
    registry: Registry,
    cpu: Counter<f64, AtomicU64>,
    resident: Gauge<u64, AtomicU64>,
    virtual_memory: Gauge<u64, AtomicU64>,
    open_fds: Gauge<u64, AtomicU64>,
    max_fds: Gauge<u64, AtomicU64>,
    threads: Gauge<u64, AtomicU64>,
}

impl Process {
    /// Registers it, and reads when the process began; this moment where that is hidden.
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let cpu = Counter::default();
        let text = "CPU time used, user and system";
        registry.register_with_unit("process_cpu", text, Unit::Seconds, cpu.clone());
        let resident = Gauge::default();
        let name = "process_resident_memory";
        registry.register_with_unit(name, "Memory in use", Unit::Bytes, resident.clone());
        let virtual_memory = Gauge::default();
        let name = "process_virtual_memory";
        let text = "Address space in use; mapped files count in full";
        registry.register_with_unit(name, text, Unit::Bytes, virtual_memory.clone());
        let (open_fds, max_fds) = (Gauge::default(), Gauge::default());
        let text = "Open file descriptors";
        registry.register("process_open_fds", text, open_fds.clone());
        let text = "File descriptors that may be open";
        registry.register("process_max_fds", text, max_fds.clone());
        let threads = Gauge::default();
        registry.register("process_threads", "Threads that run", threads.clone());
        let start = Gauge::<f64, AtomicU64>::default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let began = now
            .unwrap_or_default()
            .saturating_sub(age().unwrap_or_default());
        start.set(began.as_secs_f64());
        let text = "When the process began, since 1970";
        registry.register_with_unit("process_start_time", text, Unit::Seconds, start);
        Self {
            registry,
            cpu,
            resident,
            virtual_memory,
            open_fds,
            max_fds,
            threads,
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Reads it anew. What cannot be read stays as it was. Blocks.
    pub(super) fn measure(&self) {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        if let Ok(cpu) = Duration::try_from(cpu) {
            let bits = cpu.as_secs_f64().to_bits();
            self.cpu.inner().store(bits, Ordering::Relaxed);
        }
        if let Some(stat) = Stat::read() {
            self.virtual_memory.set(stat.virtual_bytes);
            self.resident.set(stat.resident_bytes);
            self.threads.set(stat.threads);
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            // One of them is that of the folder itself.
            let count = entries.count().saturating_sub(1);
            self.open_fds.set(count as u64);
        }
        let max = getrlimit(Resource::Nofile).current;
        self.max_fds.set(max.unwrap_or(u64::MAX));
    }
}

/// What `/proc/self/stat` tells. Source: proc(5).
struct Stat {
    threads: u64,
    /// From the start of the machine to that of the process.
    started: Duration,
    virtual_bytes: u64,
    resident_bytes: u64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::of(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn of(text: &str) -> Option<Self> {
        // The second field is the program's name in brackets, which may hold any bytes.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        // By the numbers of the manual page, whose third field is the first here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let ticks = field(22)?.checked_mul(1_000_000)?;
        Some(Self {
            threads: field(20)?,
            started: Duration::from_micros(ticks / clock_ticks_per_second().max(1)),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)?.checked_mul(page_size() as u64)?,
        })
    }
}

/// Returns how long ago the process began.
fn age() -> Option<Duration> {
    let up = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    up.checked_sub(Stat::read()?.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_kernel_tells() {
        let process = Process::new();
        process.measure();
        let before = process.open_fds.get();
        assert!(process.resident.get() > 1 << 20);
        assert!(process.virtual_memory.get() > process.resident.get());
        assert!(process.max_fds.get() > before);
        assert!(process.threads.get() >= 1);
        let age = age().unwrap();
        assert!(age < Duration::from_secs(24 * 3600), "{age:?}");
        let cpu = process.cpu.get();
        assert!(cpu > 0.0);
        // Held open, they count; other tests of this process may open and close some.
        let files: Vec<_> = (0..200)
            .map(|_| fs::File::open("/proc/self/statm"))
            .collect();
        process.measure();
        assert!(process.open_fds.get() >= before + 100, "{before}");
        assert!(process.cpu.get() > cpu);
        drop(files);
    }
    #[test]
    fn a_name_with_brackets_and_text_cut_short_do_not_mislead() {
        let text = "7 (a) S 1) S 1 7 7 0 -1 4 1 0 0 0 2 1 0 0 20 0 13 0 250 4096000 10 1";
        let stat = Stat::of(text).unwrap();
        assert_eq!((stat.threads, stat.virtual_bytes), (13, 4_096_000));
        assert_eq!(stat.resident_bytes, 10 * page_size() as u64);
        for end in 0..text.len() - 4 {
            assert!(
                Stat::of(&text[..end]).is_none() || end > text.len() - 6,
                "{end}"
            );
        }
    }
}
