//! One section of the report as CSV (RFC 4180): the rows of the JSON report, flattened, so that
//! the two cannot disagree.

use serde_json::{Map, Value};

use crate::board::Board;
use crate::domain::text::guarded;

use super::{Request, Section, UnknownModel, json, outcomes};

/// The source of the row that holds all of them together.
const ALL: &str = "(all)";

/// Why there is no CSV.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// A table has one kind of rows.
    #[error("csv holds one section: name it with --report models, calls, categories or features")]
    WhichSection,
    /// A model was named that does not exist.
    #[error(transparent)]
    Model(#[from] UnknownModel),
    /// It cannot be written.
    #[error("cannot write CSV: {0}")]
    Write(#[from] csv::Error),
}

/// The section that was asked for, with a header row.
///
/// # Errors
/// When no single section or an unknown model was named.
pub fn csv(board: &Board, request: &Request) -> Result<String, CsvError> {
    let section = request.section.ok_or(CsvError::WhichSection)?;
    let report = json(board, request)?;
    let rows: Vec<Vec<(String, Value)>> = rows(&report, section)
        .into_iter()
        .map(|row| {
            let mut flat = Vec::new();
            flatten(&mut flat, "", row);
            flat
        })
        .collect();
    let names: Vec<String> = match rows.first() {
        Some(row) => row.iter().map(|(name, _)| name.clone()).collect(),
        None => columns(section).iter().map(|n| (*n).to_owned()).collect(),
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(&names)?;
    for row in &rows {
        writer.write_record(names.iter().map(|name| {
            row.iter()
                .find(|(of, _)| of == name)
                .map_or_else(String::new, |(_, value)| cell(value))
        }))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rows of a section; of categories all sources together come first.
fn rows(report: &Value, section: Section) -> Vec<Map<String, Value>> {
    let objects = |value: &Value| -> Vec<Map<String, Value>> {
        let rows = value.as_array().into_iter().flatten();
        rows.filter_map(Value::as_object).cloned().collect()
    };
    match section {
        Section::Models => objects(&report["models"]["rows"]),
        Section::Calls => objects(&report["calls"]["rows"]),
        Section::Features => objects(&report["features"]["rows"]),
        Section::Categories => {
            let sources = objects(&report["categories"]["sources"]);
            let mut overall = Map::new();
            // The fields of sources alone come first, so that this row names every column.
            for name in outcomes::OF_SOURCES {
                overall.insert(name.to_owned(), Value::Null);
            }
            for (name, value) in report["categories"]["overall"]
                .as_object()
                .into_iter()
                .flatten()
            {
                overall.insert(name.clone(), value.clone());
            }
            overall.insert("source".to_owned(), Value::from(ALL));
            std::iter::once(overall).chain(sources).collect()
        }
    }
}

/// The fields of a row under names without nesting: `confidence.pearson` is `confidence_pearson`,
/// `counts.BREAK-EVEN` is `count_break_even`.
fn flatten(into: &mut Vec<(String, Value)>, before: &str, row: Map<String, Value>) {
    for (name, value) in row {
        let name = format!("{before}{}", name.to_lowercase().replace('-', "_"));
        match value {
            Value::Object(inner) => {
                let group = if name == "counts" { "count" } else { &name };
                flatten(into, &format!("{group}_"), inner);
            }
            // A table of its own: only JSON holds it.
            _ if name == "confidence_bins" => {}
            value => into.push((name, value)),
        }
    }
}

/// A value as a machine reads it; unknown is empty.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text).into_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// The columns of a section without rows; with rows, they name themselves.
fn columns(section: Section) -> Vec<&'static str> {
    let names = match section {
        Section::Models => {
            "model currency rank rank_low rank_high p_best trades wins losses flat open \
             unknown_pnl win_rate win_rate_low win_rate_high shrunk_win_rate \
             shrunk_win_rate_low shrunk_win_rate_high total_pnl average_pnl median_pnl \
             best_trade worst_trade average_win average_loss profit_factor expectancy \
             expectancy_ratio max_drawdown max_drawdown_from max_drawdown_to sharpe \
             sharpe_error probabilistic_sharpe average_hold_winners_s average_hold_losers_s \
             longest_win_streak longest_loss_streak current_streak long_trades long_wins \
             long_win_rate long_total_pnl short_trades short_wins short_win_rate \
             short_total_pnl fees cost cost_trades net_after_cost average_confidence \
             confidence_n confidence_pearson confidence_pearson_p confidence_pearson_low \
             confidence_pearson_high confidence_pearson_win confidence_pearson_win_p \
             confidence_spearman confidence_spearman_p confidence_spearman_low \
             confidence_spearman_high confidence_auc confidence_auc_low confidence_auc_high \
             confidence_brier confidence_brier_skill confidence_base_rate \
             confidence_reliability confidence_resolution confidence_uncertainty \
             confidence_calibration_z confidence_calibration_p confidence_verdict \
             confidence_more_trades_needed last_closed_at"
        }
        Section::Calls => {
            "id source chain address symbol called_at window_end standing entry_price \
             entry_origin entry_delay_s status last_price last_at peak_price peak_market_cap \
             final_price ath_origin final_basis ath_multiple ath_at final_multiple gap \
             max_gain_pct max_drawdown_pct worst_from_entry_pct return_1h_pct return_6h_pct \
             return_24h_pct reached_2x_at reached_5x_at reached_10x_at category category_rule \
             provisional rug_state reported_rug coverage_pct"
        }
        Section::Features => {
            "feature kind n_with n_without n_unknown pump_with pump_without pump_with_low \
             pump_with_high pump_without_low pump_without_high pump_diff_low pump_diff_high \
             pump_p pump_q rug_with rug_without rug_with_low rug_with_high rug_without_low \
             rug_without_high rug_diff_low rug_diff_high rug_p rug_q median_gain_with \
             median_gain_without mean_gain_with mean_gain_without gain_p gain_q spearman \
             spearman_p auc verdict reason"
        }
        // It always has the row of all sources.
        Section::Categories => "",
    };
    names.split_whitespace().collect()
}
