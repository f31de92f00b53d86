//! What a text must hold for a pattern to match in it, read from the pattern itself: runs of bytes of one class.
//!
//! A token of forty letters and digits needs forty of them side by side. That is seen by looking at every fortieth byte or so, while the
//! expression would look at each one; most texts in which a rule's literal stands end here.

use std::sync::LazyLock;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::common_text::share;
use super::sequence::{Sequence, sequences};

/// A set of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bytes([u64; 4]);

impl Bytes {
    fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = Self::default();
        bytes.into_iter().for_each(|byte| set.0[usize::from(byte / 64)] |= 1 << (byte % 64));
        set
    }

    fn has(self, byte: u8) -> bool {
        (self.0[usize::from(byte / 64)] >> (byte % 64)) & 1 != 0
    }

    fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    fn is_within(self, other: Self) -> bool {
        self.or(other) == other
    }

    fn each(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |byte| self.has(*byte))
    }
}

/// At least so many neighbouring bytes, all of them of the class.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    class: Bytes,
    bytes: usize,
}

/// Longer runs are not asked for: the tail of a long secret may lie outside of the stretch that is looked at.
const RUN_BYTES_MAX: usize = 128;

/// Nested groups of a pattern, at most; deeper patterns do not compile.
const NEST_MAX: u32 = 64;

impl Stretch {
    /// What two parts of a pattern make one after another.
    fn then(self, next: Self) -> Self {
        Self { class: self.class.or(next.class), bytes: (self.bytes + next.bytes).min(RUN_BYTES_MAX) }
    }

    /// What either of two parts of a pattern makes.
    fn or(self, other: Self) -> Self {
        Self { class: self.class.or(other.class), bytes: self.bytes.min(other.bytes) }
    }

    /// Whether a text that has this has the other one as well.
    fn implies(self, other: Self) -> bool {
        self.bytes >= other.bytes && self.class.is_within(other.class)
    }

    /// How much text it keeps out: the bits that it would take to guess it.
    fn bits(self) -> f64 {
        static SHARES: LazyLock<[f64; 256]> = LazyLock::new(|| std::array::from_fn(|byte| share(byte as u8)));
        let shares: f64 = self.class.each().map(|byte| SHARES[usize::from(byte)]).sum();
        -shares.min(1.0).log2() * self.bytes as f64
    }
}

/// A stretch made ready to be looked for.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    class: Box<[bool; 256]>,
    bytes: usize,
    /// The byte, where the run is one certain byte.
    only: Option<u8>,
}

impl Run {
    fn new(Stretch { class, bytes }: Stretch) -> Self {
        let mut members = class.each();
        let only = members.next().filter(|_| bytes == 1 && members.next().is_none());
        Self { class: Box::new(std::array::from_fn(|byte| class.has(byte as u8))), bytes, only }
    }

    fn has(&self, byte: u8) -> bool {
        self.class[usize::from(byte)]
    }

    /// Whether the text has such a run.
    fn is_in(&self, text: &[u8]) -> bool {
        if let Some(byte) = self.only {
            return text.contains(&byte);
        }
        // Looks at the place where the run would end: a byte of another class there rules out all runs across it.
        let mut end = self.bytes;
        while let Some(run) = end.checked_sub(self.bytes).and_then(|start| text.get(start..end)) {
            match run.iter().rposition(|&byte| !self.has(byte)) {
                None => return true,
                Some(at) => end += at + 1,
            }
        }
        false
    }
}

/// What a text must hold: nothing of it is held by the rule's literals already.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Required {
    runs: Vec<Run>,
    sequence: Option<Sequence>,
}

/// What guesses in so few bits tells nothing.
const BITS_MIN: f64 = 2.0;

impl Required {
    /// Reads the pattern of a rule that is tried near the literals.
    pub fn new(pattern: &str, literals: &[String]) -> Self {
        const RUNS_MAX: usize = 3;
        let parse = |unicode: bool| ParserBuilder::new().unicode(unicode).utf8(false).nest_limit(NEST_MAX).build().parse(pattern).ok();
        let Some(hir) = parse(false).or_else(|| parse(true)) else { return Self::default() };
        let held = |is_in: &dyn Fn(&[u8]) -> bool| literals.iter().all(|l| is_in(l.as_bytes()) || is_in(l.to_ascii_uppercase().as_bytes()));
        let tells = |run: &Stretch| run.bytes > 0 && run.bits() >= BITS_MIN && !held(&|text| Run::new(*run).is_in(text));
        let mut found = Vec::new();
        collect(&hir, &tells, &mut found);
        let mut found: Vec<(f64, Stretch)> = found.into_iter().map(|run| (run.bits(), run)).collect();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut best: Vec<Stretch> = Vec::new();
        for (_, run) in found {
            if best.len() < RUNS_MAX && !best.iter().any(|better| better.implies(run)) {
                best.push(run);
            }
        }
        let runs = best.into_iter().map(Run::new).collect();
        let sequences = sequences(&hir).into_iter().filter(|s| s.bits() >= BITS_MIN && !held(&|text| s.is_in(text)));
        Self { runs, sequence: sequences.max_by(|a, b| a.bits().total_cmp(&b.bits())) }
    }

    /// Whether the text holds it.
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.runs.iter().all(|run| run.is_in(text)) && self.sequence.as_ref().is_none_or(|sequence| sequence.is_in(text))
    }
}

