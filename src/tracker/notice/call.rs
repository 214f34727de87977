//! What is worth telling of one call: milestones, its end, and how the token died.

use crate::domain::fold::PriceAt;
use crate::domain::rules::CRASH_MULTIPLE;
use crate::domain::{
    Call, Entry, Fold, Multiple, Notice, NoticeKind, Outcome, RugState, Span, Status, Timestamp,
};

use super::is_fresh;

/// The multiples of the entry that are told.
pub const MILESTONES: [f64; 3] = [2.0, 5.0, 10.0];
/// A price that comes after a longer time without one does not say when it was reached.
const WATCHED: Span = Span::hours(24);
/// A fall that nobody saw from above is told of calls that were as young as this.
const YOUNG: Span = Span::HOUR;
/// A token whose last price is older was gone before anybody looked.
const LATELY: Span = Span::hours(6);

/// The part of a call's outcome that notices go by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// The entry.
    pub entry: Option<Entry>,
    /// The latest accepted price.
    pub last: Option<PriceAt>,
    /// The highest one.
    pub peak: Option<PriceAt>,
    /// Since when the price holds at or under the crash level.
    pub crashed_since: Option<Timestamp>,
    /// Whether the token lives.
    pub state: RugState,
}

impl Facts {
    /// The facts of a fold with its outcome.
    #[must_use]
    pub fn of(fold: &Fold, outcome: &Outcome) -> Self {
        Self {
            entry: fold.entry,
            last: fold.last,
            peak: fold.peak,
            crashed_since: fold.crashed_since,
            state: outcome.state,
        }
    }

    fn reached(&self) -> Option<(Multiple, Timestamp)> {
        let (entry, peak) = self.entry.zip(self.peak)?;
        Some((peak.price.over(entry.price), peak.at))
    }

    fn latest(&self) -> Option<Multiple> {
        let (entry, last) = self.entry.zip(self.last)?;
        Some(last.price.over(entry.price))
    }
}

/// What a poll has made of a call.
#[must_use]
pub fn of_call(call: &Call, before: &Facts, after: &Facts, now: Timestamp) -> Vec<Notice> {
    let mut notices = milestones(call, before, after, now);
    notices.extend(death(call, before, after, now));
    notices
}

fn milestones(call: &Call, before: &Facts, after: &Facts, now: Timestamp) -> Vec<Notice> {
    let Some((reached, at)) = after.reached() else {
        return Vec::new();
    };
    let seen_before = before.last.map(|p| p.at).or(after.entry.map(|e| e.at));
    let watched = seen_before.is_some_and(|seen| at.since(seen) <= WATCHED);
    if !is_fresh(at, now) || !watched {
        return Vec::new();
    }
    let passed = |m: f64| before.reached().is_some_and(|(was, _)| was.reaches(m));
    let new = |m: &&f64| reached.reaches(**m) && !passed(**m);
    let new = MILESTONES.iter().filter(new);
    new.map(|m| Notice {
        value: Some(*m),
        ..notice(
            call,
            NoticeKind::Milestone,
            &m.to_string(),
            at,
            &format!("reached {m}x"),
        )
    })
    .collect()
}

/// Rug, crashed, gone: when that is new, and the end was seen.
fn death(call: &Call, before: &Facts, after: &Facts, now: Timestamp) -> Option<Notice> {
    if before.state == after.state {
        return None;
    }
    let at = after.last?.at;
    let from_above = after
        .reached()
        .is_some_and(|(high, _)| high.exceeds(CRASH_MULTIPLE));
    let young = after
        .crashed_since
        .is_some_and(|since| since.since(call.called_at) <= YOUNG);
    let fell = is_fresh(at, now) && (from_above || young);
    let multiple = after.latest().map_or(0.0, Multiple::value);
    let (kind, at, words) = match after.state {
        RugState::Rug if fell => (
            NoticeKind::Rug,
            at,
            format!("RUG: liquidity gone, price at {multiple:.2}x of the entry"),
        ),
        RugState::Crashed if fell => (
            NoticeKind::Crashed,
            at,
            format!("crashed: held at {multiple:.2}x of the entry"),
        ),
        RugState::Gone if now.since(at) <= LATELY => {
            (NoticeKind::Gone, now, "gone: listed no more".to_owned())
        }
        _ => return None,
    };
    Some(Notice {
        value: Some(multiple),
        ..notice(call, kind, "", at, &words)
    })
}

