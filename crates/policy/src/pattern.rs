//! Patterns of resources and of condition values: text, wildcards and policy variables.
//!
//! A variable is `${key}` or `${key, 'default'}`; `${*}`, `${?}` and `${$}` are those characters themselves. What a variable stands for is
//! taken as it is: wildcards in it mean nothing. Where it stands for nothing and has no default, the pattern matches nothing.

use crate::condition::{Context, Key, Values};
use crate::glob::{self, Token};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Tokens(Vec<Token>),
    Variable { key: Key, default: Option<String> },
}

/// Which characters of a pattern mean something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meaning {
    /// `*` and `?`.
    pub wildcards: bool,
    /// `${...}`: only from version 2012-10-17 on.
    pub variables: bool,
}

impl Pattern {
    /// Compiles a text.
    pub fn new(text: &str, meaning: Meaning) -> Self {
        let mut pieces = Vec::new();
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if meaning.variables
                && let Some((inside, after)) = rest.strip_prefix("${").and_then(|rest| rest.split_once('}'))
            {
                match inside {
                    "*" | "?" | "$" => tokens.extend(inside.bytes().map(Token::Byte)),
                    _ => {
                        if !tokens.is_empty() {
                            pieces.push(Piece::Tokens(std::mem::take(&mut tokens)));
                        }
                        pieces.push(variable(inside));
                    }
                }
                rest = after;
                continue;
            }
            let (character, after) = rest.split_at(first.len_utf8());
            match character {
                "*" if meaning.wildcards => tokens.push(Token::Any),
                "?" if meaning.wildcards => tokens.push(Token::One),
                character => tokens.extend(character.bytes().map(Token::Byte)),
            }
            rest = after;
        }
        if !tokens.is_empty() {
            pieces.push(Piece::Tokens(tokens));
        }
        Self(pieces)
    }

    /// Whether a text is what the pattern describes.
    pub fn matches(&self, text: &str, context: &dyn Context) -> bool {
        match self.0.as_slice() {
            [] => text.is_empty(),
            [Piece::Tokens(tokens)] => glob::matches(tokens, text.as_bytes()),
            pieces => expanded(pieces, context).is_some_and(|tokens| glob::matches(&tokens, text.as_bytes())),
        }
    }

    /// The keys of its variables.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key),
            Piece::Tokens(_) => None,
        })
    }
}

fn variable(inside: &str) -> Piece {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.trim();
            let default = default.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(default);
            (key, Some(default.to_owned()))
        }
    };
    Piece::Variable { key: Key::new(key.trim()), default }
}

fn expanded(pieces: &[Piece], context: &dyn Context) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Tokens(own) => tokens.extend_from_slice(own),
            Piece::Variable { key, default } => match (context.values(key), default) {
                (Values::One(value), _) => tokens.extend(value.bytes().map(Token::Byte)),
                // A variable takes keys of a single value only.
                (_, Some(default)) => tokens.extend(default.bytes().map(Token::Byte)),
                (_, None) => return None,
            },
        }
    }
    Some(tokens)
}

/// The pattern of a resource: every part of an ARN by itself, so that a wildcard in one takes nothing of the next. Parts that are not given
/// are any.
#[derive(Clone, Debug)]
pub struct ArnPattern {
    parts: Vec<Pattern>,
    is_any: bool,
}

/// An ARN has six parts; the last may have colons of its own.
const PARTS: usize = 6;

impl ArnPattern {
    /// Compiles an ARN's pattern, or `*`; `None` for anything else.
    pub fn new(text: &str, meaning: Meaning) -> Option<Self> {
        if text == "*" {
            return Some(Self { parts: Vec::new(), is_any: true });
        }
        let parts = split(text);
        let begins_well = parts.len() > 1 && (parts[0] == "arn" || parts[0].contains(['*', '?']));
        let starts_with_variable = meaning.variables && text.starts_with("${");
        (begins_well || starts_with_variable)
            .then(|| Self { parts: parts.into_iter().map(|part| Pattern::new(part, meaning)).collect(), is_any: false })
    }

    /// Whether an ARN is what the pattern describes.
    pub fn matches(&self, arn: &str, context: &dyn Context) -> bool {
        if self.is_any {
            return true;
        }
        let mut parts = arn.splitn(PARTS, ':');
        self.parts.iter().all(|pattern| parts.next().is_some_and(|part| pattern.matches(part, context)))
            && (self.parts.len() < PARTS || parts.next().is_none())
    }

    /// The keys of its variables.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.parts.iter().flat_map(Pattern::keys)
    }
}

/// The parts of an ARN's pattern. Colons inside of a variable's braces are the variable's.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut depth) = (0, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if at > 0 && text.as_bytes()[at - 1] == b'$' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && parts.len() + 1 < PARTS => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&text[start..]);
    parts
}
