//! One file a vendor: turns an act into a line of that vendor's log, in its raw format.

mod email;
mod google_workspace;
mod jira;
mod m365_audit;
mod slack_audit;
mod slack_messages;
mod teams_messages;
mod trello;

pub(super) mod slack_state;

pub(super) use self::jira::account_id;
pub(super) use self::m365_audit::{BACKUP_APP, MIGRATION_APP, object_id, stick_number};
pub(super) use self::trello::member_id;

use crate::sources::Source;

use super::acts::{Act, What};
use super::ids::mix;
use super::population::Person;
use super::world::World;

/// Appends the record of an act to `bytes`, the lines of its source.
pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    match act.what.source() {
        Source::SlackAudit => slack_audit::write(world, act, bytes),
        Source::SlackMessages => slack_messages::write(world, act, bytes),
        Source::TeamsMessages => teams_messages::write(world, act, bytes),
        Source::GoogleWorkspace => google_workspace::write(world, act, bytes),
        Source::Jira => jira::write(world, act, bytes),
        Source::Trello => trello::write(world, act, bytes),
        Source::Email => email::write(world, act, bytes),
        _ => m365_audit::write(world, act, bytes),
    }
}

/// The address from which somebody works that day: mostly the office's, sometimes their home's.
fn ip_address(world: &World, act: &Act) -> String {
    let Some(person) = world.people.get(act.person as usize) else { return "203.0.113.9".into() };
    // One place a day: microseconds in a day.
    let day = act.time.div_euclid(86_400_000_000) as u64;
    if mix(person.seed, day) % 10 < 6 { format!("192.0.2.{}", 10 + person.zone) } else { format!("198.51.100.{}", 1 + person.seed % 250) }
}

/// One entry of a list that stays the same for a person.
fn usual<'l>(list: &[&'l str], person: &Person) -> &'l str {
    list[((person.seed >> 16) % list.len() as u64) as usize]
}

/// Whether this record is one that Microsoft delivers twice: one in three hundred.
pub(super) fn delivered_twice(act: &Act) -> bool {
    act.what.source() == Source::M365Audit && !matches!(act.what, What::M365Login) && act.number.is_multiple_of(300)
}
