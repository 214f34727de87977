//! Two arms of calls, and how often something happened in each.

use crate::stats::{self, Interval};

/// The guards of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guards {
    /// The least calls in each arm.
    pub min_arm_n: usize,
    /// The least calls in each arm before anything is recommended.
    pub recommend_arm_n: usize,
    /// The false discovery rate.
    pub q: f64,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            min_arm_n: 10,
            recommend_arm_n: 20,
            q: 0.05,
        }
    }
}

/// The rarer outcome must occur this often in both arms together.
pub(crate) const MIN_RARER: usize = 5;

/// How often something happened in each arm, and whether that differs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArmTest {
    /// Happened, of how many, with the feature.
    pub with: (usize, usize),
    /// Happened, of how many, without it.
    pub without: (usize, usize),
    /// Fisher's exact p, two-sided; `None` when there were too few.
    pub p: Option<f64>,
    /// Its Benjamini-Hochberg q over all tests of the report.
    pub q: Option<f64>,
}

impl ArmTest {
    pub(crate) fn rate((k, n): (usize, usize)) -> Option<f64> {
        (n > 0).then(|| k as f64 / n as f64)
    }

    /// Share with the feature, 0 to 1.
    #[must_use]
    pub fn rate_with(&self) -> Option<f64> {
        Self::rate(self.with)
    }

    /// Share without it, 0 to 1.
    #[must_use]
    pub fn rate_without(&self) -> Option<f64> {
        Self::rate(self.without)
    }

    /// Wilson interval with the feature.
    #[must_use]
    pub fn interval_with(&self) -> Option<Interval> {
        stats::wilson(self.with.0 as u64, self.with.1 as u64)
    }

    /// Wilson interval without it.
    #[must_use]
    pub fn interval_without(&self) -> Option<Interval> {
        stats::wilson(self.without.0 as u64, self.without.1 as u64)
    }

    /// Newcombe interval of the difference, with minus without.
    #[must_use]
    pub fn difference(&self) -> Option<Interval> {
        let ((a, n), (b, m)) = (self.with, self.without);
        stats::newcombe(a as u64, n as u64, b as u64, m as u64)
    }

    /// Why it cannot be tested, if so.
    pub(crate) fn too_few(&self, guards: &Guards) -> Option<String> {
        let ((a, n), (b, m)) = (self.with, self.without);
        let happened = a + b;
        let rarer = happened.min(n + m - happened);
        if n < guards.min_arm_n {
            Some(format!("{n} with"))
        } else if m < guards.min_arm_n {
            Some(format!("{m} without"))
        } else if rarer < MIN_RARER {
            Some(format!("the rarer outcome occurs {rarer} times"))
        } else {
            None
        }
    }

    pub(crate) fn test(mut self, guards: &Guards) -> Self {
        if self.too_few(guards).is_none() {
            let ((a, n), (b, m)) = (self.with, self.without);
            self.p = stats::fisher_two_sided(a as u64, (n - a) as u64, b as u64, (m - b) as u64);
        }
        self
    }

    /// The table of a test: with and without, happened and not.
    #[must_use]
    pub fn cells(&self) -> [u64; 4] {
        let ((a, n), (b, m)) = (self.with, self.without);
        [a, n - a, b, m - b].map(|cell| cell as u64)
    }

    /// The odds ratio, plain and adjusted, with Woolf's interval.
    #[must_use]
    pub fn odds(&self) -> Option<stats::OddsRatio> {
        let [a, b, c, d] = self.cells();
        stats::odds_ratio(a, b, c, d)
    }

    /// With minus without.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        Some(self.rate_with()? - self.rate_without()?)
    }

    /// Counts one call.
    pub(crate) fn add(&mut self, on: bool, happened: Option<bool>) {
        if let Some(happened) = happened {
            let arm = if on {
                &mut self.with
            } else {
                &mut self.without
            };
            arm.0 += usize::from(happened);
            arm.1 += 1;
        }
    }

    /// +1: significantly more often with the feature, -1: less often, 0: not shown.
    pub(crate) fn direction(&self, q: f64) -> i8 {
        match (self.q, self.change()) {
            (Some(found), Some(change)) if found <= q => {
                i8::from(change > 0.0) - i8::from(change < 0.0)
            }
            _ => 0,
        }
    }
}
