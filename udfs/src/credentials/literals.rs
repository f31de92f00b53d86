//! Finds where one of many literals occurs, ignoring ASCII case where told to, in one pass that costs little where there is none.
//!
//! The pass looks at every second place only: at the four bytes there, as a hash, in a bitmap. A literal of five bytes or more sets
//! the bits of two neighbouring windows of its own, so that one of them lies at an even place; a shorter one leaves open the byte
//! that it does not have. What the bitmap lets through is looked up in a second one, with the byte behind the window where the
//! literal has it, and then compared in full.

use std::ops::{BitAnd, BitOr, BitXor, Shl};

use super::common_text::commonness;

/// One literal found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Byte offset of the literal's first byte.
    pub start: usize,
    /// Which literal, by its place in the list given to [`Literals::new`].
    pub literal: u32,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    /// The bytes.
    pub text: Box<[u8]>,
    /// One of these must stand right behind the text; any byte or none may where the list is empty.
    pub followers: &'static [u8],
    /// The case of letters counts.
    pub exact: bool,
}

impl Literal {
    /// The text in any case of its ASCII letters.
    pub fn folded(text: &[u8]) -> Self {
        Self { text: text.to_ascii_lowercase().into(), followers: &[], exact: false }
    }

    /// How many bytes it takes, with the one that must follow it.
    fn len(&self) -> usize {
        self.text.len() + usize::from(!self.followers.is_empty())
    }
}

/// A literal must have this many bytes, with the one that must follow it.
pub const LITERAL_BYTES_MIN: usize = 3;

/// Bytes that one look at the first bitmap reads.
const WINDOW: usize = 4;
const STRIDE: usize = 2;
const FIVE_BYTES: u64 = 0xFF_FFFF_FFFF;

/// The words of the first bitmap: 64 KiB. More of them let less through, but lie further away from the core.
const FIRST_BITS: u32 = 14;
const FIRST_WORDS: usize = 1 << FIRST_BITS;

/// Of each byte the hash sees five bits: the two cases of an ASCII letter have the same ones.
const HASHED_BITS: u64 = 0x1F1F_1F1F_1F1F_1F1F;

/// The words of the bitmaps that are asked where the first one says yes: of windows, and of windows with the byte behind them.
const SECOND_BITS: u32 = 12;
const SECOND_WORDS: usize = 1 << SECOND_BITS;
const THIRD_BITS: u32 = 13;
const THIRD_WORDS: usize = 1 << THIRD_BITS;

/// Lists of entries.
const SHELVES_BITS: u32 = 12;
const SHELVES: usize = 1 << SHELVES_BITS;

/// Bytes that one step of the pass decides about, and that it reads.
const STEP: usize = 32;
const STEP_READS: usize = STEP + 8;

/// Steps whose outcome is collected before it is looked at, so that the pass itself has no branch to guess.
const STEPS: usize = 128;
const PLACES: usize = STEPS * STEP / STRIDE;

/// Bytes as a number, and which of their bits count: not the one in which the cases of a letter differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Folded<N> {
    bytes: N,
    counts: N,
}

impl<N: From<u8> + Copy + PartialEq + BitXor<Output = N> + BitOr<Output = N> + BitAnd<Output = N> + Shl<usize, Output = N>> Folded<N> {
    /// As many bytes as the number holds; nothing stands for any byte.
    fn new(bytes: impl Iterator<Item = Option<u8>> + Clone, exact: bool) -> Self {
        let of = |byte: &dyn Fn(u8) -> u8| {
            let bytes = bytes.clone().take(size_of::<N>()).enumerate();
            bytes.fold(N::from(0), |sum, (at, known)| sum | N::from(known.map_or(0, byte)) << (8 * at))
        };
        Self { bytes: of(&|byte| byte), counts: of(&|byte| if byte.is_ascii_alphabetic() && !exact { !0x20 } else { 0xFF }) }
    }

    #[inline(always)]
    fn fits(&self, bytes: N) -> bool {
        (bytes ^ self.bytes) & self.counts == N::from(0)
    }
}

