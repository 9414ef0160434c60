//! The reads that a SELECT is made of, as ranges of stored keys in the order in which they are read.
//!
//! A scan is one range. A keyed SELECT has a range for every way through its ORs and INs. No two of them may have items in common, so that
//! each item is answered once; where one of a partition has a condition on the sort key that is no range, or two different ones, DynamoDB
//! does not hold that against the others (captures of October 2026, those of two by dynoxide), and the whole partition is read once
//! instead. Every range is filtered by the whole WHERE clause.

use super::{expect_kind, refuse};
use crate::plan::{KeyRange, Target, Wanted};
use api::{Error, messages};
use expression::{KeyBounds, KeyRelation};
use layout::{KeyValue, Range};
use model::{AttributeValue, KeyAttribute};
use partiql::{Branch, Order, Select, branches};
use std::collections::HashSet;
use storage::Direction;

/// What a SELECT reads.
pub struct Reads {
    /// The ranges, in the order in which they are read.
    pub ranges: Vec<Range>,
    /// In which direction each is read.
    pub direction: Direction,
    /// Whether the WHERE clause says more than the ranges do.
    pub is_filtered: bool,
}

/// One range of a partition.
struct Read<'b, 's> {
    branch: &'b Branch<'s>,
    /// The code of the partition key's value: partitions are read in the order of their values, not of their hashes.
    partition: Vec<u8>,
    /// The keys of the whole partition.
    whole: Range,
    range: Range,
}

/// The names of the key's attributes.
#[derive(Clone, Copy)]
struct Names<'t> {
    partition: &'t str,
    sort: Option<&'t str>,
}

/// The reads of a SELECT, with the checks that need the key of what is read.
pub fn reads(target: Target<'_>, select: &Select<'_>) -> Result<Reads, Error> {
    let schema = target.key_schema();
    let Some(partition) = schema.partition.first() else { return Err(messages::internal_server_error()) };
    let sort = schema.sort.first();
    let names = Names { partition: &partition.name, sort: sort.map(|sort| sort.name.as_str()) };
    let branches = branches(select.filter.as_ref(), (names.partition, names.sort));
    let branches = branches.map_err(|_| messages::too_many_reads())?;
    check_order_terms(select, names)?;
    let Some(branches) = branches else {
        if !select.order.is_empty() {
            return Err(messages::order_of_scan());
        }
        let is_filtered = select.filter.is_some();
        return Ok(Reads { ranges: vec![target.source().all()], direction: Direction::Forward, is_filtered });
    };
    for branch in &branches {
        branch.partition.iter().try_for_each(|value| check_value(partition, value))?;
        let relations = branch.sort.iter().filter_map(|relation| relation.values()).flatten();
        relations.into_iter().try_for_each(|value| sort.map_or(Ok(()), |sort| check_value(sort, value)))?;
    }
    let mut reads: Vec<Read<'_, '_>> = branches.iter().filter_map(|branch| Read::of(target, branch)).collect();
    reads.sort_by(|left, right| (&left.partition, &left.range.from).cmp(&(&right.partition, &right.range.from)));
    let partitions = reads.chunk_by(|left, right| left.partition == right.partition);
    let mut ranges = partitions.map(apart).collect::<Result<Vec<_>, _>>()?;
    check_order_of_partitions(select, names, &branches)?;
    check_filters_are_carried(target, select, &branches)?;
    let direction = arrange(&mut ranges, select, names);
    // Where the whole partition is read instead of parts of it, only the filter finds those.
    let is_merged = branches.len() > 1 && branches.iter().any(|branch| !is_one_range(branch));
    let is_filtered = is_merged || branches.iter().any(|branch| branch.is_filtered);
    Ok(Reads { ranges: ranges.into_iter().flatten().collect(), direction, is_filtered })
}

/// Refuses to order by anything but the key, term by term.
fn check_order_terms(select: &Select<'_>, names: Names<'_>) -> Result<(), Error> {
    if !select.order.is_empty() && select.filter.is_none() {
        return Err(messages::order_without_where());
    }
    for term in &select.order {
        let name = *term.attribute.as_ref().map_err(refuse)?;
        if name != names.partition && Some(name) != names.sort {
            return Err(messages::order_by_other_attribute(name));
        }
    }
    Ok(())
}

