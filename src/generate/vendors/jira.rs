//! Jira Cloud's webhook for comments: one delivery a line.

use super::super::acts::{Act, What};
use super::super::ids::{Form, Hex, Iso, mix};
use super::super::json;
use super::super::population::Person;
use super::super::world::World;

/// The id of an account in Atlassian's cloud.
pub(in super::super) fn account_id(person: &Person) -> Hex {
    Hex(mix(person.seed, 0xa71), 24)
}

pub(super) fn write(world: &World, act: &Act, bytes: &mut Vec<u8>) {
    let What::JiraComment { project, issue, text } = &act.what else { return };
    let person = world.person(act.person);
    let name = &world.projects[usize::from(*project)];
    let key = name.to_uppercase().replace('-', "");
    // Ids of issues and comments are numbers.
    let issue_id = 10_000 + u64::from(*project) * 1_000 + u64::from(*issue);
    let comment_id = 1_000_000 + act.number % 1_000_000_000_000;
    json::line(bytes, |o| {
        o.int("timestamp", act.time.div_euclid(1_000));
        o.text("webhookEvent", "comment_created");
        o.object("comment", |o| {
            o.text("self", &format!("https://example.atlassian.net/rest/api/2/issue/{issue_id}/comment/{comment_id}"));
            o.show("id", comment_id);
            for role in ["author", "updateAuthor"] {
                o.object(role, |o| {
                    o.show("accountId", account_id(person));
                    o.text("displayName", &person.name);
                    o.text("emailAddress", &person.email);
                    o.bool("active", true);
                    o.text("accountType", "atlassian");
                });
            }
            o.text("body", text);
            o.show("created", Iso(act.time, Form::Offset));
            o.show("updated", Iso(act.time, Form::Offset));
            o.bool("jsdPublic", true);
        });
        o.object("issue", |o| {
            o.show("id", issue_id);
            o.text("self", &format!("https://example.atlassian.net/rest/api/2/{issue_id}"));
            o.text("key", &format!("{key}-{issue}"));
            o.object("fields", |o| {
                o.text("summary", &format!("{name}: item {issue}"));
                o.object("issuetype", |o| o.text("name", "Task"));
                o.object("project", |o| {
                    o.show("id", 10_000 + u64::from(*project));
                    o.text("key", &key);
                    o.text("name", name);
                });
            });
        });
    });
}
