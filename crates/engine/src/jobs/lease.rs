//! Leases: of several servers over one store, one does a work, and another takes it over when that one is gone.
//!
//! A lease saves work, it protects nothing: every job checks what it commits, so two servers at the same work, as when a lease ran out
//! under a slow one, do no harm. Over a store of this server alone there are none.

use crate::Engine;
use crate::tables::change;
use layout::keys;
use layout::record::{self, Lease};
use storage::{Batch, StoreError};

/// How long a lease lasts from its last renewal, in milliseconds; for so long at most a work rests when its server dies.
const LASTS_MS: i64 = 15_000;

/// Takes the lease on a work, or renews it. Whether this server has it now.
pub(super) async fn hold(engine: &Engine, work: &str) -> Result<bool, StoreError> {
    if !engine.store.is_shared() {
        return Ok(true);
    }
    let key = keys::lease(work);
    let now_ms = engine.now_ms();
    let found = engine.store.get_one(&key).await?;
    // One that does not decode is nobody's.
    let lease: Option<Lease> = found.as_ref().and_then(|found| record::decode(&found.value).ok());
    if let Some(lease) = lease {
        let is_ours = lease.holder == engine.id;
        let left_ms = lease.until_ms.saturating_sub(now_ms);
        // The other server's clock may go before ours, but not by more than a lease lasts.
        if !is_ours && 0 < left_ms && left_ms <= 2 * LASTS_MS {
            return Ok(false);
        }
        if is_ours && LASTS_MS / 2 < left_ms {
            return Ok(true);
        }
    }
    let mut batch = Batch::new();
    batch.check(key.clone(), found.map(|found| found.version));
    let lease = Lease { holder: engine.id.clone(), until_ms: now_ms.saturating_add(LASTS_MS) };
    change::put(&mut batch, key, &lease).map_err(|_| StoreError::corrupted("a lease does not encode"))?;
    match engine.store.commit(batch).await {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
