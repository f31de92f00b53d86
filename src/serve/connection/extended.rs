//! Prepared statements: parsed once, bound to values, described, and fetched a few rows at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::common::ParamValues;
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::FieldInfo;
use pgwire::messages::PgWireBackendMessage as Message;
use pgwire::messages::data::{DataRow, NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::EmptyQueryResponse;
use tokio::time::Instant;

use super::simple::{described, rows_word, setting_fields, word};
use super::{Asked, Connection, Problem};
use crate::serve::audit::Outcome;
use crate::serve::engine::{Answer, Planned};
use crate::serve::parameters;
use crate::serve::statement::Statement;

/// Prepared statements of a connection.
const PREPARED_MAX: usize = 1_000;

/// Portals of a connection.
const PORTALS_MAX: usize = 100;

/// A prepared statement. Empty texts are none.
pub(super) struct Prepared {
    text: String,
    statement: Option<Statement>,
    planned: Option<Planned>,
    /// Types that the client said.
    said: Vec<Option<Type>>,
}

/// A statement with its values, and how far its rows were fetched.
pub(super) struct Portal {
    prepared: Arc<Prepared>,
    planned: Option<Planned>,
    format: Format,
    state: State,
}

enum State {
    Bound,
    /// Its rows are being fetched.
    Open(Box<Open>),
    /// All rows were fetched.
    Ended,
    /// Its rows were fetched too slowly.
    Expired,
}

struct Open {
    answer: Answer,
    asked: Asked,
    word: &'static str,
    waiting: VecDeque<DataRow>,
    all_came: bool,
}

impl Portal {
    /// When its rows must be fetched.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Open(open) => Some(open.answer.deadline()),
            _ => None,
        }
    }

    /// Ends what is not fetched in time.
    pub(super) fn expire(&mut self) {
        if let State::Open(open) = std::mem::replace(&mut self.state, State::Expired) {
            open.asked.end(Outcome::Limited, Some("57014"));
        }
    }
}

impl Connection {
    pub(super) async fn parse(&mut self, parse: Parse) -> Result<(), Problem> {
        let name = parse.name.unwrap_or_default();
        if self.prepared.len() >= PREPARED_MAX && !self.prepared.contains_key(&name) {
            return Err(Problem::limit("53400", format!("a connection has at most {PREPARED_MAX} prepared statements")));
        }
        let said = parse.type_oids.iter().map(|oid| Type::from_oid(*oid).filter(|known| *known != Type::UNKNOWN)).collect();
        let prepared = self.prepare(&parse.query, said).await.inspect_err(|problem| {
            self.asked(&parse.query).end(self.outcome(problem), Some(problem.code));
        })?;
        self.prepared.insert(name, Arc::new(prepared));
        self.feed(Message::ParseComplete(ParseComplete::new())).await
    }

    async fn prepare(&mut self, text: &str, said: Vec<Option<Type>>) -> Result<Prepared, Problem> {
        let mut statements = self.read(text)?;
        if statements.len() > 1 {
            return Err(Problem::new("42601", "a prepared statement is one statement", Outcome::Refused));
        }
        let statement = statements.pop();
        let planned = match &statement {
            Some(Statement::Rows(query)) => {
                let ticket = self.ticket().await?;
                Some(self.shared.engine.plan(&ticket, self.asker(), query).await?)
            }
            _ => None,
        };
        if let Some(planned) = &planned {
            parameters::types(&planned.plan)?;
        }
        Ok(Prepared { text: text.to_owned(), statement, planned, said })
    }

