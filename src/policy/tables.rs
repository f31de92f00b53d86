//! The policy tables: their columns, and what a value of each must be. Every file has `valid_from` and `valid_to` (dates; empty is always).

/// What a value of a column must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text, possibly none.
    Text,
    /// Text that must stand there.
    Required,
    /// `a;b;c`.
    List,
    /// `yes` or `no`.
    YesNo,
    /// `2026-03-02`.
    Date,
    /// An IANA time zone.
    Zone,
    /// One of these.
    One(&'static [&'static str]),
}

/// One policy table.
#[derive(Debug)]
pub struct Spec {
    /// Its file's stem; the table in SQL is `policy_<name>`.
    pub name: &'static str,
    /// Columns before `valid_from` and `valid_to`.
    pub columns: &'static [(&'static str, Kind)],
    /// Columns that name the thing a row is about: of two rows with the same, one must end before the other begins.
    pub key: &'static [&'static str],
}

/// Who works here.
pub const PEOPLE: Spec = Spec {
    name: "people",
    columns: &[
        ("person", Kind::Required),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("ids", Kind::List),
        ("group", Kind::Required),
        ("department", Kind::Text),
        ("role", Kind::Text),
        ("projects", Kind::List),
        ("manager", Kind::Text),
        ("time_zone", Kind::Zone),
        ("country", Kind::Text),
        ("employment", Kind::Text),
        ("start_date", Kind::Date),
        ("notice_date", Kind::Date),
        ("leaving_date", Kind::Date),
        ("absences", Kind::List),
    ],
    key: &["person"],
};

/// Which group is watched by which detection.
pub const GROUPS: Spec = Spec {
    name: "groups",
    columns: &[
        ("group", Kind::Required),
        ("detection", Kind::Required),
        ("monitored", Kind::YesNo),
        ("why", Kind::Text),
        ("who", Kind::Text),
        ("until", Kind::Date),
    ],
    key: &["group", "detection"],
};

/// How sensitive channels are, and whose they are.
pub const CHANNELS: Spec = Spec {
    name: "channels",
    columns: &[
        ("channel_id", Kind::Required),
        ("channel_name", Kind::Text),
        ("platform", Kind::Text),
        ("sensitivity", Kind::One(&["low", "normal", "high"])),
        ("groups", Kind::List),
        ("projects", Kind::List),
        ("site_address", Kind::Text),
    ],
    key: &["channel_id"],
};

/// Where files may go.
pub const DESTINATIONS: Spec = Spec {
    name: "destinations",
    columns: &[
        ("kind", Kind::One(&["domain", "tenant", "device", "share"])),
        ("value", Kind::Required),
        ("approved", Kind::YesNo),
        ("why", Kind::Text),
    ],
    key: &["kind", "value"],
};

/// What kind of program an app or user agent is.
pub const CLIENTS: Spec = Spec {
    name: "clients",
    columns: &[
        ("kind", Kind::One(&["app_id", "user_agent"])),
        ("value", Kind::Required),
        ("class", Kind::One(&["interactive", "sync", "backup", "api", "ai"])),
    ],
    key: &["kind", "value"],
};

/// What is known and needs no alert.
pub const EXCEPTIONS: Spec = Spec {
    name: "exceptions",
    columns: &[
        ("detection", Kind::Required),
        ("entity", Kind::Required),
        ("why", Kind::Required),
        ("who", Kind::Required),
        ("until", Kind::Date),
    ],
    key: &["detection", "entity"],
};

/// Who may do what until when.
pub const APPROVALS: Spec = Spec {
    name: "approvals",
    columns: &[("person", Kind::Required), ("action", Kind::Required), ("why", Kind::Text), ("who", Kind::Text)],
    key: &["person", "action"],
};

/// Every policy table.
pub const ALL: [&Spec; 7] = [&PEOPLE, &GROUPS, &CHANNELS, &DESTINATIONS, &CLIENTS, &EXCEPTIONS, &APPROVALS];
