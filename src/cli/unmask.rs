//! `--unmask --why TEXT`: names instead of pseudonyms, written down.

use super::Global;
use crate::error::Result;
use crate::pipeline::Bittern;
use crate::pipeline::unmask::Unmasking;

/// Flags of commands that can show names.
#[derive(Debug, Clone, clap::Args)]
pub struct Names {
    /// Show people's names; who did, when and why is written to the table `unmaskings`
    #[arg(long, requires = "why")]
    unmask: bool,
    /// Why names are to be seen
    #[arg(long, value_name = "TEXT", requires = "unmask")]
    why: Option<String>,
    /// Who sees them
    #[arg(long = "as", env = "USER", default_value = "", value_name = "NAME", hide_env_values = true)]
    by: String,
}

impl Names {
    /// What is to be written down, if names are asked for.
    pub fn asked(&self, command: &'static str, what: String) -> Option<Unmasking> {
        let why = self.why.clone().filter(|_| self.unmask)?;
        Some(Unmasking { by: self.by.clone(), why, command, what })
    }

    /// The installation for queries, with names if they are asked for.
    pub async fn open(&self, global: &Global, command: &'static str, what: String) -> Result<Bittern> {
        self.named(global.open_to_ask().await?, command, what).await
    }

    /// The installation, with names if they are asked for.
    pub async fn named(&self, mut bittern: Bittern, command: &'static str, what: String) -> Result<Bittern> {
        if let Some(unmasking) = self.asked(command, what) {
            bittern.unmask(&unmasking).await?;
        }
        Ok(bittern)
    }
}
