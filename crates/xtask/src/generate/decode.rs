//! Decoders: JSON text straight into structures, with the model's constraints as constants beside each member.

use super::names::snake;
use super::plan::Plan;
use super::tables::{self, Override};
use super::types::{is_attribute_map, is_attribute_value, with_lifetime};
use crate::service_model::{Kind, Shape};

/// The package of AWS's Java classes, which shows in SerializationException messages.
const JAVA_PACKAGE: &str = "com.amazonaws.dynamodb.v20120810";

/// Whether a value stands as a structure's member or inside a list or map; AWS words type errors by it.
#[derive(Clone, Copy)]
enum Place {
    Member,
    Element,
}

impl Place {
    fn text(self) -> &'static str {
        match self {
            Self::Member => "Place::Member",
            Self::Element => "Place::Element",
        }
    }
}

/// A member on its way into a decoder.
struct Member<'p> {
    shape: &'p str,
    /// The expression of its path.
    path: String,
    place: Place,
    rule: Option<Override>,
}

/// The decoder of a structure.
pub fn implementation(plan: &Plan<'_>, name: &str, shape: &Shape) -> String {
    let kind = with_lifetime(plan.model, name);
    let members = &shape.members.0;
    let declarations: String =
        members.iter().map(|(member, _)| format!("let mut {} = Slot::Absent;\n", snake(member))).collect();
    let arms: String =
        members.iter().map(|(member, reference)| arm(plan, (name, shape), member, &reference.shape)).collect();
    let required: Vec<&String> =
        members.iter().map(|(member, _)| member).filter(|member| shape.requires(member)).collect();
    let checks: String = required.iter().map(|member| check(name, shape, member)).collect();
    let unwrapping = unwrapping(&required);
    let fields: String = members.iter().map(|(member, _)| field(shape, member)).collect();
    let body = if members.is_empty() {
        "while decoder.next_member(&mut members)?.is_some() {\ndecoder.skip()?;\n}\n".to_owned()
    } else {
        format!(
            "while let Some(name) = decoder.next_member(&mut members)? {{\nmatch name.as_ref() {{\n{arms}_ => decoder.skip()?,\n}}\n}}\n"
        )
    };
    let path = if members.is_empty() { "_path" } else { "path" };
    format!(
        "impl<'a> Structure<'a> for {kind} {{\nconst CLASS: &'static str = \"{JAVA_PACKAGE}.{name}\";\n\n\
         fn decode(decoder: &mut Decoder<'a>, {path}: &Path<'_>) -> Result<Slot<Self>, Error> {{\n\
         {declarations}let mut members = decoder.members();\n{body}{checks}{unwrapping}\
         Ok(Slot::Present({name} {{\n{fields}}}))\n}}\n}}\n\n"
    )
}

fn arm(plan: &Plan<'_>, owner: (&str, &Shape), member: &str, reference: &str) -> String {
    let (name, shape) = owner;
    let path = member_path(name, shape, member);
    let value = Member { shape: reference, path, place: Place::Member, rule: tables::override_of(name, member) };
    format!("\"{member}\" => {} = {}?,\n", snake(member), call(plan, &value))
}

fn member_path(name: &str, shape: &Shape, member: &str) -> String {
    format!("&path.member(\"{member}\", {})", rank(name, shape, member))
}

/// The member's place in AWS's order of failures.
fn rank(name: &str, shape: &Shape, member: &str) -> usize {
    let known = tables::find(&tables::MEMBER_ORDERS, name).unwrap_or_default();
    let position = shape.members.0.iter().position(|(candidate, _)| candidate == member).unwrap_or_default();
    known.iter().position(|candidate| *candidate == member).unwrap_or(known.len() + position)
}

/// A required member: reported when absent; the structure is given up when it is absent or refused.
fn check(name: &str, shape: &Shape, member: &str) -> String {
    let field = snake(member);
    format!("let {field} = {field}.required(decoder, {});\n", member_path(name, shape, member))
}

