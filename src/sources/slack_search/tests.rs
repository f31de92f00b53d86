use proptest::prelude::*;

use super::super::Source;
use super::super::slack_messages::tests::{Kept, fields};
use super::*;

fn row(header: &[&str], row: &[&str]) -> (bool, Kept, Result<(), Reject>) {
    let (header, row) = (csv::StringRecord::from(header.to_vec()), csv::StringRecord::from(row.to_vec()));
    let record = Record::Csv { header: &header, row: &row };
    let origin = Origin { path: "raw/slack/searches.csv", object_time: 0, export: None };
    let mut kept = Kept::default();
    let done = normalize(&record, &origin, &mut kept);
    (Source::recognise(&record, &origin) == Some(Source::SlackSearch), kept, done)
}

#[test]
fn every_form_of_the_export_is_the_same_search() {
    let names = ["event_time", "action", "actor_id", "actor_email", "search_query"];
    let expected = "1714557600000000 | search | U0ANA0001 | ana.lee@example.com | aws secret key";
    for (header, fields_of_row) in [
        (vec!["Date", "User ID", "Email", "Query"], vec!["2024-05-01 10:00:00", "U0ANA0001", "Ana.Lee@example.com", "aws secret key"]),
        (
            vec!["timestamp", "user_id", "username", "search_query"],
            vec!["1714557600", "U0ANA0001", "ana.lee@example.com", "aws secret key"],
        ),
        (
            vec!["Query", "Timestamp (UTC)", "Member ID", "User Email"],
            vec!["aws secret key", "2024-05-01T10:00:00Z", "U0ANA0001", "ana.lee@example.com"],
        ),
    ] {
        let (recognised, kept, done) = row(&header, &fields_of_row);
        assert!(recognised && done == Ok(()), "{header:?}");
        assert_eq!(fields(&kept.events[0], &names), expected, "{header:?}");
    }
}

#[test]
fn other_columns_stay_as_attributes() {
    let header = ["Date", "Username", "Query", "Results", "IP Address", "Empty"];
    let (_, kept, _) = row(&header, &["2024-05-01", "ana", "password", "3", "192.0.2.7", ""]);
    let names = ["actor_id", "actor_name", "src_ip", "attributes", "event_id"];
    assert_eq!(fields(&kept.events[0], &names), "ana | ana | 192.0.2.7 | {\"Results\":\"3\"} | ");
}

#[test]
fn a_row_without_query_is_bad_and_other_tables_are_not_claimed() {
    let (_, kept, done) = row(&["Date", "User ID", "Query"], &["2024-05-01", "U0ANA0001", ""]);
    assert!(kept.events.is_empty() && matches!(done, Err(Reject::Bad { .. })));
    for header in [vec!["CreationDate", "UserId", "Operation", "AuditData"], vec!["date", "user_id", "query", "operation"], vec!["query"]] {
        assert!(!row(&header, &["a", "b", "c", "d"]).0, "{header:?}");
    }
}

proptest! {
    #[test]
    fn no_row_makes_it_panic(
        header in prop::collection::vec(any::<String>(), 0..5),
        fields in prop::collection::vec(any::<String>(), 0..5),
    ) {
        let header: Vec<&str> = header.iter().map(String::as_str).chain(["date", "user_id", "query"]).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let _ = row(&header, &fields);
    }
}
