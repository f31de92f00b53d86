//! What a text must hold for a pattern to match in it: a run of bytes of one class, read from the pattern itself.
//!
//! A token of forty letters and digits needs forty of them side by side. That is seen by looking at every fortieth byte or so, while the
//! expression would look at each one; most texts in which a rule's literal stands end here.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::common_text::share;

/// At least so many neighbouring bytes, all of them of the class.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    class: Box<[bool; 256]>,
    bytes: usize,
}

/// Longer runs are not asked for: the tail of a long secret may lie outside of the stretch that is looked at.
const RUN_BYTES_MAX: usize = 128;

/// Nested groups of a pattern, at most; deeper patterns do not compile.
const NEST_MAX: u32 = 64;

impl Run {
    fn new(bytes: usize, has: impl Fn(u8) -> bool) -> Self {
        let mut class = Box::new([false; 256]);
        (0..=u8::MAX).for_each(|byte| class[usize::from(byte)] = has(byte));
        Self { class, bytes }
    }

    /// The run that two parts of a pattern make one after another.
    fn then(&self, next: &Self) -> Self {
        Self { bytes: (self.bytes + next.bytes).min(RUN_BYTES_MAX), ..self.or(next) }
    }

    /// The run that either of two parts of a pattern makes.
    fn or(&self, other: &Self) -> Self {
        let both = |byte: u8| self.class[usize::from(byte)] || other.class[usize::from(byte)];
        Self::new(self.bytes.min(other.bytes), both)
    }

    /// How much text the run keeps out: the bits that it would take to guess it.
    fn bits(&self) -> f64 {
        let shares: f64 = (0..=u8::MAX).filter(|byte| self.class[usize::from(*byte)]).map(share).sum();
        -shares.min(1.0).log2() * self.bytes as f64
    }

    /// Whether the text has such a run.
    pub fn is_in(&self, text: &[u8]) -> bool {
        // Looks at the place where the run would end: a byte of another class there rules out all runs across it.
        let mut end = self.bytes;
        while let Some(run) = end.checked_sub(self.bytes).and_then(|start| text.get(start..end)) {
            match run.iter().rposition(|&byte| !self.class[usize::from(byte)]) {
                None => return true,
                Some(at) => end += at + 1,
            }
        }
        false
    }
}

/// The run that keeps most texts out; nothing where the pattern asks for none but what the rule's literals hold already.
pub fn run(pattern: &str, literals: &[String]) -> Option<Run> {
    let hir = ParserBuilder::new().unicode(false).utf8(false).nest_limit(NEST_MAX).build().parse(pattern).ok()?;
    let tells = |run: &Run| run.bytes > 0 && !literals.iter().all(|literal| run.is_in(literal.as_bytes()) || run.is_in(literal.to_ascii_uppercase().as_bytes()));
    best(&hir, &tells)
}

fn surer(one: Option<Run>, other: Option<Run>) -> Option<Run> {
    one.into_iter().chain(other).max_by(|a, b| a.bits().total_cmp(&b.bits()))
}

/// The best run among those that stand in every match.
fn best(hir: &Hir, tells: &impl Fn(&Run) -> bool) -> Option<Run> {
    let own = Some(whole(hir)).filter(tells);
    let inner = match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, tells),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub, tells),
        HirKind::Concat(parts) => {
            let wholes: Vec<Run> = parts.iter().map(whole).collect();
            let joined = (0..wholes.len()).flat_map(|from| {
                let rest = wholes.get(from..).unwrap_or_default();
                rest.iter().scan(Run::new(0, |_| false), |sum, part| {
                    *sum = sum.then(part);
                    Some(sum.clone())
                })
            });
            let joined = joined.filter(tells).max_by(|a, b| a.bits().total_cmp(&b.bits()));
            parts.iter().map(|part| best(part, tells)).fold(joined, surer)
        }
        HirKind::Alternation(parts) => {
            let each: Option<Vec<Run>> = parts.iter().map(|part| best(part, tells)).collect();
            each.and_then(|runs| runs.into_iter().reduce(|a, b| a.or(&b))).filter(tells)
        }
        _ => None,
    };
    surer(own, inner)
}

