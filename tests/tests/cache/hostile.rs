//! Caches and packages that were made to mislead: an answer or a clear error,
//! never a panic, nothing outside the cache read.

use std::fs;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use testkit::environment;
use verifier::gocache::reading::Reading;

use crate::desk::Desk;

/// Mutations of each package.
const ROUNDS: usize = 300;

/// Changes bytes, numbers and the length.
fn bend(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..8) {
        // Tables and headers lie at the start of each part.
        let near = if random.random_bool(0.5) {
            2048
        } else {
            bytes.len()
        };
        let at = random.random_range(0..near.min(bytes.len()));
        match random.random_range(0..3) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
            _ => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
    if random.random_range(0..4) == 0 {
        bytes.truncate(random.random_range(1..bytes.len()));
    }
}

#[test]
fn bent_packages_are_read_without_a_panic() {
    for version in ["1.21.", "1.27."] {
        let desk = Desk::warm(version);
        for package in [".", "./seven", "internal/goos"] {
            let whole = fs::read(desk.archive(package)).unwrap();
            let mut random = StdRng::seed_from_u64(7);
            for _ in 0..ROUNDS {
                let mut bent = whole.clone();
                bend(&mut bent, &mut random);
                let mut reading = Reading::new();
                bent.chunks(1000).for_each(|piece| reading.update(piece));
                assert_eq!(reading.finish().size, bent.len() as u64);
                proto::goobj::import_path(&bent);
                let changes = proto::goobj::diff::archives(&whole, &bent);
                for member in changes.into_iter().flatten() {
                    assert!(member.symbols.len() <= proto::goobj::diff::SYMBOLS_MAX);
                }
            }
        }
    }
}

#[test]
fn bent_archives_of_caches_are_refused_or_judged() {
    let desk = Desk::fresh("1.27.");
    // A few entries are enough, and quick.
    for folder in 8..=255 {
        fs::remove_dir_all(desk.cache().join(format!("{folder:02x}"))).unwrap();
    }
    let packed = desk.pack("cache.tar", "--no-auto-compress");
    let whole = fs::read(packed).unwrap();
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..60 {
        let mut bent = whole.clone();
        bend(&mut bent, &mut random);
        // Headers lie on multiples of 512.
        let at = random.random_range(0..bent.len().div_ceil(512)) * 512;
        let at = (at + random.random_range(0..256)).min(bent.len() - 1);
        bent[at] = random.random();
        let path = desk.path("bent.tar");
        fs::write(&path, bent).unwrap();
        let output = environment::command("verify-build")
            .args(["cache", "audit"])
            .arg(&path)
            .output()
            .unwrap();
        let code = output.status.code();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            // 3: some of it can not be judged.
            matches!(code, Some(0..=3)),
            "round {round}: {code:?} {said}"
        );
        assert!(!said.contains("panicked"), "round {round}: {said}");
    }
}
