//! DescribeLimits.

use crate::context::Context;
use api::{Decoded, DescribeLimitsInput, DescribeLimitsOutput, Error};
use model::limits::{ACCOUNT_CAPACITY_UNITS_MAX, TABLE_CAPACITY_UNITS_MAX};

/// The provisioned capacity that an account and a table may have: what AWS gives a new account.
pub async fn run(
    _context: &Context<'_>,
    _request: &Decoded<DescribeLimitsInput>,
) -> Result<DescribeLimitsOutput, Error> {
    Ok(DescribeLimitsOutput {
        account_max_read_capacity_units: Some(ACCOUNT_CAPACITY_UNITS_MAX),
        account_max_write_capacity_units: Some(ACCOUNT_CAPACITY_UNITS_MAX),
        table_max_read_capacity_units: Some(TABLE_CAPACITY_UNITS_MAX),
        table_max_write_capacity_units: Some(TABLE_CAPACITY_UNITS_MAX),
    })
}
