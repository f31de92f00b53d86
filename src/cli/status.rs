//! `bittern status`: what the lake holds and what it does not, as text, JSON or metrics.

use std::process::ExitCode;

use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use super::{Format, Global, bar, output};
use crate::error::{Error, Result};
use crate::interval::time_text;
use crate::pipeline::status::{Source, Status};
use crate::report::model::Time;
use crate::report::model::coverage::Detection;
use crate::schedule::standing;

/// Flags of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Metrics in Prometheus' text form, for a collector that reads files
    #[arg(long)]
    metrics: bool,
}

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let bittern = global.open().await?;
    let status = bittern.status(&bar("asking {bar:40} {pos}/{len} {msg}")).await?;
    let text = match global.format {
        _ if args.metrics => standing::of(&status)?,
        Format::Table => page(&status),
        Format::Csv => return Err(Error::usage("status is no single table: `--format json`, or --metrics")),
        _ => lines(&status)?,
    };
    output::print_text(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One object a line; `about` says of what.
fn lines(status: &Status) -> Result<String> {
    let mut text = String::new();
    section(&mut text, "source", &status.sources)?;
    section(&mut text, "quarantine", &status.quarantine)?;
    section(&mut text, "unmapped", &status.unmapped)?;
    section(&mut text, "missing", &status.missing)?;
    section(&mut text, "detection", &status.detections)?;
    section(&mut text, "storage", &status.storage)?;
    section(&mut text, "job", &status.jobs)?;
    section(&mut text, "sink", &status.sinks)?;
    section(&mut text, "unmasking", &status.unmaskings)?;
    section(&mut text, "switched_off", &status.switched_off.iter().map(|line| serde_json::json!({"what": line})).collect::<Vec<_>>())?;
    let (jobs, too_old) = status.stale;
    section(&mut text, "stale", &[serde_json::json!({"jobs": jobs, "intervals_too_old": too_old})])?;
    Ok(text)
}

fn section(text: &mut String, about: &str, rows: &[impl Serialize]) -> Result<()> {
    let refused = |e: serde_json::Error| Error::internal("a row is no JSON").caused_by(e);
    for row in rows {
        let mut line = serde_json::to_value(row).map_err(refused)?;
        if let Some(fields) = line.as_object_mut() {
            fields.insert("about".to_owned(), about.into());
        }
        text.push_str(&format!("{line}\n"));
    }
    Ok(())
}

fn page(status: &Status) -> String {
    let mut text = String::new();
    let mut put = |heading: &str, header: &[&str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            text.push_str(&format!("\n{heading}\n{}", output::table(header, &rows)));
        }
    };
    put(
        "Sources, over four weeks (late: from the act to the lake)",
        &["source", "state", "last event", "events", "unmapped", "late p50", "p95", "p99", "repeated", "silent days"],
        status.sources.iter().map(source).collect(),
    );
    put(
        "What could not be read",
        &["source", "why", "lines", "first"],
        status
            .quarantine
            .iter()
            .map(|row| {
                let place = row.first_object.as_ref().map(|object| format!("{object}:{}", row.first_line.unwrap_or_default()));
                vec![
                    row.source.clone(),
                    row.reason.clone().unwrap_or_default(),
                    count(row.lines.unwrap_or_default()),
                    place.unwrap_or_default(),
                ]
            })
            .collect(),
    );
    put(
        "Vendor actions that no mapping names",
        &["source", "vendor action", "events"],
        status.unmapped.iter().map(|row| vec![row.source.clone(), row.vendor_action.clone(), count(row.events)]).collect(),
    );
    put(
        "What detections need and do not get",
        &["source", "acts", "column", "empty", "of", "needed by"],
        status
            .missing
            .iter()
            .map(|row| {
                let share = percent(row.missing as f64 / row.events.max(1) as f64);
                vec![row.source.clone(), row.acts.clone(), row.column_name.clone(), share, count(row.events), row.needed_by.clone()]
            })
            .collect(),
    );
    put(
        "Detections, over four weeks",
        &["detection", "alerts", "cases", "learning", "precision", "closed", "cannot fire"],
        status.detections.iter().map(detection).collect(),
    );
    put(
        "Storage",
        &["table", "rows", "size", "files", "small"],
        status
            .storage
            .iter()
            .filter(|row| row.files > 0)
            .map(|row| {
                let rows = row.rows.map_or_else(String::new, |rows| count(rows as u64));
                vec![row.table.clone(), rows, HumanBytes(row.bytes).to_string(), row.files.to_string(), row.small_files.to_string()]
            })
            .collect(),
    );
    put(
        "Jobs",
        &["job", "last run", "answered to", "state", "seconds", "failed today"],
        status
            .jobs
            .iter()
            .map(|row| {
                vec![
                    row.job.clone(),
                    row.last_time.map_or_else(String::new, minute),
                    row.answered_to.map_or_else(String::new, minute),
                    row.state.clone().unwrap_or_default(),
                    row.seconds.map_or_else(String::new, |seconds| format!("{seconds:.1}")),
                    row.failed.to_string(),
                ]
            })
            .collect(),
    );
    put(
        "Sinks",
        &["sink", "waiting", "dead", "held", "last error"],
        status
            .sinks
            .iter()
            .map(|row| {
                let error = row.error.clone().unwrap_or_default();
                vec![row.sink.clone(), row.waiting.to_string(), row.dead.to_string(), row.held.to_string(), error]
            })
            .collect(),
    );
    put(
        "Who saw names",
        &["when", "who", "by", "why"],
        status.unmaskings.iter().map(|row| vec![minute(row.unmask_time), row.by.clone(), row.command.clone(), row.why.clone()]).collect(),
    );
    text.push('\n');
    if let Some(error) = &status.sinks_error {
        text.push_str(&format!("sinks cannot be asked about: {}\n", output::safe(error)));
    }
    for line in &status.switched_off {
        text.push_str(&format!("{}\n", output::safe(line)));
    }
    match status.stale {
        (0, 0) => text.push_str("every answer is up to date\n"),
        (jobs, old) => {
            let have = if jobs == 1 { "1 job has stale answers".to_owned() } else { format!("{jobs} jobs have stale answers") };
            let older =
                if old == 0 { String::new() } else { format!("; {old} intervals are older than the lookback (bittern run --full)") };
            text.push_str(&format!("{have}: bittern run{older}\n"));
        }
    }
    text
}

