//! The stretches of a text in which a value may stand.

use std::ops::Range;

/// Where in a text a value that could pass may stand: nowhere outside of these stretches, in order.
#[derive(Debug, Clone, Default)]
pub struct Places {
    stretches: [(usize, usize); PLACES_MAX],
    count: usize,
}

/// What comes after so many stretches belongs to the last.
const PLACES_MAX: usize = 6;

impl Places {
    /// Anywhere.
    pub fn all() -> Self {
        let mut all = Self::default();
        all.add(0, usize::MAX);
        all
    }

    pub fn add(&mut self, start: usize, end: usize) {
        match self.stretches.get_mut(self.count) {
            Some(stretch) => {
                *stretch = (start, end);
                self.count += 1;
            }
            None => {
                if let Some(last) = self.stretches.last_mut() {
                    last.1 = end;
                }
            }
        }
    }

    fn each(&self) -> impl Iterator<Item = (usize, usize)> {
        self.stretches.iter().take(self.count).copied()
    }

    /// Nowhere.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The same places, counted from `ahead` bytes further on.
    pub fn behind(mut self, ahead: usize) -> Self {
        for stretch in &mut self.stretches {
            *stretch = (stretch.0.saturating_sub(ahead), stretch.1.saturating_sub(ahead));
        }
        self
    }

    /// Whether some of the range lies in one of the stretches.
    pub fn touch(&self, range: &Range<usize>) -> bool {
        self.each().any(|(start, end)| start < range.end && range.start < end)
    }

    /// Whether all of them end before this byte.
    pub fn end_before(&self, at: usize) -> bool {
        self.each().last().is_none_or(|(_, end)| end <= at)
    }
}
