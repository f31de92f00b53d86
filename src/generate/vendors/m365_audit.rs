//! Microsoft's Management Activity API: one audit record a line.

use crate::event::{Micros, SECOND};

use super::super::acts::{Act, Client, Exit, File, Place, What};
use super::super::ids::{Form, Hex, Iso, Uuid, mix};
use super::super::json::{self, Object};
use super::super::population::Person;
use super::super::words::BROWSERS;
use super::super::world::World;
use super::teams_messages::chat_id;
use super::{ip_address, usual};

/// Microsoft's id of the sync engine.
const SYNC_APP: &str = "ab9b8c07-8f02-4f72-87fa-80105867a763";
/// Microsoft's id of its assistant platform.
const ASSISTANT_APP: &str = "fb8d773d-7ef8-4ec0-a117-179f88add510";
/// An invented id of an invented backup product.
pub(in super::super) const BACKUP_APP: &str = "5e0cba11-0000-4000-8000-00000000b0c7";

/// An invented id of an invented migration product.
pub(in super::super) const MIGRATION_APP: &str = "5e0cba11-0000-4000-8000-000000000416";

/// The id of a person in Microsoft's directory.
pub(in super::super) fn object_id(person: &Person) -> Uuid {
    Uuid(mix(person.seed, 0xaad))
}

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    json::line(bytes, |o| match &act.what {
        What::M365File { operation, file, client } => file_operation(world, act, operation, file, *client, o),
        What::M365Search { query } => search(world, act, query, o),
        What::TeamsSent { place } => message_sent(world, act, *place, o),
        What::Endpoint { file, exit } => endpoint(world, act, file, *exit, o),
        _ => login(world, act, o),
    });
}

/// What every record has.
fn head(world: &World, act: &Act, operation: &str, record_type: i64, workload: &str, o: &mut Object<'_>) {
    o.show("CreationTime", Iso(act.time, Form::Bare));
    o.show("Id", Uuid(act.number));
    o.text("Operation", operation);
    o.show("OrganizationId", world.tenant());
    o.int("RecordType", record_type);
    match world.people.get(act.person as usize) {
        Some(person) => {
            o.show("UserKey", format_args!("i:0h.f|membership|1003{}@live.com", Hex(person.seed, 12)));
            o.int("UserType", 0);
            o.text("UserId", &person.upn());
        }
        None => {
            o.text("UserKey", "i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@sharepoint");
            o.int("UserType", 5);
            o.text("UserId", "app@sharepoint");
        }
    }
    o.int("Version", 1);
    o.text("Workload", workload);
}

/// The site of a place and the folder in it.
fn site(world: &World, place: Place) -> (String, &'static str, &'static str) {
    let own = |person: u32| {
        let upn = world.person(person).upn().replace(['.', '@'], "_");
        format!("https://example-my.sharepoint.com/personal/{upn}/")
    };
    match place {
        Place::Channel(at) => (format!("{}/", world.channel(at).site_address()), "Shared Documents/General", "SharePoint"),
        Place::ChatFiles(person) => (own(person), "Documents/Microsoft Teams Chat Files", "OneDrive"),
        Place::Drive(person) | Place::Direct(person, _) => (own(person), "Documents", "OneDrive"),
    }
}

