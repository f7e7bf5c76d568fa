//! The line table of a made program, in the layout of Go 1.20 and later.

use super::Function;

/// Makes the table; `places` has where each function begins in the code section, and its
/// length.
pub(super) fn of(
    functions: &[Function<'_>],
    places: &[(&str, usize, usize)],
    text_start: u64,
) -> Vec<u8> {
    const WORDS: usize = 8;
    let mut files: Vec<&str> = Vec::new();
    for (file, ..) in functions.iter().flat_map(|function| &function.lines) {
        if !files.contains(file) {
            files.push(file);
        }
    }
    let (names, name_at) = texts(functions.iter().map(|function| function.name));
    let (file_names, file_at) = texts(files.iter().copied());
    // An offset of zero is no table.
    let mut steps = vec![0];
    let mut records = Vec::new();
    let mut entries = Vec::new();
    let entries_len = (2 * functions.len() + 1) * 4;
    for (index, function) in functions.iter().enumerate() {
        let file = |name: &str| files.iter().position(|known| *known == name);
        let files = function.lines.iter();
        let files = files.map(|(name, _, len)| (file(name).unwrap() as i64, *len));
        let lines = function.lines.iter();
        let lines = lines.map(|(_, line, len)| (i64::from(*line), *len));
        let (file_steps, line_steps) = (add(files, &mut steps), add(lines, &mut steps));
        let start = places[index].1;
        number(start, &mut entries);
        number(entries_len + records.len(), &mut entries);
        number(start, &mut records);
        number(name_at[index], &mut records);
        // Arguments, deferreturn, pcsp; the steps; no more tables; the only unit.
        let first_line = function.lines.first().map_or(0, |(_, line, _)| *line);
        for value in [0, 0, 0, file_steps, line_steps, 0, 0, first_line.into(), 0] {
            number(value, &mut records);
        }
    }
    let end = functions.len().checked_sub(1).map_or(0, |last| {
        let (_, start, len) = places[last];
        (start + len).next_multiple_of(super::ALIGN)
    });
    number(end, &mut entries);
    let mut units = Vec::new();
    file_at.iter().for_each(|at| number(*at, &mut units));
    let mut table = vec![0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];
    let starts = [names.len(), units.len(), file_names.len(), steps.len()];
    let mut at = table.len() + WORDS * 8;
    let mut words = vec![
        functions.len() as u64,
        files.len() as u64,
        text_start,
        at as u64,
    ];
    for len in starts {
        at += len;
        words.push(at as u64);
    }
    table.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    [table, names, units, file_names, steps, entries, records].concat()
}

/// Texts that end with NUL, and where each begins.
fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut starts) = (Vec::new(), Vec::new());
    for text in texts {
        starts.push(bytes.len());
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    (bytes, starts)
}

fn number(value: usize, out: &mut Vec<u8>) {
    out.extend(u32::try_from(value).unwrap().to_le_bytes());
}

/// Adds the steps of one value, and says where they begin.
fn add(values: impl Iterator<Item = (i64, u8)>, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    let mut last = -1;
    let mut steps: Vec<(i64, u64)> = Vec::new();
    for (value, len) in values {
        match steps.last_mut() {
            Some(step) if value == last => step.1 += u64::from(len),
            _ => steps.push((value - last, len.into())),
        }
        last = value;
    }
    for (delta, len) in steps {
        varint((delta << 1 ^ delta >> 63).cast_unsigned(), out);
        varint(len, out);
    }
    out.push(0);
    start
}

pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}
