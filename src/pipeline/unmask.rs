//! Who saw people's names, when and why; and the tables as somebody sees them who does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;

use super::Bittern;
use crate::config::serve::Role;
use crate::error::{Error, Result};
use crate::lake::commit::Note;
use crate::lake::files::append;
use crate::lake::tables;
use crate::session::{self, Limits};

/// Characters of what was looked at that are kept.
const WHAT_CHARS: usize = 4 * 1024;

/// Somebody wants to see names.
#[derive(Debug, Clone)]
pub struct Unmasking {
    /// Who.
    pub by: String,
    /// Why, in words. Credentials in it are masked.
    pub why: String,
    /// By which command.
    pub command: &'static str,
    /// Of what: a case, a filter, a statement, a day. Credentials in it are masked.
    pub what: String,
}

impl Bittern {
    /// Whether names stand beside pseudonyms.
    pub fn shows_names(&self) -> bool {
        self.names
    }

    /// Writes down that somebody sees names, and shows them from then on.
    ///
    /// # Errors
    /// `Usage` for nobody or no reason; names are not shown where it cannot be written down.
    pub async fn unmask(&mut self, unmasking: &Unmasking) -> Result<()> {
        self.note_unmasking(unmasking).await?;
        self.names = true;
        Ok(())
    }

    /// Writes down that somebody sees names.
    ///
    /// # Errors
    /// `Usage` for nobody or no reason.
    pub async fn note_unmasking(&self, unmasking: &Unmasking) -> Result<()> {
        if unmasking.why.trim().is_empty() {
            return Err(Error::usage("say why names are to be seen: --why TEXT"));
        }
        if unmasking.by.trim().is_empty() {
            return Err(Error::usage("say who sees names: --by NAME"));
        }
        let masked = |text: &str| match self.setup.rules().redact(text.as_bytes()) {
            Some(masked) => String::from_utf8_lossy(&masked).into_owned(),
            None => text.to_owned(),
        };
        let what: String = masked(&unmasking.what).chars().take(WHAT_CHARS).collect();
        let text = |value: String| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let columns = vec![
            Arc::new(TimestampMicrosecondArray::from(vec![self.lake.clock().now()]).with_timezone("UTC")) as ArrayRef,
            text(unmasking.by.clone()),
            text(masked(&unmasking.why)),
            text(unmasking.command.to_owned()),
            text(what),
        ];
        let spec = tables::unmaskings();
        let batch = RecordBatch::try_new(spec.file_schema(), columns)?;
        append(&self.lake, &spec, &batch, &Note::new(None)).await
    }

    /// A session over the tables as somebody sees them who sees no names: accounts and addresses are pseudonyms, and columns that hold
    /// names are not there.
    pub async fn masked(&self) -> Result<SessionContext> {
        let limits = Limits { cluster: self.cluster.clone(), ..super::limits(&self.config) };
        let context = session::over(&self.lake, &self.setup, &limits)?;
        super::served::register_shown(&context);
        self.mask_again(&context).await?;
        Ok(context)
    }

    /// Brings such a session up to date.
    pub async fn mask_again(&self, context: &SessionContext) -> Result<()> {
        let role = Role { names: false, redact: false, ..Role::default() };
        for (name, table) in self.seen_by(&role).await? {
            context.deregister_table(name.as_str())?;
            context.register_table(name.as_str(), table)?;
        }
        Ok(())
    }

    /// People's names by pseudonym, from the policy.
    pub async fn people_names(&self) -> Result<BTreeMap<String, String>> {
        let sql = "SELECT person_id, max(name) AS name FROM policy_people WHERE name IS NOT NULL GROUP BY person_id";
        let mut names = BTreeMap::new();
        for batch in &self.context.sql(sql).await?.collect().await? {
            let (ids, of) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            names.extend((0..batch.num_rows()).map(|row| (ids.value(row).to_owned(), of.value(row).to_owned())));
        }
        Ok(names)
    }
}

/// The rows with a column `name` behind the first that says which person they are about (`person_id`, `entity_id`, `entity`), if there
/// is one and no `name` yet.
pub fn with_names(batch: &RecordBatch, names: &BTreeMap<String, String>) -> Result<RecordBatch> {
    let schema = batch.schema();
    let place = ["person_id", "entity_id", "entity"].iter().find_map(|column| schema.index_of(column).ok());
    let (Some(place), Err(_)) = (place, schema.index_of("name")) else { return Ok(batch.clone()) };
    let Some(ids) = batch.column(place).as_string_opt::<i32>() else { return Ok(batch.clone()) };
    let found: StringArray = ids.iter().map(|id| id.and_then(|id| names.get(id)).map(String::as_str)).collect();
    let mut fields = schema.fields().to_vec();
    let mut columns = batch.columns().to_vec();
    fields.insert(place + 1, Arc::new(Field::new("name", DataType::Utf8, true)));
    columns.insert(place + 1, Arc::new(found));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