    pub(super) async fn bind(&mut self, bind: Bind) -> Result<(), Problem> {
        let name = bind.statement_name.clone().unwrap_or_default();
        let mut prepared = self.prepared_named(&name)?;
        let portal_name = bind.portal_name.clone().unwrap_or_default();
        if self.portals.len() >= PORTALS_MAX && !self.portals.contains_key(&portal_name) {
            return Err(Problem::limit("53400", format!("a connection has at most {PORTALS_MAX} portals")));
        }
        let mut planned = None;
        if let Some(known) = &prepared.planned {
            // New commits came since it was prepared.
            if !self.shared.engine.is_current(&self.user.role, known).await? {
                let anew = self.prepare(&prepared.text, prepared.said.clone()).await?;
                if columns(&anew) != columns(&prepared) {
                    return Err(Problem::new("0A000", "the tables have other columns now: prepare the statement again", Outcome::Failed));
                }
                prepared = Arc::new(anew);
                self.prepared.insert(name, Arc::clone(&prepared));
            }
            planned = prepared.planned.clone();
        }
        if let Some(planned) = &mut planned {
            let values = self.values(&bind, planned, &prepared)?;
            planned.plan = parameters::filled(planned.plan.clone(), &values)?;
            parameters::formats(&bind.result_column_format_codes, planned.plan.schema().fields().len())?;
        } else if !bind.parameters.is_empty() {
            return Err(Problem::new("08P01", "this statement has no parameters", Outcome::Failed));
        }
        let format = match bind.result_column_format_codes.as_slice() {
            [] | [0] => Format::UnifiedText,
            [_] => Format::UnifiedBinary,
            codes => Format::Individual(codes.to_vec()),
        };
        self.portals.insert(portal_name, Portal { prepared, planned, format, state: State::Bound });
        self.feed(Message::BindComplete(BindComplete::new())).await
    }

    fn values(&self, bind: &Bind, planned: &Planned, prepared: &Prepared) -> Result<ParamValues, Problem> {
        let types = parameters::types(&planned.plan)?;
        parameters::values(bind, &types, &prepared.said)
    }

    fn prepared_named(&self, name: &str) -> Result<Arc<Prepared>, Problem> {
        let unknown = || Problem::new("26000", format!("there is no prepared statement `{name}`"), Outcome::Failed);
        self.prepared.get(name).cloned().ok_or_else(unknown)
    }

    pub(super) async fn describe(&mut self, describe: Describe) -> Result<(), Problem> {
        let name = describe.name.unwrap_or_default();
        if describe.target_type == TARGET_TYPE_BYTE_STATEMENT {
            let prepared = self.prepared_named(&name)?;
            let types = prepared.planned.as_ref().map(|planned| parameters::types(&planned.plan)).transpose()?.unwrap_or_default();
            let wire = parameters::wire_types(&types, &prepared.said);
            self.feed(Message::ParameterDescription(ParameterDescription::new(wire.iter().map(Type::oid).collect()))).await?;
            let fields = self.described_fields(prepared.statement.as_ref(), prepared.planned.as_ref(), &Format::UnifiedText)?;
            return self.feed(fields.map_or(Message::NoData(NoData::new()), |fields| described(&fields))).await;
        }
        let portal = self.portals.get(&name).ok_or_else(|| no_portal(&name))?;
        let fields = self.described_fields(portal.prepared.statement.as_ref(), portal.planned.as_ref(), &portal.format)?;
        self.feed(fields.map_or(Message::NoData(NoData::new()), |fields| described(&fields))).await
    }

    fn described_fields(
        &self,
        statement: Option<&Statement>,
        planned: Option<&Planned>,
        format: &Format,
    ) -> Result<Option<Arc<Vec<FieldInfo>>>, Problem> {
        match (statement, planned) {
            (_, Some(planned)) => self.fields(planned, format).map(Some),
            (Some(Statement::Show(name)), None) => Ok(Some(setting_fields(name))),
            _ => Ok(None),
        }
    }

    pub(super) async fn execute(&mut self, execute: Execute) -> Result<(), Problem> {
        let name = execute.name.unwrap_or_default();
        let mut portal = self.portals.remove(&name).ok_or_else(|| no_portal(&name))?;
        let max = usize::try_from(execute.max_rows).ok().filter(|max| *max > 0);
        let executed = self.executed(&mut portal, max).await;
        if let Err(problem) = &executed
            && let State::Open(open) = std::mem::replace(&mut portal.state, State::Ended)
        {
            open.asked.end(self.outcome(problem), Some(problem.code));
        }
        self.portals.insert(name, portal);
        executed
    }

