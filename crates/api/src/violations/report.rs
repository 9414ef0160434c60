//! The words of broken constraints.
//!
//! Most operations answer with the long-standing form: every failure in one envelope. AWS's newer front end words some rows of some
//! operations differently (captures of October 2026); those are the tables here. It only speaks when the request got as far: while a
//! required member is missing, or values are nested very far, the long-standing form answers.

use super::echo::lower_first;
use super::{Constraint, Segment, Violation, Violations};
use crate::generated::Operation;
use crate::{Error, messages};

/// The most failures that AWS lists (recorded by dynalite).
const LISTED_MAX: usize = 10;

/// How one failure is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wording {
    /// `Value 'v' at 'path' failed to satisfy constraint: ...`
    Long,
    /// `Value at 'Path' failed to satisfy constraint: ...`
    WithoutValue,
    /// As `WithoutValue`, and nothing else is told.
    WithoutValueAlone,
    /// `Failed to satisfy constraint: Member must satisfy enum value set: ...` with a set of its own.
    Anonymous(&'static str),
    /// As `Anonymous`, and nothing else is told.
    AnonymousAlone(&'static str),
    /// As `AnonymousAlone`, without the envelope.
    AnonymousBare(&'static str),
    /// The whole message is this.
    Bare(BareText),
    /// As `Long`, with the value as JSON.
    LongJson,
    /// Told only when nothing else is wrong.
    LongIfNothingElse,
}

/// A message that takes the place of the whole envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BareText {
    RequiredParameter,
    TableNameLength,
    RequiredRequestItems,
    InvalidTableArn,
}

/// The newer front end's names of return values; `UPDATE_NEW` is AWS's own spelling.
const RETURN_VALUES: &str = "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]";
/// The newer front end's names of conditional operators; it names no AND.
const CONDITIONAL_OPERATORS: &str = "[ALL, OR]";

impl Violations<'_> {
    /// The error that a request with violations is answered.
    pub fn report(mut self, operation: Operation, nested_far: bool) -> Error {
        debug_assert!(!self.is_empty(), "nothing to report");
        self.kept.sort_by(|left, right| left.ranks.cmp(&right.ranks));
        let missing = self.kept.iter().any(|violation| violation.constraint == Constraint::NotNull);
        let newer = !missing && !nested_far;
        let told = |violation: &Violation<'_>| wording(operation, violation, newer);
        if let Some(error) = self.kept.iter().find_map(|violation| alone(operation, violation, told(violation))) {
            return error;
        }
        let plain = |violation: &&Violation<'_>| told(violation) != Wording::LongIfNothingElse;
        let others = self.kept.iter().any(|violation| plain(&violation));
        let listed = self.kept.iter().filter(|violation| !others || plain(violation)).take(LISTED_MAX);
        let texts: Vec<String> = listed.map(|violation| violation.text(told(violation))).collect();
        messages::constraints_broken(&texts)
    }
}

/// The error of a failure that is told alone.
fn alone(operation: Operation, violation: &Violation<'_>, wording: Wording) -> Option<Error> {
    match wording {
        Wording::WithoutValueAlone | Wording::AnonymousAlone(_) => {
            Some(messages::constraints_broken(&[violation.text(wording)]))
        }
        Wording::AnonymousBare(_) => Some(messages::constraint_broken_bare(violation.text(wording))),
        Wording::Bare(text) => Some(match text {
            BareText::RequiredParameter => messages::required_parameter("TableName"),
            BareText::TableNameLength => messages::table_name_length(),
            BareText::RequiredRequestItems => messages::request_items_required(operation.name()),
            BareText::InvalidTableArn => messages::invalid_table_arn(),
        }),
        _ => None,
    }
}

/// How an operation tells a failure. `newer`: the newer front end may speak.
fn wording(operation: Operation, violation: &Violation<'_>, newer: bool) -> Wording {
    use Operation as Op;
    let member = violation.member();
    let is_top = violation.path.len() == 1;
    match operation {
        Op::CreateTable | Op::UpdateTable | Op::DeleteTable | Op::DescribeTable if is_top && member == "TableName" => {
            table_name(operation, violation.constraint)
        }
        Op::TagResource | Op::UntagResource | Op::ListTagsOfResource if member == "ResourceArn" => {
            Wording::Bare(BareText::InvalidTableArn)
        }
        Op::PutItem | Op::UpdateItem | Op::DeleteItem if newer && is_top => {
            write(operation, member, violation.constraint)
        }
        Op::Query if newer && is_top && member == "ConditionalOperator" => {
            Wording::AnonymousBare(CONDITIONAL_OPERATORS)
        }
        Op::Query if newer && is_top && member == "Limit" => Wording::WithoutValue,
        Op::BatchGetItem => batch_get(violation),
        Op::BatchWriteItem => batch_write(violation),
        _ => Wording::Long,
    }
}

