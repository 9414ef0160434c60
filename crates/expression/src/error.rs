//! Everything that can be wrong with an expression, and the words that DynamoDB has for it.
//!
//! Errors are data; text is produced here and nowhere else. Sources of the words: the AWS-verified suite (May 2026), captures of
//! October 2026, dynalite's tests against DynamoDB, and messages quoted in public bug reports. Those about path depth, the operands of IN,
//! the number of operators and the precision of arithmetic are not confirmed on AWS. Each is pinned by a row in `tests/`.
//! The envelope `1 validation error detected: ` that write operations put in front is not known here.

use crate::ExpressionKind;
use crate::path::Path;
use model::value::AttributeType;
use model::{AttributeValue, NumberError};
use std::fmt;

/// Why an expression is refused before any item is looked at. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Debug)]
pub struct ExpressionError {
    kind: ExpressionKind,
    /// Whether the size of an expression that is too long is told.
    tells_size: bool,
    /// Boxed, because results are passed on every parse and errors are rare.
    problem: Box<Problem>,
}

impl ExpressionError {
    pub(crate) fn new(kind: ExpressionKind, problem: Problem) -> Self {
        Self { kind, tells_size: false, problem: Box::new(problem) }
    }

    /// The error as the surfaces word it that tell the size of an expression that is too long: a Scan's FilterExpression and a
    /// transaction's ConditionExpression. Everywhere else the words end before it (us-east-1, captured by dynoxide, October 2026; for
    /// the UpdateExpression of a transaction also the conformance suite, `deepRequests`).
    pub fn telling_size(self) -> Self {
        Self { tells_size: true, ..self }
    }

