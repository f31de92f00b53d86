//! The organisation's own tables as CSV: who people are, what channels are, what is allowed.

use std::io;

use super::channels::Platform;
use super::labels::Incident;
use super::lookalikes::Kind;
use super::output::Out;
use super::population::{Group, Person, Suite};
use super::stories::{Story, notice_date};
use super::vendors::{account_id, member_id, object_id, stick_number};
use super::words::ZONES;
use super::world::World;

/// Writes all seven files.
pub(super) fn write(world: &World, incidents: &[Incident], out: &mut Out) -> io::Result<()> {
    let mut table = |name: &str, header: &str, rows: Vec<Vec<String>>| -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(header.split(',')).map_err(io::Error::other)?;
        for row in rows {
            writer.write_record(row).map_err(io::Error::other)?;
        }
        let bytes = writer.into_inner().map_err(|e| e.into_error())?;
        out.write_file(&format!("policy/{name}.csv"), &bytes)
    };
    table(
        "people",
        "person,name,email,ids,group,department,role,projects,manager,time_zone,country,employment,\
         start_date,notice_date,leaving_date,absences,valid_from,valid_to",
        world.people.iter().map(|person| person_row(world, person)).collect(),
    )?;
    table("groups", "group,detection,monitored,why,who,until,valid_from,valid_to", groups(world))?;
    table("channels", "channel_id,channel_name,platform,sensitivity,groups,projects,site_address,valid_from,valid_to", channels(world))?;
    table("destinations", "kind,value,approved,why,valid_from,valid_to", destinations(world))?;
    table("clients", "kind,value,class,valid_from,valid_to", clients(world))?;
    table("exceptions", "detection,entity,why,who,until,valid_from,valid_to", exceptions(world, incidents))?;
    table("approvals", "person,action,why,who,valid_from,valid_to", approvals(world, incidents))
}

