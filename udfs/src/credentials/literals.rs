//! Finds where one of many literals occurs, ignoring ASCII case, in one pass that costs little where there is none.
//!
//! A bitmap holds a hash of three neighbouring bytes of each literal, at two neighbouring places, so that the pass needs to look at
//! every second byte only. What the bitmap lets through is compared in full.

/// One literal found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Byte offset of the literal's first byte.
    pub start: usize,
    /// Which literal, by its place in the list given to [`Literals::new`].
    pub literal: u32,
}

/// A literal must have this many bytes: the filter reads three at a time.
pub const LITERAL_BYTES_MIN: usize = 3;

const WINDOW: usize = 3;
const STRIDE: usize = 2;
const HASH_BITS: u32 = 17;
const FOLD: u32 = 0x0020_2020;

/// How common a byte is in chat, roughly: the filter watches the rarest three bytes of each literal.
const COMMON_LETTERS: &[u8] = b"etaoinshrdlucmfwygpbvk";

/// Where in the literal a bitmap entry looks: the literal starts `before` bytes ahead of the window (or one after it, `-1`).
#[derive(Debug, Clone, Copy)]
struct Entry {
    literal: u32,
    before: i32,
}

/// The compiled literals.
#[derive(Debug)]
pub struct Literals {
    texts: Vec<Box<[u8]>>,
    /// One bit for each hash of three folded bytes.
    bitmap: Vec<u64>,
    /// Entries sorted by hash; `first[hash]..first[hash + 1]` are those of one hash.
    entries: Vec<Entry>,
    first: Vec<u32>,
}

