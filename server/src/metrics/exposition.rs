//! The formats of `/metrics`, and which one a client gets.
//!
//! The library writes OpenMetrics only, and lets nobody hand it examples. So both are made
//! of its text, line by line: examples are put behind their samples, and the older
//! format, which every tool reads, differs in what the lines about types say.
//!
//! Source: OpenMetrics 1.0; Prometheus, "Exposition formats", text format 0.0.4.

use std::collections::BTreeMap;

/// A format of `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The text format of Prometheus, 0.0.4.
    Text,
    /// OpenMetrics 1.0, which has examples.
    OpenMetrics,
}

impl Format {
    /// Returns the format that an `Accept` header asks for: OpenMetrics where it names it
    /// and likes it as well as plain text, else plain text. No header, text.
    pub fn of_accept(accept: &str) -> Self {
        let mut open_metrics = None;
        let mut text: f32 = 0.0;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(Some(1.0), |q| q.parse::<f32>().ok());
            let Some(quality) = quality.filter(|q| *q > 0.0) else {
                continue;
            };
            match &*kind {
                "application/openmetrics-text" => open_metrics = Some(quality),
                "text/plain" => text = text.max(quality),
                // They take anything, and did not ask for it by name.
                _ => {}
            }
        }
        match open_metrics {
            Some(quality) if quality >= text => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    /// Returns its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Puts examples behind samples; `exemplars` has them by series.
pub(super) fn with_exemplars(page: &str, exemplars: &BTreeMap<String, String>) -> String {
    if exemplars.is_empty() {
        return page.to_owned();
    }
    let mut out = String::with_capacity(page.len() + exemplars.len() * 100);
    for line in page.lines() {
        out.push_str(line);
        let series = line.rsplit_once(' ').map(|(series, _)| series);
        if let Some(exemplar) = series.and_then(|series| exemplars.get(series)) {
            out.push_str(" # ");
            out.push_str(exemplar);
        }
        out.push('\n');
    }
    out
}

/// Makes text format 0.0.4 of a page of OpenMetrics without examples.
pub(super) fn as_text(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    // The type comes behind the help, and decides how both are called.
    let mut help = None;
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        let (hash, word) = (words.next(), words.next());
        let (name, rest) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        match (hash, word) {
            (Some("#"), Some("HELP")) => help = Some(rest),
            (Some("#"), Some("TYPE")) => {
                let (name, kind) = of_type(name, rest);
                if let Some(help) = help.take() {
                    out.push_str(&format!("# HELP {name} {help}\n"));
                }
                out.push_str(&format!("# TYPE {name} {kind}\n"));
            }
            (Some("#"), _) => {}
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// Returns how a metric and its type are called: OpenMetrics names a family, the older
/// format the samples.
fn of_type(name: &str, kind: &str) -> (String, String) {
    match kind {
        "counter" => (format!("{name}_total"), kind.to_owned()),
        "info" => (format!("{name}_info"), "gauge".to_owned()),
        "unknown" => (name.to_owned(), "untyped".to_owned()),
        _ => (name.to_owned(), kind.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_asks_for() {
        // What Prometheus 2.42, its 3.x, VictoriaMetrics, curl and a browser send.
        for (accept, want) in [
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.2",
                Format::OpenMetrics,
            ),
            ("text/plain;version=0.0.4;q=1,*/*;q=0.1", Format::Text),
            (
                "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.2",
                Format::Text,
            ),
            ("*/*", Format::Text),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Text),
            ("", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("application/openmetrics-text;q=0", Format::Text),
            ("application/openmetrics-text;q=x", Format::Text),
            (",;,q=;=", Format::Text),
        ] {
            assert_eq!(Format::of_accept(accept), want, "{accept}");
        }
    }

    #[test]
    fn the_older_format_names_samples() {
        let page = "# HELP a_seconds Long.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n\
                    # HELP b What.\n# TYPE b info\nb_info{version=\"1\"} 1\n# HELP c C c.\n# TYPE c gauge\nc 2\n# EOF\n";
        let want = "# HELP a_seconds_total Long.\n# TYPE a_seconds_total counter\na_seconds_total 1\n\
                    # HELP b_info What.\n# TYPE b_info gauge\nb_info{version=\"1\"} 1\n# HELP c C c.\n# TYPE c gauge\nc 2\n";
        assert_eq!(as_text(page), want);
    }

    #[test]
    fn an_example_stands_behind_its_sample() {
        let exemplars = [("a{le=\"1.0\"}", "{trace_id=\"x\"} 0.5 7.000")];
        let exemplars = exemplars.map(|(series, text)| (series.to_owned(), text.to_owned()));
        let page = with_exemplars(
            "a{le=\"1.0\"} 3\na{le=\"+Inf\"} 3\n# EOF\n",
            &exemplars.into(),
        );
        let want = "a{le=\"1.0\"} 3 # {trace_id=\"x\"} 0.5 7.000\na{le=\"+Inf\"} 3\n# EOF\n";
        assert_eq!(page, want);
    }
}
