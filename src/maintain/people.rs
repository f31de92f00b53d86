//! Whose rows are whose: people by their accounts and pseudonyms.

use std::collections::BTreeSet;

use arrow::array::{BooleanArray, RecordBatch};

use super::text_column;

/// Some people, as tables know them.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Addresses in lower case, account ids, keys of `people`.
    pub accounts: BTreeSet<String>,
    /// `person_id`s.
    pub pseudonyms: BTreeSet<String>,
    /// Names, as they stand in `people`.
    pub names: BTreeSet<String>,
}

/// Columns that say whose row it is.
const ACCOUNT_COLUMNS: [&str; 2] = ["actor_id", "actor_email"];
const PSEUDONYM_COLUMNS: [&str; 2] = ["person_id", "entity_id"];

impl People {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.pseudonyms.is_empty()
    }

    /// Adds others.
    pub fn extend(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
        self.pseudonyms.extend(other.pseudonyms);
        self.names.extend(other.names);
    }

    /// Which rows of a batch are theirs.
    pub fn rows(&self, batch: &RecordBatch) -> BooleanArray {
        let mut theirs = vec![false; batch.num_rows()];
        for (columns, ids) in [(&ACCOUNT_COLUMNS, &self.accounts), (&PSEUDONYM_COLUMNS, &self.pseudonyms)] {
            for column in columns.iter().filter_map(|name| text_column(batch, name)) {
                for (row, value) in column.iter().enumerate() {
                    theirs[row] |= value.is_some_and(|value| ids.contains(value) || ids.contains(&value.to_ascii_lowercase()));
                }
            }
        }
        theirs.into()
    }

    /// Columns by which [`Self::rows`] decides, as far as the table has them.
    pub fn columns(schema: &arrow::datatypes::Schema) -> Vec<&'static str> {
        ACCOUNT_COLUMNS.into_iter().chain(PSEUDONYM_COLUMNS).filter(|name| schema.field_with_name(name).is_ok()).collect()
    }
}
