//! Rows of outcomes: what somebody else measured, a predecessor's records, and our own exports.

use crate::domain::{CallFacts, CallId, FinalBasis, ImportedOutcome, Multiple, Price, Span};

use super::fields::{BadField, Fields, Layout};
use super::migrate::Recorded;
use super::rows::Row;

const COLUMNS: [&str; 33] = [
    "id",
    "peak_multiple",
    "max_gain_pct",
    "final_multiple",
    "is_rug",
    "observed_until",
    "label",
    // The dual-metric table (D2), as predecessors and our export write it.
    "first_message_id",
    "start_price",
    "start_time",
    "ath_price",
    "ath_time",
    "ath_multiplier",
    "final_multiplier",
    "days_tracked",
    // Only our export has these.
    "ath_origin",
    "final_basis",
    "measured_until",
    // A predecessor's record of a call.
    "entry_price",
    "entry_timestamp",
    "ath_since_mention",
    "ath_timestamp",
    "days_to_ath",
    "day_7_price",
    "day_7_multiplier",
    "checkpoints",
    "current_price",
    "current_multiplier",
    "last_update",
    "last_updated",
    "updated_at",
    "is_complete",
    "status",
];
const N: usize = COLUMNS.len();

/// The columns of which a table of outcomes has at least one.
const MEASURES: [&str; 14] = [
    "peak_multiple",
    "max_gain_pct",
    "final_multiple",
    "is_rug",
    "observed_until",
    "label",
    "ath_multiplier",
    "ath_price",
    "ath_since_mention",
    "final_multiplier",
    "day_7_price",
    "day_7_multiplier",
    "checkpoints",
    "current_multiplier",
];

/// One row: what it states outright, and what may follow from the rest of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRow {
    /// The call it is of.
    pub id: CallId,
    /// What it states.
    stated: ImportedOutcome,
    /// What the program that wrote it had measured itself.
    measured: Option<ImportedOutcome>,
    /// The fields of a predecessor's record.
    recorded: Option<Recorded>,
}

impl OutcomeRow {
    /// Whether the stored call makes a difference to what the row says.
    pub const fn asks_the_call(&self) -> bool {
        self.measured.is_some() || self.recorded.is_some()
    }

    /// What is to be stored of it, given the call and whether own prices have moved its outcome.
    /// `None` when there is nothing that is not known already.
    pub fn settle(
        self,
        call: Option<(CallFacts, bool)>,
        window: Span,
    ) -> Option<(CallId, ImportedOutcome)> {
        let exported = self.measured.is_some();
        let mut said = self.stated;
        // Own prices tell again what they told when the export was written.
        let measured = self
            .measured
            .filter(|_| !matches!(call, Some((_, true))))
            .into_iter();
        let recorded = self.recorded.map(|recorded| {
            Recorded {
                entry: recorded
                    .entry
                    .or_else(|| call.and_then(|(facts, _)| facts.stated_entry)),
                started: recorded
                    .started
                    .or_else(|| call.map(|(facts, _)| facts.called_at)),
                ..recorded
            }
            .outcome(window)
        });
        for more in measured.chain(recorded) {
            // A time belongs to the final that was measured then.
            if said.final_multiple.is_none() {
                said.final_multiple = more.final_multiple;
                said.observed_until = said.observed_until.or(more.observed_until);
            }
            said.peak = said.peak.or(more.peak);
        }
        (!exported || said != ImportedOutcome::default()).then_some((self.id, said))
    }
}

/// Reads outcomes of one file.
pub struct OutcomeReader {
    layout: Layout<N>,
}

