//! Delivery beside the looks: one pass at a time, in a task of its own, so that no sink holds up detection.

use std::time::Duration;

use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::pipeline::Bittern;
use crate::pipeline::deliver::{Delivered, Settings};
use crate::sinks::courier::Patience;

/// The pass that is under way, if one is.
#[derive(Debug, Default)]
pub struct Delivery(Option<JoinHandle<Result<Vec<Delivered>>>>);

impl Delivery {
    /// Begins a pass, unless one is under way. What it does not bring to an end is the next one's.
    pub async fn begin(&mut self, bittern: &Bittern) -> Result<()> {
        if self.0.is_some() {
            return Ok(());
        }
        let patience = Patience { failing: Duration::from_secs(20), total: Some(Duration::from_secs(50)), ..Patience::default() };
        let pass = bittern.pass(&Settings { patience, ..Settings::default() }).await?;
        self.0 = Some(tokio::spawn(async move { pass.run(&ProgressBar::hidden()).await }));
        Ok(())
    }

    /// What came of the pass, if it has ended.
    pub async fn ended(&mut self) -> Option<Result<Vec<Delivered>>> {
        if self.0.as_ref().is_some_and(JoinHandle::is_finished) { self.wait().await } else { None }
    }

    /// What comes of the pass that is under way.
    pub async fn wait(&mut self) -> Option<Result<Vec<Delivered>>> {
        let outcome = self.0.take()?.await;
        Some(outcome.unwrap_or_else(|e| Err(Error::internal("the delivery ended unexpectedly; this is a bug").caused_by(e))))
    }
}
