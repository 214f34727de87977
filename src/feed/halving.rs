//! One bad address must not sink its batch: what a provider refuses as malformed is asked again in
//! halves, until the bad one is alone.
//!
//! Knows: which part is asked next. Must never know: how it is asked.

/// This many refused alone, and nothing answered: it is not the addresses.
const HOPELESS: usize = 3;

/// The parts of a batch that are still to be asked for.
#[derive(Debug)]
pub(super) struct Halving<T> {
    parts: Vec<Vec<T>>,
    bad: Vec<T>,
    answered: bool,
}

impl<T> Halving<T> {
    /// All of them, in parts of no more than `most`.
    pub(super) fn new(mut all: Vec<T>, most: usize) -> Self {
        let mut parts = Vec::new();
        while !all.is_empty() {
            let at = all.len().saturating_sub(most.max(1));
            parts.push(all.split_off(at));
        }
        Self {
            parts,
            bad: Vec::new(),
            answered: false,
        }
    }

    /// The next part to ask for.
    pub(super) fn next(&mut self) -> Option<Vec<T>> {
        if self.is_hopeless() {
            return None;
        }
        self.parts.pop()
    }

    /// A part was answered.
    pub(super) const fn answered(&mut self) {
        self.answered = true;
    }

    /// A part was refused as malformed.
    pub(super) fn refused(&mut self, mut part: Vec<T>) {
        if part.len() <= 1 {
            self.bad.append(&mut part);
            return;
        }
        let second = part.split_off(part.len().div_ceil(2));
        self.parts.push(second);
        self.parts.push(part);
    }

    /// Several refused alone and none answered: the fault lies elsewhere.
    pub(super) const fn is_hopeless(&self) -> bool {
        !self.answered && self.bad.len() >= HOPELESS
    }

    /// Those that were refused alone.
    pub(super) fn into_bad(self) -> Vec<T> {
        self.bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_refuses_everything_is_not_asked_for_ever() {
        let mut halving = Halving::new((0..30).collect::<Vec<i32>>(), 30);
        let mut asked = 0;
        while let Some(part) = halving.next() {
            asked += 1;
            halving.refused(part);
        }
        assert!(halving.is_hopeless());
        assert!(asked < 12, "{asked}");
    }

    proptest! {
        /// Every good one is answered, every bad one found, and the cost is that of the bad ones.
        #[test]
        fn the_bad_are_found_and_the_rest_answered(
            size in 1_usize..=50,
            bad in prop::collection::hash_set(0_usize..50, 0..3),
        ) {
            let mut halving = Halving::new((0..size).collect(), 30);
            let mut good = Vec::new();
            let mut asked = 0;
            while let Some(part) = halving.next() {
                asked += 1;
                if part.iter().any(|one| bad.contains(one)) {
                    halving.refused(part);
                } else {
                    halving.answered();
                    good.extend(part);
                }
            }
            let mut found = halving.into_bad();
            found.sort_unstable();
            let mut want: Vec<_> = bad.iter().copied().filter(|b| *b < size).collect();
            want.sort_unstable();
            prop_assert_eq!(&found, &want);
            prop_assert_eq!(good.len(), size - want.len());
            prop_assert!(asked <= 2 + 12 * want.len(), "{} requests", asked);
        }
    }
}
