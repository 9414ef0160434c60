//! Statements as trees that borrow from their text.
//!
//! Made by the parser, lowered by [`crate::lower`]. Literals are values already, so that lowered expressions can borrow them. What a
//! statement cannot mean is still in the tree; lowering refuses it. No tree is higher than the parser's limit, so walking one by recursion
//! is safe.

use crate::error::{Place, Problem};
use model::AttributeValue;
use std::borrow::Cow;

/// A parsed statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement<'a> {
    /// The text that it was parsed from.
    pub(crate) text: &'a str,
    /// What it does.
    pub body: Body<'a>,
    /// How many `?` it has.
    pub parameters: usize,
    /// The first thing in it that is well formed and wrong all the same.
    pub fault: Option<Problem>,
}

/// What a statement does.
#[derive(Clone, PartialEq, Debug)]
pub enum Body<'a> {
    /// `SELECT columns FROM source WHERE filter ORDER BY order`
    Select(Select<'a>),
    /// `EXISTS(SELECT ...)`
    Exists(Select<'a>),
    /// `INSERT INTO source VALUE item`
    Insert {
        /// The table.
        source: Source<'a>,
        /// The item.
        item: NewItem<'a>,
    },
    /// `UPDATE source SET ... REMOVE ... WHERE filter RETURNING returning`, or with `FROM source` in front.
    Update {
        /// The table.
        source: Source<'a>,
        /// What changes.
        changes: Vec<Change<'a>>,
        /// The key, and the condition.
        filter: Option<Node<'a>>,
        /// What is answered.
        returning: Option<Returning>,
    },
    /// `DELETE FROM source WHERE filter RETURNING returning`
    Delete {
        /// The table.
        source: Source<'a>,
        /// The key, and the condition.
        filter: Option<Node<'a>>,
        /// What is answered.
        returning: Option<Returning>,
    },
}

/// A SELECT.
#[derive(Clone, PartialEq, Debug)]
pub struct Select<'a> {
    /// What is answered of each item; `None` for `*`.
    pub columns: Option<Vec<Node<'a>>>,
    /// What is read.
    pub source: Source<'a>,
    /// The WHERE clause.
    pub filter: Option<Node<'a>>,
    /// The ORDER BY clause.
    pub order: Vec<OrderTerm<'a>>,
}

/// A table, and an index of it where one is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source<'a> {
    /// The table.
    pub table: &'a str,
    /// The index.
    pub index: Option<&'a str>,
}

/// What an INSERT makes.
#[derive(Clone, PartialEq, Debug)]
pub enum NewItem<'a> {
    /// `{'name': value, ...}`
    Tuple(Vec<(Cow<'a, str>, Node<'a>)>),
    /// Anything else; only a parameter can be an item.
    Other(Node<'a>),
}

/// One change of an UPDATE.
#[derive(Clone, PartialEq, Debug)]
pub enum Change<'a> {
    /// `SET target = value`
    Set(PathNode<'a>, Node<'a>),
    /// `REMOVE target`
    Remove(PathNode<'a>),
}

/// A part of an ORDER BY clause.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderTerm<'a> {
    /// What it orders by.
    pub by: Node<'a>,
    /// In which direction.
    pub order: Order,
}

/// A direction of ORDER BY.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `ASC`, or nothing.
    Ascending,
    /// `DESC`
    Descending,
}

/// What a write answers of the item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returning {
    /// All of it as it was.
    AllOld,
    /// What the statement changed, as it was.
    ModifiedOld,
    /// All of it as it is now.
    AllNew,
    /// What the statement changed, as it is now.
    ModifiedNew,
}

impl Returning {
    /// The clause without its star.
    pub fn clause(self) -> &'static str {
        match self {
            Self::AllOld => "ALL OLD",
            Self::ModifiedOld => "MODIFIED OLD",
            Self::AllNew => "ALL NEW",
            Self::ModifiedNew => "MODIFIED NEW",
        }
    }
}

