//! Microsoft 365's unified audit log: SharePoint, OneDrive, Teams, Exchange, Entra ID, Purview, endpoints.
//!
//! One flat record an act, in many envelopes: the Management API's pages and blobs, Elastic's `o365audit` and `o365.audit`, the CSV of
//! `Search-UnifiedAuditLog`, Graph's audit log queries, Sentinel's `OfficeActivity` and Panther's lines. `Id` is the same in all of
//! them. `envelope` unwraps, `fields` reads, and one room a workload says what the act was done to.

mod actions;
mod actor;
mod compliance;
mod directory;
mod endpoint;
mod envelope;
mod exchange;
mod fields;
mod sharepoint;
mod teams;

use std::borrow::Cow;

use self::fields::{Fields, Key};
use super::{Origin, Receiver, Record, Reject, time};
use crate::event::{Action, Event, Micros, Outcome, Surface};

pub(super) use self::actions::ACTIONS;

pub(super) fn recognises(record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    envelope::recognises(record)
}

pub(super) fn normalize(record: &Record<'_>, _origin: &Origin<'_>, out: &mut dyn Receiver) -> Result<(), Reject> {
    envelope::unwrap(record, out)
}

/// Turns one audit record into its events. What it lacks is taken from `outer`, the envelope's own columns.
fn record<'a>(fields: &mut Fields<'a>, json: &'a str, outer: Option<&Fields<'a>>, out: &mut dyn Receiver) -> Result<(), Reject> {
    let Some(expanded) = fields.expanded(json) else {
        return filled(fields, outer, out);
    };
    filled(&mut Fields::scan(&expanded)?, outer, out)
}

fn filled<'a>(fields: &mut Fields<'a>, outer: Option<&Fields<'a>>, out: &mut dyn Receiver) -> Result<(), Reject> {
    if let Some(outer) = outer {
        fields.fill_from(outer);
    }
    let endpoint = fields.raw(Key::EndpointMetaData);
    if endpoint.starts_with('{') {
        // Endpoint matches of rules hold the machine's own record one level down.
        fields.fill_from(&Fields::scan(endpoint)?);
    }
    let Some(operation) = fields.text(Key::Operation) else {
        return Err(Reject::bad("the record has no Operation"));
    };
    let mut event = Event { action: actions::action(&operation).unwrap_or_default(), ..Event::default() };
    event.event_id = fields.text(Key::Id).map_or(Cow::Borrowed(""), |id| Cow::Owned(["m365:", &id].concat()));
    let time = |key: Key| time::read_as(fields.text(key).as_deref(), creation_time);
    event.event_time = time(Key::CreationTime).or(time(Key::TimeGenerated));
    event.workspace_id = fields.text(Key::OrganizationId);
    event.outcome = outcome(fields, &operation);
    event.vendor_action = Some(operation);
    actor::fill(fields, &mut event);
    fill_object(fields, &mut event);
    event.attributes = fields.take_rest().map(Cow::Owned);
    send(fields, event, out);
    Ok(())
}

/// Lets the room of the workload say what was acted on.
fn fill_object<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    let workload = workload(fields);
    let operation = event.vendor_action.clone().unwrap_or_default();
    if teams::is_assistant(fields, &operation) {
        return teams::fill_assistant(fields, event);
    }
    if fields.has(Key::SharePointMetaData) || fields.has(Key::ExchangeMetaData) {
        return compliance::fill_match(fields, &workload, event);
    }
    match workload.as_ref() {
        "Endpoint" => endpoint::fill(fields, event),
        "SharePoint" | "OneDrive" | "OneDriveForBusiness" => sharepoint::fill(fields, event),
        "MicrosoftTeams" | "Yammer" | "VivaEngage" | "MicrosoftTeamsShifts" | "Skype" | "SkypeForBusiness" => teams::fill(fields, event),
        "Exchange" if !matches!(event.action, Action::ContentSearch | Action::Export) => exchange::fill(fields, event),
        "AzureActiveDirectory" => directory::fill(fields, event),
        _ if fields.has(Key::EndpointMetaData) => endpoint::fill(fields, event),
        _ if event.action == Action::Search => sharepoint::fill(fields, event),
        _ if matches!(event.action, Action::ContentSearch | Action::Export) => compliance::fill_case(fields, event),
        other => {
            event.surface = surface(other, event.action);
            event.object_url = fields.text(Key::ObjectId);
            event.file_name = fields.text(Key::SourceFileName);
            event.target = teams::meaningful(fields.first(&[Key::ItemName, Key::ObjectName, Key::CaseName]));
        }
    }
}

