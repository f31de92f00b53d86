//! One pass over many texts that lie one after another in a buffer, and what becomes of the candidates of one text.

use std::ops::Range;

use super::fingerprint::HIDDEN;
use super::literals::Hit;
use super::ruleset::{Candidate, RuleNumber, RuleSet, Tries};

/// The buffer is searched for literals in stretches of this size, so that the hits in memory stay few however large a text is. Even.
const STRETCH_BYTES: usize = 64 * 1024;

/// A finding needs this confidence; what is below shows in the explanation alone.
pub const CONFIDENCE_MIN: f64 = 0.5;

/// A mask can bring new neighbours together: redaction looks again, this often at most.
const REDACT_PASSES_MAX: usize = 8;

impl RuleSet {
    /// Walks the hits of `rows` texts, text `i` being `values[offset(i)..offset(i + 1)]`, in order.
    /// `with` gets the row, its text and the hits of one stretch, and says whether the rest of that row matters.
    fn walk<'v>(
        &self,
        values: &'v [u8],
        rows: usize,
        offset: impl Fn(usize) -> usize,
        mut with: impl FnMut(usize, &'v [u8], &[Hit]) -> bool,
    ) {
        let (mut from, end) = (offset(0), offset(rows));
        let mut hits: Vec<Hit> = Vec::new();
        let mut of_row: Vec<Hit> = Vec::new();
        let mut row = 0;
        let mut done: Option<usize> = None;
        let Some(used) = values.get(..end) else { return };
        while from < end {
            let to = (from + STRETCH_BYTES).min(end);
            hits.clear();
            // Hits come nearly in order.
            self.literals().each(used, from, to, |hit| {
                let at = hits.iter().rposition(|earlier| *earlier <= hit).map_or(0, |at| at + 1);
                hits.insert(at, hit);
            });
            let mut rest = hits.as_slice();
            while let Some(first) = rest.first() {
                while row + 1 < rows && offset(row + 1) <= first.start {
                    row = next_row(row, rows, first.start, &offset);
                }
                let (start, stop) = (offset(row), offset(row + 1));
                let taken = rest.iter().take_while(|hit| hit.start < stop).count().max(1);
                let (now, later) = rest.split_at(taken);
                rest = later;
                if done == Some(row) {
                    continue;
                }
                let Some(text) = used.get(start..stop) else { continue };
                of_row.clear();
                for hit in now {
                    if hit.start >= start && hit.start + self.literals().len(hit.literal) <= stop {
                        of_row.push(Hit { start: hit.start - start, literal: hit.literal });
                    }
                }
                if !of_row.is_empty() && !with(row, text, &of_row) {
                    done = Some(row);
                }
            }
            from = to;
        }
    }

    /// Says for each of `rows` texts whether a credential is in it. `hit` is called once for each such row, in order.
    pub fn matching(&self, values: &[u8], rows: usize, offset: impl Fn(usize) -> usize, mut hit: impl FnMut(usize)) {
        let mut tries = Tries::default();
        self.walk(values, rows, offset, |row, text, hits| {
            let mut found = false;
            self.candidates(text, hits, false, &mut tries, &mut |candidate| found |= candidate.confidence >= CONFIDENCE_MIN);
            if found {
                hit(row);
            }
            !found
        });
    }

    /// Hands on the findings of each text that has any, in order.
    pub fn finding(&self, values: &[u8], rows: usize, offset: impl Fn(usize) -> usize, mut each: impl FnMut(usize, &[Candidate])) {
        let mut of_row: Vec<Candidate> = Vec::new();
        let mut tries = Tries::default();
        let mut last = 0;
        self.walk(values, rows, offset, |row, text, hits| {
            if row != last && !of_row.is_empty() {
                each(last, &resolved(&mut of_row));
                of_row.clear();
            }
            last = row;
            self.candidates(text, hits, false, &mut tries, &mut |candidate| {
                if candidate.confidence >= CONFIDENCE_MIN {
                    of_row.push(candidate);
                }
            });
            true
        });
        if !of_row.is_empty() {
            each(last, &resolved(&mut of_row));
        }
    }

