//! Endpoint data loss prevention: what was done with a file on a person's machine.

use std::borrow::Cow;

use serde::Deserialize;

use super::fields::{Fields, Key};
use crate::event::{Action, Event, Outcome, Surface, Text};
use crate::sources::address;
use crate::sources::lenient::Str;

/// Fills what the machine says of the file and of where it went.
pub(super) fn fill<'a>(fields: &Fields<'a>, event: &mut Event<'a>) {
    event.surface = Surface::Endpoint;
    let path = fields.text(Key::ObjectId);
    event.file_name = fields.text(Key::SourceFileName).or_else(|| path.as_ref().and_then(name_of));
    event.object_url = path;
    event.file_type = fields.first(&[Key::FileExtension, Key::SourceFileExtension, Key::FileType]);
    event.file_size = fields.count(Key::FileSize).or_else(|| fields.count(Key::FileSizeBytes));
    event.file_hash = fields.first(&[Key::Sha256, Key::Sha1]);
    event.sensitivity_label = fields.text(Key::SensitivityLabelId);
    event.target_domain = target_domain(fields);
    if let Some((target, target_type)) = target(fields, event) {
        event.target = Some(target);
        event.target_type = Some(Cow::Borrowed(target_type));
    }
    // 1 audits, 2 warns, 3 lets the person go on in spite of the warning, 4 blocks, 5 allows.
    if matches!(fields.text(Key::EnforcementMode).as_deref(), Some("4" | "Block")) {
        event.outcome = Outcome::Blocked;
    }
}

fn name_of<'a>(path: &Cow<'a, str>) -> Text<'a> {
    match path {
        Cow::Borrowed(path) => address::file_name(path).map(Cow::Borrowed),
        Cow::Owned(path) => address::file_name(path).map(|name| Cow::Owned(name.to_owned())),
    }
}

fn target_domain<'a>(fields: &Fields<'a>) -> Text<'a> {
    let written = fields.first(&[Key::TargetDomain, Key::TargetUrl])?;
    address::domain(&written).map(Cow::Owned)
}

/// Where the file went, and what kind of place that is.
fn target<'a>(fields: &Fields<'a>, event: &Event<'a>) -> Option<(Cow<'a, str>, &'static str)> {
    let path = || fields.text(Key::TargetFilePath);
    match event.action {
        Action::RemovableMediaWrite => {
            removable_device(fields).map(|device| (device, "device")).or_else(|| path().map(|path| (path, "path")))
        }
        Action::CloudUpload => {
            let url = fields.text(Key::TargetUrl).map(|url| (url, "url"));
            let domain = || fields.text(Key::TargetDomain).map(|domain| (domain, "domain"));
            url.or_else(domain)
        }
        Action::Print => fields.text(Key::TargetPrinterName).map(|printer| (printer, "printer")),
        Action::NetworkShareWrite => path().map(|path| (path, "network_share")),
        _ => path().map(|path| (path, "path")).or_else(|| fields.text(Key::TargetDomain).map(|domain| (domain, "domain"))),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RemovableMedia<'a> {
    #[serde(borrow)]
    manufacturer: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow)]
    serial_number: Str<'a>,
}

/// The device's serial number, else what it is.
fn removable_device<'a>(fields: &Fields<'a>) -> Text<'a> {
    let device: RemovableMedia<'a> = fields.object(Key::RemovableMedia)?;
    if device.serial_number.0.is_some() {
        return device.serial_number.0;
    }
    match (device.manufacturer.0, device.model.0) {
        (Some(manufacturer), Some(model)) => Some(Cow::Owned(format!("{manufacturer} {model}"))),
        (manufacturer, model) => manufacturer.or(model),
    }
}
