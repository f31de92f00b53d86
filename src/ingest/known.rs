//! Which raw objects were read before, kept across looks: of the table `objects` only the files that are new are read.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::AsArray;
use datafusion::prelude::SessionContext;

use super::batch::{IdSet, id_hash};
use crate::error::Result;
use crate::lake::Lake;
use crate::lake::provider::LakeTable;
use crate::lake::raw::RawObject;
use crate::lake::tables;

/// What `objects` says. An object is its key and its tag: another content under the same key is another one. 16 bytes for each.
#[derive(Debug, Default)]
pub struct Known {
    /// Files of the table that were read.
    files: HashSet<String>,
    objects: IdSet,
}

impl Known {
    /// Reads what was written since. What was known stays known: rows of this table are not deleted.
    pub async fn refresh(&mut self, lake: &Lake, context: &SessionContext) -> Result<()> {
        let table = LakeTable::open(lake, &tables::objects()).await?;
        let files = table.names();
        if files.is_subset(&self.files) {
            return Ok(());
        }
        let frame = context.read_table(Arc::new(table.excluding(&self.files)))?.select_columns(&["object", "etag"])?;
        for batch in frame.collect().await? {
            let (keys, tags) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            self.objects.extend(keys.iter().zip(tags).filter_map(|(key, tag)| Some(hash(key?, tag?))));
        }
        self.files = files;
        Ok(())
    }

    /// Whether an object with this content was read.
    pub fn has(&self, object: &RawObject) -> bool {
        self.objects.contains(&hash(&object.key, &object.etag))
    }
}

fn hash(key: &str, tag: &str) -> super::batch::IdHash {
    id_hash(&format!("{key}\n{tag}"))
}
