//! Encoders: structures straight to JSON text.

use super::names::snake;
use super::plan::Plan;
use super::types::borrows;
use crate::service_model::{Kind, Shape};

/// The encoder of a structure.
pub fn implementation(plan: &Plan<'_>, name: &str, shape: &Shape) -> String {
    let lifetime = if borrows(plan.model, name) { "<'_>" } else { "" };
    if shape.members.0.is_empty() {
        return format!(
            "impl Encode for {name}{lifetime} {{\nfn encode(&self, out: &mut Vec<u8>) {{ out.extend_from_slice(b\"{{}}\"); }}\n}}\n\n"
        );
    }
    let mut text = format!(
        "impl Encode for {name}{lifetime} {{\nfn encode(&self, out: &mut Vec<u8>) {{\nlet mut object = ObjectWriter::new(out);\n"
    );
    for (member, reference) in &shape.members.0 {
        text.push_str(&self::member(plan, member, &reference.shape, shape.requires(member)));
    }
    text + "object.end();\n}\n}\n\n"
}

/// Writes one member of `self`, if it is there.
fn member(plan: &Plan<'_>, member: &str, shape: &str, required: bool) -> String {
    let field = snake(member);
    let key = format!("b\"\\\"{member}\\\":\"");
    if required {
        let value = write(plan, shape, &format!("&self.{field}"));
        return format!("{{ let out = object.key({key}); {value} }}\n");
    }
    let value = write(plan, shape, "value");
    format!("if let Some(value) = &self.{field} {{ let out = object.key({key}); {value} }}\n")
}

/// Writes a value. `Encode` is implemented for every leaf, list and map, so that only attribute maps need a word of their own.
fn write(plan: &Plan<'_>, shape: &str, value: &str) -> String {
    let definition = plan.model.shape(shape);
    match definition.kind {
        Kind::Blob => format!("crate::encode::blob({value}, out);"),
        _ => format!("Encode::encode({value}, out);"),
    }
}
