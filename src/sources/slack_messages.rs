//! (to be written)

use super::{Origin, Receiver, Record, Reject};

pub(super) fn recognises(_record: &Record<'_>, _origin: &Origin<'_>) -> bool {
    false
}

pub(super) fn normalize(_record: &Record<'_>, _origin: &Origin<'_>, _out: &mut dyn Receiver) -> Result<(), Reject> {
    Err(Reject::NotThisSource)
}