/// Operations on tables check the name before everything else (recorded by dynalite; AWS-verified suite for CreateTable).
fn table_name(operation: Operation, constraint: Constraint) -> Wording {
    match constraint {
        Constraint::NotNull => Wording::Bare(BareText::RequiredParameter),
        Constraint::MinLength(_) | Constraint::MaxLength(_) if operation != Operation::CreateTable => {
            Wording::Bare(BareText::TableNameLength)
        }
        _ => Wording::Long,
    }
}

/// PutItem, UpdateItem and DeleteItem (captures of October 2026).
fn write(operation: Operation, member: &str, constraint: Constraint) -> Wording {
    match (member, constraint) {
        ("TableName", Constraint::MinLength(_)) => Wording::WithoutValueAlone,
        ("ReturnValues", _) if operation == Operation::UpdateItem => Wording::AnonymousAlone(RETURN_VALUES),
        ("ReturnValues", _) => Wording::Anonymous(RETURN_VALUES),
        ("ConditionalOperator", _) => Wording::Anonymous(CONDITIONAL_OPERATORS),
        _ => Wording::Long,
    }
}

/// BatchGetItem (captures of October 2026): lengths without values, bad names of tables with the map as JSON.
fn batch_get(violation: &Violation<'_>) -> Wording {
    match (violation.path.as_slice(), violation.constraint) {
        ([Segment::Member("RequestItems")], Constraint::MapKeys) => Wording::LongJson,
        ([Segment::Member("RequestItems")], Constraint::MinLength(_)) => Wording::WithoutValue,
        ([_, _, Segment::Member("Keys")], Constraint::MinLength(_) | Constraint::MaxLength(_)) => Wording::WithoutValue,
        _ => Wording::Long,
    }
}

/// BatchWriteItem (captures of October 2026): a bad name of a table gives way to any other failure.
fn batch_write(violation: &Violation<'_>) -> Wording {
    match (violation.path.as_slice(), violation.constraint) {
        ([Segment::Member("RequestItems")], Constraint::MapKeys) => Wording::LongIfNothingElse,
        ([Segment::Member("RequestItems")], Constraint::MinLength(_)) => Wording::Bare(BareText::RequiredRequestItems),
        _ => Wording::Long,
    }
}

impl Violation<'_> {
    /// The member of the innermost structure.
    fn member(&self) -> &'static str {
        let member = self.path.iter().rev().find_map(|segment| match segment {
            Segment::Member(name) => Some(*name),
            _ => None,
        });
        member.unwrap_or_default()
    }

    /// One failure in words.
    fn text(&self, wording: Wording) -> String {
        match wording {
            Wording::WithoutValue | Wording::WithoutValueAlone => {
                messages::constraint_without_value(&self.path_as_sent(), self.constraint)
            }
            Wording::Anonymous(set) | Wording::AnonymousAlone(set) | Wording::AnonymousBare(set) => {
                messages::constraint_anonymous(set)
            }
            Wording::LongJson => messages::constraint(&self.printed_as_json(), &self.path_in_java(), self.constraint),
            Wording::Long | Wording::LongIfNothingElse | Wording::Bare(_) => {
                messages::constraint(&self.printed(), &self.path_in_java(), self.constraint)
            }
        }
    }

    /// `keySchema.1.member.keyType`
    fn path_in_java(&self) -> String {
        self.path_with(lower_first)
    }

    /// `KeySchema.1.member.KeyType`
    fn path_as_sent(&self) -> String {
        self.path_with(str::to_owned)
    }

    fn path_with(&self, name: impl Fn(&str) -> String) -> String {
        let segments = self.path.iter().map(|segment| match segment {
            Segment::Member(member) => name(member),
            Segment::Element(number) => format!("{number}.member"),
            Segment::Entry(key) => format!("{key}.member"),
        });
        segments.collect::<Vec<_>>().join(".")
    }
}