/// A literal as seen from a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    literal: u32,
    /// The literal's beginning.
    head: Folded<u64>,
    /// The literal starts this many bytes ahead of the window (one behind it: `-1`).
    before: i16,
    /// The beginning is the whole literal, and any byte may follow.
    short: bool,
}

impl Entry {
    fn new(number: usize, literal: &Literal, before: i16) -> Self {
        Self {
            literal: u32::try_from(number).unwrap_or(u32::MAX),
            head: Folded::new(literal.text.iter().copied().map(Some), literal.exact),
            before,
            short: literal.text.len() <= 8 && literal.followers.is_empty(),
        }
    }
}

/// The compiled literals.
#[derive(Debug)]
pub struct Literals {
    literals: Vec<Literal>,
    first: Box<[u32; FIRST_WORDS]>,
    second: Box<[u32; SECOND_WORDS]>,
    third: Box<[u32; THIRD_WORDS]>,
    /// Windows sorted by shelf; `shelves[at]..shelves[at + 1]` are those of one shelf.
    windows: Vec<Folded<u32>>,
    /// What each window is a part of: apart from them, as most windows that are compared are others.
    entries: Vec<Entry>,
    shelves: Vec<u32>,
}

/// The word and the bit of a window in a bitmap of `1 << bits` words.
#[inline(always)]
fn slot(hashed: u32, multiplier: u32, bits: u32) -> (usize, u32) {
    ((hashed.wrapping_mul(multiplier) >> (32 - bits)) as usize, 1u32 << (hashed & 31))
}

#[inline(always)]
fn first_slot(hashed: u32) -> (usize, u32) {
    let (word, bit) = slot(hashed, 0x9E37_79B1, FIRST_BITS);
    (word % FIRST_WORDS, bit)
}

#[inline(always)]
fn second_slot(hashed: u32) -> (usize, u32) {
    let (word, bit) = slot(hashed, 0x85EB_CA6B, SECOND_BITS);
    (word % SECOND_WORDS, bit)
}

#[inline(always)]
fn third_slot(hashed: u64) -> (usize, u32) {
    let hash = (hashed & FIVE_BYTES).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - THIRD_BITS);
    (hash as usize % THIRD_WORDS, 1u32 << (hashed & 31))
}

/// Where the entries of a window are: its first byte may be open, so it does not count.
#[inline(always)]
fn shelf(hashed: u32) -> usize {
    slot(hashed >> 8, 0x9E37_79B1, SHELVES_BITS).0 % SHELVES
}

/// Eight bytes as a number, zeros where the slice is shorter.
#[inline(always)]
fn eight(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    }
}

/// The place in the literal (not far into a long one) whose two neighbouring windows are rarest.
fn rarest(literal: &[u8]) -> usize {
    const PLACES_MAX: usize = 256;
    let pairs =
        literal.windows(WINDOW + 1).take(PLACES_MAX).map(|five| five.array_windows::<WINDOW>().map(|four| commonness(*four)).sum::<f64>());
    pairs.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at)
}

/// What is known of a window and of the byte behind it, and how far ahead of it the literal starts.
type Sight = ([Option<u8>; WINDOW + 1], i16);

/// The windows through which a literal is seen wherever it lies.
fn sights(literal: &Literal) -> Vec<Sight> {
    // A window so far into the literal; it may begin one byte ahead of it.
    let sight = |text: &[u8], before: i16| {
        let at = |offset: usize| usize::try_from(before).map_or(offset.checked_sub(1), |before| Some(before + offset));
        (std::array::from_fn(|offset| at(offset).and_then(|at| text.get(at)).copied()), before)
    };
    let text = &literal.text;
    if literal.text.len() > WINDOW {
        let place = i16::try_from(rarest(text)).unwrap_or(0);
        return vec![sight(text, place), sight(text, place + 1)];
    }
    let ended: Vec<Vec<u8>> = literal.followers.iter().map(|&sign| [text, &[sign][..]].concat()).collect();
    let (ahead, at_start) = match ended.as_slice() {
        [] => (vec![sight(text, -1)], vec![sight(text, 0)]),
        // Four bytes fill a window: the sign is left to the comparison.
        signs if literal.len() == WINDOW => (vec![sight(text, -1)], signs.iter().map(|text| sight(text, 0)).collect()),
        signs => (signs.iter().map(|text| sight(text, -1)).collect(), signs.iter().map(|text| sight(text, 0)).collect()),
    };
    ahead.into_iter().chain(at_start).collect()
}

