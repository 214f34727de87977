//! CSV and JSON lines as one stream of rows with named cells of text.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, StringRecord};

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
}

enum Format {
    Csv(Box<csv::Reader<Box<dyn BufRead>>>),
    Json(JsonLines),
}

struct JsonLines {
    input: Box<dyn BufRead>,
    line: u64,
    buffer: Vec<u8>,
    /// What was read ahead to learn the names: up to the first row that can be read.
    ahead: VecDeque<Next>,
}

impl Rows {
    /// Looks at the first bytes: a `{` starts JSON lines, anything else is CSV with a header row.
    ///
    /// # Errors
    /// When the input cannot be read, is empty, or has no usable header.
    pub fn open(input: impl Read + 'static) -> Result<Self, String> {
        let mut input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 18, input));
        let first = first_byte(&mut input).map_err(|e| e.to_string())?;
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
                        line: 0,
                        buffer: Vec::new(),
                        ahead: VecDeque::new(),
                    }),
                    names: Vec::new(),
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
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .has_headers(true)
                    .from_reader(input);
                let header = reader
                    .byte_headers()
                    .map_err(|e| format!("its header cannot be read: {e}"))?;
                let names = header
                    .iter()
                    .map(|name| column_name(&String::from_utf8_lossy(name)))
                    .collect();
                Ok(Self {
                    format: Format::Csv(Box::new(reader)),
                    names,
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
            Format::Csv(reader) => next_csv(reader, self.names.len()),
            Format::Json(json) => json.next(&mut self.names),
        }
    }
}

/// A column name as it is matched: cleaned, lower case.
fn column_name(name: &str) -> String {
    crate::domain::text::clean(name).to_lowercase()
}

fn next_csv(reader: &mut csv::Reader<Box<dyn BufRead>>, width: usize) -> Next {
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(false) => Next::End,
        Ok(true) => {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != width {
                return Next::Bad {
                    line,
                    reason: format!("{} cells, but the header has {width}", record.len()),
                };
            }
            match StringRecord::from_byte_record(record) {
                Ok(cells) => Next::Row(Row { line, cells }),
                Err(_) => Next::Bad {
                    line,
                    reason: "it is not UTF-8".to_owned(),
                },
            }
        }
        Err(error) => Next::Bad {
            line: error.position().map_or(0, csv::Position::line),
            reason: error.to_string(),
        },
    }
}

impl JsonLines {
    fn next(&mut self, names: &mut Vec<String>) -> Next {
        if let Some(ahead) = self.ahead.pop_front() {
            return ahead;
        }
        loop {
            self.buffer.clear();
            self.line += 1;
            let line = self.line;
            match self.input.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return Next::End,
                Ok(_) => {}
                Err(error) => {
                    return Next::Bad {
                        line,
                        reason: error.to_string(),
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
            for (name, value) in &object {
                // Bots that keep their features in an object of their own mean the same.
                if let ("features", serde_json::Value::Object(features)) = (name.as_str(), value) {
                    for (name, value) in features {
                        names.push(column_name(name));
                        cells.push_field(&cell_text(value));
                    }
                } else {
                    names.push(column_name(name));
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

/// The first byte that is no white space and no byte order mark, without taking it.
fn first_byte(input: &mut Box<dyn BufRead>) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let skip = buffer
            .iter()
            .position(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF));
        if let Some(at) = skip {
            let byte = buffer.get(at).copied();
            // Only what precedes a JSON object may go: in CSV, line numbers count it.
            if byte == Some(b'{') {
                input.consume(at);
            }
            return Ok(byte);
        }
        let all = buffer.len();
        input.consume(all);
    }
}
