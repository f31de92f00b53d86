//! Tables of names: the vendors' words for what was done, found by hash without a call.

/// For each name hash 1 + the place of the name in its table; 0 is empty. A power of two, at least twice as many slots as names.
pub struct NameIndex<const SLOTS: usize>([u16; SLOTS]);

impl<const SLOTS: usize> NameIndex<SLOTS> {
    /// The index of a table whose names differ.
    pub const fn of<T>(table: &[(&str, T)]) -> Self {
        assert!(SLOTS.is_power_of_two() && table.len() * 2 < SLOTS && SLOTS <= 1 << 15);
        let mut slots = [0; SLOTS];
        let mut at = 0;
        while at < table.len() {
            let mut slot = slot(table[at].0.as_bytes(), SLOTS);
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            at += 1;
            slots[slot] = at as u16;
        }
        Self(slots)
    }

    /// What `table`, which this is the index of, has under `name`.
    #[inline]
    pub fn find<'t, T>(&self, table: &'t [(&str, T)], name: &str) -> Option<&'t T> {
        let mut slot = slot(name.as_bytes(), SLOTS);
        loop {
            let (known, value) = table.get(usize::from(self.0[slot]).checked_sub(1)?)?;
            if *known == name {
                return Some(value);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// Length and eight bytes tell names apart well enough.
const fn slot(name: &[u8], slots: usize) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    let last = len - 1;
    let picked = [
        name[0],
        name[last / 7],
        name[last * 2 / 7],
        name[last * 3 / 7],
        name[last * 4 / 7],
        name[last * 5 / 7],
        name[last * 6 / 7],
        name[last],
    ];
    let mixed = (u64::from_le_bytes(picked) ^ len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 49) as usize % slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        const TABLE: &[(&str, u8)] = &[("", 0), ("a", 1), ("b", 2), ("aa", 3), ("ab_cd_ef_gh", 4), ("ab_cd_ef_gi", 5), ("ab_cX_ef_gi", 6)];
        static INDEX: NameIndex<16> = NameIndex::of(TABLE);
        for (name, value) in TABLE {
            assert_eq!(INDEX.find(TABLE, name), Some(value), "{name}");
        }
        for name in ["c", "ab", "ab_cd_ef_gj", "ab_cY_ef_gi"] {
            assert_eq!(INDEX.find(TABLE, name), None, "{name}");
        }
    }
}
