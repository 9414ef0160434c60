//! Statements and their clauses.

use super::{Parser, expected, syntax};
use crate::error::{Detail, Problem};
use crate::syntax::{
    Body, Change, Expression, NewItem, Node, Order, OrderTerm, PathNode, PathStep, Returning, Select, Source,
};
use crate::token::{Keyword, TokenKind};
use model::AttributeValue;
use std::borrow::Cow;

impl<'a> Parser<'a> {
    pub(super) fn body(&mut self) -> Result<Body<'a>, Problem> {
        if self.is_word("EXISTS") && self.peek_second() == TokenKind::Open {
            return self.exists();
        }
        if self.accept_keyword(Keyword::Select) {
            self.select().map(Body::Select)
        } else if self.accept_keyword(Keyword::Insert) {
            self.insert()
        } else if self.accept_keyword(Keyword::Update) {
            self.update()
        } else if self.accept_keyword(Keyword::Delete) {
            self.delete()
        } else if self.accept_keyword(Keyword::From) {
            self.update_from()
        } else {
            self.bare_expression()
        }
    }

    /// An expression in a statement's place is parsed, and refused for what it is (captures of October 2026). What makes a condition or a
    /// calculation is taken for a misplaced EXISTS.
    fn bare_expression(&mut self) -> Result<Body<'a>, Problem> {
        let node = self.expression()?;
        self.end()?;
        let is_bag = self.text[node.start..].starts_with("<<");
        let operation = match node.expression {
            Expression::Value(_) if is_bag => "Bag",
            Expression::Value(AttributeValue::L(_)) | Expression::List(_) => "List",
            Expression::Value(AttributeValue::M(_)) | Expression::Tuple(_) => "Struct",
            Expression::Value(_) => "Lit",
            Expression::Missing => "Missing",
            Expression::Parameter(_) => "Parameter",
            Expression::Path(path) if path.steps.is_empty() => "Id",
            Expression::Path(_) => "Path",
            Expression::Is(..) => "IsType",
            Expression::Call { .. }
            | Expression::Not(_)
            | Expression::Join(..)
            | Expression::Infix(..)
            | Expression::Between(_)
            | Expression::Meaningless => return Err(Problem::MisplacedExists),
        };
        Err(Problem::UnsupportedOperation { operation })
    }

    /// The end of the only statement, behind which a semicolon may stand.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        let detail = if self.accept(TokenKind::Semicolon) { Detail::SecondStatement } else { Detail::Leftover };
        if self.peek() == TokenKind::End { Ok(()) } else { Err(syntax(detail)) }
    }

    fn exists(&mut self) -> Result<Body<'a>, Problem> {
        self.advance();
        self.advance();
        if !self.accept_keyword(Keyword::Select) {
            return Err(expected("SELECT"));
        }
        let select = self.select()?;
        self.expect(TokenKind::Close, "right parenthesis")?;
        Ok(Body::Exists(select))
    }

    fn select(&mut self) -> Result<Select<'a>, Problem> {
        let columns = if self.accept(TokenKind::Star) { None } else { Some(self.columns()?) };
        if !self.accept_keyword(Keyword::From) {
            return Err(expected("FROM"));
        }
        let source = self.read_source()?;
        self.alias();
        let filter = self.filter()?;
        let order = self.order()?;
        self.unsupported_clauses()?;
        Ok(Select { columns, source, filter, order })
    }

    fn columns(&mut self) -> Result<Vec<Node<'a>>, Problem> {
        if self.peek() == TokenKind::Keyword(Keyword::From) {
            return Err(syntax(Detail::NoColumns));
        }
        let mut columns = Vec::new();
        loop {
            columns.push(self.expression()?);
            self.alias();
            if !self.accept(TokenKind::Comma) {
                return Ok(columns);
            }
        }
    }

    /// What is read. In its place DynamoDB reads any expression, and words what it finds there accordingly.
    fn read_source(&mut self) -> Result<Source<'a>, Problem> {
        match self.peek() {
            TokenKind::Identifier | TokenKind::Quoted => {
                let path = self.path()?;
                Ok(self.source(path))
            }
            _ => self.expression().and_then(|_| Err(expected("a table"))),
        }
    }

    /// The table and index that a path names.
    fn source(&mut self, path: PathNode<'a>) -> Source<'a> {
        let mut names = Vec::with_capacity(1);
        for step in path.steps {
            match step {
                PathStep::Name(name) => names.push(name),
                PathStep::Index(_) => self.note(Problem::TooManyComponents),
            }
        }
        if names.len() > 1 {
            self.note(Problem::TooManyComponents);
        }
        Source { table: table_name(path.attribute), index: names.into_iter().next().map(table_name) }
    }

    /// Another name for a table or column is refused wherever it may stand.
    fn alias(&mut self) {
        let explicit = self.accept_keyword(Keyword::As);
        let name = matches!(self.peek(), TokenKind::Identifier | TokenKind::Quoted);
        let is_clause = ["LIMIT", "GROUP", "RETURNING"].iter().any(|word| self.is_word(word));
        if explicit || (name && !is_clause) {
            if name {
                self.advance();
            }
            self.note(Problem::Aliasing);
        }
    }

    fn filter(&mut self) -> Result<Option<Node<'a>>, Problem> {
        if !self.accept_keyword(Keyword::Where) {
            return Ok(None);
        }
        self.in_filter = true;
        let filter = self.expression();
        self.in_filter = false;
        filter.map(Some)
    }

    fn order(&mut self) -> Result<Vec<OrderTerm<'a>>, Problem> {
        let mut terms = Vec::new();
        if !self.accept_keyword(Keyword::Order) {
            return Ok(terms);
        }
        if !self.accept_keyword(Keyword::By) {
            return Err(expected("BY"));
        }
        loop {
            let by = self.expression()?;
            let order = if self.accept_word("DESC") {
                Order::Descending
            } else {
                self.accept_word("ASC");
                Order::Ascending
            };
            // No key is null, so it says nothing (captured by dynoxide, October 2026).
            if self.accept_word("NULLS") && !self.accept_word("FIRST") && !self.accept_word("LAST") {
                return Err(expected("FIRST or LAST"));
            }
            terms.push(OrderTerm { by, order });
            if !self.accept(TokenKind::Comma) {
                return Ok(terms);
            }
        }
    }

    /// Clauses of PartiQL that DynamoDB reads and refuses, by the place of what stands behind their name.
    fn unsupported_clauses(&mut self) -> Result<(), Problem> {
        loop {
            let clause = if self.accept_word("LIMIT") {
                "LIMIT"
            } else if self.accept_word("GROUP") {
                if !self.accept_keyword(Keyword::By) {
                    return Err(expected("BY"));
                }
                "GROUP BY"
            } else {
                return Ok(());
            };
            let at = self.at;
            self.expression()?;
            self.note(Problem::UnsupportedClause { clause, place: self.place(at) });
        }
    }

    fn insert(&mut self) -> Result<Body<'a>, Problem> {
        if !self.accept_keyword(Keyword::Into) {
            return Err(expected("INTO"));
        }
        let at = self.at;
        let path = self.simple_path()?;
        if !path.steps.is_empty() {
            self.note(Problem::NotOneTable { place: self.place(at) });
        }
        let source = self.source(path);
        if !self.accept_word("VALUE") {
            // Without the word it is an insertion of whatever the expression gives, which DynamoDB does not have.
            return self.expression().and_then(|_| {
                let leftover = self.peek() != TokenKind::End;
                Err(if leftover { syntax(Detail::Leftover) } else { expected("VALUE") })
            });
        }
        let item = match self.peek() {
            TokenKind::OpenBrace => NewItem::Tuple(self.item()?),
            _ => NewItem::Other(self.expression()?),
        };
        if self.returning()?.is_some() {
            self.note(Problem::ReturningOfInsert);
        }
        Ok(Body::Insert { source, item })
    }

    fn update(&mut self) -> Result<Body<'a>, Problem> {
        let source = self.written_source()?;
        let of_source = self.fault.take();
        let changes = self.changes()?;
        let of_changes = self.fault.take();
        let filter = self.filter()?;
        // What is wrong with the WHERE clause is told first (captured by dynoxide, October 2026).
        self.fault = of_source.or(self.fault.take()).or(of_changes);
        let returning = self.returning()?;
        Ok(Body::Update { source, changes, filter, returning })
    }

    /// The form of UPDATE that begins with FROM and has its changes at the end.
    fn update_from(&mut self) -> Result<Body<'a>, Problem> {
        let source = self.read_source()?;
        self.check_no_index(source);
        self.alias();
        let verb_behind = matches!(self.peek_second(), TokenKind::Keyword(Keyword::Set | Keyword::Remove));
        if self.peek() == TokenKind::Keyword(Keyword::Where) && verb_behind {
            return Err(syntax(Detail::DataManipulation));
        }
        let filter = self.filter()?;
        let changes = self.changes()?;
        let returning = self.returning()?;
        Ok(Body::Update { source, changes, filter, returning })
    }

    fn delete(&mut self) -> Result<Body<'a>, Problem> {
        if !self.accept_keyword(Keyword::From) {
            return Err(expected("FROM"));
        }
        let source = self.written_source()?;
        let filter = self.filter()?;
        let returning = self.returning()?;
        if let Some(returning) = returning.filter(|returning| *returning != Returning::AllOld) {
            self.note(Problem::Returning { clause: returning.clause() });
        }
        Ok(Body::Delete { source, filter, returning })
    }

    fn written_source(&mut self) -> Result<Source<'a>, Problem> {
        let path = self.simple_path()?;
        let source = self.source(path);
        self.check_no_index(source);
        self.alias();
        Ok(source)
    }

    fn check_no_index(&mut self, source: Source<'a>) {
        if source.index.is_some() {
            self.note(Problem::OperationOnIndex);
        }
    }

    /// SET and REMOVE clauses, one at least. What follows SET may be a list; REMOVE has one path (captured by dynoxide, October 2026).
    fn changes(&mut self) -> Result<Vec<Change<'a>>, Problem> {
        let mut changes = Vec::new();
        loop {
            let set = self.accept_keyword(Keyword::Set);
            if !set && !self.accept_keyword(Keyword::Remove) {
                break;
            }
            loop {
                let target = self.simple_path()?;
                changes.push(if set {
                    self.expect(TokenKind::Equal, "=")?;
                    Change::Set(target, self.expression()?)
                } else {
                    Change::Remove(target)
                });
                if !set || !self.accept(TokenKind::Comma) {
                    break;
                }
            }
        }
        if changes.is_empty() { Err(syntax(Detail::DataManipulation)) } else { Ok(changes) }
    }

    fn returning(&mut self) -> Result<Option<Returning>, Problem> {
        if !self.accept_word("RETURNING") {
            return Ok(None);
        }
        let all = self.accept_word("ALL");
        if !all && !self.accept_word("MODIFIED") {
            return Err(expected("ALL or MODIFIED"));
        }
        let old = self.accept_word("OLD");
        if !old && !self.accept_word("NEW") {
            return Err(expected("OLD or NEW"));
        }
        self.expect(TokenKind::Star, "*")?;
        Ok(Some(match (all, old) {
            (true, true) => Returning::AllOld,
            (true, false) => Returning::AllNew,
            (false, true) => Returning::ModifiedOld,
            (false, false) => Returning::ModifiedNew,
        }))
    }

    /// The item of an INSERT. Each of its attributes is a literal of its own.
    fn item(&mut self) -> Result<Vec<(Cow<'a, str>, Node<'a>)>, Problem> {
        self.advance();
        let mut attributes = Vec::new();
        while !self.accept(TokenKind::CloseBrace) {
            if !attributes.is_empty() {
                self.expect(TokenKind::Comma, "comma")?;
            }
            let name = self.member_name()?;
            attributes.push((name, self.expression()?));
        }
        Ok(attributes)
    }
}

/// The name of a table or index. No name has a quote in it, so one that was written with a quote is none.
fn table_name(name: Cow<'_, str>) -> &str {
    match name {
        Cow::Borrowed(name) => name,
        Cow::Owned(_) => "\"",
    }
}
