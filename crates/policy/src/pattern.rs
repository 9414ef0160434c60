//! Texts with wildcards and variables, compiled.
//!
//! A pattern is cut at its `*` into segments. The first must stand at the start of a text, the last at its end, and each of the others is
//! looked for from where the one before ended; the leftmost place is always right. So nothing is tried twice and a match takes time linear
//! in the text, for segments without `?` and variables, and never more than the product of both lengths.
//!
//! The value of a variable is text: a `*` in it is an asterisk ("IAM User Guide: IAM policy elements: Variables and tags").

use crate::{Context, Key, Values};

/// Which texts count as equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Case {
    Sensitive,
    /// ASCII letters have no case: actions.
    Ascii,
    /// Letters have no case: `StringEqualsIgnoreCase`.
    Ignored,
}

/// What a text may contain beside itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notation {
    /// `*` and `?`.
    pub wildcards: bool,
    /// `${...}`: version 2012-10-17.
    pub variables: bool,
    pub case: Case,
}

/// A compiled text.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    shape: Shape,
    case: Case,
}

#[derive(Clone, Debug)]
enum Shape {
    Any,
    Exact(Box<str>),
    Prefix(Box<str>),
    /// What is between the asterisks.
    Segments(Box<[Segment]>),
}

type Segment = Box<[Token]>;

#[derive(Clone, Debug)]
enum Token {
    Text(Box<str>),
    /// `?`
    One,
    Variable(Variable),
}

/// A reference to a value of the request.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    key: Key,
    name: Box<str>,
    default: Option<Box<str>>,
}

impl Variable {
    /// What is between the braces of `${...}`.
    fn parse(text: &str) -> Self {
        let (name, default) = match text.split_once(',') {
            Some((name, rest)) => match rest.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                Some(default) => (name, Some(default.into())),
                // Not the notation of a default: no such key will ever be present.
                None => (text, None),
            },
            None => (text, None),
        };
        let (key, name) = Key::parse(name.trim());
        Self { key, name: name.into(), default }
    }

    /// Its value. A key that is absent or empty "is effectively null" and so takes the default, and one that may have several values
    /// cannot be a variable ("IAM User Guide: IAM policy elements: Variables and tags").
    fn resolve<'a>(&'a self, context: &'a dyn Context) -> Option<&'a str> {
        match context.values(self.key, &self.name) {
            Values::One(value) if !value.is_empty() => Some(value),
            Values::One(_) | Values::Absent | Values::Many(_) => self.default.as_deref(),
        }
    }
}

impl Pattern {
    /// Matches everything.
    pub const ANY: Self = Self { shape: Shape::Any, case: Case::Sensitive };

