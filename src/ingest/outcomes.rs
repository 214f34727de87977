//! Rows of outcomes that somebody else measured.

use crate::domain::{CallId, ImportedOutcome, Multiple};

use super::fields::{BadField, Layout};
use super::rows::Row;

const COLUMNS: [&str; 7] = [
    "id",
    "peak_multiple",
    "max_gain_pct",
    "final_multiple",
    "is_rug",
    "observed_until",
    "label",
];

/// Reads outcomes of one file.
pub struct OutcomeReader {
    layout: Layout<7>,
}

impl OutcomeReader {
    /// A reader for rows with these names.
    pub fn new(names: &[String]) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
        }
    }

    /// Reads one row. A peak multiple is taken before a gain in percent.
    pub fn read(
        &mut self,
        row: &Row,
        names: &[String],
    ) -> Result<(CallId, ImportedOutcome), BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
        let multiple = |name: &str| -> Result<Option<Multiple>, BadField> {
            Ok(f.amount(name)?.and_then(Multiple::new))
        };
        let from_gain = f
            .number("max_gain_pct")?
            .map(|gain| {
                Multiple::new(1.0 + gain / 100.0).ok_or_else(|| {
                    BadField::new(
                        "max_gain_pct",
                        format!("{gain} % would be a price below zero"),
                    )
                })
            })
            .transpose()?;
        let outcome = ImportedOutcome {
            peak: multiple("peak_multiple")?.or(from_gain),
            final_multiple: multiple("final_multiple")?,
            is_rug: f.flag("is_rug")?,
            observed_until: f.time("observed_until")?,
            label: f.text("label"),
        };
        let id = CallId(f.required("id")?);
        // A row may know nothing yet; a table without any such column is no table of outcomes.
        if !COLUMNS.iter().skip(1).any(|column| self.layout.has(column)) {
            return Err(BadField::new(
                "peak_multiple",
                "there is no column of an outcome: nothing was measured",
            ));
        }
        Ok((id, outcome))
    }
}