fn file_operation(world: &World, act: &Act, operation: &str, file: &File, client: Client, o: &mut Object<'_>) {
    let (site_url, folder, workload) = site(world, file.place);
    let record_type = if matches!(operation, "AnonymousLinkCreated" | "SharingSet") { 14 } else { 6 };
    head(world, act, operation, record_type, workload, o);
    let name = file.name();
    let person = world.people.get(act.person as usize);
    let place = file.place.seed();
    o.text("ClientIP", &ip_address(world, act));
    // Requests of one page or sync run share this id: here those of ten minutes.
    o.show("CorrelationId", Uuid(mix(u64::from(act.person), act.time.div_euclid(600 * SECOND) as u64)));
    o.text("EventSource", "SharePoint");
    o.text("ItemType", "File");
    o.show("ListId", Uuid(mix(place, 3)));
    o.show("ListItemUniqueId", Uuid(file.seed()));
    o.show("Site", Uuid(mix(place, 4)));
    o.show("WebId", Uuid(mix(place, 5)));
    let (user_agent, app) = match client {
        Client::Interactive => (person.map_or("", |person| usual(BROWSERS, person)), None),
        Client::Sync => ("Microsoft SkyDriveSync 25.020.0202.0001 ship; Windows NT 10.0 (22631)", Some((SYNC_APP, "OneDrive SyncEngine"))),
        Client::Backup => ("Veeam Backup for Microsoft 365/8.0", Some((BACKUP_APP, "Nightly Backup"))),
        Client::Migration => ("Example Migration Manager/4.1", Some((MIGRATION_APP, "Migration Manager"))),
        Client::Ai => ("Microsoft Copilot", Some((ASSISTANT_APP, "Enterprise Copilot Platform"))),
    };
    o.text("UserAgent", user_agent);
    if let Some((id, name)) = app {
        o.text("ApplicationId", id);
        o.text("ApplicationDisplayName", name);
    }
    if let Some(person) = person {
        o.text("DeviceDisplayName", &device(person));
        o.bool("IsManagedDevice", true);
    }
    if record_type == 14 {
        o.text("TargetUserOrGroupType", if operation == "SharingSet" { "Member" } else { "Guest" });
        o.text("TargetUserOrGroupName", if operation == "SharingSet" { "Everyone except external users" } else { "SharingLinks" });
    } else {
        o.int("FileSizeBytes", file.size());
    }
    o.text("SourceFileExtension", file.kind().0);
    o.text("SiteUrl", &site_url);
    o.text("SourceFileName", &name);
    o.text("SourceRelativeUrl", folder);
    o.text("ObjectId", &format!("{site_url}{folder}/{name}"));
}

fn search(world: &World, act: &Act, query: &str, o: &mut Object<'_>) {
    head(world, act, "SearchQueryPerformed", 102, "SharePoint", o);
    let person = world.person(act.person);
    o.text("ClientIP", &ip_address(world, act));
    o.show("CorrelationId", Uuid(mix(act.number, 1)));
    o.text("EventSource", "SharePoint");
    o.text("ItemType", "Page");
    o.text("UserAgent", usual(BROWSERS, person));
    o.text("EventData", "<Search>1</Search>");
    o.text("SearchQueryText", query);
    o.text("ScenarioName", "SPHomeWeb");
    o.text("ObjectId", "https://example.sharepoint.com/search");
}

fn login(world: &World, act: &Act, o: &mut Object<'_>) {
    head(world, act, "UserLoggedIn", 15, "AzureActiveDirectory", o);
    let person = world.person(act.person);
    let address = ip_address(world, act);
    o.text("ResultStatus", "Success");
    o.text("ClientIP", &address);
    o.text("ActorIpAddress", &address);
    o.int("AzureActiveDirectoryEventType", 1);
    o.text("ObjectId", "00000003-0000-0ff1-ce00-000000000000");
    o.list("ExtendedProperties", |l| {
        l.object(|o| {
            o.text("Name", "UserAgent");
            o.text("Value", usual(BROWSERS, person));
        });
        l.object(|o| {
            o.text("Name", "RequestType");
            o.text("Value", "OAuth2:Authorize");
        });
    });
    o.list("DeviceProperties", |l| {
        l.object(|o| {
            o.text("Name", "DisplayName");
            o.text("Value", &device(person));
        });
    });
    o.text("ApplicationId", "00000003-0000-0ff1-ce00-000000000000");
}

