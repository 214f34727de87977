//! CSV and JSON lines as one stream of rows with named cells of text.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use std::rc::Rc;

use csv::{ByteRecord, StringRecord};

use crate::domain::text::unguarded;

/// What marks the name of a cell that came as a feature in an object of features.
pub const FEATURE_PREFIX: &str = "features.";

/// A row: the line it starts on (1 is the first of the file) and its cells, by the names that
/// [`Rows::names`] gave with it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line in the file.
    pub line: u64,
    /// As many as there are names.
    pub cells: StringRecord,
}

/// What reading one row can come to.
#[derive(Debug)]
pub enum Next {
    /// A row.
    Row(Row),
    /// A row that cannot be read, and why; reading goes on after it.
    Bad {
        /// The line in the file.
        line: u64,
        /// Why.
        reason: String,
    },
    /// The end.
    End,
}

/// A stream of rows.
pub struct Rows {
    format: Format,
    names: Vec<String>,
    /// The memory of a row that is done with.
    spare: ByteRecord,
}

enum Format {
    Csv {
        reader: Box<csv::Reader<Newlines>>,
        lines: Rc<RefCell<Lines>>,
    },
    Json(JsonLines),
}

struct JsonLines {
    input: Box<dyn BufRead>,
    line: u64,
    buffer: Vec<u8>,
    /// What was read ahead to learn the names: up to the first row that can be read.
    ahead: VecDeque<Next>,
    /// Reading has failed: nothing more will come.
    broken: bool,
}

impl Rows {
    /// Looks at the first bytes: a `{` starts JSON lines, anything else is CSV with a header row.
    ///
    /// # Errors
    /// When the input cannot be read, is empty, or has no usable header.
    pub fn open(input: impl Read + 'static) -> Result<Self, String> {
        let mut input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 18, input));
        let (first, skipped) = first_byte(&mut input).map_err(|e| e.to_string())?;
        match first {
            None => Err("it is empty".to_owned()),
            Some(b'[') => Err(
                "it starts with '[': a JSON array is not read, write one JSON object a line"
                    .to_owned(),
            ),
            Some(b'{') => {
                let mut rows = Self {
                    format: Format::Json(JsonLines {
                        input,
                        line: skipped,
                        buffer: Vec::new(),
                        ahead: VecDeque::new(),
                        broken: false,
                    }),
                    names: Vec::new(),
                    spare: ByteRecord::new(),
                };
                let mut ahead = VecDeque::new();
                loop {
                    let next = rows.next_row();
                    let more = matches!(next, Next::Bad { .. });
                    ahead.push_back(next);
                    if !more {
                        break;
                    }
                }
                if let Format::Json(json) = &mut rows.format {
                    json.ahead = ahead;
                }
                Ok(rows)
            }
            Some(_) => {
                let lines = Rc::<RefCell<Lines>>::default();
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .has_headers(true)
                    .from_reader(Newlines {
                        input,
                        lines: Rc::clone(&lines),
                    });
                let header = reader
                    .byte_headers()
                    .map_err(|e| format!("its header cannot be read: {e}"))?;
                let names = header
                    .iter()
                    .map(|name| column_name(unguarded(&String::from_utf8_lossy(name))))
                    .collect();
                Ok(Self {
                    format: Format::Csv {
                        reader: Box::new(reader),
                        lines,
                    },
                    names,
                    spare: ByteRecord::new(),
                })
            }
        }
    }

    /// The names of the cells of the latest row (before the first one: of the first).
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The next row.
    pub fn next_row(&mut self) -> Next {
        match &mut self.format {
            Format::Csv { reader, lines } => {
                let record = std::mem::take(&mut self.spare);
                next_csv(reader, lines, self.names.len(), record)
            }
            Format::Json(json) => json.next(&mut self.names),
        }
    }

    /// Takes back a row that is done with: the next one needs no memory of its own.
    pub fn reuse(&mut self, row: Row) {
        self.spare = row.cells.into_byte_record();
    }
}

/// A column name as it is matched: cleaned, lower case.
fn column_name(name: &str) -> String {
    crate::domain::text::clean(name).to_lowercase()
}

/// Cells without the apostrophes that keep a spreadsheet from running them.
fn without_guards(cells: StringRecord) -> StringRecord {
    if cells.iter().any(|cell| unguarded(cell) != cell) {
        cells.iter().map(unguarded).collect()
    } else {
        cells
    }
}

fn next_csv(
    reader: &mut csv::Reader<Newlines>,
    lines: &Rc<RefCell<Lines>>,
    width: usize,
    mut record: ByteRecord,
) -> Next {
    loop {
        let read = reader.read_byte_record(&mut record);
        let start = |position: Option<&csv::Position>| {
            position.map_or(0, |p| lines.borrow_mut().line_at(p.byte()))
        };
        let line = match read {
            Ok(false) => return Next::End,
            Ok(true) => start(record.position()),
            Err(error) => {
                let line = match error.position() {
                    Some(position) => start(Some(position)),
                    None => lines.borrow().latest(),
                };
                return Next::Bad {
                    line,
                    reason: format!("it cannot be read any further: {error}"),
                };
            }
        };
        if record.len() == width {
            return match StringRecord::from_byte_record(record) {
                Ok(cells) => Next::Row(Row {
                    line,
                    cells: without_guards(cells),
                }),
                Err(_) => Next::Bad {
                    line,
                    reason: "it is not UTF-8".to_owned(),
                },
            };
        }
        // A line of nothing but spaces is no row.
        if record.len() == 1 && record.as_slice().trim_ascii().is_empty() {
            continue;
        }
        let spans = newlines(record.as_slice());
        let open = if spans > 0 {
            format!(
                "; it runs on to line {}: is a quote left open?",
                line + spans
            )
        } else {
            String::new()
        };
        return Next::Bad {
            line,
            reason: format!("{} cells, but the header has {width}{open}", record.len()),
        };
    }
}