/// The run that a match of the whole expression is: all its bytes, and how many there are at least.
fn whole(hir: &Hir) -> Run {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Run::new(0, |_| false),
        HirKind::Literal(literal) => Run::new(literal.0.len().min(RUN_BYTES_MAX), |byte| literal.0.contains(&byte)),
        HirKind::Class(Class::Bytes(class)) => Run::new(1, |byte| class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&byte))),
        // A character beyond ASCII is some bytes beyond ASCII.
        HirKind::Class(Class::Unicode(class)) => Run::new(1, |byte| {
            class.ranges().iter().any(|r| if byte < 0x80 { (r.start()..=r.end()).contains(&char::from(byte)) } else { r.end() >= '\u{80}' })
        }),
        HirKind::Repetition(repetition) => {
            let one = whole(&repetition.sub);
            let times = usize::try_from(repetition.min).unwrap_or(RUN_BYTES_MAX);
            Run { bytes: one.bytes.saturating_mul(times).min(RUN_BYTES_MAX), ..one }
        }
        HirKind::Capture(capture) => whole(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(whole).reduce(|a, b| a.then(&b)).unwrap_or_else(|| Run::new(0, |_| false)),
        HirKind::Alternation(parts) => parts.iter().map(whole).reduce(|a, b| a.or(&b)).unwrap_or_else(|| Run::new(0, |_| false)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    use super::run;

    #[test]
    fn a_text_without_the_run_is_told_by_a_few_looks() {
        let cases: &[(&str, &str, &str, &str)] = &[
            (r"\b(gsk_[A-Za-z0-9]{52})", "gsk_", "gsk_ is a prefix", "gsk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            (r"[a-z]+://[^\s:@]{0,9}:([^\s@]{1,9})@", "://", "see http://example.com/a:b", "ftp://a:b@example.com"),
            (r"(?i:jenkins)[\s\S]{0,80}?(11[0-9a-f]{32})", "jenkins", "jenkins build 1142 failed", "jenkins 1100000000000000000000000000000000"),
            (r"(ab[0-9]{20}|cd[a-f]{30})", "ab", "ab or cd", "ab01234567890123456789"),
        ];
        for (pattern, literal, without, with) in cases {
            let run = run(pattern, &[(*literal).to_owned()]).expect("the pattern has a run");
            assert!(!run.is_in(without.as_bytes()), "{pattern}: {run:?}");
            assert!(run.is_in(with.as_bytes()), "{pattern}");
        }
        assert_eq!(run(r"(?:abc)?[0-9]*", &[]), None);
    }

    #[test]
    fn what_the_literal_holds_is_no_run() {
        assert_eq!(run("(?i)abcd", &["ABCD".to_owned()]), None);
    }

    proptest! {
        #[test]
        fn where_the_pattern_matches_the_run_is(text in "[ab01_: ]{0,60}", pattern in 0usize..6) {
            let patterns = [
                r"\b(a[a-b]{5})[^a]", r"(?i:AB)[\s\S]{0,9}?([01]{4,8})", r"(a{3}|b0{2}|[01]{5}):", r"(?:a_)+[0-9]{2}", r"(?u)\bb+ \w{3}", r"a?b*(?:0|1)$",
            ];
            let regex = RegexBuilder::new(patterns[pattern]).unicode(false).build().expect("compiles");
            let run = run(patterns[pattern], &["zz".to_owned()]).expect("has a run");
            if regex.is_match(text.as_bytes()) {
                prop_assert!(run.is_in(text.as_bytes()), "{} {run:?}", patterns[pattern]);
            }
        }
    }
}