/// Refuses to order several partitions by the sort key alone. What is wrong with key values and with reads that overlap comes before
/// (captured by dynoxide, October 2026).
fn check_order_of_partitions(select: &Select<'_>, names: Names<'_>, branches: &[Branch<'_>]) -> Result<(), Error> {
    let several = branches.windows(2).any(|pair| pair[0].partition.first() != pair[1].partition.first());
    let orders_them = select.order.iter().any(|term| term.attribute.as_ref() == Ok(&names.partition));
    if several && !orders_them && !select.order.is_empty() {
        return Err(messages::order_without_partition_key());
    }
    Ok(())
}

fn check_value(attribute: &KeyAttribute, value: &AttributeValue<'_>) -> Result<(), Error> {
    expect_kind(attribute, value)?;
    match KeyValue::of(value) {
        Some(value) if value.is_empty() => Err(messages::empty_key_value(&attribute.name, value.kind())),
        _ => Ok(()),
    }
}

impl<'b, 's> Read<'b, 's> {
    /// The read of a branch; `None` where its conditions contradict each other.
    fn of(target: Target<'_>, branch: &'b Branch<'s>) -> Option<Self> {
        let (first, others) = branch.partition.split_first()?;
        if others.iter().any(|other| other != first) {
            return None;
        }
        let range_of = |relation: Option<KeyRelation<'s>>| {
            let bounds = KeyBounds { partition: vec![*first], sort: Vec::new(), range: relation };
            KeyRange::of(target, &bounds).map(|keys| keys.range)
        };
        let whole = range_of(None)?;
        let mut range = whole.clone();
        for relation in &branch.sort {
            let other = range_of(Some(*relation))?;
            range = Range { from: range.from.max(other.from), to: range.to.min(other.to) };
        }
        let partition = code(first);
        (range.from < range.to).then_some(Self { branch, partition, whole, range })
    }
}

/// Whether what a branch says of the sort key is one condition that a range of keys expresses, or none.
fn is_one_range(branch: &Branch<'_>) -> bool {
    !branch.negates_sort && branch.sort.windows(2).all(|pair| pair[0] == pair[1])
}

/// The ranges of one partition, which have no keys in common.
fn apart(reads: &[Read<'_, '_>]) -> Result<Vec<Range>, Error> {
    match reads {
        [one] => Ok(vec![one.range.clone()]),
        [first, ..] if !reads.iter().all(|read| is_one_range(read.branch)) => Ok(vec![first.whole.clone()]),
        _ if reads.windows(2).any(|pair| pair[1].range.from < pair[0].range.to) => {
            Err(messages::overlapping_conditions())
        }
        _ => Ok(reads.iter().map(|read| read.range.clone()).collect()),
    }
}

/// Refuses filters on attributes that an index does not carry, where every way through the WHERE clause has such; those of the last
/// partition are told (captures of September 2026). A scan finds them absent.
fn check_filters_are_carried(target: Target<'_>, select: &Select<'_>, branches: &[Branch<'_>]) -> Result<(), Error> {
    let Some(index) = target.index else { return Ok(()) };
    if (Wanted { select: None, projection: select.projection.clone() }).needs_items(target) {
        return Ok(());
    }
    let mut missing = Vec::with_capacity(branches.len());
    for branch in branches {
        let mut seen = HashSet::new();
        let names = branch.filtered.iter().copied().filter(|name| !target.carries(name) && seen.insert(*name));
        missing.push((branch.partition.first().map(|value| code(value)), names.collect::<Vec<_>>()));
    }
    missing.sort();
    match missing.last() {
        Some((_, last)) if missing.iter().all(|(_, names)| !names.is_empty()) => {
            Err(messages::index_does_not_project_filter(&index.name, last))
        }
        _ => Ok(()),
    }
}

/// A key value as it is stored, which orders like the value.
fn code(value: &AttributeValue<'_>) -> Vec<u8> {
    let mut code = Vec::new();
    if let Some(value) = KeyValue::of(value) {
        value.write(&mut code);
    }
    code
}

/// Puts the ranges, partition by partition, in the order that the SELECT wants. Where it orders by the partition key alone, the sort key
/// descends (captures of September 2026).
fn arrange(ranges: &mut [Vec<Range>], select: &Select<'_>, names: Names<'_>) -> Direction {
    let order_of = |name: Option<&str>| {
        select.order.iter().find(|term| term.attribute.as_ref().ok().copied() == name).map(|term| term.order)
    };
    if order_of(Some(names.partition)) == Some(Order::Descending) {
        ranges.reverse();
    }
    if select.order.is_empty() || order_of(names.sort) == Some(Order::Ascending) {
        return Direction::Forward;
    }
    ranges.iter_mut().for_each(|partition| partition.reverse());
    Direction::Backward
}