/// Each number that the hash can see in bytes of which some are open.
fn hashed(bytes: &[Option<u8>]) -> Vec<u64> {
    bytes.iter().enumerate().fold(vec![0], |all, (at, byte)| {
        let bits = byte.map_or(0..32, |b| u64::from(b & 31)..u64::from(b & 31) + 1);
        all.iter().flat_map(|sum| bits.clone().map(move |bits| sum | bits << (8 * at))).collect()
    })
}

impl Literals {
    /// Compiles the literals; those shorter than [`LITERAL_BYTES_MIN`] are never found.
    pub fn new(literals: Vec<Literal>) -> Self {
        let (mut first, mut second, mut third) =
            (Box::new([0u32; FIRST_WORDS]), Box::new([0u32; SECOND_WORDS]), Box::new([0u32; THIRD_WORDS]));
        let mut entries: Vec<(usize, Folded<u32>, Entry)> = Vec::new();
        for (number, literal) in literals.iter().enumerate().filter(|(_, literal)| literal.len() >= LITERAL_BYTES_MIN) {
            for (bytes, before) in sights(literal) {
                let [window @ .., behind] = bytes;
                for hashed in hashed(&window) {
                    let hashed = hashed as u32;
                    let (word, bit) = first_slot(hashed);
                    first[word] |= bit;
                    if behind.is_none() {
                        let (word, bit) = second_slot(hashed);
                        second[word] |= bit;
                    }
                    let known = Folded::new(window.into_iter(), literal.exact);
                    entries.push((shelf(hashed), known, Entry::new(number, literal, before)));
                }
                for hashed in behind.iter().flat_map(|_| hashed(&bytes)) {
                    let (word, bit) = third_slot(hashed);
                    third[word] |= bit;
                }
            }
        }
        entries.sort_unstable();
        entries.dedup();
        let mut shelves = vec![0u32; SHELVES + 1];
        for (shelf, ..) in &entries {
            shelves[shelf + 1] += 1;
        }
        for at in 1..shelves.len() {
            shelves[at] += shelves[at - 1];
        }
        let (windows, entries) = entries.into_iter().map(|(_, window, entry)| (window, entry)).unzip();
        Self { literals, first, second, third, windows, entries, shelves }
    }

    /// How many bytes the literal takes, with the one that must follow it.
    pub fn len(&self, literal: u32) -> usize {
        self.literals.get(literal as usize).map_or(0, Literal::len)
    }

    /// Calls `hit` for each occurrence of each literal that lies in `haystack` and whose window starts in `[from, to)`.
    /// Calls over neighbouring stretches of even length together report each occurrence once.
    pub fn each(&self, haystack: &[u8], from: usize, to: usize, mut hit: impl FnMut(Hit)) {
        let to = to.min(haystack.len());
        let mut at = from;
        let (mut outcome, mut places) = ([(0, 0); STEPS], [0; PLACES]);
        while at < to {
            let end = (at + STEPS * STEP).min(to);
            let rest = haystack.get(at..).unwrap_or_default();
            let steps = self.look(rest, (end - at).div_ceil(STEP), &mut outcome);
            let some = self.look_again(rest, outcome.get(..steps).unwrap_or_default(), &mut places);
            for &place in places.get(..some).unwrap_or_default() {
                let place = at + place as usize;
                if place < to {
                    self.confirm(haystack, place, &mut hit);
                }
            }
            at = end;
        }
    }

