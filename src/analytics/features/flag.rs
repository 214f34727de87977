//! Flags: with, without, and unknown, which is never "without".

use crate::domain::Span;
use crate::stats;

use super::facts::{Columns, Facts, saying};
use super::{ArmTest, FeatureKind, FeatureRow, Gains, Guards, Later, validity};

/// The row of a flag, tested where there are enough.
pub(super) fn row(
    name: &str,
    calls: &[Facts<'_>],
    columns: &Columns<'_>,
    embargo: Span,
    guards: &Guards,
) -> FeatureRow {
    let said = columns.flags(name);
    let mut row = FeatureRow::new(name, FeatureKind::Flag);
    let (mut gains_with, mut gains_without) = (Vec::new(), Vec::new());
    for (call, on) in calls.iter().zip(&said) {
        let Some(on) = *on else {
            row.n_unknown += 1;
            continue;
        };
        let (n, gains) = if on {
            (&mut row.n_with, &mut gains_with)
        } else {
            (&mut row.n_without, &mut gains_without)
        };
        *n += 1;
        gains.extend(call.gain);
        row.pump.add(on, call.pump);
        row.rug.add(on, call.rug);
    }
    let enough = gains_with.len() >= guards.min_arm_n && gains_without.len() >= guards.min_arm_n;
    row.gain_p = enough
        .then(|| stats::gain_test(&gains_with, &gains_without))
        .flatten();
    row.pump = row.pump.test(guards);
    row.rug = row.rug.test(guards);
    row.gain_with = Gains::of(gains_with);
    row.gain_without = Gains::of(gains_without);
    let (known, split) = saying(calls, &said, embargo);
    row.later = later(&known[split.later]);
    if row.n_with > 0 && row.n_without > 0 {
        validity::look(&mut row, calls, &said);
    }
    row
}

fn later(calls: &[(bool, Facts<'_>)]) -> Option<Later> {
    let (mut pump, mut rug) = (ArmTest::default(), ArmTest::default());
    for (on, call) in calls {
        pump.add(*on, call.pump);
        rug.add(*on, call.rug);
    }
    (pump.with.1 + pump.without.1 + rug.with.1 + rug.without.1 > 0).then_some(Later { pump, rug })
}
