//! What kind of program acted, from user agents and app ids whose meaning the vendors document or that name themselves.

use std::cell::RefCell;

use crate::event::ClientClass;

/// User-agent fragments (lower case) → class; the first that occurs decides.
const USER_AGENTS: &[(&str, ClientClass)] = &[
    ("skydrivesync", ClientClass::Sync),
    ("onedrivesync", ClientClass::Sync),
    ("onedrivempc-transform", ClientClass::Interactive),
    ("microsoft onedrive", ClientClass::Sync),
    ("odmtademandsync", ClientClass::Sync),
    ("googledrivefs", ClientClass::Sync),
    ("google drive file stream", ClientClass::Sync),
    ("drive for desktop", ClientClass::Sync),
    ("backup and sync", ClientClass::Sync),
    ("rclone", ClientClass::Sync),
    ("gooddata-sync", ClientClass::Sync),
    ("veeam", ClientClass::Backup),
    ("avepoint", ClientClass::Backup),
    ("skykick", ClientClass::Backup),
    ("spanning", ClientClass::Backup),
    ("commvault", ClientClass::Backup),
    ("rubrik", ClientClass::Backup),
    ("afi.ai", ClientClass::Backup),
    ("sharegate", ClientClass::Backup),
    ("copilot", ClientClass::Ai),
    ("glean", ClientClass::Ai),
    ("chatgpt", ClientClass::Ai),
    ("claude", ClientClass::Ai),
    ("pnpcore", ClientClass::Api),
    ("sharepointpnp", ClientClass::Api),
    ("nonisv|", ClientClass::Api),
    ("isv|", ClientClass::Api),
    ("python-requests", ClientClass::Api),
    ("python-urllib", ClientClass::Api),
    ("aiohttp", ClientClass::Api),
    ("okhttp", ClientClass::Interactive),
    ("go-http-client", ClientClass::Api),
    ("java/", ClientClass::Api),
    ("apache-httpclient", ClientClass::Api),
    ("node-fetch", ClientClass::Api),
    ("axios", ClientClass::Api),
    ("curl/", ClientClass::Api),
    ("wget/", ClientClass::Api),
    ("powershell", ClientClass::Api),
    ("slackbot", ClientClass::Api),
    ("postman", ClientClass::Api),
    ("mozilla/", ClientClass::Interactive),
    ("com.tinyspeck", ClientClass::Interactive),
    ("slack", ClientClass::Interactive),
    ("teams", ClientClass::Interactive),
    ("microsoft office", ClientClass::Interactive),
    ("onedriveios", ClientClass::Interactive),
];

thread_local! {
    /// What was last asked, by length and some bytes: an organisation has few user agents, and each stands in very many records.
    static KNOWN: RefCell<[(String, Option<ClientClass>); KNOWN_SLOTS]> = RefCell::new(std::array::from_fn(|_| Default::default()));
}

const KNOWN_SLOTS: usize = 64;

/// The class a user agent shows, if it shows one.
pub fn from_user_agent(user_agent: &str) -> Option<ClientClass> {
    let bytes = user_agent.as_bytes();
    let byte = |at: usize| usize::from(bytes.get(at).copied().unwrap_or_default());
    let slot = (bytes.len() * 31 + byte(bytes.len() / 4) * 7 + byte(bytes.len() / 2) * 3 + byte(bytes.len() * 3 / 4)) % KNOWN_SLOTS;
    KNOWN.with_borrow_mut(|known| {
        let (asked, class) = &mut known[slot];
        if asked != user_agent {
            *class = class_shown(user_agent);
            user_agent.clone_into(asked);
        }
        *class
    })
}

fn class_shown(user_agent: &str) -> Option<ClientClass> {
    const LONG: usize = 512;
    let shown = user_agent.as_bytes();
    let shown = &shown[..shown.len().min(LONG)];
    let mut first = USER_AGENTS.len();
    for (at, pair) in shown.windows(2).enumerate() {
        let pair = [pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()];
        if STARTS[usize::from(pair[0])] & second_bit(pair[1]) == 0 {
            continue;
        }
        let begins = |fragment: &[u8]| {
            fragment[..2] == pair && shown.get(at..at + fragment.len()).is_some_and(|part| part.eq_ignore_ascii_case(fragment))
        };
        // Only a fragment that stands before the best so far can change the answer.
        if let Some(index) = USER_AGENTS[..first].iter().position(|(fragment, _)| begins(fragment.as_bytes())) {
            first = index;
        }
    }
    USER_AGENTS.get(first).map(|(_, class)| *class)
}

/// For each first byte of a fragment, the second bytes that can follow it, one bit for each value of their last five bits:
/// what lets nearly every place of a user agent be passed over with one look.
static STARTS: [u32; 256] = starts();

const fn starts() -> [u32; 256] {
    let mut starts = [0; 256];
    let mut index = 0;
    while index < USER_AGENTS.len() {
        let fragment = USER_AGENTS[index].0.as_bytes();
        starts[fragment[0] as usize] |= second_bit(fragment[1]);
        index += 1;
    }
    starts
}

/// Upper and lower case letters have the same last five bits.
const fn second_bit(byte: u8) -> u32 {
    1 << (byte & 31)
}

/// Microsoft's own app ids that act without a person's hand on each file.
const MICROSOFT_APPS: &[(&str, ClientClass)] = &[
    ("08e18876-6177-487e-b8b5-cf950c1e598c", ClientClass::Interactive), // SharePoint Online web client extensibility
    ("fb8d773d-7ef8-4ec0-a117-179f88add510", ClientClass::Ai),          // enterprise copilot platform
    ("d3590ed6-52b3-4102-aeff-aad2292ab01c", ClientClass::Interactive), // Office
    ("7ab7862c-4c57-491e-8a45-d52a7e023983", ClientClass::Api),         // App Service
    ("ab9b8c07-8f02-4f72-87fa-80105867a763", ClientClass::Sync),        // OneDrive sync engine
    ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", ClientClass::Interactive), // Teams
];

/// The class an application id of Microsoft's shows, if it is one of theirs.
pub fn from_microsoft_app(app_id: &str) -> Option<ClientClass> {
    MICROSOFT_APPS.iter().find(|(id, _)| id.eq_ignore_ascii_case(app_id)).map(|(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        for (user_agent, expected) in [
            ("Microsoft SkyDriveSync 23.1 ship; Windows NT 10.0", Some(ClientClass::Sync)),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Some(ClientClass::Interactive)),
            ("NONISV|SharePointPnP|PnPPS/1.0", Some(ClientClass::Api)),
            ("com.tinyspeck.chatlyio/23.04.40 (iPhone; iOS 1.4.1; Scale/3.00)", Some(ClientClass::Interactive)),
            ("Veeam Backup for Microsoft 365", Some(ClientClass::Backup)),
            ("", None),
        ] {
            assert_eq!(from_user_agent(user_agent), expected, "{user_agent}");
        }
    }
}
