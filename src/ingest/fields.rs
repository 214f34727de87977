//! Cells to values: every error names its column and says what was expected.

use csv::StringRecord;

use crate::domain::text::clean_opt;
use crate::domain::{Price, Timestamp};

/// The largest amount that is taken: above it, sums of P&L would lose their cents.
const LARGEST: f64 = 1e15;

/// What is wrong with a row: the column and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// The column; empty when it is the row as a whole.
    pub column: String,
    /// The reason, without the column.
    pub reason: String,
}

impl BadField {
    /// A problem in one column.
    pub fn new(column: &str, reason: impl Into<String>) -> Self {
        Self {
            column: column.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Where each of the wanted columns stands in the rows at hand.
#[derive(Debug, Clone)]
pub struct Layout<const N: usize> {
    wanted: [&'static str; N],
    at: [Option<usize>; N],
    names: Vec<String>,
}

/// One row seen through a layout.
pub struct Fields<'a, const N: usize> {
    layout: &'a Layout<N>,
    cells: &'a StringRecord,
}

impl<const N: usize> Layout<N> {
    /// Finds the wanted columns among the names.
    pub fn new(wanted: [&'static str; N], names: &[String]) -> Self {
        let at = wanted.map(|name| names.iter().position(|n| n == name));
        Self {
            wanted,
            at,
            names: names.to_vec(),
        }
    }

    /// This layout if it still fits the names, else a new one: JSON rows may differ in theirs.
    pub fn fit(&mut self, names: &[String]) {
        if self.names != names {
            *self = Self::new(self.wanted, names);
        }
    }

    /// A row seen through this layout.
    pub fn over<'a>(&'a self, cells: &'a StringRecord) -> Fields<'a, N> {
        Fields {
            layout: self,
            cells,
        }
    }

    /// Whether a wanted column is there.
    pub fn has(&self, name: &str) -> bool {
        self.index(name).is_some()
    }

    fn index(&self, name: &str) -> Option<usize> {
        let i = self.wanted.iter().position(|w| *w == name)?;
        self.at.get(i).copied().flatten()
    }

    /// The columns nobody asked for: name and place.
    pub fn others(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names
            .iter()
            .enumerate()
            .filter(|(_, name)| !self.wanted.contains(&name.as_str()))
            .map(|(i, name)| (name.as_str(), i))
    }
}

impl<const N: usize> Fields<'_, N> {
    /// The text of a wanted column; `None` when it is empty or not there.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let text = self.cells.get(self.layout.index(name)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Cleaned text.
    pub fn text(&self, name: &str) -> Option<String> {
        clean_opt(self.raw(name)?)
    }

    /// Cleaned text that must be there.
    pub fn required(&self, name: &str) -> Result<String, BadField> {
        self.text(name)
            .ok_or_else(|| BadField::new(name, "it is missing"))
    }

    /// A finite number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, BadField> {
        self.raw(name)
            .map(|text| match text.parse::<f64>() {
                Ok(number) if number.abs() <= LARGEST => Ok(number),
                Ok(number) if number.is_finite() => Err(BadField::new(
                    name,
                    format!("{number} is beyond anything believable (1e15)"),
                )),
                _ => Err(BadField::new(
                    name,
                    format!("{} is not a number", quote(text)),
                )),
            })
            .transpose()
    }

    /// A finite number that is not negative.
    pub fn amount(&self, name: &str) -> Result<Option<f64>, BadField> {
        match self.number(name)? {
            Some(number) if number < 0.0 => {
                Err(BadField::new(name, format!("{number} is below zero")))
            }
            other => Ok(other),
        }
    }

    /// A price: above zero. Unknown is an empty cell, never 0.
    pub fn price(&self, name: &str) -> Result<Option<Price>, BadField> {
        self.raw(name)
            .map(|text| {
                let Ok(number) = text.parse::<f64>() else {
                    return Err(BadField::new(
                        name,
                        format!("{} is not a number", quote(text)),
                    ));
                };
                Price::new(number).ok_or_else(|| {
                    BadField::new(
                        name,
                        format!("{number} is not a price; leave the cell empty if it is unknown"),
                    )
                })
            })
            .transpose()
    }

    /// A time.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, BadField> {
        self.raw(name)
            .map(|text| {
                Timestamp::parse(text)
                    .map_err(|reason| BadField::new(name, crate::domain::text::clean(&reason)))
            })
            .transpose()
    }

    /// A flag: true/false, yes/no, 1/0.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, BadField> {
        self.raw(name)
            .map(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Ok(true),
                "false" | "no" | "0" => Ok(false),
                _ => Err(BadField::new(
                    name,
                    format!("{} is not a flag: use true or false", quote(text)),
                )),
            })
            .transpose()
    }
}

/// Outside text in an error: cleaned, quoted and short.
pub fn quote(text: &str) -> String {
    let clean = crate::domain::text::clean(text);
    let short: String = clean.chars().take(40).collect();
    if short.len() < clean.len() {
        format!("'{short}...'")
    } else {
        format!("'{short}'")
    }
}
