//! Everything that can be wrong with a statement by itself, and the words that DynamoDB has for it.
//!
//! Errors are data; text is produced here and nowhere else. Sources of the words: the captures of the AWS-verified suite of October 2026;
//! captures in the tests of two other implementations (floci, September 2026, and dynoxide, July to October 2026). Those without evidence
//! are marked; each message is pinned by a row in `tests/`.

use model::NumberError;
use std::fmt;

/// Where something stands in a statement, as messages tell it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The length in characters.
    pub length: usize,
}

impl Place {
    /// The place of a piece of a text.
    pub(crate) fn of(text: &str, start: usize, end: usize) -> Self {
        let before = &text[..start];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            length: text[start..end].chars().count(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.line, self.column, self.length)
    }
}

/// What makes a statement one that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below")]
pub enum Detail {
    Unreadable,
    Leftover,
    SecondStatement,
    NoColumns,
    Term,
    Keyword,
    Operator,
    RightSide,
    TypeName,
    SimplePath,
    DotComponent,
    DataManipulation,
    Expected(&'static str),
    TooDeep,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "",
            Self::Leftover => "Unexpected token after expression",
            Self::SecondStatement => "Unexpected token after semicolon. (Only one query is allowed.)",
            Self::NoColumns => {
                "Expected identifier or an expression but found unexpected keyword 'from' in a select list."
            }
            Self::Term => "Unexpected term",
            Self::Keyword => "Unexpected keyword",
            Self::Operator => "Unexpected operator",
            Self::RightSide => "Missing right-hand side expression of infix operator",
            Self::TypeName => "Expected type name",
            Self::SimplePath => "Expected identifier for simple path",
            Self::DotComponent => "Invalid path dot component",
            Self::DataManipulation => "Expected data manipulation",
            // From here on without evidence.
            Self::Expected(what) => return write!(f, "Expected {what}"),
            Self::TooDeep => "Expressions are nested too deeply",
        })
    }
}

/// A function that changes a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetFunction {
    /// `set_add`
    Add,
    /// `set_delete`
    Delete,
}

impl fmt::Display for SetFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "SET_ADD",
            Self::Delete => "SET_DELETE",
        })
    }
}

