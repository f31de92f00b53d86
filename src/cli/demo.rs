//! `bittern demo`: the whole way on sample data, and how well what was found meets what was planted.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Format, Global, bar, output};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::generate;
use crate::ingest;
use crate::pipeline::judge::{self, Judgement};
use crate::pipeline::{Bittern, run};
use crate::report;

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the demo's lake and report go
    #[arg(long, default_value = "bittern-demo", value_name = "DIR")]
    dir: PathBuf,
    /// Sample data to use instead of the built-in one (a folder that `generate` wrote)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The alerts as the demo shows them; its people are invented, so it shows their names.
const ALERTS: &str = "
    SELECT a.severity, a.risk_score AS risk, a.detection_id AS detection, coalesce(p.name, a.entity_id) AS person,
           to_char(a.first_event_time, '%Y-%m-%d %H:%M') AS first_event, a.summary
    FROM alerts a
    LEFT JOIN (SELECT DISTINCT person_id, name FROM policy_people) p ON a.entity_id = p.person_id
    WHERE a.severity <> 'informational' AND a.status = 'firing'
    ORDER BY a.risk_score DESC, a.first_event_time";

/// Runs it.
pub async fn run(global: &Global, args: &Args) -> Result<ExitCode> {
    let quiet = global.format != Format::Table;
    let say = |text: String| if quiet { Ok(()) } else { output::print_text(&text) };
    let data = match &args.data {
        Some(data) => data.clone(),
        None => sample_data(&args.dir)?,
    };
    let config = Config {
        policy: Some(data.join("policy")),
        key_file: Some(args.dir.join("fingerprint.key")),
        sql: global.config()?.sql,
        memory_mib: global.memory,
        ..Config::default()
    };
    write_config(&args.dir, &data)?;
    let lake = args.dir.join("lake").display().to_string();
    let mut bittern = Bittern::open(&config, &lake, Clock::System).await?;
    let settings = ingest::Settings { inputs: vec![data.join("raw").display().to_string()], ..ingest::Settings::default() };
    let progress = bar("landing logs {bar:40} {bytes}/{total_bytes}");
    let summary = bittern.ingest(&settings, &progress).await?;
    say(format!(
        "landed {} events from {} raw objects in {:.1} s ({} objects were there already)\n",
        summary.events, summary.objects, summary.seconds, summary.skipped
    ))?;
    let done = bittern.run(&run::Settings::default(), &bar("running jobs {bar:40} {pos}/{len} {msg}")).await?;
    let seconds: f64 = done.iter().map(|job| job.seconds).sum();
    say(format!("ran {} jobs over {} intervals in {seconds:.1} s\n\n", done.len(), done.iter().map(|job| job.intervals).sum::<usize>()))?;
    let alerts = bittern.context.sql(ALERTS).await?.collect().await?;
    output::print(&alerts, global.format)?;
    if data.join("labels.jsonl").exists() {
        let judgement = judge::judge(&bittern, &data.join("labels.jsonl")).await?;
        say(judged(&judgement))?;
    }
    let page = args.dir.join("report.html");
    // The demo's people are invented: their names may be seen.
    let settings = report::Settings { names: true, ..report::Settings::default() };
    let made = bittern.report(&settings, &bar("writing the report {bar:40} {pos}/{len} {msg}")).await?;
    std::fs::write(&page, report::written(&made, report::Form::Html)?)
        .map_err(|e| Error::from(e).context(format!("cannot write `{}`", page.display())))?;
    let settings = args.dir.join("bittern.toml");
    say(format!("\nreport: {}\nquery:  bittern sql --config {} -c \"SELECT * FROM alerts\"\n", page.display(), settings.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Settings with which the other commands work on the demo's lake, under the key it was made with.
fn write_config(dir: &Path, data: &Path) -> Result<()> {
    let refused = |e: std::io::Error| Error::from(e).context(format!("cannot write to `{}`", dir.display()));
    std::fs::create_dir_all(dir).map_err(refused)?;
    let policy = std::path::absolute(data.join("policy")).map_err(refused)?;
    let text = format!(
        "lake = \"lake\"\nkey_file = \"fingerprint.key\"\nnames = true\npolicy = {}\n",
        toml::Value::from(policy.display().to_string())
    );
    std::fs::write(dir.join("bittern.toml"), text).map_err(refused)
}

/// The sample data beside the program's source; where that is not, the same data made anew.
fn sample_data(dir: &Path) -> Result<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    if beside.join("labels.jsonl").exists() {
        return Ok(beside);
    }
    let made = dir.join("sample_data");
    if !made.join("labels.jsonl").exists() {
        let settings = generate::Settings { compress: true, ..generate::Settings::default() };
        generate::generate(&settings, &made).map_err(|e| Error::from(e).context("cannot make sample data"))?;
    }
    Ok(made)
}

fn judged(judgement: &Judgement) -> String {
    let rows: Vec<Vec<String>> = judge::by_story(judgement)
        .into_iter()
        .map(|(story, detectable, planted, found)| {
            vec![story, if detectable { "yes".into() } else { "no".into() }, planted.to_string(), found.to_string()]
        })
        .collect();
    let mut text = String::from("\n");
    text.push_str(&output::table(&["planted", "detectable by the written rule", "incidents", "found"], &rows));
    text.push_str(&format!(
        "recall {:.2} ({} of {} detectable incidents), precision {:.2} ({} of {} alerts are about something planted)\n",
        judgement.recall(),
        judgement.found,
        judgement.detectable,
        judgement.precision(),
        judgement.right,
        judgement.alerts
    ));
    for verdict in judgement.incidents.iter().filter(|v| v.detectable && v.found_by.is_empty()) {
        text.push_str(&format!("missed: {} {} (strength {:.1})\n", verdict.incident_id, verdict.story, verdict.strength));
    }
    for (detection, count) in &judgement.false_alarms {
        text.push_str(&format!("without anything planted: {count} of {detection}\n"));
    }
    text
}
