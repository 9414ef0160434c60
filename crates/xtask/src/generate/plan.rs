//! Which shapes are generated, in which file, and in which directions they travel.

use super::tables;
use super::types::is_attribute_value;
use crate::service_model::{Kind, Operation, ServiceModel, Shape};
use std::collections::{BTreeMap, BTreeSet};

/// The shapes of the served operations.
pub struct Plan<'m> {
    pub model: &'m ServiceModel,
    /// Shapes that requests contain: they get a decoder.
    pub decoded: BTreeSet<String>,
    /// Shapes that answers contain, errors' payloads included: they get an encoder.
    pub encoded: BTreeSet<String>,
    /// The file of each structure.
    homes: BTreeMap<String, &'static str>,
}

impl<'m> Plan<'m> {
    /// Follows the served operations and all errors through the model.
    pub fn new(model: &'m ServiceModel) -> Self {
        let mut plan = Plan { model, decoded: BTreeSet::new(), encoded: BTreeSet::new(), homes: BTreeMap::new() };
        for (group, operations) in tables::SERVED {
            let mut used = BTreeSet::new();
            for operation in operations {
                let operation = plan.operation(operation);
                if let Some(input) = &operation.input {
                    collect(model, &input.shape, &mut plan.decoded);
                    collect(model, &input.shape, &mut used);
                }
                if let Some(output) = &operation.output {
                    collect(model, &output.shape, &mut plan.encoded);
                    collect(model, &output.shape, &mut used);
                }
            }
            for shape in used {
                plan.homes.entry(shape).and_modify(|home| *home = tables::SHARED).or_insert(group);
            }
        }
        plan.add_errors();
        plan
    }

    /// An operation of the model by name.
    pub fn operation(&self, name: &str) -> &'m Operation {
        match self.model.operations.get(name) {
            Some(operation) => operation,
            None => unreachable!("the model has no operation {name}"),
        }
    }

    /// The files, in a fixed order.
    pub fn groups(&self) -> impl Iterator<Item = &'static str> {
        tables::SERVED.into_iter().map(|(group, _)| group).chain([tables::SHARED])
    }

    /// The structures of one file, in order of their names.
    pub fn structures(&self, group: &str) -> Vec<(&'m str, &'m Shape)> {
        let here = |name: &str| self.homes.get(name).is_some_and(|home| *home == group);
        let mut structures: Vec<(&str, &Shape)> =
            self.model.shapes.0.iter().map(|(name, shape)| (name.as_str(), shape)).collect();
        structures.retain(|(name, shape)| {
            here(name) && shape.kind == Kind::Structure && !is_attribute_value(name) && !shape.exception
        });
        structures.sort_by_key(|(name, _)| *name);
        structures
    }

    /// The enums that are used, in order of their names.
    pub fn enums(&self) -> Vec<(&'m str, &'m Shape)> {
        let mut enums: Vec<(&str, &Shape)> =
            self.model.shapes.0.iter().map(|(name, shape)| (name.as_str(), shape)).collect();
        enums.retain(|(name, shape)| self.homes.contains_key(*name) && !shape.values.is_empty());
        enums.sort_by_key(|(name, _)| *name);
        enums
    }

    /// What errors carry beside their message: cancellation reasons, throttling reasons.
    fn add_errors(&mut self) {
        for (_, error) in self.model.shapes.0.iter().filter(|(_, shape)| shape.exception) {
            for payload in error.references() {
                let mut used = BTreeSet::new();
                collect(self.model, payload, &mut used);
                for shape in used {
                    self.encoded.insert(shape.clone());
                    self.homes.entry(shape).or_insert(tables::SHARED);
                }
            }
        }
    }
}

/// All shapes that a shape mentions, itself included. Attribute values are the model crate's.
fn collect(model: &ServiceModel, name: &str, found: &mut BTreeSet<String>) {
    let mut waiting = vec![name.to_owned()];
    while let Some(name) = waiting.pop() {
        if !is_attribute_value(&name) && found.insert(name.clone()) {
            waiting.extend(model.shape(&name).references().map(str::to_owned));
        }
    }
}
