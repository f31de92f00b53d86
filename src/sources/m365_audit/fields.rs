//! The fields of one audit record, found in one pass: what this source knows goes to a slot, the rest to `attributes`.
//!
//! Slots keep the raw JSON of a value and decode it when asked. Some 200 record types share one flat object whose fields are strings,
//! numbers or lists depending on who forwarded the record, so a typed struct would fail where a slot does not, and a field that is
//! written twice (some forwarders do) is no error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Reject;
use super::super::scan::members;
use crate::event::Text;
use crate::sources::lenient::Str;

/// The fields that this source reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Key {
    ActorIpAddress,
    ActorList,
    AffectedItems,
    AppAccessContext,
    AppId,
    Application,
    ApplicationDisplayName,
    ApplicationId,
    AuditData,
    CaseName,
    ChannelGuid,
    ChannelName,
    ChannelType,
    ChatName,
    ChatThreadId,
    ClientAppId,
    ClientAppName,
    ClientInfoString,
    ClientIp,
    ClientIpAddress,
    CommunicationType,
    CopilotEventData,
    CorrelationId,
    CreationTime,
    DestinationFileName,
    DestinationRelativeUrl,
    DeviceDisplayName,
    DeviceName,
    DeviceProperties,
    ElasticClient,
    ElasticEvent,
    ElasticOrganization,
    ElasticUser,
    ElasticUserAgent,
    EndpointMetaData,
    EnforcementMode,
    ErrorNumber,
    Events,
    ExchangeMetaData,
    ExtendedProperties,
    ExtraProperties,
    Folders,
    FileExtension,
    FileId,
    FileName,
    FileSize,
    FileSizeBytes,
    FileType,
    GroupName,
    Id,
    IsManagedDevice,
    Item,
    ItemName,
    ItemType,
    ListItemUniqueId,
    MachineId,
    MailboxOwnerUpn,
    Members,
    MessageId,
    ModifiedProperties,
    O365,
    O365Audit,
    ObjectId,
    ObjectName,
    Operation,
    OrganizationId,
    Parameters,
    ParentMessageId,
    ParticipantInfo,
    Platform,
    PolicyDetails,
    Query,
    QueryText,
    RecordType,
    Records,
    RemovableMedia,
    ResultStatus,
    SearchQueryText,
    SendAsUser,
    SendOnBehalfOfUser,
    SensitivityLabelId,
    SessionId,
    Sha1,
    Sha256,
    SharePointMetaData,
    Site,
    SiteUrl,
    SourceFileExtension,
    SourceFileName,
    SourceRelativeUrl,
    TargetDomain,
    TargetFilePath,
    TargetList,
    TargetPrinterName,
    TargetUrl,
    TargetUserId,
    TargetUserOrGroupName,
    TargetUserOrGroupType,
    TeamGuid,
    TeamName,
    TimeGenerated,
    UserAgent,
    UserId,
    UserPuid,
    UserSharedWith,
    UserType,
    Value,
    Version,
    Workload,
    ZipFileName,
}

const KEYS: usize = Key::ZipFileName as usize + 1;

/// Room for the values of nearly every record.
const VALUES: usize = 40;

/// What happens to a field besides being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A column holds all of it.
    Column,
    /// It is read in part only, so it stands in `attributes` too.
    Kept,
    /// An object or a list, which some forwarders write as a string; it stands in `attributes` too.
    Nested,
}

use Use::{Column, Kept, Nested};

