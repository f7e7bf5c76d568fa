//! Text as the page shows it.

/// Returns text of others as it stands in HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Says how long something was: `50 s`, `12 min`, `3 h`, `5 days`.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_of_others_stays_text() {
        assert_eq!(super::escape("<a&\">"), "&lt;a&amp;&quot;&gt;");
    }

    #[test]
    fn times_are_said_as_people_do() {
        let said = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(super::ago);
        let want = ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"];
        assert_eq!(said, want);
    }
}