fn hash(bytes: [u8; WINDOW]) -> usize {
    let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) | FOLD;
    (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

fn cost(byte: u8) -> usize {
    let byte = byte.to_ascii_lowercase();
    match COMMON_LETTERS.iter().position(|&letter| letter == byte) {
        Some(rank) => 40 - rank,
        None if byte == b' ' => 45,
        None => 5,
    }
}

/// The place in the literal whose two neighbouring windows are rarest.
fn rarest(literal: &[u8]) -> usize {
    let last = literal.len().saturating_sub(WINDOW + STRIDE - 1);
    (0..=last).min_by_key(|&at| literal[at..(at + WINDOW + 1).min(literal.len())].iter().map(|&b| cost(b)).sum::<usize>()).unwrap_or(0)
}

impl Literals {
    /// Compiles the literals; those shorter than [`LITERAL_BYTES_MIN`] are never found.
    pub fn new<T: AsRef<[u8]>>(literals: &[T]) -> Self {
        let texts: Vec<Box<[u8]>> = literals.iter().map(|l| l.as_ref().into()).collect();
        let mut found: Vec<(usize, Entry)> = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let literal = u32::try_from(number).unwrap_or(u32::MAX);
            if text.len() < LITERAL_BYTES_MIN {
                continue;
            }
            if text.len() > WINDOW {
                let at = rarest(text);
                for shift in at..at + STRIDE {
                    let before = i32::try_from(shift).unwrap_or(0);
                    found.push((hash([text[shift], text[shift + 1], text[shift + 2]]), Entry { literal, before }));
                }
            } else {
                found.push((hash([text[0], text[1], text[2]]), Entry { literal, before: 0 }));
                // Too short for two windows: at odd places it is seen through any byte ahead of it.
                for any in 0..=u8::MAX {
                    found.push((hash([any, text[0], text[1]]), Entry { literal, before: -1 }));
                }
            }
        }
        found.sort_by_key(|(hash, entry)| (*hash, entry.literal, entry.before));
        found.dedup_by_key(|(hash, entry)| (*hash, entry.literal, entry.before));
        let mut bitmap = vec![0u64; 1 << (HASH_BITS - 6)];
        let mut first = vec![0u32; (1 << HASH_BITS) + 1];
        for (hash, _) in &found {
            bitmap[hash >> 6] |= 1 << (hash & 63);
            first[hash + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        Self { texts, bitmap, entries: found.into_iter().map(|(_, entry)| entry).collect(), first }
    }

    /// The literal's text.
    pub fn text(&self, literal: u32) -> &[u8] {
        self.texts.get(literal as usize).map_or(&[], |t| t)
    }

    /// Calls `hit` for each occurrence of each literal that lies in `haystack` and whose window starts in `[from, to)`.
    /// Calls over neighbouring stretches together report each occurrence once; `from` must be even.
    pub fn each(&self, haystack: &[u8], from: usize, to: usize, mut hit: impl FnMut(Hit)) {
        let to = to.min(haystack.len().saturating_sub(WINDOW - 1));
        let Some(stretch) = haystack.get(from..(to + WINDOW - 1).min(haystack.len())) else { return };
        let bitmap: &[u64; 1 << (HASH_BITS - 6)] = match self.bitmap.as_slice().try_into() {
            Ok(bitmap) => bitmap,
            Err(_) => return,
        };
        // Eight bytes hold three windows at even places: fewer loads than one load a window.
        let mut at = 0;
        while at + 8 <= stretch.len() {
            let word = u64::from_le_bytes([
                stretch[at],
                stretch[at + 1],
                stretch[at + 2],
                stretch[at + 3],
                stretch[at + 4],
                stretch[at + 5],
                stretch[at + 6],
                stretch[at + 7],
            ]);
            let slot = |shift: u32| {
                let low = ((word >> shift) as u32 & 0x00FF_FFFF) | FOLD;
                (low.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
            };
            let (a, b, c) = (slot(0), slot(16), slot(32));
            let bit = |slot: usize| (bitmap[slot >> 6] >> (slot & 63)) & 1;
            let (hit_a, hit_b, hit_c) = (bit(a), bit(b), bit(c));
            if hit_a | hit_b | hit_c != 0 {
                for (set, slot, place) in [(hit_a, a, 0), (hit_b, b, 2), (hit_c, c, 4)] {
                    if set != 0 {
                        self.confirm(haystack, from + at + place, slot, &mut hit);
                    }
                }
            }
            at += 6;
        }
        while at + WINDOW <= stretch.len() {
            let slot = hash([stretch[at], stretch[at + 1], stretch[at + 2]]);
            if (bitmap[slot >> 6] >> (slot & 63)) & 1 != 0 {
                self.confirm(haystack, from + at, slot, &mut hit);
            }
            at += STRIDE;
        }
    }

    #[cold]
    fn confirm(&self, haystack: &[u8], at: usize, slot: usize, hit: &mut impl FnMut(Hit)) {
        let (Some(&low), Some(&high)) = (self.first.get(slot), self.first.get(slot + 1)) else { return };
        for entry in self.entries.get(low as usize..high as usize).unwrap_or_default() {
            let Some(start) = at.checked_add_signed(-(entry.before as isize)) else { continue };
            let text = self.text(entry.literal);
            if haystack.get(start..start + text.len()).is_some_and(|found| found.eq_ignore_ascii_case(text)) {
                hit(Hit { start, literal: entry.literal });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::{Hit, Literals};

    fn naive(literals: &[&str], text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            for start in 0..(text.len() + 1).saturating_sub(literal.len()) {
                if text[start..start + literal.len()].eq_ignore_ascii_case(literal.as_bytes()) {
                    hits.push(Hit { start, literal: number as u32 });
                }
            }
        }
        hits.sort();
        hits
    }

    fn found(text: &[u8], step: usize) -> Vec<Hit> {
        static COMPILED: LazyLock<Literals> = LazyLock::new(|| Literals::new(LITERALS));
        let mut hits = Vec::new();
        let mut from = 0;
        while from < text.len() {
            COMPILED.each(text, from, from + step, |hit| hits.push(hit));
            from += step;
        }
        hits.sort();
        hits
    }

    const LITERALS: &[&str] = &["pwd", "ghp_", "password", "AKIA", "pw:", "пароль", "密码", "aaa", "aaaa", "-----BEGIN"];

    #[test]
    fn a_literal_is_found_at_every_place() {
        for literal in LITERALS {
            for ahead in 0..20 {
                for behind in 0..12 {
                    let text = format!("{}{}{}", "x".repeat(ahead), literal, "y".repeat(behind));
                    assert_eq!(found(text.as_bytes(), 1 << 16), naive(LITERALS, text.as_bytes()), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_pass_finds_what_a_naive_search_finds(text in "[aApPwWdD:_ghGHKI-]{0,90}", step in 1usize..40) {
            prop_assert_eq!(found(text.as_bytes(), step * 2), naive(LITERALS, text.as_bytes()));
        }
    }
}
