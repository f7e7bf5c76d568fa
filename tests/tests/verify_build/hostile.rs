//! Real programs, cut and bent: an answer or a clear error, never a panic.

use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use verifier::artifact::Artifact;
use verifier::compare::Outcome;
use verifier::diff::Verdict;
use verifier::input::Input;

use crate::workshop::Workshop;

/// Mutations of each program.
const ROUNDS: u64 = 60;

fn artifact(bytes: Vec<u8>) -> Artifact {
    let mut sha256 = [0; 32];
    // Any name will do, as long as equal bytes share it.
    bytes
        .iter()
        .enumerate()
        .for_each(|(at, byte)| sha256[at % 32] = u8::wrapping_add(sha256[at % 32], *byte));
    Artifact::of(Input {
        path: PathBuf::from("bent"),
        bytes: bytes.into(),
        sha256,
        identity: None,
    })
}

fn names() -> [String; 2] {
    ["a".into(), "b".into()]
}

/// Bends headers and tables more than code: that is where lies matter.
fn bend(bytes: &mut Vec<u8>, random: &mut StdRng, tables: &[usize]) {
    for _ in 0..random.random_range(1..12) {
        let near = tables[random.random_range(0..tables.len())];
        let at = match random.random_range(0..4) {
            0 => random.random_range(0..bytes.len().min(4096)),
            1 => random.random_range(0..bytes.len()),
            _ => (near + random.random_range(0..128)).min(bytes.len() - 1),
        };
        match random.random_range(0..3) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
    if random.random_range(0..4) == 0 {
        bytes.truncate(random.random_range(1..bytes.len()));
    }
}

#[test]
fn bent_programs_never_panic() {
    let mut shop = Workshop::new();
    let platforms = [
        ["GOOS=linux", "GOARCH=amd64"],
        ["GOOS=windows", "GOARCH=amd64"],
        ["GOOS=darwin", "GOARCH=arm64"],
        ["GOOS=js", "GOARCH=wasm"],
        ["GOOS=linux", "GOARCH=386"],
    ];
    for platform in platforms {
        let built = shop.build(&platform, &[]);
        let whole = artifact(std::fs::read(built).unwrap());
        // Where regions begin, and the marks that layers above look for.
        let mut tables: Vec<usize> = whole
            .image
            .regions
            .iter()
            .map(|region| region.range.start)
            .collect();
        tables.extend(
            whole
                .go
                .stamps
                .iter()
                .map(|stamp| stamp.range.start.saturating_sub(64)),
        );
        tables.extend(
            whole
                .image
                .region("(section headers)")
                .map(|region| region.range.end - 256),
        );
        for seed in 0..ROUNDS {
            let mut bytes = whole.bytes().to_vec();
            bend(&mut bytes, &mut StdRng::seed_from_u64(seed), &tables);
            let bent = artifact(bytes);
            let covered: usize = bent
                .image
                .regions
                .iter()
                .map(|region| region.range.len())
                .sum();
            assert_eq!(covered, bent.bytes().len(), "{platform:?} seed {seed}");
            let outcome = Outcome::of(&whole, &bent, names());
            if whole.bytes() != bent.bytes() {
                assert_ne!(
                    outcome.verdict,
                    Verdict::Identical,
                    "{platform:?} seed {seed}"
                );
            }
            if outcome.verdict == Verdict::Different {
                assert!(!outcome.causes.is_empty(), "{platform:?} seed {seed}");
            }
        }
    }
}

#[test]
fn every_short_cut_is_survived() {
    let mut shop = Workshop::new();
    let built = shop.build(&[], &["-ldflags=-s"]);
    let whole = std::fs::read(built).unwrap();
    for len in (0..4096)
        .step_by(61)
        .chain((4096..whole.len()).step_by(200_003))
    {
        let cut = artifact(whole[..len].to_vec());
        let outcome = Outcome::of(&cut, &cut, names());
        assert!(outcome.diff.is_none());
    }
}