/// The surface of workloads that have no room of their own.
fn surface(workload: &str, action: Action) -> Surface {
    match (workload, action) {
        ("ThreatIntelligence" | "AirInvestigation" | "Quarantine", _) | (_, Action::MailRead | Action::EmailSent) => Surface::Email,
        (
            "PowerBI"
            | "MicrosoftForms"
            | "MicrosoftStream"
            | "Project"
            | "Planner"
            | "Whiteboard"
            | "Sway"
            | "PublicEndpoint"
            | "Aip"
            | "SecurityComplianceCenter",
            _,
        )
        | (_, Action::FileViewed | Action::FileDownloaded | Action::FileUploaded) => Surface::FileShare,
        _ => Surface::Identity,
    }
}

/// The workload, from the record type where the record does not name it.
fn workload<'a>(fields: &Fields<'a>) -> Cow<'a, str> {
    if let Some(workload) = fields.text(Key::Workload) {
        return workload;
    }
    let record_type = fields.text(Key::RecordType).unwrap_or_default();
    Cow::Borrowed(match record_type.as_ref() {
        "1" | "2" | "3" | "50" | "13" => "Exchange",
        "4" | "6" | "7" | "11" | "14" | "36" | "37" | "55" | "56" | "102" => "SharePoint",
        "8" | "9" | "15" => "AzureActiveDirectory",
        "25" | "57" => "MicrosoftTeams",
        "63" => "Endpoint",
        named if named.starts_with("SharePoint") || named.starts_with("OneDrive") => "SharePoint",
        named if named.starts_with("Exchange") => "Exchange",
        named if named.starts_with("AzureActiveDirectory") => "AzureActiveDirectory",
        named if named.starts_with("MicrosoftTeams") || named.starts_with("Teams") => "MicrosoftTeams",
        named if named.eq_ignore_ascii_case("DLPEndpoint") => "Endpoint",
        _ => "",
    })
}

fn outcome(fields: &Fields<'_>, operation: &str) -> Outcome {
    if operation == "UserLoginFailed" {
        return Outcome::Failed;
    }
    let status = fields.text(Key::ResultStatus).unwrap_or_default();
    const FAILED: &[&str] = &["Failed", "False", "Failure", "Fail", "Error"];
    const BLOCKED: &[&str] = &["Blocked", "Denied", "AccessDenied"];
    let is = |words: &[&str]| words.iter().any(|word| status.eq_ignore_ascii_case(word));
    if is(FAILED) {
        Outcome::Failed
    } else if is(BLOCKED) {
        Outcome::Blocked
    } else {
        Outcome::Success
    }
}

/// When the record was made, in the forms of the API, of PowerShell and of portals' exports.
fn creation_time(text: &str) -> Option<Micros> {
    if let Some(micros) = time::parse(text) {
        return Some(micros);
    }
    // `/Date(1600000000000)/` is what PowerShell's JSON has.
    if let Some((_, behind)) = text.split_once("Date(") {
        let digits = behind.split(|c: char| !c.is_ascii_digit()).next()?;
        return time::from_epoch(digits.parse().ok()?);
    }
    // `1/31/2026, 10:20:30.123 AM` is what a portal's CSV has.
    let (whole, half) = text.rsplit_once(' ').filter(|(_, half)| matches!(*half, "AM" | "PM")).unwrap_or((text, ""));
    let whole = whole.split('.').next().unwrap_or(whole).replace(',', "");
    time::parse(format!("{whole} {half}").trim_end())
}

/// One event, or one for each member whom the act let in or out: the first keeps the record's id, the others number it.
fn send<'a>(fields: &Fields<'a>, mut event: Event<'a>, out: &mut dyn Receiver) {
    let members = teams::members(fields, event.action);
    let base = if members.len() > 1 { event.event_id.clone() } else { Cow::Borrowed("") };
    for (at, member) in members.iter().enumerate().skip(1) {
        let mut event = event.clone();
        if !base.is_empty() {
            event.event_id = Cow::Owned(format!("{base}/{at}"));
        }
        name_member(&mut event, member.clone());
        out.event(event);
    }
    if let Some(first) = members.into_iter().next() {
        name_member(&mut event, first);
    }
    out.event(event);
}

fn name_member<'a>(event: &mut Event<'a>, member: Cow<'a, str>) {
    event.target = Some(member);
    event.target_type = Some(Cow::Borrowed("user"));
}

#[cfg(test)]
mod tests;
