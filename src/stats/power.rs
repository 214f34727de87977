//! How many would be needed: sample sizes of a comparison of two rates.

/// The sum of the 0.975 and the 0.8 quantile of the standard normal distribution: two-sided 0.05,
/// power 80 %.
const Z_95_80: f64 = 1.959_963_984_540_054 + 0.841_621_233_572_914_3;

/// Cohen's h: the distance of two rates on the arcsine scale.
///
/// Source: Cohen 1988.
#[must_use]
pub fn cohens_h(p: f64, q: f64) -> f64 {
    2.0 * (p.clamp(0.0, 1.0).sqrt().asin() - q.clamp(0.0, 1.0).sqrt().asin())
}

/// How many are needed in the first group to see that two rates differ, two-sided at 0.05 with
/// 80 % power, when the second group is `ratio` times as large. Rounded to the nearest whole.
///
/// Source: the normal approximation on the arcsine scale, as statsmodels' `NormalIndPower` with
/// `proportion_effectsize`.
///
/// `None` when the rates are equal or anything is not finite, or a ratio is not positive.
#[must_use]
pub fn needed(p: f64, q: f64, ratio: f64) -> Option<u64> {
    let h = cohens_h(p, q);
    let n = Z_95_80.powi(2) * (1.0 + 1.0 / ratio) / (h * h);
    (ratio > 0.0 && n.is_finite() && n < 1e12).then(|| n.round().max(2.0) as u64)
}

/// How many more calls, split as those there are, would show the observed difference with 80 %
/// power; `None` when there is no difference, or there are enough already.
#[must_use]
pub fn more(k1: usize, n1: usize, k2: usize, n2: usize) -> Option<u64> {
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let (p, q) = (k1 as f64 / n1 as f64, k2 as f64 / n2 as f64);
    let ratio = n2 as f64 / n1 as f64;
    let all = (needed(p, q, ratio)? as f64 * (1.0 + ratio)).ceil() as u64;
    all.checked_sub((n1 + n2) as u64).filter(|more| *more > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_per_arm_of_the_reference() {
        for (p, q, n) in [
            (0.42, 0.25, 119),
            (0.40, 0.20, 80),
            (0.30, 0.15, 119),
            (0.10, 0.20, 195),
        ] {
            assert_eq!(needed(p, q, 1.0), Some(n), "{p} {q}");
            assert_eq!(needed(q, p, 1.0), Some(n), "{q} {p}");
        }
        assert_eq!(needed(0.3, 0.3, 1.0), None);
        assert_eq!(needed(0.3, 0.4, 0.0), None);
        assert_eq!(needed(f64::NAN, 0.4, 1.0), None);
    }

    #[test]
    fn what_is_missing() {
        // 25 % against 42 %: 119 a side, 60 a side are there.
        let more = more(15, 60, 25, 60).unwrap();
        assert!((110..130).contains(&more), "{more}");
        assert_eq!(super::more(1, 2, 1, 2), None);
        assert_eq!(super::more(0, 0, 1, 2), None);
        assert_eq!(super::more(10, 1000, 900, 1000), None);
    }
}
