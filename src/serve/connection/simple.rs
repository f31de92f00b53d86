//! Statements as text, several at once if need be, answered as text.

use std::sync::Arc;

use arrow_pg::datatypes::arrow_schema_to_pg_fields;
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo};
use pgwire::messages::PgWireBackendMessage as Message;
use pgwire::messages::data::RowDescription;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, TransactionStatus};
use pgwire::messages::startup::ParameterStatus;
use pgwire::types::format::FormatOptions;

use super::{Asked, Connection, Problem};
use crate::serve::audit::Outcome;
use crate::serve::engine::Planned;
use crate::serve::settings::Settings;
use crate::serve::statement::{self, Query, Statement};

impl Connection {
    /// Answers every statement of a text. If one of them is not allowed, none is run.
    pub(super) async fn simple(&mut self, text: &str) -> Result<(), Problem> {
        let asked = self.asked(text);
        let statements = match self.read(text) {
            Ok(statements) => statements,
            Err(problem) => {
                asked.end(problem.outcome, Some(problem.code));
                return Err(problem);
            }
        };
        if statements.is_empty() {
            asked.end(Outcome::Done, None);
            return self.feed(Message::EmptyQueryResponse(EmptyQueryResponse::new())).await;
        }
        let mut asked = asked;
        for statement in statements {
            if let Err(problem) = self.simple_one(statement, &mut asked).await {
                asked.end(self.outcome(&problem), Some(problem.code));
                return Err(problem);
            }
        }
        asked.end(Outcome::Done, None);
        Ok(())
    }

    /// The statements of a text, if all of them are allowed.
    pub(super) fn read(&self, text: &str) -> Result<Vec<Statement>, Problem> {
        let statements = statement::parse(text, self.shared.config.limits.statement_kib.saturating_mul(1024), &self.dialect)?;
        let ends = |statement: &Statement| matches!(statement, Statement::Rollback | Statement::Commit);
        if self.transaction == TransactionStatus::Error && !statements.first().is_none_or(ends) {
            return Err(Problem::new("25P02", "the transaction has failed: end it with ROLLBACK first", Outcome::Failed));
        }
        Ok(statements)
    }

    async fn simple_one(&mut self, statement: Statement, asked: &mut Asked) -> Result<(), Problem> {
        match statement {
            Statement::Rows(query) => self.simple_rows(&query, asked).await,
            Statement::Show(name) => {
                let (fields, row) = self.shown(&name)?;
                self.feed(described(&fields)).await?;
                self.feed(row).await?;
                asked.sent(1, 0);
                self.complete("SHOW").await
            }
            other => {
                let word = self.applied(&other).await?;
                self.complete(word).await
            }
        }
    }

    async fn simple_rows(&mut self, query: &Query, asked: &mut Asked) -> Result<(), Problem> {
        let ticket = self.ticket().await?;
        let planned = self.shared.engine.plan(&ticket, self.asker(), query).await?;
        let (word, fields) = (word(&planned), self.fields(&planned, &Format::UnifiedText)?);
        let mut answer = self.shared.engine.run(ticket, planned, None, Arc::clone(&fields));
        self.feed(described(&fields)).await?;
        let mut rows = 0;
        while let Some(chunk) = answer.next().await? {
            let count = chunk.rows.len();
            for row in chunk.rows {
                self.feed_until(answer.deadline(), Message::DataRow(row)).await?;
            }
            asked.sent(count, chunk.bytes);
            rows += count;
        }
        self.complete(&rows_word(word, rows)).await
    }

    /// Does what a statement without rows asks for: the word that says so.
    pub(super) async fn applied(&mut self, statement: &Statement) -> Result<&'static str, Problem> {
        match statement {
            Statement::Set(name, value) => {
                self.settings.set(name, value);
                if let Some(shown) = Settings::reported_name(name) {
                    let value = self.settings.get(name).unwrap_or_default().to_owned();
                    self.feed(Message::ParameterStatus(ParameterStatus::new(shown.to_owned(), value))).await?;
                }
                Ok("SET")
            }
            Statement::Begin => {
                if self.transaction == TransactionStatus::Idle {
                    self.transaction = TransactionStatus::Transaction;
                }
                Ok("BEGIN")
            }
            Statement::Commit | Statement::Rollback => {
                let failed = self.transaction == TransactionStatus::Error;
                self.transaction = TransactionStatus::Idle;
                self.portals.clear();
                Ok(if failed || matches!(statement, Statement::Rollback) { "ROLLBACK" } else { "COMMIT" })
            }
            Statement::Nothing(word) => {
                if *word == "DEALLOCATE" || *word == "DISCARD ALL" {
                    self.prepared.clear();
                }
                Ok(word)
            }
            Statement::Rows(_) | Statement::Show(_) => Err(Problem::protocol("this statement has rows")),
        }
    }

    /// What SHOW answers.
    pub(super) fn shown(&self, name: &str) -> Result<(Arc<Vec<FieldInfo>>, Message), Problem> {
        let unknown = || Problem::new("42704", format!("there is no setting `{name}`"), Outcome::Failed);
        let value = self.settings.get(name).ok_or_else(unknown)?;
        let fields = setting_fields(name);
        let mut encoder = DataRowEncoder::new(Arc::clone(&fields));
        encoder.encode_field(&value)?;
        Ok((fields, Message::DataRow(encoder.take_row())))
    }

    /// The columns of a plan, as they are sent.
    pub(super) fn fields(&self, planned: &Planned, format: &Format) -> Result<Arc<Vec<FieldInfo>>, Problem> {
        let options = Arc::new(FormatOptions::from_client_metadata(self.settings.all()));
        let schema = planned.plan.schema();
        Ok(Arc::new(arrow_schema_to_pg_fields(schema.as_arrow(), format, Some(options))?))
    }

    pub(super) async fn complete(&mut self, word: &str) -> Result<(), Problem> {
        self.feed(Message::CommandComplete(CommandComplete::new(word.to_owned()))).await
    }
}

/// The one column of SHOW.
pub(super) fn setting_fields(name: &str) -> Arc<Vec<FieldInfo>> {
    Arc::new(vec![FieldInfo::new(name.to_owned(), None, None, Type::TEXT, FieldFormat::Text)])
}

pub(super) fn described(fields: &[FieldInfo]) -> Message {
    Message::RowDescription(RowDescription::new(fields.iter().map(Into::into).collect()))
}

/// The word that says what was done.
pub(super) fn word(planned: &Planned) -> &'static str {
    use datafusion::logical_expr::LogicalPlan;
    match planned.plan {
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => "EXPLAIN",
        _ => "SELECT",
    }
}

pub(super) fn rows_word(word: &str, rows: usize) -> String {
    if word == "SELECT" { format!("SELECT {rows}") } else { word.to_owned() }
}
