//! Where things of the first file lie in the second, as far as code tells: runs
//! of addresses that all moved by one distance.

/// A run of addresses of the first file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
    /// What is added to them, wrapping.
    distance: u64,
}

/// Runs of addresses that moved alike, in the order of the first file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves(Vec<Run>);

impl Moves {
    /// Joins pairs of addresses that are one place, sorted by the first.
    pub(in crate::diff) fn of(mut pairs: Vec<(u64, u64)>) -> Self {
        pairs.sort_unstable();
        let mut runs: Vec<Run> = Vec::new();
        for (a, b) in pairs {
            let distance = b.wrapping_sub(a);
            match runs.last_mut() {
                Some(last) if last.distance == distance => last.last = a,
                _ => runs.push(Run {
                    first: a,
                    last: a,
                    distance,
                }),
            }
        }
        Self(runs)
    }

    /// Says whether anything moved at all.
    pub fn any(&self) -> bool {
        self.0.iter().any(|run| run.distance != 0)
    }

    /// Says whether one address may have become the other: the run that it lies in
    /// moved by that distance, or, between two runs, one of them.
    pub fn lead(&self, a: u64, b: u64) -> bool {
        let distance = b.wrapping_sub(a);
        let after = self.0.partition_point(|run| run.first <= a);
        let before = after.checked_sub(1).and_then(|at| self.0.get(at));
        match before {
            Some(run) if a <= run.last => run.distance == distance,
            _ => [before, self.0.get(after)]
                .into_iter()
                .flatten()
                .any(|run| run.distance == distance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_moves_with_its_run() {
        let moves = Moves::of(vec![
            (0x2000, 0x2010),
            (0x1000, 0x1000),
            (0x1100, 0x1100),
            (0x2100, 0x2110),
        ]);
        assert!(moves.any());
        assert!(moves.lead(0x1080, 0x1080));
        assert!(!moves.lead(0x1080, 0x1090));
        assert!(moves.lead(0x2050, 0x2060));
        assert!(!moves.lead(0x2050, 0x2050));
        // Between two runs it went with either, and nowhere else.
        assert!(moves.lead(0x1f00, 0x1f00) && moves.lead(0x1f00, 0x1f10));
        assert!(!moves.lead(0x1f00, 0x1f08));
        assert!(!Moves::of(vec![(1, 1), (9, 9)]).any());
        assert!(!Moves::default().lead(1, 2));
    }
}
