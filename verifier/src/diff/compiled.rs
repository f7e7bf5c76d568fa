//! What differs between two compiled packages, in words.

use proto::finding::Evidence;
use proto::goobj::diff::{Change, Form, MemberChange};
use proto::quantity;

/// The most symbols of a member given as evidence; JSON has them all.
const SYMBOLS_MAX: usize = 20;

/// The most symbols named in a sentence.
const NAMED_MAX: usize = 3;

/// Names what differs: the first symbol and how many more, objects of the C
/// compiler, or else the members.
pub(crate) fn words(members: &[MemberChange]) -> String {
    let symbols: Vec<&str> = members
        .iter()
        .flat_map(|member| &member.symbols)
        .map(|symbol| symbol.name.as_str())
        .collect();
    let foreign = members
        .iter()
        .filter(|member| member.form == Form::Foreign)
        .count();
    let mut words = Vec::new();
    let named = symbols[..symbols.len().min(NAMED_MAX)].join(", ");
    match symbols.len() {
        0 => {}
        1 => words.push(format!("symbol {named}")),
        2..=NAMED_MAX => words.push(format!("symbols {named}")),
        count => words.push(format!("symbols {named} and {} more", count - NAMED_MAX)),
    }
    match foreign {
        0 => {}
        1 => words.push("1 object of the C compiler".to_owned()),
        count => words.push(format!("{count} objects of the C compiler")),
    }
    if words.is_empty() {
        let names = members.iter().map(|member| member.name.as_str());
        words.push(names.collect::<Vec<_>>().join(", "));
    }
    words.join(", ")
}

/// Says whether the Go code is the same and only what came from C differs.
pub(crate) fn only_c(members: &[MemberChange]) -> bool {
    !members.is_empty() && members.iter().all(|member| member.form == Form::Foreign)
}

/// Returns members and symbols as evidence.
pub(crate) fn evidence(members: &[MemberChange]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for member in members {
        let size = |side: usize| member.sizes[side].map(quantity::bytes);
        evidence.push(Evidence {
            place: format!("member {}", member.name),
            a: size(0),
            b: size(1),
        });
        let symbols = member.symbols.iter().take(SYMBOLS_MAX);
        evidence.extend(symbols.map(|symbol| {
            let [a, b] = sides(&symbol.change);
            Evidence {
                place: format!("{} {}", symbol.class.as_str(), symbol.name),
                a,
                b,
            }
        }));
    }
    evidence
}

/// What each side has in a symbol's place.
fn sides(change: &Change) -> [Option<String>; 2] {
    match change {
        Change::Only { side, size } => {
            let size = quantity::bytes(size);
            [
                (*side == 0).then(|| size.clone()),
                (*side == 1).then_some(size),
            ]
        }
        Change::Bytes { sizes, offset, .. } => sizes.map(|size| {
            let bytes = quantity::bytes(size);
            Some(format!("{bytes}, other ones from offset {offset:#x} on"))
        }),
        Change::Reference { offset, targets } => targets.clone().map(|target| {
            let target = target.unwrap_or_else(|| "nothing".to_owned());
            Some(format!("refers to {target} at offset {offset:#x}"))
        }),
        Change::Attributes | Change::Tables { .. } => {
            let words = change.describe(["a", "b"]);
            [Some(words.clone()), Some(words)]
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::goobj::diff::SymbolChange;
    use proto::goobj::symbol::Class;

    use super::*;

    fn symbol(name: &str, change: Change) -> SymbolChange {
        SymbolChange {
            name: name.into(),
            class: Class::Function,
            change,
        }
    }

    fn member(name: &str, form: Form, symbols: Vec<SymbolChange>) -> MemberChange {
        MemberChange {
            name: name.into(),
            form,
            sizes: [Some(1), None],
            imports: Vec::new(),
            symbols,
            omitted: 0,
            unread: None,
        }
    }

    fn go(names: &[&str]) -> MemberChange {
        let symbols = names.iter().map(|name| symbol(name, Change::Attributes));
        member("_go_.o", Form::Go, symbols.collect())
    }

    fn foreign(name: &str) -> MemberChange {
        member(name, Form::Foreign, Vec::new())
    }

    #[test]
    fn the_first_symbols_are_named_and_objects_of_c_counted() {
        for (members, want) in [
            (vec![go(&["p.a"])], "symbol p.a"),
            (vec![go(&["p.a", "p.b"])], "symbols p.a, p.b"),
            (vec![go(&["p.a", "p.b", "p.c"])], "symbols p.a, p.b, p.c"),
            (
                vec![go(&["p.a", "p.b"]), go(&["p.c", "p.d", "p.e"])],
                "symbols p.a, p.b, p.c and 2 more",
            ),
            (vec![foreign("x.o")], "1 object of the C compiler"),
            (
                vec![go(&["p.a"]), foreign("x.o"), foreign("y.o")],
                "symbol p.a, 2 objects of the C compiler",
            ),
            (
                vec![member("__.PKGDEF", Form::Export, vec![]), go(&[])],
                "__.PKGDEF, _go_.o",
            ),
        ] {
            assert_eq!(words(&members), want);
        }
    }

    #[test]
    fn c_alone_is_c_in_every_member() {
        assert!(only_c(&[foreign("x.o"), foreign("y.o")]));
        assert!(!only_c(&[foreign("x.o"), go(&["p.a"])]));
        assert!(!only_c(&[]));
    }

    #[test]
    fn each_change_is_shown_on_the_sides_that_have_it() {
        let changes = vec![
            symbol("p.first", Change::Only { side: 0, size: 8 }),
            symbol("p.second", Change::Only { side: 1, size: 1 }),
            symbol(
                "p.bytes",
                Change::Bytes {
                    sizes: [8, 16],
                    offset: 4,
                    differing: 9,
                },
            ),
            symbol(
                "p.reference",
                Change::Reference {
                    offset: 2,
                    targets: [Some("q.x".into()), None],
                },
            ),
            symbol("p.attributes", Change::Attributes),
        ];
        let evidence = evidence(&[member("_go_.o", Form::Go, changes)]);
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
        let shown: Vec<[String; 3]> = evidence
            .iter()
            .map(|one| [one.place.clone(), side(&one.a), side(&one.b)])
            .collect();
        assert_eq!(
            shown[..5],
            [
                ["member _go_.o", "1 byte", "-"],
                ["function p.first", "8 bytes", "-"],
                ["function p.second", "-", "1 byte"],
                [
                    "function p.bytes",
                    "8 bytes, other ones from offset 0x4 on",
                    "16 bytes, other ones from offset 0x4 on"
                ],
                [
                    "function p.reference",
                    "refers to q.x at offset 0x2",
                    "refers to nothing at offset 0x2"
                ],
            ]
        );
        assert_eq!(shown[5][0], "function p.attributes");
        assert_eq!(shown[5][1], shown[5][2]);
        assert_ne!(shown[5][1], "-");
    }
}