    async fn executed(&mut self, portal: &mut Portal, max: Option<usize>) -> Result<(), Problem> {
        match portal.prepared.statement.clone() {
            None => self.feed(Message::EmptyQueryResponse(EmptyQueryResponse::new())).await,
            Some(Statement::Rows(_)) => self.fetched(portal, max).await,
            Some(Statement::Show(name)) => {
                let (_, row) = self.shown(&name)?;
                self.feed(row).await?;
                self.complete("SHOW").await
            }
            Some(statement) => {
                let asked = self.asked(&portal.prepared.text);
                let word = self.applied(&statement).await?;
                asked.end(Outcome::Done, None);
                self.complete(word).await
            }
        }
    }

    async fn fetched(&mut self, portal: &mut Portal, max: Option<usize>) -> Result<(), Problem> {
        match portal.state {
            State::Bound => portal.state = State::Open(Box::new(self.opened(portal).await?)),
            State::Open(_) => {}
            State::Ended => return self.complete("SELECT 0").await,
            State::Expired => return Err(Problem::limit("57014", "the answer was not fetched in time")),
        }
        let State::Open(open) = &mut portal.state else { return Err(no_portal("")) };
        let mut rows = 0;
        while max.is_none_or(|max| rows < max) {
            let Some(row) = open.waiting.pop_front() else {
                match if open.all_came { None } else { open.answer.next().await? } {
                    Some(chunk) => {
                        open.asked.sent(chunk.rows.len(), chunk.bytes);
                        open.waiting.extend(chunk.rows);
                        continue;
                    }
                    None => open.all_came = true,
                }
                break;
            };
            self.feed_until(open.answer.deadline(), Message::DataRow(row)).await?;
            rows += 1;
        }
        if !open.all_came || !open.waiting.is_empty() {
            return self.feed(Message::PortalSuspended(PortalSuspended::new())).await;
        }
        let word = rows_word(open.word, rows);
        if let State::Open(open) = std::mem::replace(&mut portal.state, State::Ended) {
            open.asked.end(Outcome::Done, None);
        }
        self.complete(&word).await
    }

    async fn opened(&self, portal: &Portal) -> Result<Open, Problem> {
        let asked = self.asked(&portal.prepared.text);
        let open = async {
            let planned = portal.planned.clone().ok_or_else(|| no_portal(""))?;
            let (word, fields) = (word(&planned), self.fields(&planned, &portal.format)?);
            let ticket = self.ticket().await?;
            Ok((self.shared.engine.run(ticket, planned, None, fields), word))
        };
        match open.await {
            Ok((answer, word)) => Ok(Open { answer, asked, word, waiting: VecDeque::new(), all_came: false }),
            Err(problem) => {
                let problem: Problem = problem;
                asked.end(self.outcome(&problem), Some(problem.code));
                Err(problem)
            }
        }
    }

    pub(super) async fn close(&mut self, close: Close) -> Result<(), Problem> {
        let name = close.name.unwrap_or_default();
        if close.target_type == TARGET_TYPE_BYTE_STATEMENT {
            self.prepared.remove(&name);
        } else if let Some(Portal { state: State::Open(open), .. }) = self.portals.remove(&name) {
            // The client has seen enough.
            open.asked.end(Outcome::Done, None);
        }
        self.feed(Message::CloseComplete(CloseComplete::new())).await
    }
}

fn columns(prepared: &Prepared) -> Option<Vec<(String, arrow::datatypes::DataType)>> {
    let schema = prepared.planned.as_ref()?.plan.schema();
    Some(schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
}

fn no_portal(name: &str) -> Problem {
    Problem::new("34000", format!("there is no portal `{name}`"), Outcome::Failed)
}