/// Gives the structure up when a required member is missing or refused: the violation is recorded by then.
fn unwrapping(required: &[&String]) -> String {
    let fields: Vec<String> = required.iter().map(|member| snake(member)).collect();
    match fields.as_slice() {
        [] => String::new(),
        [field] => format!("let Some({field}) = {field} else {{ return Ok(Slot::Refused) }};\n"),
        _ => {
            let patterns: Vec<String> = fields.iter().map(|field| format!("Some({field})")).collect();
            format!("let ({}) = ({}) else {{ return Ok(Slot::Refused) }};\n", patterns.join(", "), fields.join(", "))
        }
    }
}

fn field(shape: &Shape, member: &str) -> String {
    let field = snake(member);
    if shape.requires(member) { format!("{field},\n") } else { format!("{field}: {field}.optional(),\n") }
}

/// The call that decodes a value: a `Result` of a slot.
fn call(plan: &Plan<'_>, member: &Member<'_>) -> String {
    let shape = plan.model.shape(member.shape);
    let (path, place) = (&member.path, member.place.text());
    if is_attribute_value(member.shape) {
        return format!("decoder.value({path}, {place})");
    }
    if is_attribute_map(shape) {
        return format!("decoder.item({path}, {place})");
    }
    match shape.kind {
        Kind::Structure => format!("decoder.structure::<{}>({path}, {place})", member.shape),
        Kind::String if !shape.values.is_empty() => format!("decoder.enumeration({path})"),
        Kind::String => string(member, shape),
        Kind::Integer => format!("decoder.integer({path}, {})", integer_rule(&limited(member, shape))),
        Kind::Long => format!("decoder.long({path}, {})", integer_rule(shape)),
        Kind::Boolean => format!("decoder.boolean({path})"),
        Kind::Blob => format!("decoder.blob({path})"),
        Kind::Double => format!("decoder.double({path})"),
        Kind::Timestamp => format!("decoder.timestamp({path})"),
        Kind::List => list(plan, member, shape),
        Kind::Map => map(plan, member, shape),
    }
}

fn string(member: &Member<'_>, shape: &Shape) -> String {
    let path = &member.path;
    match member.rule {
        Some(Override::TableName) => format!("decoder.table_name({path}, TableNameRule::Existing)"),
        Some(Override::NewTableName) => format!("decoder.table_name({path}, TableNameRule::New)"),
        _ if tables::UNCHECKED_STRINGS.contains(&member.shape) => format!("decoder.string({path}, &StringRule::ANY)"),
        _ => format!("decoder.string({path}, {})", string_rule(shape)),
    }
}

fn string_rule(shape: &Shape) -> String {
    let pattern = match shape.pattern.as_deref() {
        None => "None",
        Some("[a-zA-Z0-9_.-]+") => "Some(Pattern::Name)",
        Some(pattern) => unreachable!("requests have no pattern {pattern} yet"),
    };
    if shape.min.is_none() && shape.max.is_none() && pattern == "None" {
        return "&StringRule::ANY".to_owned();
    }
    format!("&StringRule {{ sizes: {}, pattern: {pattern} }}", sizes(shape))
}

fn sizes(shape: &Shape) -> String {
    format!(
        "Sizes {{ min: {}, max: {} }}",
        shape.min.unwrap_or(0),
        shape.max.map_or_else(|| "u32::MAX".to_owned(), |max| max.to_string())
    )
}

fn integer_rule(shape: &Shape) -> String {
    match (shape.min, shape.max) {
        (None, None) => "&IntegerRule::ANY".to_owned(),
        (min, max) => format!("&IntegerRule {{ min: {min:?}, max: {max:?} }}"),
    }
}

/// The shape with the upper limit that AWS applies to the member beyond the model's.
fn limited(member: &Member<'_>, shape: &Shape) -> Shape {
    let mut shape = shape.clone();
    if let Some(Override::AtMost(max)) = member.rule {
        shape.max = Some(i64::from(max));
    }
    shape
}

