//! A short sequence of bytes, each of a class of its own, that stands in every match of a pattern: ` -p` of a command line.
//!
//! Found bit-parallel (Baeza-Yates and Gonnet 1992, "A new approach to text searching"): bit `n` of the state says that the text read last
//! fits the first `n + 1` places.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::common_text::share;

/// The places of a sequence are the bits of a number.
const PLACES_MAX: usize = 32;

type Place = [bool; 256];

/// A compiled sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// For each byte the places that it fits.
    fits: Box<[u32; 256]>,
    last: u32,
    bits: f64,
}

impl Sequence {
    fn new(places: &[Place]) -> Option<Self> {
        let mut fits = Box::new([0; 256]);
        let mut bits = 0.0;
        for (at, place) in places.iter().take(PLACES_MAX).enumerate() {
            let members = (0..=u8::MAX).filter(|byte| place[usize::from(*byte)]);
            members.clone().for_each(|byte| fits[usize::from(byte)] |= 1 << at);
            bits -= members.map(share).sum::<f64>().min(1.0).log2();
        }
        let last = places.len().min(PLACES_MAX).checked_sub(1)?;
        Some(Self { fits, last: 1 << last, bits })
    }

    /// How much text the sequence keeps out: the bits that it would take to guess it.
    pub fn bits(&self) -> f64 {
        self.bits
    }

    /// Whether the sequence stands in the text.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut state = 0u32;
        text.iter().any(|&byte| {
            state = (state << 1 | 1) & self.fits[usize::from(byte)];
            state & self.last != 0
        })
    }
}

/// The sequences that stand in every match of the expression.
pub fn sequences(hir: &Hir) -> Vec<Sequence> {
    let mut reading = Reading::default();
    reading.read(hir);
    reading.end();
    reading.found.iter().filter_map(|places| Sequence::new(places)).collect()
}

#[derive(Default)]
struct Reading {
    found: Vec<Vec<Place>>,
    /// What certainly stands side by side right before the place in the pattern that is read.
    open: Vec<Place>,
    /// Something of no certain length was read.
    broken: bool,
}

fn place(has: impl Fn(u8) -> bool) -> Place {
    std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(&has))
}

/// The only place that the expression has, where it has one.
fn single(hir: &Hir) -> Option<Place> {
    match hir.kind() {
        HirKind::Literal(literal) if literal.0.len() == 1 => Some(place(|byte| literal.0.contains(&byte))),
        HirKind::Class(Class::Bytes(class)) => Some(place(|byte| class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&byte)))),
        HirKind::Capture(capture) => single(&capture.sub),
        _ => None,
    }
}

impl Reading {
    fn end(&mut self) {
        self.broken = true;
        if !self.open.is_empty() {
            self.found.push(std::mem::take(&mut self.open));
        }
    }

    fn read(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.open.extend(literal.0.iter().map(|&known| place(|byte| byte == known))),
            HirKind::Class(_) => match single(hir) {
                Some(place) => self.open.push(place),
                None => self.end(),
            },
            HirKind::Capture(capture) => self.read(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.read(part)),
            HirKind::Repetition(repetition) => {
                let times = usize::try_from(repetition.min).unwrap_or(PLACES_MAX).min(PLACES_MAX);
                let copies = single(&repetition.sub).map(|place| vec![place; times]).unwrap_or_default();
                self.open.extend(&copies);
                if repetition.max != Some(repetition.min) || copies.len() != repetition.min as usize {
                    self.end();
                    self.open = copies;
                }
            }
            HirKind::Alternation(parts) => self.either(parts),
        }
    }

    /// What the branches have in common: the places of all of them, aligned at their beginnings and at their ends.
    fn either(&mut self, parts: &[Hir]) {
        let read = |part: &Hir| {
            let mut own = Self::default();
            own.read(part);
            own
        };
        let each: Vec<Self> = parts.iter().map(read).collect();
        if each.iter().all(|branch| !branch.broken) {
            let shortest = each.iter().map(|branch| branch.open.len()).min().unwrap_or(0);
            let same = each.iter().all(|branch| branch.open.len() == shortest);
            let union = |at: &dyn Fn(&Self) -> usize| -> Vec<Place> {
                let of = |offset: usize| place(|byte| each.iter().any(|branch| branch.open[at(branch) + offset][usize::from(byte)]));
                (0..shortest).map(of).collect()
            };
            self.open.extend(union(&|_| 0));
            if !same {
                self.end();
                self.open = union(&|branch| branch.open.len() - shortest);
            }
            return;
        }
        self.end();
        let best = |branch: Self| {
            let all = branch.found.into_iter().chain([branch.open]).filter_map(|places| Some((Sequence::new(&places)?.bits, places)));
            all.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, places)| places)
        };
        let bests: Option<Vec<Vec<Place>>> = each.into_iter().map(best).collect();
        self.found.extend(bests.and_then(|bests| {
            bests
                .into_iter()
                .reduce(|a, b| a.iter().zip(&b).map(|(a, b)| place(|byte| a[usize::from(byte)] || b[usize::from(byte)])).collect())
        }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;
    use regex_syntax::ParserBuilder;

    use super::{Sequence, sequences};

    fn of(pattern: &str) -> Vec<Sequence> {
        sequences(&ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).expect("parses"))
    }

    #[test]
    fn what_stands_side_by_side_in_every_match_is_a_sequence() {
        let option = of(r"\bmysql\b[^\n|]{0,200}?\s(?:-p|--password=)(\S{2,})");
        assert!(option.iter().all(|sequence| sequence.is_in(b"mysql -h db -pTern91")));
        assert!(!option.iter().all(|sequence| sequence.is_in(b"mysql-server is down")));
        assert_eq!(of("a?|b*"), []);
    }

    proptest! {
        #[test]
        fn where_the_pattern_matches_every_sequence_is(text in "[ab01_: -]{0,40}", pattern in 0usize..9) {
            let patterns = [
                r"a?b:", r"(?:ab|a?b)0", r"(?:ab|ba)(?:-|--)1", r"a{2,3}b{2}[01]{3}", r"(?:a|(?:b0)+)_", r"(?:ab){2}:?", r"\b(?:a|bb)$",
                r"(?:a+|b)(?:0|1_)a", r"(?:|ab)1",
            ];
            let regex = RegexBuilder::new(patterns[pattern]).unicode(false).build().expect("compiles");
            if regex.is_match(text.as_bytes()) {
                for sequence in of(patterns[pattern]) {
                    prop_assert!(sequence.is_in(text.as_bytes()), "{} {text} {sequence:?}", patterns[pattern]);
                }
            }
        }
    }
}