    /// Looks at `steps` steps of the text and notes those with windows that the bitmap knows, as bits. Says how many there are.
    #[inline(never)]
    fn look(&self, text: &[u8], steps: usize, outcome: &mut [(u32, u32); STEPS]) -> usize {
        let (mut some, mut step, mut rest) = (0, 0, text);
        let mut note = |step: usize, places: u32| {
            outcome[some % STEPS] = (step as u32, places);
            some += usize::from(places != 0);
        };
        while step < steps
            && let Some(bytes) = rest.first_chunk()
        {
            note(step, self.step(bytes));
            step += 1;
            rest = &rest[STEP..];
        }
        while step < steps {
            let mut padded = [0; STEP_READS];
            padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            note(step, self.step(&padded));
            step += 1;
            rest = rest.get(STEP..).unwrap_or_default();
        }
        some
    }

    #[inline(always)]
    fn step(&self, bytes: &[u8; STEP_READS]) -> u32 {
        let mut places = 0;
        for quarter in 0..STEP / 4 {
            let word = eight(&bytes[quarter * 4..]) & HASHED_BITS;
            for half in 0..2 {
                let (at, bit) = first_slot((word >> (half * 16)) as u32);
                places = places << 1 | u32::from(self.first[at] & bit != 0);
            }
        }
        places
    }

    /// Asks the other bitmaps about what the first one knew.
    #[inline(never)]
    fn look_again(&self, text: &[u8], outcome: &[(u32, u32)], places: &mut [u32; PLACES]) -> usize {
        let mut some = 0;
        for &(step, mut bits) in outcome {
            while bits != 0 {
                let last = bits.trailing_zeros() as usize;
                let place = step as usize * STEP + (STEP / STRIDE - 1 - last) * STRIDE;
                bits &= bits - 1;
                let hashed = eight(text.get(place..).unwrap_or_default()) & HASHED_BITS;
                let ((second, second_bit), (third, third_bit)) = (second_slot(hashed as u32), third_slot(hashed));
                places[some % PLACES] = place as u32;
                some += usize::from(self.second[second] & second_bit | self.third[third] & third_bit != 0);
            }
        }
        some
    }

    #[inline(always)]
    fn confirm(&self, haystack: &[u8], at: usize, hit: &mut impl FnMut(Hit)) {
        let bytes = eight(haystack.get(at..).unwrap_or_default());
        let shelf = shelf((bytes & HASHED_BITS) as u32);
        let (Some(&low), Some(&high)) = (self.shelves.get(shelf), self.shelves.get(shelf + 1)) else { return };
        let windows = self.windows.get(low as usize..high as usize).unwrap_or_default();
        let entries = self.entries.get(low as usize..high as usize).unwrap_or_default();
        for (window, entry) in windows.iter().zip(entries) {
            if window.fits(bytes as u32)
                && let Some(found) = self.whole(haystack, at, entry)
            {
                hit(found);
            }
        }
    }

    /// Whether the literal stands there as a whole.
    #[inline(always)]
    fn whole(&self, haystack: &[u8], at: usize, entry: &Entry) -> Option<Hit> {
        let start = at.checked_add_signed(-(entry.before as isize))?;
        let rest = haystack.get(start..)?;
        let stands = entry.head.fits(eight(rest)) && (entry.short && rest.len() >= 8 || self.stands(rest, entry.literal));
        stands.then_some(Hit { start, literal: entry.literal })
    }

    fn stands(&self, rest: &[u8], literal: u32) -> bool {
        let Some(Literal { text, followers, exact }) = self.literals.get(literal as usize) else { return false };
        rest.get(..text.len()).is_some_and(|found| if *exact { found == &**text } else { found.eq_ignore_ascii_case(text) })
            && (followers.is_empty() || rest.get(text.len()).is_some_and(|follower| followers.contains(follower)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::{Hit, Literal, Literals};

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
        static COMPILED: LazyLock<Literals> =
            LazyLock::new(|| Literals::new(LITERALS.iter().map(|text| Literal::folded(text.as_bytes())).collect()));
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
