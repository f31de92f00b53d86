//! Delivery beside the looks: one pass at a time for each sink, in a task of its own, so that no sink holds up detection or another sink.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use crate::pipeline::deliver::{Delivered, Settings};
use crate::sinks::courier::Patience;

/// The passes that are under way, by sink.
#[derive(Debug, Default)]
pub struct Delivery(BTreeMap<String, JoinHandle<Result<Vec<Delivered>>>>);

impl Delivery {
    /// Begins a pass for each sink that has none under way. What a pass does not bring to an end is the next one's.
    pub async fn begin(&mut self, bittern: &Bittern) -> Result<()> {
        let idle: Vec<String> = bittern.sink_names().filter(|name| !self.0.contains_key(*name)).map(str::to_owned).collect();
        if idle.is_empty() {
            return Ok(());
        }
        let patience = Patience { failing: Duration::from_secs(20), total: Some(Duration::from_secs(50)), ..Patience::default() };
        let pass = bittern.pass(&Settings { sinks: idle, patience, ..Settings::default() }).await?;
        for (sink, pass) in pass.by_sink() {
            self.0.insert(sink, tokio::spawn(async move { pass.run(&ProgressBar::hidden()).await }));
        }
        Ok(())
    }

    /// What came of the passes that have ended.
    pub async fn ended(&mut self) -> Vec<Result<Vec<Delivered>>> {
        let ended: Vec<String> = self.0.iter().filter(|(_, pass)| pass.is_finished()).map(|(sink, _)| sink.clone()).collect();
        let passes: Vec<_> = ended.iter().filter_map(|sink| self.0.remove(sink)).collect();
        outcomes(passes).await
    }

    /// What comes of all that are under way.
    pub async fn wait(&mut self) -> Vec<Result<Vec<Delivered>>> {
        outcomes(std::mem::take(&mut self.0).into_values().collect()).await
    }
}

/// Whether a sink took what its pass had, and more is due.
pub fn goes_on(outcomes: &[Result<Vec<Delivered>>]) -> bool {
    outcomes.iter().flatten().flatten().any(Delivered::goes_on)
}

async fn outcomes(passes: Vec<JoinHandle<Result<Vec<Delivered>>>>) -> Vec<Result<Vec<Delivered>>> {
    let mut found = Vec::new();
    for pass in passes {
        let outcome = pass.await;
        found.push(outcome.unwrap_or_else(|e| Err(Error::internal("the delivery ended unexpectedly; this is a bug").caused_by(e))));
    }
    found
}
