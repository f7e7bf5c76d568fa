//! A part of all traces.

use super::kind::Kind;

/// A part of all traces.
///
/// The same traces are taken for the same part everywhere, and those for a smaller part
/// are among those for a larger one: it is decided by the trace's name, as
/// `TraceIdRatioBased` of OpenTelemetry does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio(f64);

impl Ratio {
    /// All of them.
    pub const ALL: Self = Self(1.0);

    /// Takes a number from 0 to 1.
    pub fn new(part: f64) -> Option<Self> {
        (0.0..=1.0).contains(&part).then_some(Self(part))
    }

    /// Says whether a trace is among them, by its name.
    pub fn has(self, trace_id: u128) -> bool {
        // The low half is the random one; 63 bits of it, as others do.
        #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
        let random = (trace_id as u64) >> 1;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bound that is a few traces in 2^63 off is as good"
        )]
        let bound = (self.0 * (1_u64 << 63) as f64) as u64;
        random < bound
    }
}

/// A number from 0 to 1, or the same as `5%`.
pub(super) struct PartOfAll;

impl Kind for PartOfAll {
    type Setting = Ratio;

    fn parse(text: &str) -> Result<Ratio, String> {
        let number = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().map(|percent: f64| percent / 100.0),
            None => text.parse(),
        };
        number
            .ok()
            .and_then(Ratio::new)
            .ok_or_else(|| format!("`{text}` is not a share of a whole; write a number from 0 to 1, or a percentage such as 5%"))
    }

    fn print(ratio: &Ratio) -> String {
        ratio.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_part_of_traces_is_among_a_larger_one() {
        let (none, tenth, half) = (Ratio(0.0), Ratio(0.1), Ratio(0.5));
        let (mut in_tenth, mut in_half) = (0, 0);
        for n in 1..=10_000_u128 {
            // Spread over the low half as random names are.
            let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!(half.has(id) || !tenth.has(id));
            assert!(Ratio::ALL.has(id) && !none.has(id));
            in_tenth += usize::from(tenth.has(id));
            in_half += usize::from(half.has(id));
        }
        assert!((900..1100).contains(&in_tenth), "{in_tenth}");
        assert!((4800..5200).contains(&in_half), "{in_half}");
        assert!(Ratio::ALL.has(u128::MAX));
    }

    #[test]
    fn a_part_is_a_number_from_0_to_1() {
        for (text, want) in [
            ("0", Some(0.0)),
            ("1", Some(1.0)),
            ("0.05", Some(0.05)),
            ("5%", Some(0.05)),
            ("100%", Some(1.0)),
            ("1.01", None),
            ("-0.1", None),
            ("NaN", None),
            ("", None),
            ("%", None),
            ("half", None),
        ] {
            assert_eq!(PartOfAll::parse(text).ok(), want.map(Ratio), "{text}");
        }
    }
}