fn list(plan: &Plan<'_>, member: &Member<'_>, shape: &Shape) -> String {
    let element = shape.member.as_ref().map(|element| element.shape.as_str()).unwrap_or_default();
    let inner = Member { shape: element, path: "path".to_owned(), place: Place::Element, rule: None };
    let shape = limited(member, shape);
    let rule = if shape.min.is_none() && shape.max.is_none() {
        "&ListRule::ANY".to_owned()
    } else {
        format!("&ListRule {{ sizes: {}, echo: {} }}", sizes(&shape), echo(plan, member.shape))
    };
    format!("decoder.list({}, {}, {rule}, |decoder, path| {})", member.path, member.place.text(), call(plan, &inner))
}

fn map(plan: &Plan<'_>, member: &Member<'_>, shape: &Shape) -> String {
    let value = shape.value.as_ref().map(|value| value.shape.as_str()).unwrap_or_default();
    let mut inner = Member { shape: value, path: "path".to_owned(), place: Place::Element, rule: None };
    let at_map = tables::VALUE_SIZES_AT_MAP.contains(&member.shape);
    let value_shape = plan.model.shape(value);
    let values = if at_map { format!("Some({})", sizes(value_shape)) } else { "None".to_owned() };
    if at_map {
        // The length is the map's to report: the list itself is unlimited.
        inner.rule = Some(Override::AtMost(u32::MAX));
    }
    let keys = if tables::override_of(member.shape, "").is_some() { "KeyRule::TableName" } else { "KeyRule::Any" };
    let is_free = shape.min.is_none() && shape.max.is_none() && keys == "KeyRule::Any";
    let rule = if is_free {
        format!("&MapRule::any(\"{}\")", java_class(plan, value))
    } else {
        format!(
            "&MapRule {{ class: \"{}\", sizes: {}, keys: {keys}, values: {values}, echo: {} }}",
            java_class(plan, value),
            sizes(shape),
            echo(plan, member.shape)
        )
    };
    let value_call = if at_map { unlimited_list(plan, &inner, value_shape) } else { call(plan, &inner) };
    let method = if at_map { "map_of_lists" } else { "map" };
    format!("decoder.{method}({}, {}, {rule}, |decoder, path| {value_call})", member.path, member.place.text())
}

fn unlimited_list(plan: &Plan<'_>, member: &Member<'_>, shape: &Shape) -> String {
    let unlimited = Shape { min: None, max: None, ..shape.clone() };
    list(plan, &Member { rule: None, path: member.path.clone(), ..*member }, &unlimited)
}

/// The Java class that AWS's messages name for a map's values.
fn java_class(plan: &Plan<'_>, name: &str) -> String {
    let shape = plan.model.shape(name);
    match shape.kind {
        Kind::String => "java.lang.String".to_owned(),
        Kind::List => {
            let element = shape.member.as_ref().map(|element| java_class(plan, &element.shape)).unwrap_or_default();
            format!("java.util.List<{element}>")
        }
        _ => format!("{JAVA_PACKAGE}.{name}"),
    }
}

/// How a refused list or map is printed back: as Java's `toString` prints the structures in it.
fn echo(plan: &Plan<'_>, name: &str) -> String {
    let shape = plan.model.shape(name);
    if is_attribute_value(name) {
        return "&Echo::AttributeValue".to_owned();
    }
    let inner = |reference: &Option<crate::service_model::Reference>| {
        reference.as_ref().map(|reference| echo(plan, &reference.shape)).unwrap_or_default()
    };
    match shape.kind {
        Kind::List => format!("&Echo::List({})", inner(&shape.member)),
        Kind::Map => format!("&Echo::Map({})", inner(&shape.value)),
        Kind::Structure => {
            let members = shape
                .members
                .0
                .iter()
                .map(|(member, reference)| format!("(\"{member}\", {})", echo(plan, &reference.shape)));
            format!("&Echo::Structure(\"{name}\", &[{}])", members.collect::<Vec<_>>().join(", "))
        }
        _ => "&Echo::Scalar".to_owned(),
    }
}
