//! StreamSpecification: what CreateTable and UpdateTable say of a table's stream.

use crate::streams::shards;
use api::{Error, StreamSpecification, StreamViewType, UpdateTableInput, messages};
use model::Table;
use model::stream::StreamView;
use storage::Batch;

/// The view of the stream that a request asks for, if it asks for one.
pub fn wanted_view(requested: Option<&StreamSpecification>) -> Option<StreamView> {
    let requested = requested.filter(|requested| requested.stream_enabled)?;
    Some(match requested.stream_view_type? {
        StreamViewType::KeysOnly => StreamView::KeysOnly,
        StreamViewType::NewImage => StreamView::NewImage,
        StreamViewType::OldImage => StreamView::OldImage,
        StreamViewType::NewAndOldImages => StreamView::NewAndOldImages,
    })
}

/// The view as it is described.
pub fn view_type(view: StreamView) -> StreamViewType {
    match view {
        StreamView::KeysOnly => StreamViewType::KeysOnly,
        StreamView::NewImage => StreamViewType::NewImage,
        StreamView::OldImage => StreamViewType::OldImage,
        StreamView::NewAndOldImages => StreamViewType::NewAndOldImages,
    }
}

/// Refuses what no new table's stream can be.
pub fn check_new(requested: Option<&StreamSpecification>) -> Result<(), Error> {
    match requested.map(|stream| (stream.stream_enabled, stream.stream_view_type)) {
        Some((false, Some(_))) => Err(messages::view_of_disabled_stream()),
        Some((true, None)) => Err(messages::view_of_new_stream_missing()),
        Some((true, Some(_)) | (false, None)) | None => Ok(()),
    }
}

/// Refuses what cannot become of a table's stream.
pub fn check_change(input: &UpdateTableInput<'_>, table: &Table) -> Result<(), Error> {
    let Some(requested) = &input.stream_specification else { return Ok(()) };
    let is_index = |update: &api::GlobalSecondaryIndexUpdate<'_>| update.create.is_some() || update.delete.is_some();
    if input.provisioned_throughput.is_some() || input.billing_mode == Some(api::BillingMode::Provisioned) {
        return Err(messages::stream_with_throughput());
    }
    if input.global_secondary_index_updates.iter().flatten().any(is_index) {
        return Err(messages::stream_with_index());
    }
    match (requested.stream_enabled, requested.stream_view_type, table.enabled_stream()) {
        (true, None, _) => Err(messages::view_of_enabled_stream_missing()),
        (false, Some(_), _) => Err(messages::view_of_stream_to_disable()),
        (true, Some(_), Some(_)) => Err(messages::stream_already_enabled(&table.name)),
        (false, None, None) => Err(messages::no_stream_to_disable(&table.name)),
        (true, Some(_), None) | (false, None, Some(_)) => Ok(()),
    }
}

/// Switches a table's stream on or off, as a checked request asks.
pub fn change(
    table: &mut Table,
    requested: Option<&StreamSpecification>,
    now_ms: i64,
    batch: &mut Batch,
) -> Result<(), Error> {
    match (wanted_view(requested), requested) {
        (Some(view), _) => shards::enable(table, view, now_ms, batch),
        (None, Some(_)) => shards::disable(table, now_ms, batch),
        (None, None) => Ok(()),
    }
}