/// Every spelling of every field that is read: the Management API's, the unified log's columns, Graph's and Sentinel's.
const NAMES: &[(&str, Key, Use)] = &[
    ("@timestamp", Key::TimeGenerated, Column),
    ("AADGroupId", Key::TeamGuid, Kept),
    ("Actor", Key::ActorList, Nested),
    ("ActorIpAddress", Key::ActorIpAddress, Column),
    ("AffectedItems", Key::AffectedItems, Nested),
    ("AppAccessContext", Key::AppAccessContext, Nested),
    ("AppId", Key::AppId, Column),
    ("Application", Key::Application, Column),
    ("ApplicationDisplayName", Key::ApplicationDisplayName, Column),
    ("ApplicationId", Key::ApplicationId, Column),
    ("AuditData", Key::AuditData, Nested),
    ("auditData", Key::AuditData, Nested),
    ("auditLogRecordType", Key::RecordType, Column),
    ("Case", Key::CaseName, Kept),
    ("CaseName", Key::CaseName, Kept),
    ("ChannelGuid", Key::ChannelGuid, Column),
    ("ChannelName", Key::ChannelName, Column),
    ("ChannelType", Key::ChannelType, Column),
    ("ChatName", Key::ChatName, Column),
    ("ChatThreadId", Key::ChatThreadId, Column),
    ("ClientAppId", Key::ClientAppId, Column),
    ("ClientApplication", Key::ClientAppName, Column),
    ("ClientAppName", Key::ClientAppName, Column),
    ("ClientInfoString", Key::ClientInfoString, Column),
    ("ClientIP", Key::ClientIp, Column),
    ("ClientIp", Key::ClientIp, Column),
    ("clientIp", Key::ClientIp, Column),
    ("ClientIPAddress", Key::ClientIpAddress, Column),
    ("Client_IPAddress", Key::ClientIpAddress, Column),
    ("client", Key::ElasticClient, Nested),
    ("CommunicationType", Key::CommunicationType, Column),
    ("CopilotEventData", Key::CopilotEventData, Nested),
    ("CorrelationId", Key::CorrelationId, Kept),
    ("CreationDate", Key::CreationTime, Column),
    ("CreationTime", Key::CreationTime, Column),
    ("createdDateTime", Key::CreationTime, Column),
    ("DestinationFileName", Key::DestinationFileName, Kept),
    ("DestinationRelativeUrl", Key::DestinationRelativeUrl, Kept),
    ("DeviceDisplayName", Key::DeviceDisplayName, Column),
    ("DeviceName", Key::DeviceName, Column),
    ("DeviceProperties", Key::DeviceProperties, Nested),
    ("EndpointMetaData", Key::EndpointMetaData, Nested),
    ("EnforcementMode", Key::EnforcementMode, Kept),
    ("ErrorNumber", Key::ErrorNumber, Kept),
    ("event", Key::ElasticEvent, Nested),
    ("events", Key::Events, Nested),
    ("ExchangeMetaData", Key::ExchangeMetaData, Nested),
    ("ExtendedProperties", Key::ExtendedProperties, Nested),
    ("ExtraProperties", Key::ExtraProperties, Nested),
    ("FileExtension", Key::FileExtension, Column),
    ("FileId", Key::FileId, Kept),
    ("FileName", Key::FileName, Kept),
    ("FileSize", Key::FileSize, Column),
    ("FileSizeBytes", Key::FileSizeBytes, Column),
    ("FileType", Key::FileType, Kept),
    ("Folders", Key::Folders, Nested),
    ("GroupName", Key::GroupName, Kept),
    ("Id", Key::Id, Column),
    ("id", Key::Id, Column),
    ("Identity", Key::Id, Column),
    ("IsManagedDevice", Key::IsManagedDevice, Column),
    ("Item", Key::Item, Nested),
    ("ItemName", Key::ItemName, Kept),
    ("ItemType", Key::ItemType, Kept),
    ("ListItemUniqueId", Key::ListItemUniqueId, Column),
    ("MachineId", Key::MachineId, Kept),
    ("MailboxOwnerUPN", Key::MailboxOwnerUpn, Kept),
    ("Members", Key::Members, Nested),
    ("MessageId", Key::MessageId, Column),
    ("ModifiedProperties", Key::ModifiedProperties, Nested),
    ("o365", Key::O365, Nested),
    ("o365audit", Key::O365Audit, Nested),
    ("ObjectId", Key::ObjectId, Column),
    ("objectId", Key::ObjectId, Column),
    ("ObjectName", Key::ObjectName, Kept),
    ("OfficeId", Key::Id, Column),
    ("OfficeObjectId", Key::ObjectId, Column),
    ("OfficeTenantId", Key::OrganizationId, Column),
    ("OfficeWorkload", Key::Workload, Column),
    ("Operation", Key::Operation, Column),
    ("operation", Key::Operation, Column),
    ("Operations", Key::Operation, Column),
    ("OrganizationId", Key::OrganizationId, Column),
    ("organizationId", Key::OrganizationId, Column),
    ("organization", Key::ElasticOrganization, Nested),
    ("Parameters", Key::Parameters, Nested),
    ("ParentMessageId", Key::ParentMessageId, Column),
    ("ParticipantInfo", Key::ParticipantInfo, Nested),
    ("Platform", Key::Platform, Kept),
    ("PolicyDetails", Key::PolicyDetails, Nested),
    ("Query", Key::Query, Column),
    ("QueryText", Key::QueryText, Column),
    ("RecordId", Key::Id, Column),
    ("RecordType", Key::RecordType, Kept),
    ("Records", Key::Records, Nested),
    ("records", Key::Records, Nested),
    ("RemovableMediaDeviceAttributes", Key::RemovableMedia, Nested),
    ("ResultStatus", Key::ResultStatus, Kept),
    ("SearchQueryText", Key::SearchQueryText, Column),
    ("SendAsUserSmtp", Key::SendAsUser, Column),
    ("SendOnBehalfOfUserSmtp", Key::SendOnBehalfOfUser, Column),
    ("SensitivityLabelId", Key::SensitivityLabelId, Column),
    ("service", Key::Workload, Column),
    ("SessionId", Key::SessionId, Column),
    ("Sha1", Key::Sha1, Kept),
    ("Sha256", Key::Sha256, Column),
    ("SharePointMetaData", Key::SharePointMetaData, Nested),
    ("Site", Key::Site, Column),
    ("Site_", Key::Site, Column),
    ("SiteUrl", Key::SiteUrl, Kept),
    ("Site_Url", Key::SiteUrl, Kept),
    ("SourceFileExtension", Key::SourceFileExtension, Column),
    ("SourceFileName", Key::SourceFileName, Column),
    ("SourceRelativeUrl", Key::SourceRelativeUrl, Kept),
    ("Target", Key::TargetList, Nested),
    ("TargetDomain", Key::TargetDomain, Column),
    ("TargetFilePath", Key::TargetFilePath, Kept),
    ("TargetPrinterName", Key::TargetPrinterName, Kept),
    ("TargetUrl", Key::TargetUrl, Kept),
    ("TargetUserId", Key::TargetUserId, Kept),
    ("TargetUserOrGroupName", Key::TargetUserOrGroupName, Kept),
    ("TargetUserOrGroupType", Key::TargetUserOrGroupType, Column),
    ("TeamGuid", Key::TeamGuid, Kept),
    ("TeamName", Key::TeamName, Kept),
    ("TimeGenerated", Key::TimeGenerated, Column),
    ("TimeGenerated [UTC]", Key::TimeGenerated, Column),
    ("UserAgent", Key::UserAgent, Column),
    ("user", Key::ElasticUser, Nested),
    ("user_agent", Key::ElasticUserAgent, Nested),
    ("UserId", Key::UserId, Column),
    ("userId", Key::UserId, Column),
    ("userIds", Key::UserId, Column),
    ("UserIds", Key::UserId, Column),
    ("UserKey", Key::UserPuid, Kept),
    ("UserSharedWith", Key::UserSharedWith, Kept),
    ("UserType", Key::UserType, Column),
    ("userType", Key::UserType, Column),
    ("value", Key::Value, Nested),
    ("Version", Key::Version, Column),
    ("Workload", Key::Workload, Column),
    ("ZipFileName", Key::ZipFileName, Kept),
];

