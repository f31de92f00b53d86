//! Seed phrases of wallets: twelve to twenty-four words of a fixed list, of which the last holds a checksum.
//!
//! List and arithmetic: BIP 39, <https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki> (MIT licence).

use sha2::{Digest, Sha256};

/// The list's words in its order, which is the alphabet's.
const WORDS: &str = include_str!("bip39_english.txt");

/// What a row of words is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// A seed phrase: all words are of the list and the checksum holds.
    Whole,
    /// All words are of the list.
    Words,
    /// Something else.
    Other,
}

/// Bits that a word stands for.
const WORD_BITS: usize = 11;

/// Judges words divided by blanks or commas.
pub fn phrase(text: &str) -> Phrase {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    if !matches!(words.len(), 12 | 15 | 18 | 21 | 24) {
        return Phrase::Other;
    }
    let list: Vec<&str> = WORDS.lines().collect();
    let mut bits: Vec<bool> = Vec::with_capacity(words.len() * WORD_BITS);
    for word in &words {
        let Ok(number) = list.binary_search(word) else { return Phrase::Other };
        bits.extend((0..WORD_BITS).rev().map(|bit| (number >> bit) & 1 == 1));
    }
    // One bit of checksum for 32 bits of chance.
    let sum_bits = bits.len() / 33;
    let (chance, sum) = bits.split_at(bits.len() - sum_bits);
    let bytes: Vec<u8> = chance.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| (byte << 1) | u8::from(*bit))).collect();
    let wanted = Sha256::digest(&bytes).first().copied().unwrap_or(0);
    let holds = sum.iter().enumerate().all(|(place, bit)| ((wanted >> (7 - place)) & 1 == 1) == *bit);
    if holds { Phrase::Whole } else { Phrase::Words }
}

#[cfg(test)]
mod tests {
    use super::{Phrase, WORDS, phrase};

    #[test]
    fn the_list_is_complete_and_in_order() {
        assert_eq!(WORDS.lines().count(), 2048);
        assert!(WORDS.lines().is_sorted());
    }

    #[test]
    fn a_phrase_is_told_from_words_of_the_list_and_from_a_sentence() {
        // The standard's first test vector.
        let zero = format!("{}about", "abandon ".repeat(11));
        assert_eq!(phrase(&zero), Phrase::Whole);
        assert_eq!(phrase(&zero.replace("about", "zoo")), Phrase::Words);
        assert_eq!(phrase("we all met there and then we all went home again now"), Phrase::Other);
        assert_eq!(phrase("abandon about"), Phrase::Other);
    }
}
