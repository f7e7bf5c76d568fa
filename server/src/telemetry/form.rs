//! What is added to each line on standard error: which request wrote it.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::context::Context;

/// A line for people, with the request's fields behind its own.
pub(super) struct Text {
    pub(super) line: Format<Full>,
    pub(super) service_name: String,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
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
        writer.write_str(line.strip_suffix('\n').unwrap_or(&line))?;
        Context::with(|of| match of {
            Some(of) => write!(
                writer,
                " trace_id={} span_id={} service_name={}",
                of.trace_id, of.span_id, self.service_name
            ),
            None => Ok(()),
        })?;
        writer.write_char('\n')
    }
}

/// A JSON object, with the service's name and the request's fields in it.
pub(super) struct Object {
    pub(super) line: Format<Json>,
    pub(super) service_name: String,
}

impl<S, N> FormatEvent<S, N> for Object
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
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
        let Some(open) = line.trim_end().strip_suffix('}') else {
            return writer.write_str(&line);
        };
        // The settings let a name have nothing that JSON would escape.
        write!(writer, "{open},\"service_name\":\"{}\"", self.service_name)?;
        Context::with(|of| match of {
            Some(of) => write!(
                writer,
                ",\"trace_id\":\"{}\",\"span_id\":\"{}\"",
                of.trace_id, of.span_id
            ),
            None => Ok(()),
        })?;
        writer.write_str("}\n")
    }
}