/// The end of a call's window, when that is news.
#[must_use]
pub fn completed(
    call: &Call,
    outcome: &Outcome,
    window_end: Timestamp,
    now: Timestamp,
) -> Option<Notice> {
    if outcome.status != Status::Completed || !is_fresh(window_end, now) {
        return None;
    }
    let category = outcome.category.map_or("no final price", |c| c.name());
    let figure = |name: &str, multiple: Option<Multiple>| {
        multiple.map_or_else(String::new, |m| format!(", {name} {:.2}x", m.value()))
    };
    let words = format!(
        "completed: {category}{}{}",
        figure("final", outcome.fin.map(|f| f.multiple)),
        figure("ATH", outcome.ath.map(|a| a.multiple)),
    );
    Some(Notice {
        value: outcome.fin.map(|f| f.multiple.value()),
        ..notice(call, NoticeKind::Completed, "", window_end, &words)
    })
}

/// What the token of a call is called on screen.
#[must_use]
pub fn subject(call: &Call) -> String {
    let named = call.symbol.clone().or_else(|| call.name.clone());
    let address = || {
        let token = call.token.as_ref()?;
        Some(token.address().chars().take(8).collect())
    };
    named.or_else(address).unwrap_or_else(|| "?".to_owned())
}

fn notice(call: &Call, kind: NoticeKind, step: &str, at: Timestamp, words: &str) -> Notice {
    let subject = subject(call);
    let slash = if step.is_empty() { "" } else { "/" };
    Notice {
        key: format!("call/{}/{}{slash}{step}", call.id.0, kind.name()),
        at,
        kind,
        call: Some(call.id.clone()),
        token: call.token.clone(),
        text: format!("{subject} by {} {words}", call.source),
        subject,
        source: Some(call.source.clone()),
        value: None,
        told: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CallId, EntryOrigin, Features, Price, TokenKey};
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn call() -> Call {
        Call {
            id: CallId("c1".to_owned()),
            source: "alpha".to_owned(),
            chain: "solana".to_owned(),
            token: TokenKey::new(Some("solana"), "abc"),
            symbol: Some("BONK".to_owned()),
            name: None,
            called_at: T0,
            stated_entry: Price::new(1.0),
            market_cap_usd: None,
            liquidity_usd: None,
            rejected_by: None,
            features: Features::default(),
        }
    }

    fn minute(m: i64) -> Timestamp {
        T0.plus(Span::minutes(m))
    }

    fn price(m: i64, usd: f64) -> PriceAt {
        PriceAt {
            at: minute(m),
            price: Price::new(usd).unwrap(),
        }
    }

    /// A call at 1.0 with its latest and its highest price.
    fn facts(last: Option<(i64, f64)>, peak: Option<(i64, f64)>, state: RugState) -> Facts {
        Facts {
            entry: Some(Entry {
                price: Price::new(1.0).unwrap(),
                at: T0,
                origin: EntryOrigin::Stated,
            }),
            last: last.map(|(m, p)| price(m, p)),
            peak: peak.map(|(m, p)| price(m, p)),
            crashed_since: last.filter(|(_, p)| *p <= 0.2).map(|(m, _)| minute(m - 30)),
            state,
        }
    }

    fn texts(before: &Facts, after: &Facts, now: i64) -> Vec<String> {
        let notices = of_call(&call(), before, after, minute(now));
        notices.into_iter().map(|n| n.text).collect()
    }

    #[test]
    fn milestones_are_told_when_they_are_reached_and_never_late() {
        use RugState::Alive;
        let nothing = facts(None, None, RugState::Unknown);
        let at = |m: i64, p: f64| facts(Some((m, p)), Some((m, p)), Alive);
        for (before, after, now, want) in [
            (nothing, at(1, 1.5), 1, &[][..]),
            (nothing, at(1, 2.0), 1, &["2x"]),
            (at(5, 1.9), at(6, 2.1), 6, &["2x"]),
            (at(5, 2.1), at(6, 2.3), 6, &[]),
            (at(5, 1.9), at(6, 10.0), 6, &["2x", "5x", "10x"]),
            // Known too late.
            (at(5, 1.9), at(6, 2.1), 22, &[]),
            // A call from days ago whose first price ever is high already.
            (nothing, at(3 * 1440, 7.0), 3 * 1440, &[]),
            // One that was watched, with a gap of some hours.
            (at(60, 1.1), at(600, 7.0), 600, &["2x", "5x"]),
        ] {
            let want: Vec<String> = want
                .iter()
                .map(|m| format!("BONK by alpha reached {m}"))
                .collect();
            assert_eq!(texts(&before, &after, now), want, "{before:?} {after:?}");
        }
    }

    #[test]
    fn an_end_is_told_when_it_was_seen() {
        use RugState::{Alive, Crashed, Gone, Rug, Unknown};
        let alive = facts(Some((99, 1.0)), Some((5, 1.2)), Alive);
        for (before, after, now, want) in [
            (
                alive,
                facts(Some((100, 0.05)), Some((5, 1.2)), Rug),
                100,
                "RUG: liquidity gone, price at 0.05x of the entry",
            ),
            (
                alive,
                facts(Some((100, 0.15)), Some((5, 1.2)), Crashed),
                100,
                "crashed: held at 0.15x of the entry",
            ),
            (
                alive,
                facts(Some((99, 1.0)), Some((5, 1.2)), Gone),
                130,
                "gone: listed no more",
            ),
            (
                facts(Some((99, 0.05)), Some((5, 1.2)), Rug),
                facts(Some((100, 0.05)), Some((5, 1.2)), Rug),
                100,
                "",
            ),
            // Down from the first price on, of a call that was days old then.
            (
                facts(None, None, Unknown),
                facts(Some((9999, 0.05)), Some((9969, 0.06)), Crashed),
                9999,
                "",
            ),
            // The same of a young call.
            (
                facts(None, None, Unknown),
                facts(Some((40, 0.05)), Some((10, 0.06)), Crashed),
                40,
                "crashed: held at 0.05x of the entry",
            ),
            // It came back: no news of this kind.
            (
                facts(Some((99, 0.05)), Some((5, 1.2)), Crashed),
                facts(Some((100, 1.0)), Some((5, 1.2)), Alive),
                100,
                "",
            ),
        ] {
            let told = texts(&before, &after, now);
            let want: Vec<String> = (!want.is_empty())
                .then(|| format!("BONK by alpha {want}"))
                .into_iter()
                .collect();
            assert_eq!(told, want, "{before:?} {after:?}");
        }
    }

    proptest! {
        #[test]
        fn no_key_twice_over_any_path(
            path in prop::collection::vec((1i64..90, 0.01f64..20.0, 0usize..4), 1..120)
        ) {
            let mut before = facts(None, None, RugState::Unknown);
            let (mut m, mut peak) = (0, None::<(i64, f64)>);
            let mut keys = std::collections::HashSet::new();
            let mut milestones = Vec::new();
            for (wait, p, state) in path {
                m += wait;
                if peak.is_none_or(|(_, high)| p > high) {
                    peak = Some((m, p));
                }
                let states = [RugState::Alive, RugState::Rug, RugState::Unknown, RugState::Gone];
                let after = facts(Some((m, p)), peak, states[state]);
                for notice in of_call(&call(), &before, &after, minute(m)) {
                    if notice.kind == NoticeKind::Milestone {
                        prop_assert!(keys.insert(notice.key.clone()), "{}", notice.key);
                        milestones.push(notice.value);
                    }
                }
                before = after;
            }
            let high = peak.map_or(0.0, |(_, p)| p);
            let want: Vec<Option<f64>> =
                MILESTONES.iter().filter(|x| high >= **x).map(|x| Some(*x)).collect();
            // Each reached one once: the path was watched all the time.
            prop_assert_eq!(milestones, want);
        }
    }
}