fn source(row: &Source) -> Vec<String> {
    vec![
        row.source.clone(),
        row.state.clone(),
        minute(row.last_hour),
        count(row.events),
        percent(row.unmapped),
        row.late_p50.map_or_else(String::new, age),
        row.late_p95.map_or_else(String::new, age),
        row.late_p99.map_or_else(String::new, age),
        row.repeated.map_or_else(String::new, percent),
        row.silent_days.to_string(),
    ]
}

/// Precision is of what analysts closed: without a verdict nothing is known.
fn detection(row: &Detection) -> Vec<String> {
    let closed = row.right + row.benign + row.wrong;
    let precision = if closed == 0 { String::new() } else { percent(row.right as f64 / closed as f64) };
    vec![
        row.detection_id.clone(),
        count(row.alerts),
        count(row.cases),
        count(row.learning),
        precision,
        count(closed),
        row.blind.clone().unwrap_or_default(),
    ]
}

fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        none if none <= 0.0 => "0 %".to_owned(),
        little if little < 0.1 => "< 0.1 %".to_owned(),
        share if share < 10.0 => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

fn minute(time: Time) -> String {
    time_text(time.0).chars().take(16).collect::<String>().replace('T', " ")
}

/// Seconds as people say them.
fn age(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 90.0 * 60.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 48.0 * 3600.0 => format!("{:.0} h", seconds / 3600.0),
        seconds => format!("{:.0} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!([percent(0.0), percent(0.0004), percent(0.0125), percent(0.5)], ["0 %", "< 0.1 %", "1.2 %", "50 %"]);
        assert_eq!([age(30.0), age(600.0), age(7_200.0), age(864_000.0)], ["30 s", "10 min", "2 h", "10 days"]);
    }
}
