//! Two-sided tail probabilities shared by the tests of this module tree.

use statrs::function::{beta::beta_reg, erf::erfc};

/// P(|Z| >= |z|) for a standard normal Z. The callers never pass NaN.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

/// P(|T| >= |t|) for Student's t with `df` degrees of freedom.
pub(super) fn student_two_sided(t: f64, df: f64) -> f64 {
    // t^2 may overflow: the quotient below would then be inf / inf.
    let t2 = (t * t).min(f64::MAX / 4.0);
    let total = df + t2;
    shared_variance_two_sided(t2 / total, df / total, df)
}

/// The p-value of a share of variance `r2` explained by one regressor with
/// `df` residual degrees of freedom. `rest` is `1 - r2`, passed separately so
/// that neither end loses digits.
///
/// This is the t test written as an incomplete beta function:
/// `p = I_{1 - r2}(df / 2, 1 / 2) = 1 - I_{r2}(1 / 2, df / 2)`.
pub(super) fn shared_variance_two_sided(r2: f64, rest: f64, df: f64) -> f64 {
    let half = df / 2.0;
    // `beta_reg` panics outside these domains; the callers stay inside, and a
    // wrong number must not bring the process down.
    let in_domain = half.is_finite() && half > 0.0;
    if !in_domain || !(0.0..=1.0).contains(&r2) || !(0.0..=1.0).contains(&rest) {
        return 1.0;
    }
    // The continued fraction converges fast on one side of this point only.
    // Choosing the form here rather than inside `beta_reg` keeps the argument
    // exact: `beta_reg` would form `1 - x` from an already rounded x.
    let p = if r2 < 1.5 / (half + 2.5) {
        1.0 - beta_reg(0.5, half, r2)
    } else {
        beta_reg(half, 0.5, rest)
    };
    p.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within};

    #[test]
    fn normal_tails() {
        // 2 * scipy.stats.norm.sf(z)
        let cases = [
            (0.0, 1.0),
            (-1.959_963_984_540_054, 0.05),
            (3.0, 0.002_699_796_063_260_189),
            (10.0, 1.523_970_604_832_105e-23),
            (f64::INFINITY, 0.0),
        ];
        for (z, p) in cases {
            close(normal_two_sided(z), p);
        }
    }

    #[test]
    fn student_tails() {
        // 2 * scipy.stats.t.sf(t, df).
        let cases = [
            (1.0, 1.0, 0.500_000_000_000_000_1),
            (0.5, 2.0, 0.666_666_666_666_666_7),
            (2.5, 7.5, 0.038_820_258_273_625_53),
            (1.75, 1000.0, 0.080_425_009_359_457_89),
            (1.7, 19_998.0, 0.089_146_475_706_636_5),
            (3.0, 19_998.0, 0.002_703_121_370_760_102),
            (20.0, 19_998.0, 4.003_992_036_374_745e-88),
            (0.001, 100.0, 0.999_204_107_760_103_5),
            (f64::INFINITY, 5.0, 0.0),
            (f64::INFINITY, 19_998.0, 0.0),
        ];
        for (t, df, p) in cases {
            close(student_two_sided(t, df), p);
            close(student_two_sided(-t, df), p);
        }
        close_within(1.0 - student_two_sided(1e-9, 1.0), 6.366_197_7e-10, 1e-6);
        assert_eq!(shared_variance_two_sided(f64::NAN, 0.5, 3.0), 1.0);
        assert_eq!(shared_variance_two_sided(0.5, 0.5, 0.0), 1.0);
    }
}
