//! Which of the things that were seen made an outcome what it is: what retention must keep.

use std::collections::BTreeSet;

use super::{CallFacts, Fold, PriceAt};
use crate::domain::candle::Seen;
use crate::domain::rules::{GONE_POLLS, RUG_POLLS, Rules};

impl Fold {
    /// Moves the fold by everything seen, and gives the places of what set its entry, ATH,
    /// trough, worst fall, returns and final, and of what its state as a rug, crashed or gone
    /// rests on.
    pub fn apply_marking(
        &mut self,
        facts: &CallFacts,
        rules: &Rules,
        all: &[Seen],
    ) -> BTreeSet<usize> {
        let mut marks = Marks::default();
        for (place, seen) in all.iter().enumerate() {
            let before = self.key();
            if self.apply_seen(facts, rules, seen) {
                marks.take(place, before, self.key());
                if self.absent_polls > 0 {
                    marks.absent.push(place);
                } else {
                    marks.absent.clear();
                }
            }
        }
        marks.places()
    }

    fn key(&self) -> Key {
        Key {
            entry: self.entry.map(|e| PriceAt {
                at: e.at,
                price: e.price,
            }),
            peak: self.peak,
            running: self.running_peak,
            lowest: self.lowest.map(crate::domain::Price::usd),
            worst: self.worst_fall,
            nearest: self.nearest,
            last: self.last,
            drained: self.drained_polls,
            liquid: self.peak_liquidity_usd,
            crashed: self.crashed_since.is_some(),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Key {
    entry: Option<PriceAt>,
    peak: Option<PriceAt>,
    running: Option<PriceAt>,
    lowest: Option<f64>,
    worst: f64,
    nearest: [Option<PriceAt>; 3],
    last: Option<PriceAt>,
    drained: u32,
    liquid: [Option<f64>; 2],
    crashed: bool,
}

/// Who set what last.
#[derive(Default)]
struct Marks {
    entry: Option<usize>,
    peak: Option<usize>,
    running: Option<usize>,
    lowest: Option<usize>,
    worst: Option<usize>,
    /// The peak that the worst fall fell from.
    fell_from: Option<usize>,
    nearest: [Option<usize>; 3],
    last: Option<usize>,
    drained: Vec<usize>,
    liquid: [Option<usize>; 2],
    crashed: Option<usize>,
    absent: Vec<usize>,
}

impl Marks {
    fn take(&mut self, place: usize, before: Key, now: Key) {
        let set = |mark: &mut Option<usize>, moved: bool| {
            if moved {
                *mark = Some(place);
            }
        };
        set(&mut self.entry, before.entry != now.entry);
        set(&mut self.peak, before.peak != now.peak);
        set(&mut self.running, before.running != now.running);
        set(&mut self.lowest, before.lowest != now.lowest);
        set(&mut self.last, before.last != now.last);
        set(&mut self.crashed, before.crashed != now.crashed);
        if before.worst != now.worst {
            self.worst = Some(place);
            self.fell_from = self.running;
        }
        for (mark, (old, new)) in self
            .nearest
            .iter_mut()
            .zip(before.nearest.into_iter().zip(now.nearest))
        {
            set(mark, old != new);
        }
        for (mark, (old, new)) in self
            .liquid
            .iter_mut()
            .zip(before.liquid.into_iter().zip(now.liquid))
        {
            set(mark, old != new);
        }
        if now.drained > before.drained {
            self.drained.push(place);
        } else if now.drained == 0 {
            self.drained.clear();
        }
    }

    fn places(self) -> BTreeSet<usize> {
        let single = [
            self.entry,
            self.peak,
            self.running,
            self.lowest,
            self.worst,
            self.fell_from,
            self.last,
            self.crashed,
        ];
        let latest = |places: &[usize], most: u32| {
            let from = places.len().saturating_sub(most as usize);
            places.get(from..).unwrap_or_default().to_vec()
        };
        single
            .into_iter()
            .chain(self.nearest)
            .chain(self.liquid)
            .flatten()
            .chain(latest(&self.drained, RUG_POLLS))
            .chain(latest(&self.absent, GONE_POLLS))
            .collect()
    }
}
