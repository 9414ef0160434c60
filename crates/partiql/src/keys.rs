//! What a WHERE clause says of a key: which item a write names, and which reads a SELECT is made of.
//!
//! A SELECT is keyed where every way through its ORs has an equality, or IN, on the partition key; anything else is a scan. A keyed SELECT
//! is one read per way through the ORs and INs that choose keys. What those reads have in common with each other and how they are ordered
//! depends on the order of key values, which is known where keys are stored, not here.

use crate::lower::{Allowed, Filter, KeyTest, Test};
use expression::build;
use expression::{Condition, KeyRelation};
use model::AttributeValue;

/// The most reads that a SELECT may be made of (captures of September 2026).
const READS_MAX: usize = 50;

/// A SELECT would be made of more reads than DynamoDB makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooManyReads;

/// One read of a keyed SELECT: items of one partition.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Branch<'s> {
    /// The values that the partition key must equal, all of them; one at least.
    pub partition: Vec<&'s AttributeValue<'s>>,
    /// What the sort key must be, all of it.
    pub sort: Vec<KeyRelation<'s>>,
    /// Whether there is a condition on the sort key that no range of keys expresses: a negated one, or `<>`.
    pub negates_sort: bool,
    /// The attributes of conditions that choose no keys, in the order of the text; empty if there are none.
    pub filtered: Vec<&'s str>,
    /// Whether there are conditions that choose no keys.
    pub is_filtered: bool,
}

/// The reads that a SELECT is made of; `None` for a scan.
pub fn branches<'s>(
    filter: Option<&Filter<'s>>,
    (partition, sort): (&str, Option<&str>),
) -> Result<Option<Vec<Branch<'s>>>, TooManyReads> {
    let keys = Keys { partition, sort };
    match filter {
        Some(filter) if keys.is_keyed(filter) => keys.expand(filter).map(Some),
        _ => Ok(None),
    }
}

/// The names of the key's attributes.
#[derive(Clone, Copy)]
struct Keys<'k> {
    partition: &'k str,
    sort: Option<&'k str>,
}

/// What a test chooses.
enum Choice<'t, 's> {
    Partition(&'t [&'s AttributeValue<'s>]),
    PartitionOne(&'s AttributeValue<'s>),
    Sort(KeyRelation<'s>),
    SortOneOf(&'t [&'s AttributeValue<'s>]),
    Nothing,
}

impl Keys<'_> {
    fn is_keyed(self, filter: &Filter<'_>) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().any(|part| self.is_keyed(part)),
            Filter::Any(parts) => parts.iter().all(|part| self.is_keyed(part)),
            Filter::Not(_) => false,
            Filter::Test(test) => {
                matches!(self.choice(test), Choice::Partition(_) | Choice::PartitionOne(_))
            }
        }
    }

    fn choice<'t, 's>(self, test: &'t Test<'s>) -> Choice<'t, 's> {
        let Some(KeyTest { attribute, allowed }) = &test.key else { return Choice::Nothing };
        match allowed {
            Allowed::Relation(KeyRelation::Equal(value)) if *attribute == self.partition => Choice::PartitionOne(value),
            Allowed::OneOf(values) if *attribute == self.partition => Choice::Partition(values),
            Allowed::Relation(KeyRelation::NotIndexable) => Choice::Nothing,
            Allowed::Relation(relation) if Some(*attribute) == self.sort => Choice::Sort(*relation),
            Allowed::OneOf(values) if Some(*attribute) == self.sort => Choice::SortOneOf(values),
            _ => Choice::Nothing,
        }
    }

    /// Whether a test in a filter, outside of NOT, chooses keys.
    fn chooses(self, filter: &Filter<'_>) -> bool {
        match filter {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().any(|part| self.chooses(part)),
            Filter::Not(_) => false,
            Filter::Test(test) => !matches!(self.choice(test), Choice::Nothing),
        }
    }

    fn expand<'s>(self, filter: &Filter<'s>) -> Result<Vec<Branch<'s>>, TooManyReads> {
        let branches = match filter {
            Filter::All(parts) => {
                let mut product = vec![Branch::default()];
                for part in parts {
                    let branches = self.expand(part)?;
                    if product.len() * branches.len() > READS_MAX {
                        return Err(TooManyReads);
                    }
                    product = times(product, &branches);
                }
                product
            }
            Filter::Any(parts) if self.chooses(filter) => {
                let mut sum = Vec::new();
                for part in parts {
                    sum.extend(self.expand(part)?);
                    if sum.len() > READS_MAX {
                        return Err(TooManyReads);
                    }
                }
                sum
            }
            Filter::Any(_) | Filter::Not(_) => vec![self.filtered(filter)],
            Filter::Test(test) => self.expand_test(test, filter),
        };
        if branches.len() > READS_MAX { Err(TooManyReads) } else { Ok(branches) }
    }

    fn expand_test<'s>(self, test: &Test<'s>, filter: &Filter<'s>) -> Vec<Branch<'s>> {
        let partition = |value: &&'s AttributeValue<'s>| Branch { partition: vec![*value], ..Branch::default() };
        let sort = |relation| Branch { sort: vec![relation], ..Branch::default() };
        match self.choice(test) {
            Choice::PartitionOne(value) => vec![partition(&value)],
            Choice::Partition(values) => values.iter().map(partition).collect(),
            Choice::Sort(relation) => vec![sort(relation)],
            Choice::SortOneOf(values) => values.iter().map(|value| sort(KeyRelation::Equal(value))).collect(),
            Choice::Nothing => vec![self.filtered(filter)],
        }
    }

    /// The branch of conditions that choose no keys.
    fn filtered<'s>(self, filter: &Filter<'s>) -> Branch<'s> {
        let mut branch = Branch { is_filtered: true, ..Branch::default() };
        self.collect(filter, matches!(filter, Filter::Not(_)), &mut branch);
        branch
    }

    fn collect<'s>(self, filter: &Filter<'s>, negated: bool, branch: &mut Branch<'s>) {
        match filter {
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter().for_each(|part| self.collect(part, negated, branch))
            }
            Filter::Not(part) => self.collect(part, true, branch),
            Filter::Test(test) => {
                let of_sort = test.key.as_ref().is_some_and(|key| Some(key.attribute) == self.sort);
                let unequal =
                    test.key.as_ref().is_some_and(|key| key.allowed == Allowed::Relation(KeyRelation::NotIndexable));
                branch.negates_sort |= of_sort && (negated || unequal);
                branch.filtered.extend(attributes(&test.condition));
            }
        }
    }
}