fn message_sent(world: &World, act: &Act, place: Place, o: &mut Object<'_>) {
    head(world, act, "MessageSent", 25, "MicrosoftTeams", o);
    o.text("ClientIP", &ip_address(world, act));
    o.show("MessageId", message_id(act.time));
    match place {
        Place::Channel(at) => {
            let channel = world.channel(at);
            o.text("CommunicationType", "Channel");
            o.text("ChatThreadId", &channel.id());
            o.show("AADGroupId", channel.team());
            o.text("TeamName", &channel.name);
            o.text("ChannelGuid", &channel.id());
            o.text("ChannelName", "General");
        }
        _ => {
            o.text("CommunicationType", "OneOnOne");
            o.text("ChatThreadId", &chat_id(world, place));
        }
    }
    o.object("ParticipantInfo", |o| {
        o.bool("HasForeignTenantUsers", false);
        o.bool("HasGuestUsers", false);
        o.list("ParticipatingDomains", |l| l.text("example.com"));
    });
    o.show("ResourceTenantId", world.tenant());
}

/// The name of somebody's machine.
fn device(person: &Person) -> String {
    format!("LT-{}", Hex(mix(person.seed, 8), 6))
}

/// The number of the stick that somebody owns, or of the drive that the organisation gave out.
pub(in super::super) fn stick_number(person: &Person, own: bool) -> String {
    if own { format!("OWN{}", Hex(mix(person.seed, 12), 10)) } else { format!("CORP{:05}", person.seed % 100) }
}

fn endpoint(world: &World, act: &Act, file: &File, exit: Exit, o: &mut Object<'_>) {
    let operation = match exit {
        Exit::OwnStick | Exit::CompanyStick => "FileCopiedToRemovableMedia",
        Exit::OwnCloud | Exit::CompanyCloud => "FileUploadedToCloud",
        Exit::Printer => "FilePrinted",
        Exit::Share => "FileCopiedToNetworkShare",
    };
    head(world, act, operation, 63, "Endpoint", o);
    let person = world.person(act.person);
    let name = file.name();
    let ending = file.kind().0;
    o.text("ObjectId", &format!("C:\\Users\\{}\\Downloads\\{name}", person.login()));
    o.text("ClientIP", &ip_address(world, act));
    o.text("DeviceName", &format!("{}.corp.example.com", device(person)));
    o.show("MDATPDeviceId", Hex(mix(person.seed, 9), 40));
    o.int("Platform", 1);
    o.text("Application", if matches!(exit, Exit::OwnCloud | Exit::CompanyCloud) { "msedge.exe" } else { "explorer.exe" });
    o.text("FileExtension", ending);
    o.text("FileType", &ending.to_uppercase());
    o.int("FileSize", file.size());
    o.show("Sha256", Hex(file.seed(), 64));
    o.int("EnforcementMode", 1);
    o.int("SourceLocationType", 1);
    match exit {
        Exit::OwnStick | Exit::CompanyStick => {
            o.int("DestinationLocationType", 2);
            o.text("TargetFilePath", &format!("E:\\{name}"));
            o.object("RemovableMediaDeviceAttributes", |o| {
                o.text("Manufacturer", if exit == Exit::OwnStick { "Acme Flash" } else { "Example Corp" });
                o.text("Model", if exit == Exit::OwnStick { "Stick 64" } else { "Encrypted Drive" });
                o.text("SerialNumber", &stick_number(person, exit == Exit::OwnStick));
            });
        }
        Exit::OwnCloud => cloud(o, "personal-drive.example.net"),
        Exit::CompanyCloud => cloud(o, "example.sharepoint.com"),
        Exit::Printer => o.text("TargetPrinterName", "PRT-3-WEST"),
        Exit::Share => o.text("TargetFilePath", &format!("\\\\files.corp.example.com\\team\\{name}")),
    }
}

fn cloud(o: &mut Object<'_>, domain: &str) {
    o.int("DestinationLocationType", 5);
    o.text("TargetDomain", domain);
    o.text("TargetUrl", &format!("https://{domain}/upload"));
}

/// The id of a Teams message: its time in milliseconds, on both sides.
pub(super) fn message_id(time: Micros) -> i64 {
    time.div_euclid(1_000)
}