/// Gathers runs that stand in every match.
fn collect(hir: &Hir, tells: &impl Fn(&Stretch) -> bool, found: &mut Vec<Stretch>) {
    found.extend(Some(whole(hir)).filter(tells));
    match hir.kind() {
        HirKind::Capture(capture) => collect(&capture.sub, tells, found),
        HirKind::Repetition(repetition) if repetition.min > 0 => collect(&repetition.sub, tells, found),
        HirKind::Concat(parts) => {
            let wholes: Vec<Stretch> = parts.iter().map(whole).collect();
            for from in 0..wholes.len() {
                let joined = wholes.get(from..).unwrap_or_default().iter().scan(NOTHING, |sum, part| {
                    *sum = sum.then(*part);
                    Some(*sum)
                });
                found.extend(joined.filter(tells));
            }
            parts.iter().for_each(|part| collect(part, tells, found));
        }
        HirKind::Alternation(parts) => {
            let best = |part| {
                let mut found = Vec::new();
                collect(part, tells, &mut found);
                found.into_iter().max_by(|a, b| a.bits().total_cmp(&b.bits()))
            };
            let each: Option<Vec<Stretch>> = parts.iter().map(best).collect();
            found.extend(each.and_then(|runs| runs.into_iter().reduce(Stretch::or)).filter(tells));
        }
        _ => {}
    }
}

/// No bytes.
const NOTHING: Stretch = Stretch { class: Bytes([0; 4]), bytes: 0 };

/// The run that a match of the whole expression is: all its bytes, and how many there are at least.
fn whole(hir: &Hir) -> Stretch {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => NOTHING,
        HirKind::Literal(literal) => Stretch { class: Bytes::of(literal.0.iter().copied()), bytes: literal.0.len().min(RUN_BYTES_MAX) },
        HirKind::Class(Class::Bytes(class)) => {
            Stretch { class: Bytes::of(class.ranges().iter().flat_map(|r| r.start()..=r.end())), bytes: 1 }
        }
        // A character beyond ASCII is some bytes beyond ASCII.
        HirKind::Class(Class::Unicode(class)) => {
            let has = |byte: u8| {
                class
                    .ranges()
                    .iter()
                    .any(|r| if byte < 0x80 { (r.start()..=r.end()).contains(&char::from(byte)) } else { r.end() >= '\u{80}' })
            };
            Stretch { class: Bytes::of((0..=u8::MAX).filter(|byte| has(*byte))), bytes: 1 }
        }
        HirKind::Repetition(repetition) => {
            let one = whole(&repetition.sub);
            let times = usize::try_from(repetition.min).unwrap_or(RUN_BYTES_MAX);
            Stretch { class: one.class, bytes: one.bytes.saturating_mul(times).min(RUN_BYTES_MAX) }
        }
        HirKind::Capture(capture) => whole(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(whole).reduce(Stretch::then).unwrap_or(NOTHING),
        HirKind::Alternation(parts) => parts.iter().map(whole).reduce(Stretch::or).unwrap_or(NOTHING),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    use super::Required;

    #[test]
    fn a_text_without_the_run_is_told_by_a_few_looks() {
        let cases: &[(&str, &str, &str, &str)] = &[
            (r"\b(gsk_[A-Za-z0-9]{52})", "gsk_", "gsk_ is a prefix", "gsk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            (r"[a-z]+://[^\s:@]{0,9}:([^\s@]{1,9})@", "://", "see http://example.com/a:b", "ftp://a:b@example.com"),
            (
                r"(?i:jenkins)[\s\S]{0,80}?(11[0-9a-f]{32})",
                "jenkins",
                "jenkins build 1142 failed",
                "jenkins 1100000000000000000000000000000000",
            ),
            (r"(ab[0-9]{20}|cd[a-f]{30})", "ab", "ab or cd", "ab01234567890123456789"),
        ];
        for (pattern, literal, without, with) in cases {
            let required = Required::new(pattern, &[(*literal).to_owned()]);
            assert!(!required.is_in(without.as_bytes()), "{pattern}: {required:?}");
            assert!(required.is_in(with.as_bytes()), "{pattern}");
        }
        assert_eq!(Required::new(r"(?:abc)?[0-9]*", &[]), Required::default());
    }

    #[test]
    fn what_the_literal_holds_is_no_run() {
        assert_eq!(Required::new("(?i)abcd", &["ABCD".to_owned()]), Required::default());
    }

    proptest! {
        #[test]
        fn where_the_pattern_matches_the_run_is(text in "[ab01_: ]{0,60}", pattern in 0usize..6) {
            let patterns = [
                r"\b(a[a-b]{5})[^a]", r"(?i:AB)[\s\S]{0,9}?([01]{4,8})", r"(a{3}|b0{2}|[01]{5}):", r"(?:a_)+[0-9]{2}", r"(?u)\bb+ \w{3}", r"a?b*(?:0|1)$",
            ];
            let regex = RegexBuilder::new(patterns[pattern]).unicode(false).build().expect("compiles");
            let required = Required::new(patterns[pattern], &["zz".to_owned()]);
            prop_assert_ne!(&required, &Required::default());
            if regex.is_match(text.as_bytes()) {
                prop_assert!(required.is_in(text.as_bytes()), "{} {required:?}", patterns[pattern]);
            }
        }
    }
}