/// Every one of these with every one of those. Most parts of a clause are one branch, which is added in place: a clause may have a
/// thousand of them.
fn times<'s>(mut these: Vec<Branch<'s>>, those: &[Branch<'s>]) -> Vec<Branch<'s>> {
    if let [one] = those {
        these.iter_mut().for_each(|branch| branch.add(one));
        return these;
    }
    let with_those = |branch: Branch<'s>| {
        those.iter().map(move |other| {
            let mut both = branch.clone();
            both.add(other);
            both
        })
    };
    these.into_iter().flat_map(with_those).collect()
}

impl<'s> Branch<'s> {
    /// Requires what another branch requires too.
    fn add(&mut self, other: &Self) {
        self.partition.extend_from_slice(&other.partition);
        self.sort.extend_from_slice(&other.sort);
        self.negates_sort |= other.negates_sort;
        self.filtered.extend_from_slice(&other.filtered);
        self.is_filtered |= other.is_filtered;
    }
}

fn attributes<'s>(condition: &Condition<'s>) -> Vec<&'s str> {
    condition.paths().into_iter().map(expression::Path::attribute).collect()
}

/// The values that a clause gives the attributes of a key, and what else it says.
#[derive(Clone, PartialEq, Debug)]
pub struct Pins<'s> {
    /// The value of each attribute, in the order in which they were asked for; `None` where there is no equality.
    pub values: Vec<Option<&'s AttributeValue<'s>>>,
    /// The first attribute that is given another value too.
    pub conflict: Option<usize>,
    /// Everything else that must hold, if there is anything.
    pub rest: Option<Condition<'s>>,
}

impl<'s> Pins<'s> {
    /// What the parts of a clause that must all hold give these attributes. `one_of_one` also takes IN with a single value, as reads do and
    /// writes do not (captures of September 2026).
    pub fn of(filter: Option<&Filter<'s>>, attributes: &[&str], one_of_one: OneOfOne) -> Self {
        let mut pins = Self { values: vec![None; attributes.len()], conflict: None, rest: None };
        let mut rest = Vec::new();
        let mut open: Vec<&Filter<'s>> = filter.into_iter().collect();
        while let Some(part) = open.pop() {
            match part {
                Filter::All(parts) => open.extend(parts.iter().rev()),
                Filter::Test(Test { key: Some(KeyTest { attribute, allowed }), .. }) => {
                    let at = attributes.iter().position(|name| name == attribute);
                    let taken = at.zip(pinned(allowed, one_of_one)).is_some_and(|(at, value)| pins.take(at, value));
                    if !taken {
                        rest.push(part.condition());
                    }
                }
                _ => rest.push(part.condition()),
            }
        }
        pins.rest = (!rest.is_empty()).then(|| build::all(rest));
        pins
    }

    /// Whether a value is the one that its attribute has; the first one is.
    fn take(&mut self, at: usize, value: &'s AttributeValue<'s>) -> bool {
        let first = *self.values[at].get_or_insert(value);
        if first != value {
            self.conflict.get_or_insert(at);
        }
        first == value
    }
}

/// Whether IN with a single value is an equality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OneOfOne {
    /// It is: in reads.
    IsEqual,
    /// It is not: in writes.
    IsNot,
}

fn pinned<'s>(allowed: &Allowed<'s>, one_of_one: OneOfOne) -> Option<&'s AttributeValue<'s>> {
    match allowed {
        Allowed::Relation(KeyRelation::Equal(value)) => Some(value),
        Allowed::OneOf(values) if one_of_one == OneOfOne::IsEqual => match values.as_slice() {
            [value] => Some(value),
            _ => None,
        },
        _ => None,
    }
}
