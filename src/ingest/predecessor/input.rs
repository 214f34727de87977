//! A predecessor's file as what it is: a database, JSON, or a table. Told from its first bytes,
//! never from its name. One that cannot be read to its end is refused whole.

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;

use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::domain::text::{clean, unguarded};
use crate::store::{Foreign, ForeignError};

/// What a file holds.
pub enum Content {
    /// A database.
    Database(Box<Foreign>),
    /// One JSON value, or JSON lines as an array.
    Json(Value),
    /// A table with a header.
    Table(Table),
}

/// A file that was read.
pub struct Input {
    /// As the user named it.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// Rows of cells; they may be shorter or longer than the header.
pub struct Table {
    /// The header, in lower case.
    pub names: Vec<String>,
    /// The first line as it is, should it turn out to be no header.
    pub first: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Whether there are all of these columns.
    pub fn has(&self, names: &[&str]) -> bool {
        names
            .iter()
            .all(|name| self.names.iter().any(|n| n == name))
    }
}

/// How every database of `SQLite` begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Reads a file; `-` is stdin.
///
/// # Errors
/// Says in one line why it cannot be read whole.
pub fn read(name: &str) -> Result<Input, String> {
    // In place, so that what lies beside it is found, and not by way of memory.
    let content = if name != "-" && is_database(Path::new(name)) {
        Foreign::open(Path::new(name)).map(|file| Content::Database(Box::new(file)))
    } else {
        let bytes = bytes(name).map_err(|e| format!("it cannot be read: {e}"))?;
        if bytes.starts_with(MAGIC) {
            unpacked(&bytes).map(|file| Content::Database(Box::new(file)))
        } else {
            Ok(text(&bytes)?)
        }
    };
    Ok(Input {
        name: if name == "-" {
            "stdin".to_owned()
        } else {
            clean(name)
        },
        content: content.map_err(|e| e.to_string())?,
    })
}

/// Whether it is a database. A pipe is not asked: what is read of it is gone.
fn is_database(path: &Path) -> bool {
    let mut start = [0u8; 16];
    fs::metadata(path).is_ok_and(|m| m.is_file())
        && File::open(path)
            .and_then(|mut file| file.read_exact(&mut start))
            .is_ok()
        && start == *MAGIC
}

/// A database that came packed or by a pipe.
fn unpacked(bytes: &[u8]) -> Result<Foreign, ForeignError> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(bytes)?;
    Foreign::open(file.path())
}

fn bytes(name: &str) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if name == "-" {
        std::io::stdin().read_to_end(&mut raw)?;
    } else if fs::metadata(name)?.is_dir() {
        return Err(std::io::Error::other(
            "it is a folder; name the files in it",
        ));
    } else {
        File::open(name)?.read_to_end(&mut raw)?;
    }
    if !raw.starts_with(&[0x1f, 0x8b]) {
        return Ok(raw);
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

fn text(bytes: &[u8]) -> Result<Content, String> {
    let mut text = String::new();
    DecodeReaderBytesBuilder::new()
        .bom_sniffing(true)
        .utf8_passthru(true)
        .build(Cursor::new(bytes))
        .read_to_string(&mut text)
        .map_err(|_| "it is neither a database nor text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.chars().next() {
        None => Err("it is empty".to_owned()),
        Some('{' | '[') => json(text).map(Content::Json),
        Some(_) if text.contains('\0') => Err("it is neither a database nor text".to_owned()),
        Some(_) => table(text).map(Content::Table),
    }
}

/// One value, else one object a line.
fn json(text: &str) -> Result<Value, String> {
    let whole = match serde_json::from_str::<Value>(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let lines: Result<Vec<Value>, _> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str::<Value>)
        .collect();
    match lines {
        Ok(all) if all.len() > 1 && all.iter().all(Value::is_object) => Ok(Value::Array(all)),
        _ => Err(format!("it is no sound JSON: {whole}")),
    }
}

fn table(text: &str) -> Result<Table, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| format!("it is no sound table: {e}"))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        rows.push(record.iter().map(|cell| cell.trim().to_owned()).collect());
    }
    let header: Vec<String> = if rows.is_empty() {
        Vec::new()
    } else {
        rows.remove(0)
    };
    Ok(Table {
        names: header
            .iter()
            .map(|name| clean(unguarded(name)).to_lowercase())
            .collect(),
        first: header,
        rows,
    })
}
