//! One pass over many texts that lie one after another in a buffer, and what becomes of the candidates of one text.

use std::ops::Range;

use super::bare;
use super::fingerprint::HIDDEN;
use super::literals::Hit;
use super::ruleset::{Candidate, RuleNumber, RuleSet, Tries};

/// The buffer is searched for literals in stretches of this size, so that the hits in memory stay few however large a text is. Even.
const STRETCH_BYTES: usize = 64 * 1024;

/// A finding needs this confidence; what is below shows in the explanation alone.
pub const CONFIDENCE_MIN: f64 = 0.5;

/// An alert needs this confidence. In 40,000 lines of ordinary chat nothing reaches it; of what people hand over nineteen in twenty do.
/// See `docs/credentials.md`.
pub const CONFIDENCE_ALERT: f64 = 0.8;

/// A mask can bring new neighbours together: redaction looks again, this often at most.
const REDACT_PASSES_MAX: usize = 8;

impl RuleSet {
    /// Walks the hits of `rows` texts, text `i` being `values[offset(i)..offset(i + 1)]`, in order.
    /// `with` gets the row, its text and the hits of one stretch, and says whether the rest of that row matters.
    ///
    /// A stretch starts with a text, so that what is found in a text does not depend on those before it.
    fn walk<'v>(
        &self,
        values: &'v [u8],
        rows: usize,
        offset: impl Fn(usize) -> usize,
        mut with: impl FnMut(usize, &'v [u8], &[Hit]) -> bool,
    ) {
        let Some(used) = values.get(..offset(rows)) else { return };
        let mut hits: Vec<Hit> = Vec::new();
        let mut row = 0;
        while row < rows {
            let start = offset(row);
            let next = last_within(row, rows, start + STRETCH_BYTES, &offset);
            if next > row {
                self.hits_in(used, start..offset(next), &mut hits);
                self.hand_out(used, row..next, &offset, &mut hits, &mut with);
                row = next;
                continue;
            }
            // A text longer than a stretch.
            let end = offset(row + 1);
            for from in (start..end).step_by(STRETCH_BYTES) {
                self.hits_in(used, from..(from + STRETCH_BYTES).min(end), &mut hits);
                if !self.hand_out(used, row..row + 1, &offset, &mut hits, &mut with) {
                    break;
                }
            }
            row += 1;
        }
    }

    /// The literals whose windows start in a stretch, in order.
    fn hits_in(&self, values: &[u8], stretch: Range<usize>, hits: &mut Vec<Hit>) {
        hits.clear();
        // They come nearly in order.
        self.literals().each(values, stretch.start, stretch.end, |hit| {
            let at = hits.iter().rposition(|earlier| *earlier <= hit).map_or(0, |at| at + 1);
            hits.insert(at, hit);
        });
        let literal = self.no_literal();
        let known = hits.len();
        bare::places(values, stretch.start, stretch.end, |start| hits.push(Hit { start, literal }));
        if hits.len() > known {
            hits.sort();
        }
    }

    /// Hands each row of `rows` its hits. Says whether the rest of the last row that had some matters.
    fn hand_out<'v>(
        &self,
        values: &'v [u8],
        rows: Range<usize>,
        offset: &impl Fn(usize) -> usize,
        hits: &mut [Hit],
        with: &mut impl FnMut(usize, &'v [u8], &[Hit]) -> bool,
    ) -> bool {
        let (mut row, mut goes_on) = (rows.start, true);
        let mut rest = hits;
        while let Some(first) = rest.first() {
            row = last_within(row, rows.end - 1, first.start, offset);
            let (start, stop) = (offset(row), offset(row + 1));
            let taken = rest.iter().take_while(|hit| hit.start < stop).count().max(1);
            let (now, later) = rest.split_at_mut(taken);
            rest = later;
            // A literal may reach over the row's end, or start before the first row.
            let mut kept = 0;
            for at in 0..now.len() {
                let hit = now[at];
                if hit.start >= start && hit.start + self.literals().len(hit.literal) <= stop {
                    now[kept] = Hit { start: hit.start - start, literal: hit.literal };
                    kept += 1;
                }
            }
            if let (Some(text), Some(hits)) = (values.get(start..stop), now.get(..kept).filter(|hits| !hits.is_empty())) {
                goes_on = with(row, text, hits);
            }
        }
        goes_on
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

/// The last row from `row` to `rows` that starts at or before `place`, looked for by doubling steps.
fn last_within(row: usize, rows: usize, place: usize, offset: &impl Fn(usize) -> usize) -> usize {
    let (mut low, mut step) = (row, 1);
    while low + step <= rows && offset(low + step) <= place {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(rows + 1);
    // offset(low) <= place < offset(high), where there is such a row
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
