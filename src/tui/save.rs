//! The rows on screen as a CSV file: exactly those, in their order.
//!
//! Knows: screens as data, the folder it is told. Must never know: keys, the terminal, time. It is
//! called on a thread of its own: a large file on a slow disk must not hold the screen up.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::report::export::{Encoding, Rows};
use crate::view::{Screen, SortKey, Table};

/// Files of one name before it is given up.
const MOST: usize = 1000;

/// What is to be saved.
#[derive(Debug, Clone)]
pub struct Save {
    /// The screen that the rows are of.
    pub screen: Arc<Screen>,
    /// The indices of the rows on view, in their order.
    pub rows: Vec<usize>,
    /// What the file is called, without its extension.
    pub name: String,
}

impl PartialEq for Save {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.screen, &other.screen)
            && self.rows == other.rows
            && self.name == other.name
    }
}

/// Saves to a new file in a folder, readable by its owner only; what to tell the user.
#[must_use]
pub fn save(what: &Save, folder: &Path) -> String {
    let saved = create(folder, &what.name).and_then(|(file, path)| {
        write(&what.screen.table, &what.rows, BufWriter::new(file))?;
        Ok(path)
    });
    let rows = what.rows.len();
    let s = if rows == 1 { "" } else { "s" };
    match saved {
        Ok(path) => format!("{rows} row{s} saved to {}", shown(&path)),
        Err(error) => format!("not saved in {}: {error}", shown(folder)),
    }
}

fn shown(path: &Path) -> String {
    crate::domain::text::clean(&path.to_string_lossy())
}

/// A file that was not there.
fn create(folder: &Path, name: &str) -> io::Result<(std::fs::File, PathBuf)> {
    for at in 1..MOST {
        let path = folder.join(if at == 1 {
            format!("{name}.csv")
        } else {
            format!("{name}-{at}.csv")
        });
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (file, path)),
        }
    }
    Err(io::Error::other("there are too many of that name"))
}

/// Every column of the rows: numbers plain, as they sort; words as they are shown; unknown empty.
fn write(table: &Table, rows: &[usize], out: impl Write) -> io::Result<()> {
    let names = table.columns.iter().map(|c| c.key.to_owned()).collect();
    let mut file = Rows::begin(out, Encoding::Csv, names)?;
    for row in rows.iter().filter_map(|at| table.rows.get(*at)) {
        let values = (0..table.columns.len()).map(|at| match row.cells.get(at) {
            None => Value::Null,
            Some(cell) => match &cell.sort {
                SortKey::Unknown => Value::Null,
                SortKey::Number(number) => plain(*number),
                SortKey::Word(_) => Value::from(cell.text.as_str()),
            },
        });
        file.row(values.collect())?;
    }
    file.end()?.0.flush()
}

/// A count without a fraction.
fn plain(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::view::{Align, Cell, Column, Row};

    #[test]
    fn the_rows_on_view_are_saved_in_their_order_and_nothing_is_replaced() {
        let column = |key| Column::new(key, key, Align::Left, 0, 9, "");
        let row = |name: &str, value: Option<f64>| Row {
            key: name.to_owned(),
            cells: vec![
                Cell::word(name),
                value.map_or_else(
                    || Cell::unknown("-"),
                    |v| Cell::number(format!("{v:+.1}%"), v),
                ),
            ],
            dim: false,
            copy: String::new(),
        };
        let save_it = Save {
            screen: Arc::new(Screen {
                table: Table {
                    columns: vec![column("source"), column("n")],
                    rows: vec![
                        row("a", Some(-1.25)),
                        row("=b()", None),
                        row("c, d", Some(3.0)),
                    ]
                    .into(),
                },
                ..Screen::default()
            }),
            rows: vec![2, 1],
            name: "callboard-x".to_owned(),
        };
        let folder = tempfile::tempdir().unwrap();
        let said = save(&save_it, folder.path());
        let path = folder.path().join("callboard-x.csv");
        assert_eq!(said, format!("2 rows saved to {}", path.display()));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "source,n\r\n\"c, d\",3\r\n'=b(),\r\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(save(&save_it, folder.path()).ends_with("callboard-x-2.csv"));
        let nowhere = save(&save_it, &folder.path().join("not there"));
        assert!(nowhere.starts_with("not saved in "), "{nowhere}");
    }
}
