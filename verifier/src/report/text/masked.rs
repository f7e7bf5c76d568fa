//! The second verdict in words; never without saying that it is no equality.

use std::io;

use proto::visible::clean;

use super::{Color, Printer};
use crate::quantity;
use crate::report::Comparison;
use crate::report::masked::{Masked, Place};

/// Places of one mask shown for each file.
const PLACES_SHOWN: usize = 16;

impl Printer<'_> {
    /// An alarm is what forbids to take the two for equal whatever is masked.
    pub(super) fn masked(&mut self, pair: &Comparison, alarm: Option<&str>) -> io::Result<()> {
        let Some(masked) = &pair.masked else {
            return Ok(());
        };
        if masked.equal {
            self.equal(&masked.describe(), alarm)?;
        } else if !masked.more.is_empty() {
            self.equal_on_demand(masked, alarm)?;
        }
        if !self.style.verbose {
            return Ok(());
        }
        writeln!(self.out, "\n  masks ({})", masked.set)?;
        for mask in &masked.masks {
            let differs = if mask.differs { "differs" } else { "equal" };
            let asked = if mask.what.is_mark() {
                ""
            } else {
                ", masked on demand"
            };
            writeln!(self.out, "    {}: {differs}{asked}", mask.what.as_str())?;
            for (letter, places) in pair.letters.iter().zip([&mask.a, &mask.b]) {
                writeln!(self.out, "      {letter}: {}", list(places))?;
            }
        }
        if !masked.equal && masked.more.is_empty() {
            writeln!(self.out, "    what is left differs, too")?;
        }
        Ok(())
    }

    fn equal(&mut self, hidden: &str, alarm: Option<&str>) -> io::Result<()> {
        let Some(alarm) = alarm else {
            let answer = self.paint("EQUAL AFTER MASKING", Color::Yellow);
            return writeln!(self.out, "\n{answer}: {hidden}; this is not equality");
        };
        let answer = self.paint("NOT ACCEPTED AFTER MASKING", Color::Red);
        let alarm = clean(alarm);
        writeln!(
            self.out,
            "\n{answer}: nothing but {hidden} differs, and yet: {alarm}"
        )
    }

    fn equal_on_demand(&mut self, masked: &Masked, alarm: Option<&str>) -> io::Result<()> {
        let answer = self.paint("NOT EQUAL AFTER MASKING", Color::Yellow);
        let names: Vec<&str> = masked.more.iter().map(|what| what.as_str()).collect();
        let accept = match alarm {
            Some(alarm) => format!("--accept does not take it: {}", clean(alarm)),
            None => {
                let hiding = masked.masks.iter().filter(|mask| mask.differs);
                let kinds: Vec<&str> = hiding.map(|mask| mask.what.name()).collect();
                format!("--accept masked={} takes it", kinds.join(","))
            }
        };
        writeln!(
            self.out,
            "\n{answer}: {} differ, which are part of what was built; besides that nothing differs ({accept})",
            names.join(", ")
        )
    }
}

fn list(places: &[Place]) -> String {
    let shown = places.iter().take(PLACES_SHOWN);
    let mut words: Vec<String> = shown
        .map(|place| format!("{} at {:#x}", quantity::bytes(place.size), place.offset))
        .collect();
    match places.len().saturating_sub(PLACES_SHOWN) {
        0 if words.is_empty() => words.push("none".into()),
        0 => {}
        more => words.push(format!("{more} more")),
    }
    words.join(", ")
}
