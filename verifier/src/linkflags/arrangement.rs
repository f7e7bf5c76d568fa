//! Flags put together: in every order, each in every spelling.

use std::ops::ControlFlow;

pub(super) type Words = Vec<String>;

/// One flag or several that stand together, in each of their spellings.
pub(super) type Choice = Vec<Words>;

/// Takes a candidate, and says whether to go on.
pub(super) type Take<'t> = &'t mut dyn FnMut(&[String]) -> ControlFlow<()>;

/// Goes through every order of the parts and every spelling of each.
pub(super) fn arrange(parts: &[&Choice], take: Take<'_>) -> ControlFlow<()> {
    let straight: Vec<usize> = (0..parts.len()).collect();
    let mut orders = Vec::new();
    permutations(&straight, &mut |order| orders.push(order.to_vec()));
    for order in orders {
        let parts: Vec<&Choice> = order
            .iter()
            .filter_map(|at| parts.get(*at).copied())
            .collect();
        spell(&parts, &mut Words::new(), take)?;
    }
    ControlFlow::Continue(())
}

fn spell(parts: &[&Choice], words: &mut Words, take: Take<'_>) -> ControlFlow<()> {
    let Some((first, rest)) = parts.split_first() else {
        return take(words);
    };
    for spelling in *first {
        let len = words.len();
        words.extend(spelling.iter().cloned());
        let flow = spell(rest, words, take);
        words.truncate(len);
        flow?;
    }
    ControlFlow::Continue(())
}

/// Goes through every order, the straight one first.
pub(super) fn permutations(left: &[usize], each: &mut dyn FnMut(&[usize])) {
    fn go(taken: &mut Vec<usize>, left: &[usize], each: &mut dyn FnMut(&[usize])) {
        if left.is_empty() {
            return each(taken);
        }
        for (at, next) in left.iter().enumerate() {
            taken.push(*next);
            let rest = [&left[..at], &left[at + 1..]].concat();
            go(taken, &rest, each);
            taken.pop();
        }
    }
    go(&mut Vec::new(), left, each);
}

/// Every choice of so many out of all, in order.
pub(super) fn combinations(all: usize, count: usize) -> Vec<Vec<usize>> {
    match count {
        0 => vec![Vec::new()],
        1 => (0..all).map(|one| vec![one]).collect(),
        _ => (0..all)
            .flat_map(|one| (one + 1..all).map(move |other| vec![one, other]))
            .collect(),
    }
}
