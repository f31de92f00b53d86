//! Channels, sites and rooms, and who is in them.

use super::ids::{Hex, SlackId, Uuid, mix};
use super::population::{Group, Person, Suite};

/// Whose platform a channel is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Slack,
    /// A Teams channel and the SharePoint site behind it.
    Microsoft,
    /// A space of Google Chat.
    Google,
}

/// A channel with a name.
pub(super) struct Channel {
    pub(super) platform: Platform,
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) private: bool,
    pub(super) sensitivity: &'static str,
    /// Groups whose work this is; empty with no projects either means everybody's.
    pub(super) groups: Vec<Group>,
    /// Projects whose work this is.
    pub(super) projects: Vec<u16>,
    /// The department whose channel this is.
    pub(super) department: Option<&'static str>,
    pub(super) members: Vec<u32>,
}

impl Channel {
    /// The id by which the platform knows it.
    pub(super) fn id(&self) -> String {
        match self.platform {
            Platform::Slack => SlackId('C', self.seed).to_string(),
            Platform::Microsoft => format!("19:{}@thread.tacv2", Hex(self.seed, 32)),
            Platform::Google => format!("spaces/AAAA{}", SlackId('Q', self.seed)),
        }
    }

    /// The team's id.
    pub(super) fn team(&self) -> Uuid {
        Uuid(mix(self.seed, 77))
    }

    /// The address of the site behind it.
    pub(super) fn site_address(&self) -> String {
        match self.platform {
            Platform::Microsoft => format!("https://example.sharepoint.com/sites/{}", self.name),
            _ => String::new(),
        }
    }

    /// Whether it is of high sensitivity.
    pub(super) fn high(&self) -> bool {
        self.sensitivity == "high"
    }

    /// Whether the person's group or a project of theirs is in scope.
    pub(super) fn in_scope(&self, person: &Person) -> bool {
        (self.groups.is_empty() && self.projects.is_empty())
            || self.groups.contains(&person.group)
            || self.projects.iter().any(|project| person.projects.contains(project))
    }
}

/// All channels with their members.
pub(super) fn channels(seed: u64, people: &[Person], projects: &[String]) -> Vec<Channel> {
    let mut channels = Vec::new();
    let mut add = |platform, name: String, private, sensitivity, groups: &[Group], projects: &[u16], department| {
        let number = channels.len() as u64;
        channels.push(Channel {
            platform,
            name,
            seed: mix(seed, number + 50_000),
            private,
            sensitivity,
            groups: groups.to_vec(),
            projects: projects.to_vec(),
            department,
            members: Vec::new(),
        });
    };
    for name in ["general", "random", "it-help", "security-awareness", "announcements"] {
        add(Platform::Slack, name.into(), false, "low", &[], &[], None);
    }
    add(Platform::Slack, "board".into(), true, "high", &[Group::Executives], &[], None);
    add(Platform::Slack, "ma-project-heron".into(), true, "high", &[], &[0], None);
    add(Platform::Slack, "payroll".into(), true, "high", &[], &[1], None);
    add(Platform::Microsoft, "board-papers".into(), true, "high", &[Group::Executives], &[], None);
    add(Platform::Microsoft, "payroll".into(), true, "high", &[], &[1], None);
    for group in [Group::Research, Group::Sales, Group::Executives, Group::It, Group::Support] {
        for department in group.departments() {
            let name = department.to_lowercase().replace(' ', "-");
            add(Platform::Slack, format!("team-{name}"), false, "normal", &[group], &[], Some(department));
            add(Platform::Microsoft, format!("team-{name}"), false, "normal", &[group], &[], Some(department));
            add(Platform::Google, format!("team-{name}"), true, "normal", &[group], &[], Some(department));
        }
    }
    for (index, project) in projects.iter().enumerate().skip(2) {
        let scope = [index as u16];
        add(Platform::Slack, format!("proj-{project}"), index % 3 == 0, "normal", &[], &scope, None);
        add(Platform::Microsoft, format!("proj-{project}"), index % 3 == 0, "normal", &[], &scope, None);
        add(Platform::Google, format!("proj-{project}"), true, "normal", &[], &scope, None);
    }
    for (index, person) in people.iter().enumerate() {
        for channel in &mut channels {
            if belongs(person, channel) {
                channel.members.push(index as u32);
            }
        }
    }
    channels
}

/// Whether a person is a member from the start.
fn belongs(person: &Person, channel: &Channel) -> bool {
    let here = match channel.platform {
        Platform::Slack => true,
        Platform::Microsoft => person.suite == Suite::Microsoft,
        Platform::Google => person.suite == Suite::Google,
    };
    if !here {
        return false;
    }
    if person.group == Group::Guests {
        return channel.projects.first().is_some_and(|project| *project > 1 && person.projects.first() == Some(project));
    }
    match channel.department {
        Some(department) => department == person.department,
        None => channel.in_scope(person),
    }
}