/// Slots of the table that finds a name: a power of two, at least three times the names, so that most look-ups compare once.
const INDEX: usize = 1024;
const _: () = assert!(NAMES.len() * 3 < INDEX && NAMES.len() < 255);

/// Name hash → 1 + position in [`NAMES`]; 0 is empty.
static NAME_INDEX: [u8; INDEX] = index_names();

const fn index_names() -> [u8; INDEX] {
    let mut index = [0; INDEX];
    let mut at = 0;
    while at < NAMES.len() {
        let mut slot = name_hash(NAMES[at].0.as_bytes());
        while index[slot] != 0 {
            slot = (slot + 1) % INDEX;
        }
        index[slot] = (at + 1) as u8;
        at += 1;
    }
    index
}

/// Length and four bytes tell field names apart well enough.
const fn name_hash(name: &[u8]) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    let picked = [name[0], name[len / 4], name[len / 2], name[len - 1]];
    let mixed = u32::from_le_bytes(picked).wrapping_mul(0x9e37_79b1).wrapping_add((len as u32).wrapping_mul(0x85eb_ca6b));
    (mixed >> 22) as usize % INDEX
}

fn find_name(name: &str) -> Option<(Key, Use)> {
    let mut slot = name_hash(name.as_bytes());
    loop {
        let at = usize::from(NAME_INDEX[slot]).checked_sub(1)?;
        let (known, key, usage) = NAMES[at];
        if is_same(known.as_bytes(), name.as_bytes()) {
            return Some((key, usage));
        }
        slot = (slot + 1) % INDEX;
    }
}

