//! Provisioned, on-demand and warm throughput: what may be asked for, what is kept, how changes are counted. Nothing is enforced yet.

use api::{Error, messages};
use model::table::{BillingMode, OnDemandThroughput, ProvisionedThroughput, WarmThroughput};

/// The most that a throughput setting may say (recorded by dynalite).
const UNITS_MAX: i64 = 1_000_000_000_000;
/// What a table paid by request starts with (developer guide, "Warm throughput").
const ON_DEMAND_WARM: WarmThroughput = WarmThroughput { read_units: 12_000, write_units: 4_000 };
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether units are beyond what any setting may say.
pub fn is_out_of_bounds(requested: &api::ProvisionedThroughput) -> bool {
    requested.read_capacity_units > UNITS_MAX || requested.write_capacity_units > UNITS_MAX
}

/// Refuses units beyond what any setting may say; reads are reported first.
pub fn check_bounds(requested: &api::ProvisionedThroughput) -> Result<(), Error> {
    let rows =
        [("ReadCapacityUnits", requested.read_capacity_units), ("WriteCapacityUnits", requested.write_capacity_units)];
    match rows.into_iter().find(|(_, value)| *value > UNITS_MAX) {
        Some((member, value)) => Err(messages::capacity_out_of_bounds(member, value)),
        None => Ok(()),
    }
}

/// The throughput of a new table or index.
pub fn provisioned(requested: Option<api::ProvisionedThroughput>) -> ProvisionedThroughput {
    let (read_units, write_units) =
        requested.map_or((0, 0), |requested| (requested.read_capacity_units, requested.write_capacity_units));
    ProvisionedThroughput { read_units, write_units, ..ProvisionedThroughput::default() }
}

/// The throughput after a change at a time.
pub fn changed(
    old: ProvisionedThroughput,
    requested: api::ProvisionedThroughput,
    now_ms: i64,
) -> ProvisionedThroughput {
    let (read, write) = (requested.read_capacity_units, requested.write_capacity_units);
    let mut new = ProvisionedThroughput { read_units: read, write_units: write, ..old };
    if read > old.read_units || write > old.write_units {
        new.increased_ms = Some(now_ms);
    }
    if read < old.read_units || write < old.write_units {
        new.decreases_today = decreases_today(&old, now_ms) + 1;
        new.decreased_ms = Some(now_ms);
    }
    new
}

/// The throughput of a table or index that is from now on paid by request. An index counts it as a decrease, a table does not
/// (recorded by dynalite).
pub fn unprovisioned(old: ProvisionedThroughput) -> ProvisionedThroughput {
    ProvisionedThroughput { read_units: 0, write_units: 0, ..old }
}

/// How often values were lowered on the present day, UTC.
pub fn decreases_today(throughput: &ProvisionedThroughput, now_ms: i64) -> i64 {
    let today = |at: i64| at.div_euclid(DAY_MS) == now_ms.div_euclid(DAY_MS);
    throughput.decreased_ms.filter(|at| today(*at)).map_or(0, |_| throughput.decreases_today)
}

/// Which request brought an [`api::OnDemandThroughput`]; DynamoDB words the refusal by it (captures of July 2026).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnDemandOrigin {
    /// CreateTable.
    Create,
    /// UpdateTable, where -1 takes a limit away.
    Update,
}

/// Refuses limits for requests where capacity is provisioned, and limits that are none.
pub fn check_on_demand(
    requested: &api::OnDemandThroughput,
    billing_mode: BillingMode,
    origin: OnDemandOrigin,
) -> Result<(), Error> {
    let members = [
        ("MaxReadRequestUnits", requested.max_read_request_units),
        ("MaxWriteRequestUnits", requested.max_write_request_units),
    ];
    let mut given = members.into_iter().filter_map(|(member, value)| Some((member, value?)));
    if billing_mode == BillingMode::Provisioned
        && let Some((member, _)) = given.clone().next()
    {
        return Err(match origin {
            OnDemandOrigin::Create => messages::on_demand_of_provisioned_in_create(member),
            OnDemandOrigin::Update => messages::on_demand_of_provisioned_in_update(member),
        });
    }
    let allowed = |value: i64| value >= 1 || (value == -1 && origin == OnDemandOrigin::Update);
    match given.find(|(_, value)| !allowed(*value)) {
        Some((member, _)) => Err(messages::on_demand_out_of_range(member)),
        None => Ok(()),
    }
}

/// The limits after a request: what it names is set, -1 takes away, the rest stays.
pub fn on_demand(
    old: Option<OnDemandThroughput>,
    requested: Option<&api::OnDemandThroughput>,
) -> Option<OnDemandThroughput> {
    let Some(requested) = requested else { return old };
    let old = old.unwrap_or_default();
    let limit = |old: Option<i64>, requested: Option<i64>| match requested {
        None => old,
        Some(-1) => None,
        Some(value) => Some(value),
    };
    let new = OnDemandThroughput {
        max_read_units: limit(old.max_read_units, requested.max_read_request_units),
        max_write_units: limit(old.max_write_units, requested.max_write_request_units),
    };
    (new != OnDemandThroughput::default()).then_some(new)
}

/// The warm throughput that a table or index has: what it was warmed for, and never less than what its billing gives.
pub fn warm(
    asked: Option<WarmThroughput>,
    billing_mode: BillingMode,
    provisioned: &ProvisionedThroughput,
) -> WarmThroughput {
    let floor = match billing_mode {
        BillingMode::PayPerRequest => ON_DEMAND_WARM,
        BillingMode::Provisioned => {
            WarmThroughput { read_units: provisioned.read_units, write_units: provisioned.write_units }
        }
    };
    asked.map_or(floor, |asked| WarmThroughput {
        read_units: asked.read_units.max(floor.read_units),
        write_units: asked.write_units.max(floor.write_units),
    })
}

/// The warm throughput after a request. It is only ever raised; `what` names the table or index in the refusal.
pub fn warmed(current: WarmThroughput, requested: &api::WarmThroughput, what: &str) -> Result<WarmThroughput, Error> {
    let rows = [
        ("ReadUnitsPerSecond", requested.read_units_per_second, current.read_units),
        ("WriteUnitsPerSecond", requested.write_units_per_second, current.write_units),
    ];
    for (member, value, current) in rows {
        if value.is_some_and(|value| value < current) {
            return Err(messages::warm_throughput_lowered(member, what));
        }
    }
    Ok(WarmThroughput {
        read_units: requested.read_units_per_second.unwrap_or(current.read_units),
        write_units: requested.write_units_per_second.unwrap_or(current.write_units),
    })
}