/// An expression and where its first token stands, in bytes of the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Node<'a> {
    /// The expression.
    pub expression: Expression<'a>,
    /// Where its first token starts.
    pub(crate) start: usize,
    /// Where its first token ends.
    pub(crate) end: usize,
    /// How many levels of expressions there are, this one included.
    pub(crate) height: usize,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Expression<'a> {
    /// A literal.
    Value(AttributeValue<'a>),
    /// `MISSING`
    Missing,
    /// `?`, numbered from 0.
    Parameter(usize),
    /// A document path.
    Path(PathNode<'a>),
    /// `[...]`, or `(...)` behind IN, of other things than literals alone.
    List(Vec<Node<'a>>),
    /// `{...}` of other things than literals alone.
    Tuple(Vec<(Cow<'a, str>, Node<'a>)>),
    /// A function.
    Call {
        /// Its name as written.
        name: &'a str,
        /// Its arguments.
        arguments: Vec<Node<'a>>,
    },
    /// NOT
    Not(Box<Node<'a>>),
    /// AND and OR of two or more.
    Join(Joiner, Vec<Node<'a>>),
    /// An operator between two operands.
    Infix(Infix, Box<[Node<'a>; 2]>),
    /// `operand BETWEEN low AND high`
    Between(Box<[Node<'a>; 3]>),
    /// `operand IS type`
    Is(Box<Node<'a>>, TypeTest),
    /// A sign before something that is no number, and whatever else has no meaning.
    Meaningless,
}

/// AND or OR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Joiner {
    /// All must hold.
    And,
    /// One must hold.
    Or,
}

/// An operator between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Infix {
    Compare(expression::build::Comparator),
    In,
    Plus,
    Minus,
    /// An operator that DynamoDB has no use for.
    Other,
}

/// What IS asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeTest {
    /// That there is nothing.
    Missing,
    /// That there is a value of this type.
    Of(model::value::AttributeType),
    /// A type of PartiQL that DynamoDB does not test for, as messages call it.
    Other(&'static str),
}

/// A document path.
#[derive(Clone, PartialEq, Debug)]
pub struct PathNode<'a> {
    /// The attribute.
    pub attribute: Cow<'a, str>,
    /// The way from there.
    pub steps: Vec<PathStep<'a>>,
}

/// A step of a path.
#[derive(Clone, PartialEq, Debug)]
pub enum PathStep<'a> {
    /// `.name`
    Name(Cow<'a, str>),
    /// `[index]`
    Index(u32),
}

impl<'a> Statement<'a> {
    /// The text that the statement was parsed from.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The table and index that the statement names.
    pub fn source(&self) -> Source<'a> {
        match &self.body {
            Body::Select(select) | Body::Exists(select) => select.source,
            Body::Insert { source, .. } | Body::Update { source, .. } | Body::Delete { source, .. } => *source,
        }
    }

    /// Whether the statement only reads. EXISTS belongs to writes: it is a condition of theirs.
    pub fn is_read(&self) -> bool {
        matches!(self.body, Body::Select(_))
    }

    /// Whether the statement makes an item.
    pub fn is_insert(&self) -> bool {
        matches!(self.body, Body::Insert { .. })
    }

    /// Whether the statement only requires an item, among the writes of a transaction.
    pub fn is_exists(&self) -> bool {
        matches!(self.body, Body::Exists(_))
    }

    /// What the statement answers of the item that it writes, where it says so.
    pub fn returning(&self) -> Option<Returning> {
        match &self.body {
            Body::Update { returning, .. } | Body::Delete { returning, .. } => *returning,
            Body::Select(_) | Body::Exists(_) | Body::Insert { .. } => None,
        }
    }

    /// Where a node stands.
    pub(crate) fn place(&self, node: &Node<'_>) -> Place {
        Place::of(self.text, node.start, node.end)
    }
}
