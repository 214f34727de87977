//! twai: its `trades`, as a CSV of the table or as JSON of the API. There a trade is one fill; here
//! it is one position, of the model that opened it.

mod currency;
mod fill;
mod position;

use std::collections::BTreeMap;

use crate::domain::Trade;

use super::Records;
use super::input::{Content, Input};
use super::loss::{List, Loss};
use fill::Fill;

/// Takes twai's files.
#[derive(Default)]
pub struct Reader {
    /// Fills by their id, in the order they were read.
    fills: Vec<Fill>,
    known: BTreeMap<String, usize>,
}

impl Reader {
    /// Takes a whole file, or nothing of it; says what it is.
    pub fn take(&mut self, input: Input, loss: &mut Loss) -> Result<String, String> {
        let fills = match input.content {
            Content::Table(table) => fill::of_table(&table)?,
            Content::Json(value) => {
                let (fills, total) = fill::of_json(&value)?;
                let left = total.unwrap_or(0).saturating_sub(fills.len() as u64);
                loss.add_many(
                    List::Flagged,
                    "fills",
                    "on other pages of the API's answer: import all pages together",
                    left,
                    &input.name,
                );
                fills
            }
            Content::Database(_) => {
                return Err(
                    "it is a database: of twai, trades as CSV or JSON can be imported".to_owned(),
                );
            }
        };
        let count = fills.len();
        for fill in fills {
            self.take_fill(fill, loss);
        }
        Ok(format!("trades: {count} fills"))
    }

    fn take_fill(&mut self, fill: Fill, loss: &mut Loss) {
        let Some(at) = self
            .known
            .get(&fill.id)
            .copied()
            .filter(|_| !fill.id.is_empty())
        else {
            self.known.insert(fill.id.clone(), self.fills.len());
            self.fills.push(fill);
            return;
        };
        if let Some(known) = self.fills.get_mut(at) {
            if *known == fill {
                loss.refuse("fills", "the same fill again", &fill.id);
            } else {
                loss.flag(
                    "fills",
                    "said twice with other values: the later one counts",
                    &fill.id,
                );
                *known = fill;
            }
        }
    }

    /// What the files come to: fills joined to positions.
    pub fn finish(self, loss: &mut Loss) -> Records {
        let mut positions: BTreeMap<String, Vec<Fill>> = BTreeMap::new();
        for fill in self.fills {
            match fill.position.clone() {
                Some(position) => positions.entry(position).or_default().push(fill),
                None => loss.refuse(
                    "fills",
                    "without a positionId: nothing says what it opened or closed",
                    &fill.id,
                ),
            }
        }
        let mut trades: Vec<Trade> = Vec::new();
        for (id, fills) in positions {
            trades.extend(position::trade(&id, fills, loss));
        }
        Records {
            trades,
            ..Records::default()
        }
    }
}