fn row(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn person_row(world: &World, person: &Person) -> Vec<String> {
    let projects: Vec<&str> = person.projects.iter().map(|at| world.projects[usize::from(*at)].as_str()).collect();
    let mut ids = vec![format!("slack:{}", person.slack_id()), format!("m365:{}", person.upn()), format!("m365:{}", object_id(person))];
    if person.suite == Suite::Google {
        ids.push(format!("google:{}", person.email));
        ids.push(format!("google:{}", person.google_id()));
    }
    if person.group != Group::Guests {
        ids.push(format!("jira:{}", account_id(person)));
        ids.push(format!("trello:{}", member_id(person)));
    }
    let absences: Vec<String> = person.absences.iter().map(|(from, to)| format!("{}/{}", world.date(*from), world.date(*to))).collect();
    let (zone, country, ..) = ZONES[person.zone];
    vec![
        person.key.clone(),
        person.name.clone(),
        person.email.clone(),
        ids.join(";"),
        person.group.as_str().into(),
        person.department.into(),
        person.role.into(),
        projects.join(";"),
        person.manager.map(|manager| world.person(manager).key.clone()).unwrap_or_default(),
        zone.name().into(),
        country.into(),
        person.employment.into(),
        person.start_date.to_string(),
        notice_date(world, person).map(|date| date.to_string()).unwrap_or_default(),
        person.leaving_day.map(|day| world.date(day).to_string()).unwrap_or_default(),
        absences.join(";"),
        String::new(),
        String::new(),
    ]
}

/// A person who answers for a decision: the first of the group.
fn decider(world: &World, group: Group) -> &str {
    world.people.iter().find(|person| person.group == group).map_or("", |person| person.key.as_str())
}

fn groups(world: &World) -> Vec<Vec<String>> {
    let names = [Group::Research, Group::Sales, Group::Executives, Group::It, Group::Support, Group::Guests].map(Group::as_str);
    let mut rows: Vec<Vec<String>> = names.iter().chain(&["Unknown"]).map(|name| row(&[name, "*", "yes", "", "", "", "", ""])).collect();
    let until = world.date(365).to_string();
    let why = "on call around the clock; agreed with the works council";
    rows.push(row(&[Group::It.as_str(), "unusual_hours", "no", why, decider(world, Group::Executives), &until, "", ""]));
    rows
}

fn channels(world: &World) -> Vec<Vec<String>> {
    let mut rows = Vec::with_capacity(world.channels.len());
    for channel in &world.channels {
        let groups: Vec<&str> = channel.groups.iter().map(|group| group.as_str()).collect();
        let projects: Vec<&str> = channel.projects.iter().map(|at| world.projects[usize::from(*at)].as_str()).collect();
        let platform = match channel.platform {
            Platform::Slack => "slack",
            Platform::Microsoft => "m365",
            Platform::Google => "google",
        };
        let (id, site) = (channel.id(), channel.site_address());
        rows.push(row(&[&id, &channel.name, platform, channel.sensitivity, &groups.join(";"), &projects.join(";"), &site, "", ""]));
    }
    rows
}

fn destinations(world: &World) -> Vec<Vec<String>> {
    let mut rows = vec![
        row(&["domain", "example.com", "yes", "our own", "", ""]),
        row(&["domain", "example.sharepoint.com", "yes", "our own cloud", "", ""]),
        row(&["domain", "example-my.sharepoint.com", "yes", "our own cloud", "", ""]),
        row(&["domain", "example.slack.com", "yes", "our own chat", "", ""]),
        row(&["domain", "example.atlassian.net", "yes", "our own tickets", "", ""]),
        row(&["domain", "partner.example.org", "yes", "partner under contract", "", ""]),
        row(&["domain", "personal-drive.example.net", "no", "private storage", "", ""]),
        row(&["tenant", &world.tenant().to_string(), "yes", "our own", "", ""]),
        row(&["share", "\\\\files.corp.example.com\\team", "yes", "the file server", "", ""]),
    ];
    let mut drives: Vec<String> = world.people.iter().map(|person| stick_number(person, false)).collect();
    drives.sort();
    drives.dedup();
    rows.extend(drives.iter().map(|drive| row(&["device", drive, "yes", "encrypted drive of the organisation", "", ""])));
    rows
}

fn clients(world: &World) -> Vec<Vec<String>> {
    let mut rows = vec![
        row(&["app_id", super::vendors::BACKUP_APP, "backup", "", ""]),
        row(&["app_id", "fb8d773d-7ef8-4ec0-a117-179f88add510", "ai", "", ""]),
        row(&["app_id", "ab9b8c07-8f02-4f72-87fa-80105867a763", "sync", "", ""]),
        row(&["app_id", "A0BUILDBOT1", "api", "", ""]),
        row(&["user_agent", "Microsoft SkyDriveSync", "sync", "", ""]),
    ];
    if world.lookalikes.has(Kind::Migration) {
        rows.push(row(&["app_id", super::vendors::MIGRATION_APP, "api", "", ""]));
    }
    rows
}

fn exceptions(world: &World, incidents: &[Incident]) -> Vec<Vec<String>> {
    let excused = incidents.iter().filter(|incident| incident.story == Story::ExcusedTransfer);
    let until = world.date(180).to_string();
    let who = decider(world, Group::Executives);
    excused
        .map(|incident| row(&["data_transfer", &world.person(incident.person).key, "writes installation sticks", who, &until, "", ""]))
        .collect()
}

fn approvals(world: &World, incidents: &[Incident]) -> Vec<Vec<String>> {
    let approved = incidents.iter().filter(|incident| incident.story == Story::ApprovedExport);
    let mut rows = Vec::new();
    for incident in approved {
        let Some(day) = incident.days.first() else { continue };
        let (from, to) = (world.date(day - 2).to_string(), world.date(day + 3).to_string());
        let key = &world.person(incident.person).key;
        rows.push(row(&[key, "file_downloaded", "archive of a closed project", decider(world, Group::Executives), &from, &to]));
    }
    rows
}