    /// The parameter that is wrong.
    pub fn kind(&self) -> ExpressionKind {
        self.kind
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem.names_its_parameter() {
            return self.problem.fmt(f);
        }
        write!(f, "Invalid {}: {}", self.kind.parameter(), self.problem)?;
        match *self.problem {
            Problem::TooLong { length } if self.tells_size => write!(f, " expression size: {length}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ExpressionError {}

/// What is wrong with an expression.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below; a sentence more would repeat it")]
pub enum Problem {
    Empty,
    TooLong { length: usize },
    TooManyOperators { count: usize },
    Syntax { token: String, near: String },
    RedundantParentheses,
    ReservedWord { word: String },
    ListIndexRange { index: String },
    PathTooDeep { levels: usize },
    UnknownFunction { function: String },
    MisplacedFunction { function: &'static str },
    UndefinedName { placeholder: String },
    UndefinedValue { placeholder: String },
    OperandCount { function: &'static str, count: usize },
    TooManyInOperands { count: usize },
    NotDistinct { operator: &'static str, path: String },
    PathRequired { function: &'static str },
    OperandType { operator: &'static str, operand: AttributeType },
    TypeNameRequired,
    UnknownTypeName { name: String },
    BoundTypes { low: String, high: String },
    BoundOrder { low: String, high: String },
    ActionOperandType { action: &'static str, operand: AttributeType },
    RepeatedSection { section: &'static str },
    PathsOverlap { one: String, two: String },
    PathsConflict { one: String, two: String },
    KeyOperator { operator: &'static str },
    KeyNestedOperation,
    KeyNestedPath,
    KeyRepeated,
    KeyNotFirst { operator: &'static str },
    KeySeveral,
    KeyMissing,
}

impl Problem {
    /// Whether the message names its parameter itself and so goes without `Invalid ...Expression: ` (dynalite's tests against DynamoDB;
    /// those of the others were captured with the prefix in October 2026).
    fn names_its_parameter(&self) -> bool {
        matches!(self, Self::KeyOperator { .. } | Self::KeyNotFirst { .. } | Self::KeySeveral | Self::KeyMissing)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("The expression can not be empty;"),
            Self::TooLong { .. } => f.write_str("Expression size has exceeded the maximum allowed size;"),
            Self::TooManyOperators { count } => {
                write!(f, "The expression contains too many operators; operator count: {count}")
            }
            Self::Syntax { token, near } => write!(f, "Syntax error; token: \"{token}\", near: \"{near}\""),
            Self::RedundantParentheses => f.write_str("The expression has redundant parentheses;"),
            Self::ReservedWord { word } => write!(f, "Attribute name is a reserved keyword; reserved keyword: {word}"),
            Self::ListIndexRange { index } => {
                write!(f, "List index is not within the allowable range; index: [{index}]")
            }
            Self::PathTooDeep { levels } => {
                write!(f, "The document path has too many nesting levels; nesting levels: {levels}")
            }
            Self::UndefinedName { placeholder } => {
                f.write_str("An expression attribute name used in the document path is not defined; ")?;
                write!(f, "attribute name: {placeholder}")
            }
            Self::UndefinedValue { placeholder } => {
                write!(
                    f,
                    "An expression attribute value used in expression is not defined; attribute value: {placeholder}"
                )
            }
            Self::RepeatedSection { section } => {
                write!(f, "The \"{section}\" section can only be used once in an update expression;")
            }
            Self::PathsOverlap { one, two } => write_paths(f, "overlap", one, two),
            Self::PathsConflict { one, two } => write_paths(f, "conflict", one, two),
            Self::KeyOperator { .. }
            | Self::KeyNestedOperation
            | Self::KeyNestedPath
            | Self::KeyRepeated
            | Self::KeyNotFirst { .. }
            | Self::KeySeveral
            | Self::KeyMissing => self.fmt_key(f),
            _ => self.fmt_operands(f),
        }
    }
}

fn write_paths(f: &mut fmt::Formatter<'_>, how: &str, one: &str, two: &str) -> fmt::Result {
    write!(f, "Two document paths {how} with each other; must remove or rewrite one of these paths; ")?;
    write!(f, "path one: {one}, path two: {two}")
}

impl Problem {
    /// The messages about functions, operators and their operands.
    fn fmt_operands(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WRONG_TYPE: &str = "Incorrect operand type for operator or function; operator";
        match self {
            Self::UnknownFunction { function } => write!(f, "Invalid function name; function: {function}"),
            Self::MisplacedFunction { function } => {
                write!(f, "The function is not allowed to be used this way in an expression; function: {function}")
            }
            Self::OperandCount { function, count } => {
                f.write_str("Incorrect number of operands for operator or function; ")?;
                write!(f, "operator or function: {function}, number of operands: {count}")
            }
            Self::TooManyInOperands { count } => {
                write!(f, "The IN operator is provided with too many operands; number of operands: {count}")
            }
            Self::NotDistinct { operator, path } => {
                f.write_str(
                    "The first operand must be distinct from the remaining operands for this operator or function; ",
                )?;
                write!(f, "operator: {operator}, first operand: {path}")
            }
            Self::PathRequired { function } => {
                write!(f, "Operator or function requires a document path; operator or function: {function}")
            }
            Self::OperandType { operator, operand } => {
                write!(f, "{WRONG_TYPE} or function: {operator}, operand type: {}", operand.name())
            }
            Self::TypeNameRequired => {
                write!(f, "{WRONG_TYPE} or function: attribute_type, operand type: {{NS,SS,L,BS,N,M,B,BOOL,NULL,S}}")
            }
            Self::UnknownTypeName { name } => {
                write!(
                    f,
                    "Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
                )
            }
            Self::ActionOperandType { action, operand } => {
                write!(
                    f,
                    "{WRONG_TYPE}: {action}, operand type: {}, typeSet: ALLOWED_FOR_{action}_OPERAND",
                    long_name(*operand)
                )
            }
            Self::BoundTypes { low, high } => {
                f.write_str("The BETWEEN operator requires same data type for lower and upper bounds; ")?;
                write!(f, "lower bound operand: {low}, upper bound operand: {high}")
            }
            Self::BoundOrder { low, high } => {
                f.write_str("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ")?;
                write!(f, "lower bound operand: {low}, upper bound operand: {high}")
            }
            _ => Ok(()),
        }
    }

    /// The messages about the shape of a key condition.
    fn fmt_key(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INVALID: &str = "Invalid condition in KeyConditionExpression:";
        match self {
            Self::KeyOperator { operator } => write!(f, "Invalid operator used in KeyConditionExpression: {operator}"),
            Self::KeyNestedOperation => f.write_str("KeyConditionExpressions cannot contain nested operations"),
            Self::KeyNestedPath => f.write_str("KeyConditionExpressions cannot have conditions on nested attributes"),
            Self::KeyRepeated => f.write_str("KeyConditionExpressions must only contain one condition per key"),
            Self::KeyNotFirst { operator } => {
                write!(f, "{INVALID} {operator} operator must have the key attribute as its first operand")
            }
            Self::KeySeveral => write!(f, "{INVALID} Multiple attribute names used in one condition"),
            Self::KeyMissing => write!(f, "{INVALID} No key attribute specified"),
            _ => Ok(()),
        }
    }
}

/// The names of types that ADD and DELETE print.
fn long_name(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::S => "STRING",
        AttributeType::N => "NUMBER",
        AttributeType::B => "BINARY",
        AttributeType::Bool => "BOOLEAN",
        AttributeType::Null => "NULL",
        AttributeType::Ss => "STRING_SET",
        AttributeType::Ns => "NUMBER_SET",
        AttributeType::Bs => "BINARY_SET",
        AttributeType::L => "LIST",
        AttributeType::M => "MAP",
    }
}

/// A path as messages print it: `[a, [1], b]`.
pub(crate) fn path_text(path: &Path<'_>) -> String {
    format!("[{}]", path.steps().map(|step| step.to_string()).collect::<Vec<_>>().join(", "))
}

/// A bound of BETWEEN as messages print it. Binary bounds print as the buffer that they were in Java.
pub(crate) fn bound_text(value: &AttributeValue<'_>) -> String {
    match value {
        AttributeValue::S(text) => format!("AttributeValue: {{S:{text}}}"),
        AttributeValue::N(number) => format!("AttributeValue: {{N:{number}}}"),
        AttributeValue::B(bytes) => {
            let length = bytes.len();
            format!("AttributeValue: {{B:java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]}}")
        }
        other => format!("AttributeValue: {{{}}}", other.attribute_type().name()),
    }
}

/// Why `ExpressionAttributeNames` or `ExpressionAttributeValues` is refused. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below")]
pub enum PlaceholderError {
    NoNames,
    NoValues,
    NameKey { key: String },
    ValueKey { key: String },
    NameKeyTooLong { length: usize },
    ValueKeyTooLong,
    EmptyName { key: String },
    UnusedNames { keys: Vec<String> },
    UnusedValues { keys: Vec<String> },
}

impl fmt::Display for PlaceholderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &str = "ExpressionAttributeNames";
        const VALUES: &str = "ExpressionAttributeValues";
        const TOO_LONG: &str = "The expression attribute map contains a key that is too long;";
        match self {
            Self::NoNames => write!(f, "{NAMES} must not be empty"),
            Self::NoValues => write!(f, "{VALUES} must not be empty"),
            Self::NameKey { key } => write!(f, "{NAMES} contains invalid key: Syntax error; key: \"{key}\""),
            Self::ValueKey { key } => write!(f, "{VALUES} contains invalid key: Syntax error; key: \"{key}\""),
            Self::NameKeyTooLong { length } => {
                write!(f, "{NAMES} contains invalid key: {TOO_LONG} size of key: {length}")
            }
            Self::ValueKeyTooLong => write!(f, "{VALUES} contains invalid key: {TOO_LONG}"),
            Self::EmptyName { key } => write!(f, "{NAMES} contains invalid value: Empty attribute name for key {key}"),
            Self::UnusedNames { keys } => {
                write!(f, "Value provided in {NAMES} unused in expressions: keys: {{{}}}", keys.join(", "))
            }
            Self::UnusedValues { keys } => {
                write!(f, "Value provided in {VALUES} unused in expressions: keys: {{{}}}", keys.join(", "))
            }
        }
    }
}

impl std::error::Error for PlaceholderError {}

/// Why an update that is well formed cannot be applied to an item or a table. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvaluationError {
    /// A SET reads an attribute that the item does not have.
    MissingAttribute,
    /// An attribute of the item has a type that the operator or function cannot work on.
    OperandType,
    /// The place that an action writes to cannot exist: a step before the last is missing, or is no map or list as the path needs.
    DocumentPath,
    /// The same as `OperandType`, in an `AttributeUpdates` parameter.
    UpdatedType,
    /// The result of arithmetic is not a number that DynamoDB stores.
    Number(NumberError),
    /// The update writes far more than an item may have.
    ItemTooLarge,
    /// The update writes an attribute of the table's key.
    KeyAttribute {
        /// The attribute's name.
        name: String,
    },
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingAttribute => {
                f.write_str("The provided expression refers to an attribute that does not exist in the item")
            }
            Self::OperandType => f.write_str("An operand in the update expression has an incorrect data type"),
            Self::DocumentPath => {
                f.write_str("The document path provided in the update expression is invalid for update")
            }
            Self::UpdatedType => f.write_str("Type mismatch for attribute to update"),
            Self::Number(error) => f.write_str(number_text(*error)),
            Self::ItemTooLarge => f.write_str("Item size to update has exceeded the maximum allowed size"),
            Self::KeyAttribute { name } => {
                write!(f, "{PARAMETERS}Cannot update attribute {name}. This attribute is part of the key")
            }
        }
    }
}

impl std::error::Error for EvaluationError {}

fn number_text(error: NumberError) -> &'static str {
    match error {
        NumberError::NotNumeric => "The parameter cannot be converted to a numeric value",
        NumberError::Overflow => {
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        }
        NumberError::Underflow => {
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        }
        NumberError::TooManyDigits => "Attempting to store more than 38 significant digits in a Number",
    }
}

/// Why a key condition does not fit a key. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below")]
pub enum KeyConditionError {
    TooMany { conditions: usize, attributes: usize },
    Missing { attribute: String },
    NotIndexable,
    Type,
    NotSupported,
    EqualityRequired { attributes: Vec<String>, conditioned: String },
    EmptyValue { attribute: String, kind: AttributeType },
}

impl fmt::Display for KeyConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Captures of October 2026.
            Self::TooMany { conditions, attributes } => {
                write!(f, "The number of query conditions ({conditions}) exceeds the number of key attributes ")?;
                write!(f, "defined in the schema ({attributes})")
            }
            Self::Missing { attribute } => write!(f, "Query condition missed key schema element: {attribute}"),
            Self::NotIndexable => f.write_str("Attempted conditional constraint is not an indexable operation"),
            Self::Type => write!(f, "{PARAMETERS}Condition parameter type does not match schema type"),
            Self::NotSupported => f.write_str("Query key condition not supported"),
            // Captures of October 2026.
            Self::EqualityRequired { attributes, conditioned } => {
                write!(
                    f,
                    "RANGE key attributes {} must have equality conditions specified in the query ",
                    attributes.join(", ")
                )?;
                write!(f, "because a condition is present on key attribute {conditioned}")
            }
            Self::EmptyValue { attribute, kind } => {
                let kind = if *kind == AttributeType::B { "binary" } else { "string" };
                f.write_str("One or more parameter values are not valid. The AttributeValue for a key attribute ")?;
                write!(f, "cannot contain an empty {kind} value. Key: {attribute}")
            }
        }
    }
}

impl std::error::Error for KeyConditionError {}

/// How most messages about legacy parameters and keys begin.
pub(crate) const PARAMETERS: &str = "One or more parameter values were invalid: ";

/// Why a legacy parameter is refused. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below")]
pub enum LegacyError {
    ValueAndList { attribute: String },
    ExistsAndOperator { attribute: String },
    ValueOrListMissing { operator: &'static str, attribute: String },
    ListWithoutOperator { attribute: String },
    ValueMissing { exists: &'static str, attribute: String },
    ValueWithoutExistence { attribute: String },
    ArgumentCount { operator: &'static str },
    MixedTypes,
    ArgumentType { operator: &'static str, operand: AttributeType },
    BoundOrder,
    OnlyDeleteWithoutValue,
    ActionType { action: &'static str, operand: AttributeType },
    DuplicateAttribute { name: String },
    OperatorWithoutConditions,
    OperatorForOneCondition,
}

impl fmt::Display for LegacyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BoundOrder => {
                return f.write_str(
                    "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
                );
            }
            Self::OperatorWithoutConditions => {
                return f.write_str("ConditionalOperator cannot be used without Filter or Expected");
            }
            Self::OperatorForOneCondition => {
                return f.write_str(
                    "ConditionalOperator can only be used when Filter or Expected has two or more elements",
                );
            }
            _ => f.write_str(PARAMETERS)?,
        }
        match self {
            Self::ValueAndList { attribute } => {
                write!(f, "Value and AttributeValueList cannot be used together for Attribute: {attribute}")
            }
            Self::ExistsAndOperator { attribute } => {
                write!(f, "Exists and ComparisonOperator cannot be used together for Attribute: {attribute}")
            }
            Self::ValueOrListMissing { operator, attribute } => {
                f.write_str("Value or AttributeValueList must be used with ComparisonOperator: ")?;
                write!(f, "{operator} for Attribute: {attribute}")
            }
            Self::ListWithoutOperator { attribute } => {
                write!(f, "AttributeValueList can only be used with a ComparisonOperator for Attribute: {attribute}")
            }
            Self::ValueMissing { exists, attribute } => {
                write!(f, "Value must be provided when Exists is {exists} for Attribute: {attribute}")
            }
            Self::ValueWithoutExistence { attribute } => {
                write!(f, "Value cannot be used when Exists is false for Attribute: {attribute}")
            }
            Self::ArgumentCount { operator } => {
                write!(f, "Invalid number of argument(s) for the {operator} ComparisonOperator")
            }
            Self::MixedTypes => f.write_str("AttributeValues inside AttributeValueList must be of same type"),
            Self::ArgumentType { operator, operand } => {
                write!(f, "ComparisonOperator {operator} is not valid for {} AttributeValue type", operand.name())
            }
            Self::OnlyDeleteWithoutValue => {
                f.write_str("Only DELETE action is allowed when no attribute value is specified")
            }
            Self::ActionType { action: "DELETE", operand } => {
                write!(f, "DELETE action with value is not supported for the type {}", operand.name())
            }
            Self::ActionType { action, operand } => {
                write!(f, "{action} action is not supported for the type {}", operand.name())
            }
            Self::DuplicateAttribute { name } => write!(f, "Duplicate value in attribute name: {name}"),
            Self::BoundOrder | Self::OperatorWithoutConditions | Self::OperatorForOneCondition => Ok(()),
        }
    }
}

impl std::error::Error for LegacyError {}
