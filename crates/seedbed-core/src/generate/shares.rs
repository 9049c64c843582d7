//! Shares: exact numbers from counts, percentages and rests.

use crate::scenario::Share;

/// Returns how many of `all` each share is, or what is wrong.
///
/// Counts stand; percentages are rounded half up and, when they make up the whole between them,
/// by largest remainder; rests divide what is left evenly.
pub(super) fn apportion(shares: &[Share], all: u32) -> Result<Vec<u32>, String> {
    let whole: i64 = i64::from(all);
    let mut parts: Vec<i64> = shares
        .iter()
        .map(|share| match share {
            Share::Count(n) => i64::from(*n),
            Share::Percent(p) => (i64::from(*p) * whole + 5_000) / 10_000,
            Share::Rest => 0,
        })
        .collect();
    let rests: Vec<usize> = (0..shares.len()).filter(|i| shares[*i] == Share::Rest).collect();
    let mut left = whole - parts.iter().sum::<i64>();
    if rests.is_empty() {
        // Rounding may miss the whole by a few: those farthest from their exact part give way.
        let mut order: Vec<usize> = (0..shares.len()).filter(|i| matches!(shares[*i], Share::Percent(_))).collect();
        let exact = |i: usize| if let Share::Percent(p) = shares[i] { i64::from(p) * whole } else { 0 };
        order.sort_by_key(|i| left.signum() * (parts[*i] * 10_000 - exact(*i)));
        for i in order {
            if left != 0 {
                parts[i] += left.signum();
                left -= left.signum();
            }
        }
    } else if left >= 0 {
        let share = left / rests.len() as i64;
        let mut more = left % rests.len() as i64;
        for i in &rests {
            parts[*i] = share + i64::from(more > 0);
            more -= 1;
        }
        left = 0;
    }
    if left != 0 || parts.iter().any(|part| *part < 0) {
        let named: i64 = whole - left;
        return Err(format!("{named} rows are named, and there are {all}"));
    }
    Ok(parts.into_iter().map(|part| part as u32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventy_percent_of_thirty_is_twenty_one() {
        assert_eq!(apportion(&[Share::Percent(7_000), Share::Rest], 30), Ok(vec![21, 9]));
        assert_eq!(apportion(&[Share::Percent(7_000), Share::Rest], 34), Ok(vec![24, 10]));
    }

    #[test]
    fn parts_always_make_the_whole() {
        assert_eq!(apportion(&[Share::Rest, Share::Rest, Share::Rest], 50), Ok(vec![17, 17, 16]));
        assert_eq!(
            apportion(&[Share::Percent(3_333), Share::Percent(3_333), Share::Percent(3_334)], 100)
                .map(|p| p.iter().sum()),
            Ok(100u32)
        );
        assert_eq!(apportion(&[Share::Percent(5_000), Share::Percent(5_000)], 3).map(|p| p.iter().sum()), Ok(3u32));
        assert!(apportion(&[Share::Count(5), Share::Rest], 3).is_err());
        assert!(apportion(&[Share::Count(5)], 7).is_err());
    }
}