    pub fn compile(text: &str, notation: Notation) -> Self {
        let mut builder = Builder::default();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let (taken, after) = rest.split_at(character.len_utf8());
            match character {
                '*' if notation.wildcards => builder.asterisk(),
                '?' if notation.wildcards => builder.token(Token::One),
                '$' if notation.variables => {
                    if let Some((inner, after)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                        match inner {
                            "*" | "?" | "$" => builder.text.push_str(inner),
                            _ => builder.token(Token::Variable(Variable::parse(inner))),
                        }
                        rest = after;
                        continue;
                    }
                    builder.text.push_str(taken);
                }
                _ => builder.text.push_str(taken),
            }
            rest = after;
        }
        Self { shape: builder.finish(), case: notation.case }
    }

    /// Adds the bits of the keys that it asks for.
    pub fn keys(&self) -> u128 {
        let Shape::Segments(segments) = &self.shape else { return 0 };
        segments.iter().flatten().fold(0, |keys, token| match token {
            Token::Variable(variable) => keys | variable.key.bit(),
            Token::Text(_) | Token::One => keys,
        })
    }

    /// Whether it matches everything.
    pub fn is_any(&self) -> bool {
        matches!(self.shape, Shape::Any)
    }

    /// The one text that it matches, if it is one.
    pub fn exact(&self) -> Option<&str> {
        match &self.shape {
            Shape::Exact(text) => Some(text),
            Shape::Any | Shape::Prefix(_) | Shape::Segments(_) => None,
        }
    }

    pub fn matches(&self, text: &str, context: &dyn Context) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Exact(exact) if self.case != Case::Ignored && exact.len() != text.len() => false,
            Shape::Exact(exact) => strip_prefix(text, exact, self.case).is_some_and(str::is_empty),
            Shape::Prefix(prefix) => strip_prefix(text, prefix, self.case).is_some(),
            Shape::Segments(segments) => self.segments_match(segments, text, context).unwrap_or(false),
        }
    }

    fn segments_match(&self, segments: &[Segment], text: &str, context: &dyn Context) -> Option<bool> {
        let (first, others) = segments.split_first()?;
        let mut rest = self.segment_starts(first, text, context)?;
        let Some((last, middle)) = others.split_last() else { return Some(rest.is_empty()) };
        for segment in middle {
            rest = self.segment_found(segment, rest, context)?;
        }
        Some(self.segment_ends(last, rest, context))
    }

    /// What follows a segment that a text starts with.
    fn segment_starts<'t>(&self, segment: &[Token], text: &'t str, context: &dyn Context) -> Option<&'t str> {
        segment.iter().try_fold(text, |rest, token| match token {
            Token::Text(text) => strip_prefix(rest, text, self.case),
            Token::One => {
                let mut characters = rest.chars();
                characters.next().map(|_| characters.as_str())
            }
            Token::Variable(variable) => strip_prefix(rest, variable.resolve(context)?, self.case),
        })
    }

    fn segment_ends(&self, segment: &[Token], text: &str, context: &dyn Context) -> bool {
        let before = segment.iter().rev().try_fold(text, |rest, token| match token {
            Token::Text(text) => strip_suffix(rest, text, self.case),
            Token::One => {
                let mut characters = rest.chars();
                characters.next_back().map(|_| characters.as_str())
            }
            Token::Variable(variable) => strip_suffix(rest, variable.resolve(context)?, self.case),
        });
        before.is_some()
    }

    /// What follows the first place of a segment in a text.
    fn segment_found<'t>(&self, segment: &[Token], text: &'t str, context: &dyn Context) -> Option<&'t str> {
        if let ([Token::Text(wanted)], Case::Sensitive) = (segment, self.case) {
            // The standard library's search is linear.
            return text.find(&**wanted).and_then(|at| text.get(at + wanted.len()..));
        }
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        places.find_map(|at| self.segment_starts(segment, text.get(at..)?, context))
    }
}

/// Collects tokens into segments.
#[derive(Default)]
struct Builder {
    text: String,
    segment: Vec<Token>,
    segments: Vec<Segment>,
}

impl Builder {
    fn token(&mut self, token: Token) {
        self.end_text();
        self.segment.push(token);
    }

    fn asterisk(&mut self) {
        self.end_text();
        // `**` is `*`.
        if self.segments.is_empty() || !self.segment.is_empty() {
            self.segments.push(std::mem::take(&mut self.segment).into());
        }
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.segment.push(Token::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn finish(mut self) -> Shape {
        self.end_text();
        self.segments.push(self.segment.into());
        match self.segments.as_mut_slice() {
            [only] if only.is_empty() => Shape::Exact("".into()),
            [only] => match &mut **only {
                [Token::Text(text)] => Shape::Exact(std::mem::take(text)),
                _ => Shape::Segments(self.segments.into()),
            },
            [first, last] if first.is_empty() && last.is_empty() => Shape::Any,
            [first, last] if last.is_empty() => match &mut **first {
                [Token::Text(text)] => Shape::Prefix(std::mem::take(text)),
                _ => Shape::Segments(self.segments.into()),
            },
            _ => Shape::Segments(self.segments.into()),
        }
    }
}

fn strip_prefix<'t>(text: &'t str, prefix: &str, case: Case) -> Option<&'t str> {
    match case {
        Case::Sensitive => text.strip_prefix(prefix),
        Case::Ascii => {
            let (start, rest) = text.split_at_checked(prefix.len())?;
            start.eq_ignore_ascii_case(prefix).then_some(rest)
        }
        Case::Ignored => {
            let mut characters = text.chars();
            prefix
                .chars()
                .all(|wanted| characters.next().is_some_and(|one| same_letter(one, wanted)))
                .then_some(characters.as_str())
        }
    }
}

fn strip_suffix<'t>(text: &'t str, suffix: &str, case: Case) -> Option<&'t str> {
    match case {
        Case::Sensitive => text.strip_suffix(suffix),
        Case::Ascii => {
            let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
            end.eq_ignore_ascii_case(suffix).then_some(rest)
        }
        Case::Ignored => {
            let mut characters = text.chars();
            let mut wanted = suffix.chars().rev();
            wanted
                .all(|wanted| characters.next_back().is_some_and(|one| same_letter(one, wanted)))
                .then_some(characters.as_str())
        }
    }
}

fn same_letter(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase()) || one.to_uppercase().eq(other.to_uppercase())
}

#[cfg(test)]
mod tests;