/// Why a statement is refused before any table is looked at. Displayed as DynamoDB's whole message.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "each variant is its message below; a sentence more would repeat it")]
pub enum Problem {
    Syntax(Detail),
    Aliasing,
    EmptyComponent,
    TooManyComponents,
    NotOneTable { place: Place },
    OperationOnIndex,
    UnsupportedOperation { operation: &'static str },
    MisplacedExists,
    MissingCompared,
    UnsupportedClause { clause: &'static str, place: Place },
    UnrecognizedFunction { name: String, place: Place },
    ListIndexRange { index: String, place: Place },
    UnexpectedComponent { place: Place },
    DuplicateColumns { name: String },
    OrderArgument { found: String, place: Place },
    Number { error: NumberError, path: String },
    NestingLevels { path: String },
    DataType { what: String, path: String, place: Place },
    EmptyBag,
    MixedBag,
    DuplicateTexts { members: Vec<String> },
    DuplicateNumbers { members: Vec<String>, path: String },
    DuplicateName { name: String },
    Returning { clause: &'static str },
    ReturningOfInsert,
    ParameterCount,
    SetArguments { function: SetFunction, place: Place },
    SetTarget { function: SetFunction, place: Place },
    SetType { function: SetFunction, place: Place },
    TypeTest { name: &'static str, place: Place },
    NotAValue { place: Place },
    NotACondition { place: Place },
    NotAnItem { place: Place },
    NotAColumn { place: Place },
    Expression(expression::Problem),
}

impl From<expression::Problem> for Problem {
    fn from(problem: expression::Problem) -> Self {
        Self::Expression(problem)
    }
}

const INVALID: &str = "One or more parameter values were invalid:";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "Statement wasn't well formed, can't be processed: {detail}"),
            Self::Aliasing => f.write_str("Aliasing is not supported"),
            Self::EmptyComponent => f.write_str("Path component cannot be an empty string"),
            Self::TooManyComponents => f.write_str("A path may contain at most 2 components in the FROM clause"),
            Self::NotOneTable { place } => {
                f.write_str("FROM clause may only contain a single table name in data manipulation statements at ")?;
                place.fmt(f)
            }
            Self::OperationOnIndex => f.write_str("This operation is not supported on an index"),
            Self::UnsupportedOperation { operation } => write!(f, "Unsupported operation: {operation}"),
            Self::MisplacedExists => f.write_str("EXISTS can only be used in ExecuteTransaction write requests."),
            Self::MissingCompared => f.write_str("MISSING must be compared using IS operator"),
            Self::UnsupportedClause { clause, place } => write!(f, "Unsupported clause: {clause} at {place}"),
            Self::UnrecognizedFunction { name, place } => write!(f, "Unrecognized function: {name} at {place}"),
            Self::ListIndexRange { index, place } => {
                write!(f, "List index is not within the allowable range; index: [{index}] at {place}")
            }
            Self::UnexpectedComponent { place } => write!(f, "Unexpected path component at {place}"),
            Self::DuplicateColumns { name } => write!(f, "Duplicate identifiers in select clause: {name}"),
            Self::OrderArgument { found, place } => {
                write!(f, "Argument to ORDER BY must be of type VariableReference. Type: {found} at {place}")
            }
            Self::Returning { clause } => {
                write!(f, "Invalid returning clause: RETURNING {clause} *. ")?;
                f.write_str("Only RETURNING ALL OLD * is allowed in DELETE statements.")
            }
            Self::ParameterCount => f.write_str("Number of parameters in request and statement don't match."),
            // Of several orders in which AWS lists the names, the one of PartiQL.
            Self::Expression(expression::Problem::UnknownTypeName { name }) => {
                f.write_str("Invalid attribute type name found; ")?;
                write!(f, "type: {name}, valid types: {{N,BS,L,B,NULL,M,S,SS,NS,BOOL}}")
            }
            Self::Expression(problem) => problem.fmt(f),
            _ => self.fmt_value(f),
        }
    }
}

impl Problem {
    /// The messages about literals and functions, and those without evidence.
    fn fmt_value(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { error, path } => {
                write!(f, "{} under {path}", expression::EvaluationError::Number(*error))
            }
            Self::NestingLevels { path } => write!(f, "Nesting Levels have exceeded supported limits under {path}"),
            Self::DataType { what, path, place } => {
                write!(f, "Unsupported data type: {what} under key {path} at {place}")
            }
            Self::EmptyBag => f.write_str("Empty bags are not supported"),
            Self::MixedBag => {
                f.write_str("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags")
            }
            Self::DuplicateTexts { members } => {
                write!(f, "{INVALID} Input collection [{}] contains duplicates.", members.join(", "))
            }
            Self::DuplicateNumbers { members, path } => {
                write!(f, "{INVALID} Input collection [{}] contains duplicates! under {path}", members.join(", "))
            }
            Self::SetArguments { function, place } => {
                write!(f, "{function} must have exactly two arguments at {place}")
            }
            Self::SetTarget { function, place } => {
                write!(f, "The first argument to {function} must equal the assignment value at {place}")
            }
            Self::SetType { function, place } => {
                write!(f, "The second argument to {function} must be a value with type SET at {place}")
            }
            Self::TypeTest { name, place } => {
                write!(f, "Unsupported data type for IS operator: {name}. Supported data types are ")?;
                write!(f, "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST] at {place}")
            }
            // From here on without evidence.
            Self::DuplicateName { name } => write!(f, "{INVALID} The name {name} stands twice in one map"),
            Self::ReturningOfInsert => f.write_str("INSERT statements have no RETURNING clause"),
            Self::NotAValue { place } => write!(f, "This cannot be used as a value at {place}"),
            Self::NotACondition { place } => write!(f, "This cannot be used as a condition at {place}"),
            Self::NotAnItem { place } => write!(f, "The VALUE of an INSERT statement must be an item at {place}"),
            Self::NotAColumn { place } => write!(f, "This cannot be selected or ordered by at {place}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
