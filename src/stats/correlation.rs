//! Pearson's and Spearman's correlation.

use super::{CompensatedSum, Interval, Z_95, rank::mid_ranks, tail::shared_variance_two_sided};

/// A correlation of two paired columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// The number of pairs, at least 2.
    pub n: usize,
    /// The coefficient, within -1..=1.
    pub r: f64,
    /// The two-sided p-value of "no correlation", by Student's t with n - 2
    /// degrees of freedom; 1 for two pairs, which always lie on a line.
    pub p: Option<f64>,
    /// The 95 % interval of `r` by Fisher's transformation; `None` below four
    /// pairs, where it has no standard error.
    pub interval: Option<Interval>,
}

/// Pearson's correlation of the pairs `(x[i], y[i])`.
///
/// Centred first, so a large common offset costs no digits; p as scipy's
/// `pearsonr`; interval `tanh(atanh(r) +- z / sqrt(n - 3))` (Fisher 1921).
///
/// `None` for fewer than two pairs, unequal lengths, a value that is not
/// finite, or when either column is constant (decided on the values as they
/// are, not by a rounded variance).
pub fn pearson(x: &[f64], y: &[f64]) -> Option<Correlation> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let r = coefficient(&unit(x)?, &unit(y)?);
    Some(describe(x.len(), r, 1.0))
}

/// Pearson's correlation from centred sums over `n` pairs: `m2x` and `m2y` are
/// the sums of squared deviations from the mean, `cxy` the sum of products of
/// deviations. For summaries that are merged instead of recomputed.
///
/// The caller guarantees that neither column is constant: only the data can
/// tell, a sum of squares may be rounding noise. An `r` that is -1 or 1 but for
/// rounding is exactly that.
///
/// `None` for `n < 2`, or sums that are not finite or not positive squares.
pub fn pearson_from_moments(n: u64, m2x: f64, m2y: f64, cxy: f64) -> Option<Correlation> {
    let squares = |m2: f64| m2.is_finite() && m2 > 0.0;
    if n < 2 || !squares(m2x) || !squares(m2y) || !cxy.is_finite() {
        return None;
    }
    // One root of the product rounds less than a product of two roots, where
    // the product neither overflows nor vanishes.
    let product = m2x * m2y;
    let r = if product.is_normal() {
        cxy / product.sqrt()
    } else {
        cxy / m2x.sqrt() / m2y.sqrt()
    };
    if r.is_nan() {
        return None;
    }
    // Three rounded sums tell a line from nearly a line no better than this, and p would be made of
    // nothing but that rounding.
    let r = if 1.0 - r.abs() < 8.0 * f64::EPSILON {
        r.signum()
    } else {
        r
    };
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    Some(describe(n, r, 1.0))
}

/// Spearman's rank correlation: Pearson's of the average ranks, so ties are
/// handled.
///
/// p by Student's t with n - 2 degrees of freedom, as scipy's `spearmanr`;
/// interval by Fisher's transformation with the standard error
/// `sqrt((1 + r^2 / 2) / (n - 3))` of Bonett & Wright 2000.
///
/// `None` for fewer than two pairs, unequal lengths, a NaN, or when either
/// column is constant. Infinite values are ranked like any other.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Correlation> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    // A NaN makes all ranks NaN, which `unit` refuses.
    let r = coefficient(&unit(&mid_ranks(x))?, &unit(&mid_ranks(y))?);
    Some(describe(x.len(), r, 1.0 + r * r / 2.0))
}

/// The deviations from the mean scaled to length 1, or `None` for values that
/// are not finite or all equal.
fn unit(values: &[f64]) -> Option<Vec<f64>> {
    let first = *values.first()?;
    let mut largest = 0.0_f64;
    for value in values {
        if !value.is_finite() {
            return None;
        }
        largest = largest.max(value.abs());
    }
    if values.iter().all(|&value| value == first) {
        return None;
    }
    // Differences of two values must not overflow; a power of two is exact.
    let shrink = if largest > f64::MAX / 4.0 { 0.25 } else { 1.0 };
    // Differences from a value of the column are (nearly) exact even when the
    // offset is large, unlike differences from a rounded mean.
    let mut deviations: Vec<f64> = (values.iter())
        .map(|value| value * shrink - first * shrink)
        .collect();
    centre(&mut deviations);
    // To at most 1, so that no square overflows or vanishes altogether.
    let widest = deviations.iter().fold(0.0_f64, |w, d| w.max(d.abs()));
    for deviation in &mut deviations {
        *deviation /= widest;
    }
    // The first mean was rounded at the size of the range; once more removes
    // what is left when one outlier dwarfs the rest.
    centre(&mut deviations);
    let length = sum(deviations.iter().map(|d| d * d)).sqrt();
    if !length.is_normal() {
        return None;
    }
    for deviation in &mut deviations {
        *deviation /= length;
    }
    Some(deviations)
}

fn centre(values: &mut [f64]) {
    let n = values.len() as f64;
    // Dividing each term keeps the sum of very large values finite.
    let mean = sum(values.iter().map(|value| value / n));
    for value in values {
        *value -= mean;
    }
}

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.collect::<CompensatedSum>().value()
}

/// The product of two unit vectors, within -1..=1.
fn coefficient(u: &[f64], v: &[f64]) -> f64 {
    let r = sum(u.iter().zip(v).map(|(u, v)| u * v));
    if r.abs() < 0.9 {
        return r;
    }
    // Near a perfect line 1 - |r| is half the squared distance of the vectors,
    // which keeps the digits the product above has rounded away. Pairs on an
    // exact line give exactly 1.
    let sign = r.signum();
    let distance = sum(u.iter().zip(v).map(|(u, v)| (u - sign * v).powi(2)));
    sign * (1.0 - distance / 2.0).clamp(-1.0, 1.0)
}

/// Adds p and interval to a coefficient; `scale` is the variance of atanh(r)
/// times n - 3.
fn describe(n: usize, r: f64, scale: f64) -> Correlation {
    let p = if n > 2 {
        let rest = (1.0 - r) * (1.0 + r);
        shared_variance_two_sided(r * r, rest, (n - 2) as f64)
    } else {
        1.0
    };
    let interval = (n > 3).then(|| {
        let half = Z_95 * (scale / (n - 3) as f64).sqrt();
        // atanh(+-1) is infinite and comes back as +-1 on both sides. Rounding
        // must not push an end past the coefficient when n is very large.
        Interval {
            low: (r.atanh() - half).tanh().min(r),
            high: (r.atanh() + half).tanh().max(r),
        }
    });
    Correlation {
        n,
        r,
        p: Some(p),
        interval,
    }
}

#[cfg(test)]
mod tests;
