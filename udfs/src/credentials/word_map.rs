//! Maps and sets of words. The words are ours, so that nobody can choose them to collide: a plain hash will do.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from words.
pub type WordMap<V> = HashMap<Box<str>, V, BuildHasherDefault<Fnv>>;

/// A set of words.
pub type WordSet = HashSet<Box<str>, BuildHasherDefault<Fnv>>;

/// FNV-1a (Fowler, Noll, Vo): a multiplication a byte, as fits short words.
#[derive(Debug, Clone, Copy)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    }
}