/// Equality without a call, eight bytes at a time: names are shorter than a call takes.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(last), Some(other)) => last == other && a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0).all(|(a, b)| a == b),
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// One record's fields.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    /// For each [`Key`], where its value stands in `values`; 0 where the record has none or null.
    slots: [u8; KEYS],
    /// Raw JSON, after `""`.
    values: Vec<&'a str>,
    /// What has no column, an unfinished JSON object: `{"a":1,"b":2`.
    rest: String,
    /// A nested field is written as a string.
    stringly: bool,
}

impl<'a> Fields<'a> {
    /// Reads a JSON object.
    pub(super) fn scan(json: &'a str) -> Result<Self, Reject> {
        let mut fields = Fields { slots: [0; KEYS], values: Vec::with_capacity(VALUES), rest: String::new(), stringly: false };
        fields.values.push("");
        members(json, |name, raw| fields.take_member(name, raw, json.len()))?;
        Ok(fields)
    }

    /// Puts a member where it belongs: into its slot, the rest, both or neither.
    #[inline(always)]
    fn take_member(&mut self, name: &'a str, raw: &'a str, record_len: usize) {
        if raw.len() <= 4 && matches!(raw, "null" | "\"\"" | "[]" | "{}") {
            return;
        }
        if let Some((key, usage)) = find_name(name) {
            self.set_missing(key, raw);
            self.stringly |= usage == Nested && (raw.starts_with("\"[") || raw.starts_with("\"{"));
            if usage == Column {
                return;
            }
        } else if name.starts_with("p_") || name.starts_with("@odata") {
            // Panther's own columns repeat what the record holds.
            return;
        }
        if self.rest.capacity() == 0 {
            self.rest.reserve(record_len);
        }
        push_member(&mut self.rest, name, raw);
    }

    /// Whether the record has that field.
    pub(super) fn has(&self, key: Key) -> bool {
        !self.raw(key).is_empty()
    }

    /// The raw JSON of a field, `""` if there is none.
    pub(super) fn raw(&self, key: Key) -> &'a str {
        self.value(key as usize)
    }

    /// The text of a field: a string decoded, a number or boolean as written; empty strings, lists and objects are `None`.
    pub(super) fn text(&self, key: Key) -> Text<'a> {
        decode(self.raw(key))
    }

    /// The first of these fields that has text.
    pub(super) fn first(&self, keys: &[Key]) -> Text<'a> {
        keys.iter().find_map(|key| self.text(*key))
    }

    /// A field as a number that is not negative.
    pub(super) fn count(&self, key: Key) -> Option<i64> {
        Str(self.text(key)).int().filter(|count| *count >= 0)
    }

    /// A nested object, if the field is one of that shape.
    pub(super) fn object<T: Deserialize<'a>>(&self, key: Key) -> Option<T> {
        let raw = self.raw(key);
        raw.starts_with('{').then(|| serde_json::from_str(raw).ok()).flatten()
    }

    /// The elements of a nested list (or the one bare element) that have that shape.
    pub(super) fn list<T: Deserialize<'a>>(&self, key: Key) -> Vec<T> {
        let raw = self.raw(key);
        if raw.starts_with('[') {
            if let Ok(all) = serde_json::from_str(raw) {
                return all;
            }
            let elements: Vec<&'a RawValue> = serde_json::from_str(raw).unwrap_or_default();
            return elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect();
        }
        if raw.is_empty() { Vec::new() } else { serde_json::from_str(raw).into_iter().collect() }
    }

    /// Takes from `other` what this record lacks.
    pub(super) fn fill_from(&mut self, other: &Fields<'a>) {
        for slot in 0..KEYS {
            self.fill(slot, other.value(slot));
        }
    }

    /// Sets a field to raw JSON if the record lacks it.
    pub(super) fn set_missing(&mut self, key: Key, raw: &'a str) {
        self.fill(key as usize, raw);
    }

    #[inline(always)]
    fn fill(&mut self, slot: usize, raw: &'a str) {
        if self.slots[slot] == 0 && !raw.is_empty() {
            // Never more values than keys, and those fit.
            self.slots[slot] = self.values.len() as u8;
            self.values.push(raw);
        }
    }

    fn value(&self, slot: usize) -> &'a str {
        self.values.get(usize::from(self.slots[slot])).copied().unwrap_or_default()
    }

    /// The record with its nested fields as objects and lists, if one of them is written as a string.
    pub(super) fn expanded(&self, json: &str) -> Option<String> {
        if !self.stringly {
            return None;
        }
        let mut expanded = String::with_capacity(json.len());
        let expand = |name: &str, raw: &str| {
            let inner = if matches!(find_name(name), Some((_, Nested))) { nested_text(raw) } else { None };
            push_member(&mut expanded, name, inner.as_deref().unwrap_or(raw));
        };
        members(json, expand).ok()?;
        expanded.push('}');
        Some(expanded)
    }

    /// What has no column, as a JSON object.
    pub(super) fn take_rest(&mut self) -> Option<String> {
        let mut rest = std::mem::take(&mut self.rest);
        if rest.is_empty() {
            return None;
        }
        rest.push('}');
        Some(rest)
    }
}

