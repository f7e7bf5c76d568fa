//! Delta debugging: from many variations that together change a build to the
//! few that do.
//!
//! Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing
//! Input", the algorithm ddmin; one change: what was tried is remembered.

use std::collections::BTreeMap;

/// Returns a smallest subset of `all` for which `matters` holds: leaving out any
/// one of its members, it holds no longer.
///
/// `matters` must hold for `all`, and is asked about each subset once. It takes
/// about 2 log2(n) questions where one member is to blame, and never more than
/// n² + 3n.
///
/// # Errors
/// The first error of `matters`.
pub fn minimal<E>(
    all: &[usize],
    mut matters: impl FnMut(&[usize]) -> Result<bool, E>,
) -> Result<Vec<usize>, E> {
    let mut known: BTreeMap<Vec<usize>, bool> = BTreeMap::new();
    let mut ask = |subset: &[usize]| -> Result<bool, E> {
        if let Some(answer) = known.get(subset) {
            return Ok(*answer);
        }
        let answer = !subset.is_empty() && matters(subset)?;
        known.insert(subset.to_vec(), answer);
        Ok(answer)
    };
    let mut current = all.to_vec();
    let mut parts = 2;
    while current.len() > 1 {
        let chunks = split(&current, parts);
        let mut next = None;
        for chunk in &chunks {
            if ask(chunk)? {
                next = Some((chunk.clone(), 2));
                break;
            }
        }
        // With two parts each is the other's complement and was asked about.
        if next.is_none() && parts > 2 {
            for chunk in &chunks {
                let rest = without(&current, chunk);
                if ask(&rest)? {
                    next = Some((rest, parts - 1));
                    break;
                }
            }
        }
        match next {
            Some((smaller, finer)) => {
                parts = finer.clamp(2, smaller.len().max(2));
                current = smaller;
            }
            None if parts >= current.len() => break,
            None => parts = (parts * 2).min(current.len()),
        }
    }
    Ok(current)
}

/// Returns the members of `all` that are not in `some`.
pub fn without(all: &[usize], some: &[usize]) -> Vec<usize> {
    let kept = all.iter().filter(|one| !some.contains(one));
    kept.copied().collect()
}

/// Cuts into parts whose sizes differ by one at most.
fn split(all: &[usize], parts: usize) -> Vec<Vec<usize>> {
    let cut = |part: usize| all.len() * part / parts;
    (0..parts)
        .map(|part| all[cut(part)..cut(part + 1)].to_vec())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Asks about sets that contain every culprit; counts the questions.
    fn find(size: usize, culprits: &[usize]) -> (Vec<usize>, usize) {
        let all: Vec<usize> = (0..size).collect();
        let mut asked = 0;
        let found = minimal(&all, |subset| -> Result<bool, ()> {
            asked += 1;
            Ok(culprits.iter().all(|one| subset.contains(one)))
        });
        (found.unwrap(), asked)
    }

    #[test]
    fn every_single_culprit_and_every_pair_of_seventeen_is_found() {
        for a in 0..17 {
            let (found, asked) = find(17, &[a]);
            assert_eq!(found, [a]);
            assert!(asked <= 10, "{asked} builds for {a}");
            for b in a + 1..17 {
                let (found, asked) = find(17, &[a, b]);
                assert_eq!(found, [a, b]);
                assert!(asked <= 45, "{asked} builds for {a} and {b}");
            }
        }
    }

    #[test]
    fn an_error_ends_it() {
        let stopped = minimal(&[0, 1, 2], |_| Err::<bool, _>("stopped"));
        assert_eq!(stopped, Err("stopped"));
    }

    proptest! {
        /// Two sets are to blame, each alone: what is found is one of them, or a
        /// set from which nothing can be left out.
        #[test]
        fn what_is_found_matters_and_nothing_can_be_left_out(
            size in 1_usize..20,
            one in prop::collection::btree_set(0_usize..20, 1..4),
            other in prop::collection::btree_set(0_usize..20, 1..4),
        ) {
            let inside = |set: &std::collections::BTreeSet<usize>| -> Vec<usize> {
                set.iter().map(|member| member % size).collect()
            };
            let (one, other) = (inside(&one), inside(&other));
            let matters = |subset: &[usize]| {
                [&one, &other].iter().any(|set| set.iter().all(|member| subset.contains(member)))
            };
            let all: Vec<usize> = (0..size).collect();
            let mut asked = 0;
            let found = minimal(&all, |subset| -> Result<bool, ()> {
                asked += 1;
                Ok(matters(subset))
            }).unwrap();
            prop_assert!(matters(&found));
            for leave in &found {
                prop_assert!(!matters(&without(&found, &[*leave])));
            }
            prop_assert!(asked <= size * size + 3 * size);
        }
    }
}
