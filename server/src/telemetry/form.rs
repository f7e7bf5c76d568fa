//! What is added to each line on standard error: which request wrote it.

use std::fmt::{self, Write as _};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::context::Context;

/// A line of the library's, with the service's name and the request's fields added.
pub(super) struct Added<L> {
    line: L,
    service_name: String,
    add: Add,
}

/// Adds to a finished line the service's name and, where a request wrote it, its fields.
type Add = fn(&mut String, &str, Option<&Context>) -> fmt::Result;

impl Added<Format<Full>> {
    /// Lines for people.
    pub(super) fn text(line: Format<Full>, service_name: String) -> Self {
        Self {
            line,
            service_name,
            add: to_text,
        }
    }
}

impl Added<Format<Json>> {
    /// Lines that are JSON objects.
    pub(super) fn json(line: Format<Json>, service_name: String) -> Self {
        Self {
            line,
            service_name,
            add: to_object,
        }
    }
}

impl<S, N, L> FormatEvent<S, N> for Added<L>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    L: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.line
            .format_event(context, Writer::new(&mut line), event)?;
        if line.ends_with('\n') {
            line.pop();
        }
        Context::with(|of| (self.add)(&mut line, &self.service_name, of))?;
        line.push('\n');
        writer.write_str(&line)
    }
}

fn to_text(line: &mut String, service_name: &str, of: Option<&Context>) -> fmt::Result {
    match of {
        Some(of) => write!(
            line,
            " trace_id={} span_id={} service_name={service_name}",
            of.trace_id, of.span_id
        ),
        None => Ok(()),
    }
}

fn to_object(line: &mut String, service_name: &str, of: Option<&Context>) -> fmt::Result {
    // Whatever else the library makes is told as it is.
    if !line.ends_with('}') {
        return Ok(());
    }
    line.pop();
    // The settings let a name have nothing that JSON would escape.
    write!(line, ",\"service_name\":\"{service_name}\"")?;
    if let Some(of) = of {
        write!(
            line,
            ",\"trace_id\":\"{}\",\"span_id\":\"{}\"",
            of.trace_id, of.span_id
        )?;
    }
    line.push('}');
    Ok(())
}