impl OutcomeReader {
    /// A reader for rows with these names.
    pub fn new(names: &[String]) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
        }
    }

    /// Reads one row. A peak multiple is taken before a gain in percent.
    pub fn read(&mut self, row: &Row, names: &[String]) -> Result<OutcomeRow, BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
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
        let mut stated = ImportedOutcome {
            peak: multiple(&f, "peak_multiple")?.or(from_gain),
            final_multiple: multiple(&f, "final_multiple")?,
            is_rug: f.flag("is_rug")?,
            observed_until: f.time("observed_until")?,
            label: f.text("label"),
        };
        let id = match f.text("id").or_else(|| f.text("first_message_id")) {
            Some(id) => CallId(id),
            None => return Err(BadField::new("id", "it is missing")),
        };
        // A row may know nothing yet; a table without any such column is no table of outcomes.
        if !MEASURES.iter().any(|column| self.layout.has(column)) {
            return Err(BadField::new(
                "peak_multiple",
                "there is no column of an outcome: nothing was measured",
            ));
        }
        let exported = self.layout.has("final_basis") && self.layout.has("ath_origin");
        let mut recorded = None;
        if !exported {
            stated.final_multiple = stated.final_multiple.or(multiple(&f, "final_multiplier")?);
            recorded = Some(record(&f)?).filter(|record| *record != Recorded::default());
        }
        Ok(OutcomeRow {
            id,
            stated,
            measured: if exported { Some(measured(&f)?) } else { None },
            recorded,
        })
    }
}

fn multiple(f: &Fields<'_, N>, name: &str) -> Result<Option<Multiple>, BadField> {
    Ok(f.amount(name)?.and_then(Multiple::new))
}

/// What an export says of own figures; those that were imported stand in columns of their own.
fn measured(f: &Fields<'_, N>) -> Result<ImportedOutcome, BadField> {
    let own = |name: &str| {
        f.raw(name)
            .is_some_and(|o| o != FinalBasis::Imported.name())
    };
    let of = |origin: &str, name: &str| -> Result<Option<Multiple>, BadField> {
        Ok(multiple(f, name)?.filter(|_| own(origin)))
    };
    Ok(ImportedOutcome {
        peak: of("ath_origin", "ath_multiplier")?,
        final_multiple: of("final_basis", "final_multiplier")?,
        observed_until: f.time("measured_until")?,
        ..ImportedOutcome::default()
    })
}

/// The fields of a predecessor's record. There, 0 is what unknown looks like.
fn record(f: &Fields<'_, N>) -> Result<Recorded, BadField> {
    let price = |names: &[&str]| -> Result<Option<Price>, BadField> {
        for name in names {
            if let Some(price) = f.amount(name)?.and_then(Price::new) {
                return Ok(Some(price));
            }
        }
        Ok(None)
    };
    let time = |names: &[&str]| -> Result<Option<crate::domain::Timestamp>, BadField> {
        for name in names {
            if let Some(at) = f.time(name)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    };
    let known = |name: &str| -> Result<Option<Multiple>, BadField> {
        Ok(multiple(f, name)?.filter(|m| m.value() > 0.0))
    };
    let done = f
        .raw("status")
        .is_some_and(|s| s.eq_ignore_ascii_case("completed"));
    // The trackers that count days stop at seven.
    let days = f.number("days_tracked")?.is_some_and(|days| days >= 7.0);
    Ok(Recorded {
        entry: price(&["start_price", "entry_price"])?,
        started: time(&["start_time", "entry_timestamp"])?,
        ath: known("ath_multiplier")?,
        ath_price: price(&["ath_price", "ath_since_mention"])?,
        ath_at: time(&["ath_time", "ath_timestamp"])?,
        days_to_ath: f.number("days_to_ath")?,
        day_7: known("day_7_multiplier")?,
        day_7_price: price(&["day_7_price"])?,
        checkpoints: f.raw("checkpoints").map(str::to_owned),
        current: known("current_multiplier")?,
        current_price: price(&["current_price"])?,
        updated: time(&["last_update", "last_updated", "updated_at"])?,
        complete: f.flag("is_complete").unwrap_or(None).unwrap_or(false) || done || days,
    })
}
