//! How unpredictable a text is, by the frequencies of its own characters.

use std::collections::HashMap;

/// Shannon entropy of the text's characters (of its bytes where it is not UTF-8), in bits a character. Empty text has none.
pub fn shannon(text: &[u8]) -> f64 {
    match std::str::from_utf8(text) {
        Ok(text) if !text.is_ascii() => {
            let mut counts: HashMap<char, u64> = HashMap::new();
            for c in text.chars() {
                *counts.entry(c).or_default() += 1;
            }
            // Sorted, so that the sum is the same in every process.
            let mut counts: Vec<u64> = counts.into_values().collect();
            counts.sort_unstable();
            of_counts(counts.into_iter())
        }
        _ => {
            let mut counts = [0u64; 256];
            for &byte in text {
                counts[byte as usize] += 1;
            }
            of_counts(counts.into_iter().filter(|&count| count > 0))
        }
    }
}

fn of_counts(counts: impl Iterator<Item = u64> + Clone) -> f64 {
    let total: u64 = counts.clone().sum();
    if total == 0 {
        return 0.0;
    }
    let total = total as f64;
    let bits: f64 = counts.map(|count| count as f64 / total).map(|share| -share * share.log2()).sum();
    // A zero has no sign here.
    bits.max(0.0) + 0.0
}

#[cfg(test)]
mod tests {
    use super::shannon;

    #[test]
    fn entropy_counts_characters_not_bytes() {
        for (text, bits) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("äöäö", 1.0), ("密码密码", 1.0)] {
            assert!((shannon(text.as_bytes()) - bits).abs() < 1e-9, "{text}");
        }
        assert!((shannon(&[0xFF, 0xFE, 0xFF, 0xFE]) - 1.0).abs() < 1e-9);
    }
}