/// The text that raw JSON of a string, number or boolean stands for.
pub(super) fn decode(raw: &str) -> Text<'_> {
    let Some(inner) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
        return (!raw.is_empty() && !raw.starts_with(['{', '['])).then_some(Cow::Borrowed(raw));
    };
    if inner.is_empty() {
        return None;
    }
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    // Half of a surrogate pair, where a vendor cut a string, cannot be decoded: better as it stands than not at all.
    Some(serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(inner), Cow::Owned))
}

/// The object or list inside a JSON string.
fn nested_text(raw: &str) -> Option<String> {
    let text = serde_json::from_str::<String>(raw).ok()?;
    let is_nested = text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(&text).is_ok();
    is_nested.then_some(text)
}

/// Adds a member to an unfinished JSON object; the name stands as it does between quotes.
#[inline]
fn push_member(object: &mut String, raw_name: &str, raw: &str) {
    object.push_str(if object.is_empty() { "{\"" } else { ",\"" });
    object.push_str(raw_name);
    object.push_str("\":");
    object.push_str(raw);
}

/// The column `name` with plain text `value`, as a member: nested fields as the JSON they hold, others as a string.
pub(super) fn push_column(object: &mut String, name: &str, value: &str) {
    let nested = matches!(find_name(name), Some((_, Nested))) && serde_json::from_str::<&RawValue>(value).is_ok();
    let quoted = serde_json::to_string(name).unwrap_or_default();
    let raw_name = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if nested {
        push_member(object, raw_name, value);
    } else {
        push_member(object, raw_name, &serde_json::to_string(value).unwrap_or_default());
    }
}

/// A name and a value, as the vendor writes open lists: `Name`/`Value`, `Key`/`Value` or `ID`/`Type`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pair<'a> {
    /// The name.
    #[serde(borrow, alias = "Key", alias = "ID", alias = "Name")]
    pub(super) name: Str<'a>,
    /// The value.
    #[serde(borrow, alias = "Value", alias = "Type")]
    pub(super) value: Str<'a>,
}

/// The value of the first pair of that name.
pub(super) fn pair<'a>(pairs: &[Pair<'a>], name: &str) -> Text<'a> {
    pairs.iter().find(|pair| pair.name.get().is_some_and(|known| known.eq_ignore_ascii_case(name))).and_then(|pair| pair.value.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for (name, key, usage) in NAMES {
            assert_eq!(find_name(name), Some((*key, *usage)), "{name}");
        }
        for name in ["", "I", "Idd", "clientip", "UserIdentity", "é", "\u{0}"] {
            assert_eq!(find_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_field_that_stands_twice_is_read_once() {
        let fields = Fields::scan(r#"{"Id":null,"Id":"1","Id":"2","X":"a","X":"b"}"#).expect("valid");
        assert_eq!(fields.text(Key::Id).as_deref(), Some("1"));
    }

    #[test]
    fn half_a_surrogate_pair_does_not_lose_the_field() {
        let fields = Fields::scan(r#"{"SourceFileName":"a\ud83d.txt","UserId":"a\u0041"}"#).expect("valid");
        assert_eq!(fields.text(Key::SourceFileName).as_deref(), Some("a\\ud83d.txt"));
        assert_eq!(fields.text(Key::UserId).as_deref(), Some("aA"));
    }

    #[test]
    fn what_is_known_has_a_column_and_the_rest_is_kept() {
        let mut fields = Fields::scan(r#"{"Id":"1","Extra":{"a":[1]},"Empty":"","CorrelationId":"c","p_any":"x"}"#).expect("valid");
        assert_eq!(fields.take_rest().as_deref(), Some(r#"{"Extra":{"a":[1]},"CorrelationId":"c"}"#));
    }
}