    /// Whether a credential is in the text.
    pub fn matches(&self, text: &[u8]) -> bool {
        let mut found = false;
        self.matching(text, 1, |row| if row == 0 { 0 } else { text.len() }, |_| found = true);
        found
    }

    /// The credentials in the text, in order and without overlap.
    pub fn find(&self, text: &[u8]) -> Vec<Candidate> {
        let mut findings = Vec::new();
        self.finding(text, 1, |row| if row == 0 { 0 } else { text.len() }, |_, found| findings = found.to_vec());
        findings
    }

    /// Every candidate in the text, also those that fell, in order.
    pub fn explain(&self, text: &[u8]) -> Vec<Candidate> {
        let mut all = Vec::new();
        self.walk(
            text,
            1,
            |row| if row == 0 { 0 } else { text.len() },
            |_, text, hits| {
                self.candidates(text, hits, true, &mut Tries::default(), &mut |candidate| all.push(candidate));
                true
            },
        );
        ordered(&mut all);
        all
    }

    /// The text with each credential replaced by a mask, or nothing where there is none.
    pub fn redact(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut now: Option<Vec<u8>> = None;
        for _ in 0..REDACT_PASSES_MAX {
            let current = now.as_deref().unwrap_or(text);
            let mut ranges: Vec<Range<usize>> = Vec::new();
            for candidate in self.explain(current).into_iter().filter(|c| c.confidence >= CONFIDENCE_MIN) {
                match ranges.last_mut() {
                    Some(last) if candidate.range.start < last.end => last.end = last.end.max(candidate.range.end),
                    _ => ranges.push(candidate.range),
                }
            }
            if ranges.is_empty() {
                break;
            }
            let mut masked = Vec::with_capacity(current.len());
            let mut at = 0;
            for range in ranges {
                masked.extend_from_slice(current.get(at..range.start).unwrap_or_default());
                masked.extend_from_slice(HIDDEN.as_bytes());
                at = range.end;
            }
            masked.extend_from_slice(current.get(at..).unwrap_or_default());
            now = Some(masked);
        }
        now
    }
}

/// The row that holds `place`, looked for by doubling steps from `row`, whose end lies at or before it.
fn next_row(row: usize, rows: usize, place: usize, offset: &impl Fn(usize) -> usize) -> usize {
    let mut step = 1;
    let mut low = row + 1;
    while low + step < rows && offset(low + step) <= place {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(rows);
    // offset(low) <= place < offset(high)
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(middle) <= place {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// In order of place; the same candidate seen from two literals stands once.
fn ordered(candidates: &mut Vec<Candidate>) {
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| (c.range.start, c.range.end, c.rule);
        key(a).cmp(&key(b)).then(b.confidence.total_cmp(&a.confidence))
    });
    candidates.dedup_by(|a, b| a.range == b.range && a.rule == b.rule);
}

/// Of candidates that overlap one of a rule with a pattern stays, which knows whose credential it is, then the surer one, then the longer
/// one, then the rule that stands first.
fn resolved(candidates: &mut Vec<Candidate>) -> Vec<Candidate> {
    ordered(candidates);
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates.drain(..) {
        match kept.last_mut() {
            Some(last) if candidate.range.start < last.range.end => {
                let known = |c: &Candidate| matches!(c.rule, RuleNumber::Pattern(_));
                let better = known(&candidate).cmp(&known(last)).then(candidate.confidence.total_cmp(&last.confidence));
                if better.then(candidate.range.len().cmp(&last.range.len())).is_gt() {
                    *last = candidate;
                }
            }
            _ => kept.push(candidate),
        }
    }
    kept
}

#[cfg(test)]
mod tests;