/// Where the lines of a CSV end. The reader itself gives a record the line where the one before
/// it ended, which is wrong after blank lines and with CRLF.
#[derive(Debug, Default)]
struct Lines {
    /// Line feeds read ahead: their place, and whether their line is blank.
    ends: VecDeque<(u64, bool)>,
    /// Lines passed.
    passed: u64,
    /// Bytes read.
    read: u64,
    /// The line being read holds something.
    filled: bool,
}

impl Lines {
    fn scan(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    self.ends.push_back((self.read, !self.filled));
                    self.filled = false;
                }
                b'\r' => {}
                _ => self.filled = true,
            }
            self.read += 1;
        }
    }

    /// The line that reading has come to.
    fn latest(&self) -> u64 {
        self.passed + self.ends.len() as u64 + 1
    }

    /// The line of the record that is read from a place on: what is left of the line before it
    /// and blank lines are skipped, as the reader skips them.
    fn line_at(&mut self, mut place: u64) -> u64 {
        while let Some((end, blank)) = self.ends.front().copied() {
            if end > place && !blank {
                break;
            }
            self.ends.pop_front();
            self.passed += 1;
            place = place.max(end + 1);
        }
        self.passed + 1
    }
}

/// An input whose line ends are noted as they are read.
struct Newlines {
    input: Box<dyn BufRead>,
    lines: Rc<RefCell<Lines>>,
}

impl Read for Newlines {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(into)?;
        if let Some(bytes) = into.get(..n) {
            self.lines.borrow_mut().scan(bytes);
        }
        Ok(n)
    }
}

impl JsonLines {
    fn next(&mut self, names: &mut Vec<String>) -> Next {
        if let Some(ahead) = self.ahead.pop_front() {
            return ahead;
        }
        loop {
            if self.broken {
                return Next::End;
            }
            self.buffer.clear();
            self.line += 1;
            let line = self.line;
            match self.input.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return Next::End,
                Ok(_) => {}
                Err(error) => {
                    self.broken = true;
                    return Next::Bad {
                        line,
                        reason: format!("it cannot be read any further: {error}"),
                    };
                }
            }
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let object = match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(
                &self.buffer,
            ) {
                Ok(object) => object,
                Err(error) => {
                    return Next::Bad {
                        line,
                        reason: format!("it is not one JSON object: {error}"),
                    };
                }
            };
            names.clear();
            let mut cells = StringRecord::new();
            // Bots that keep their features in an object of their own mean the same; their names
            // are marked, so that none of them stands in for a field of the record.
            let nested = |entry: &(&String, &serde_json::Value)| {
                entry.0 == "features" && entry.1.is_object()
            };
            for (name, value) in object.iter().filter(|entry| !nested(entry)) {
                names.push(column_name(name));
                cells.push_field(&cell_text(value));
            }
            for (_, features) in object.iter().filter(nested) {
                for (name, value) in features.as_object().into_iter().flatten() {
                    names.push(format!("{FEATURE_PREFIX}{}", column_name(name)));
                    cells.push_field(&cell_text(value));
                }
            }
            return Next::Row(Row { line, cells });
        }
    }
}

/// A JSON value as the text that CSV would hold: null is empty, nested values stay JSON.
fn cell_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[expect(
    clippy::naive_bytecount,
    reason = "a few bytes of a bad row or of blank lines"
)]
fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

/// The first byte that is no white space and no byte order mark, and the lines before it. It is
/// not taken; what precedes a `{` is.
fn first_byte(input: &mut Box<dyn BufRead>) -> std::io::Result<(Option<u8>, u64)> {
    let mut lines = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok((None, lines));
        }
        let skip = buffer
            .iter()
            .position(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF));
        let blank = buffer
            .get(..skip.unwrap_or(buffer.len()))
            .unwrap_or_default();
        lines += newlines(blank);
        let Some(at) = skip else {
            let all = buffer.len();
            input.consume(all);
            continue;
        };
        let byte = buffer.get(at).copied();
        // In CSV the line counter sees the blank lines itself.
        if byte == Some(b'{') {
            input.consume(at);
        }
        return Ok((byte, lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An input that fails for good after some bytes.
    struct Breaks(&'static [u8]);

    impl Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::Error::other("the line is gone"));
            }
            let n = self.0.len().min(into.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn an_input_that_breaks_is_said_once_and_ends() {
        for input in [&b"{\"a\":1}\n{\"a\""[..], b"a,b\n1,2\n3"] {
            let mut rows = Rows::open(Breaks(input)).unwrap();
            let (mut good, mut bad) = (0, 0);
            loop {
                match rows.next_row() {
                    Next::Row(_) => good += 1,
                    Next::Bad { .. } => bad += 1,
                    Next::End => break,
                }
                assert!(good + bad < 10, "it never ends");
            }
            assert_eq!((good, bad), (1, 1), "{input:?}");
        }
    }

    #[test]
    fn any_number_of_blank_lines_is_skipped() {
        let mut text = String::from("a,b\n");
        text.push_str(&" \n\n".repeat(200_000));
        text.push_str("1,2\n");
        let mut rows = Rows::open(std::io::Cursor::new(text)).unwrap();
        let Next::Row(row) = rows.next_row() else {
            panic!("no row");
        };
        assert_eq!(row.line, 400_002);
        assert!(matches!(rows.next_row(), Next::End));
    }
}
