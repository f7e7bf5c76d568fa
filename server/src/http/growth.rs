//! How a log has grown, as a small plot.

use std::fmt::Write as _;

use crate::sumdb::Point;

const WIDTH: u64 = 160;
const HEIGHT: u64 = 28;

/// Draws points of seconds since 1970 and records, in the order of time; nothing where
/// there are fewer than two.
pub(super) fn plot(points: &[Point]) -> String {
    let ([first, .., last], true) = (points, points.len() > 1) else {
        return String::new();
    };
    let (from, to) = (first.0, last.0.max(first.0 + 1));
    let (low, high) = (first.1, last.1.max(first.1 + 1));
    let mut line = String::new();
    for (at, size) in points {
        let x = (at.clamp(&from, &to) - from) * WIDTH / (to - from);
        let y = HEIGHT - (size.clamp(&low, &high) - low) * HEIGHT / (high - low);
        // Writing to a String cannot fail.
        let _ = write!(line, "{x},{} ", y + 1);
    }
    let days = (to - from) / 86_400;
    format!(
        "<svg class=plot role=img width={WIDTH} height={} viewBox=\"0 0 {WIDTH} {}\"><title>from {low} to {} records in {days} days</title>\
         <polyline points=\"{}\"/></svg>",
        HEIGHT + 2,
        HEIGHT + 2,
        last.1,
        line.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::plot;

    #[test]
    fn points_are_put_into_the_picture_by_time_and_size() {
        assert_eq!(plot(&[]), "");
        assert_eq!(plot(&[(5, 5)]), "");
        let svg = plot(&[(0, 10), (86_400, 20), (172_800, 30)]);
        assert!(svg.contains("points=\"0,29 80,15 160,1\""), "{svg}");
        assert!(svg.contains("from 10 to 30 records in 2 days"), "{svg}");
        // A clock that was set back, and a log that stood still, are drawn too.
        let svg = plot(&[(9, 7), (3, 7), (9, 7)]);
        assert!(svg.contains("points=\"0,29 0,29 0,29\""), "{svg}");
        // As large as there can be.
        plot(&[(0, 0), (u64::MAX / 200, u64::MAX / 200)]);
    }
}
