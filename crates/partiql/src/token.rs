//! The lexer: a statement's text as a run of tokens that borrow nothing but offsets.
//!
//! First step of the parser. The whole text is cut before anything is parsed: DynamoDB refuses a character, a comment or a number that it
//! cannot read even where the statement is wrong before it (captures of October 2026). Words that are only keywords in one place, such as
//! `VALUE`, `ASC` or `RETURNING`, are identifiers here, so that attributes may have their names.

use crate::error::{Detail, Problem};
use model::number::java_scale;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// A name without quotes that is no keyword.
    Identifier,
    /// A name in double quotes.
    Quoted,
    /// Text in single quotes.
    Text,
    /// A number without its sign.
    Number,
    /// `?`
    Parameter,
    Keyword(Keyword),
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    /// An operator that DynamoDB has no use for: `/`, `%`, `||`.
    OtherOperator,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    OpenBag,
    CloseBag,
    Comma,
    Dot,
    Colon,
    Semicolon,
    /// The end of the text.
    End,
}

/// A word that cannot be a name unless it is quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keyword {
    And,
    As,
    Between,
    By,
    Delete,
    False,
    From,
    In,
    Insert,
    Into,
    Is,
    Like,
    Missing,
    Not,
    Null,
    Or,
    Order,
    Remove,
    Select,
    Set,
    True,
    Update,
    Where,
    /// A keyword of PartiQL that no statement of DynamoDB has.
    Other,
}

/// In the order of the alphabet. `inner` was measured to be reserved (captures of October 2026); the other words without a use here have
/// such a role in PartiQL too. Words that may be free are left free.
const KEYWORDS: [(&str, Keyword); 40] = [
    ("AND", Keyword::And),
    ("AS", Keyword::As),
    ("BETWEEN", Keyword::Between),
    ("BY", Keyword::By),
    ("CASE", Keyword::Other),
    ("CAST", Keyword::Other),
    ("CROSS", Keyword::Other),
    ("DELETE", Keyword::Delete),
    ("DISTINCT", Keyword::Other),
    ("EXCEPT", Keyword::Other),
    ("FALSE", Keyword::False),
    ("FROM", Keyword::From),
    ("FULL", Keyword::Other),
    ("HAVING", Keyword::Other),
    ("IN", Keyword::In),
    ("INNER", Keyword::Other),
    ("INSERT", Keyword::Insert),
    ("INTERSECT", Keyword::Other),
    ("INTO", Keyword::Into),
    ("IS", Keyword::Is),
    ("JOIN", Keyword::Other),
    ("LEFT", Keyword::Other),
    ("LIKE", Keyword::Like),
    ("MISSING", Keyword::Missing),
    ("NOT", Keyword::Not),
    ("NULL", Keyword::Null),
    ("OR", Keyword::Or),
    ("ORDER", Keyword::Order),
    ("OUTER", Keyword::Other),
    ("PIVOT", Keyword::Other),
    ("REMOVE", Keyword::Remove),
    ("RIGHT", Keyword::Other),
    ("SELECT", Keyword::Select),
    ("SET", Keyword::Set),
    ("TRUE", Keyword::True),
    ("UNION", Keyword::Other),
    ("UNPIVOT", Keyword::Other),
    ("UPDATE", Keyword::Update),
    ("VALUES", Keyword::Other),
    ("WHERE", Keyword::Where),
];

/// A token and where it stands in the text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Cuts a text into tokens; the last one is always [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 4);
    let mut at = 0;
    loop {
        at = skip_space(text.as_bytes(), at)?;
        let (kind, length) = token_at(text, at)?;
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
        if kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

const UNREADABLE: Problem = Problem::Syntax(Detail::Unreadable);

/// The place of the next byte that is neither space nor comment.
fn skip_space(bytes: &[u8], mut at: usize) -> Result<usize, Problem> {
    loop {
        match &bytes[at..] {
            [b' ' | b'\t' | b'\n' | b'\r', ..] => at += 1,
            [b'-', b'-', rest @ ..] => at += 2 + rest.iter().take_while(|byte| **byte != b'\n').count(),
            [b'/', b'*', rest @ ..] => {
                let length = rest.windows(2).position(|pair| pair == b"*/").ok_or(UNREADABLE)?;
                at += length + 4;
            }
            _ => return Ok(at),
        }
    }
}

fn token_at(text: &str, at: usize) -> Result<(TokenKind, usize), Problem> {
    let rest = &text.as_bytes()[at..];
    Ok(match rest {
        [] => (TokenKind::End, 0),
        [b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$', ..] => {
            let length = word_length(rest);
            (word_kind(&text[at..at + length]), length)
        }
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (TokenKind::Number, number_length(&text[at..])?),
        [b'\'', ..] => (TokenKind::Text, quoted_length(rest)?),
        [b'"', ..] => (TokenKind::Quoted, quoted_length(rest)?),
        [b'<', b'<', ..] => (TokenKind::OpenBag, 2),
        [b'>', b'>', ..] => (TokenKind::CloseBag, 2),
        [b'<', b'>', ..] | [b'!', b'=', ..] => (TokenKind::NotEqual, 2),
        [b'<', b'=', ..] => (TokenKind::LessOrEqual, 2),
        [b'>', b'=', ..] => (TokenKind::GreaterOrEqual, 2),
        [b'|', b'|', ..] => (TokenKind::OtherOperator, 2),
        [byte, ..] => (symbol(*byte).ok_or(UNREADABLE)?, 1),
    })
}

fn symbol(byte: u8) -> Option<TokenKind> {
    Some(match byte {
        b'?' => TokenKind::Parameter,
        b'=' => TokenKind::Equal,
        b'<' => TokenKind::Less,
        b'>' => TokenKind::Greater,
        b'+' => TokenKind::Plus,
        b'-' => TokenKind::Minus,
        b'*' => TokenKind::Star,
        b'/' | b'%' => TokenKind::OtherOperator,
        b'(' => TokenKind::Open,
        b')' => TokenKind::Close,
        b'[' => TokenKind::OpenBracket,
        b']' => TokenKind::CloseBracket,
        b'{' => TokenKind::OpenBrace,
        b'}' => TokenKind::CloseBrace,
        b',' => TokenKind::Comma,
        b'.' => TokenKind::Dot,
        b':' => TokenKind::Colon,
        b';' => TokenKind::Semicolon,
        _ => return None,
    })
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')).count()
}

fn word_kind(word: &str) -> TokenKind {
    let keyword = KEYWORDS.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    keyword.map_or(TokenKind::Identifier, |(_, keyword)| TokenKind::Keyword(*keyword))
}

/// The length of what stands between quotes, the quotes included. A quote inside is doubled.
fn quoted_length(bytes: &[u8]) -> Result<usize, Problem> {
    let quote = bytes[0];
    let mut at = 1;
    loop {
        at += bytes[at..].iter().position(|byte| *byte == quote).ok_or(UNREADABLE)? + 1;
        if bytes.get(at) != Some(&quote) {
            return Ok(at);
        }
        at += 1;
    }
}

/// The length of a number. A number that Java's BigDecimal does not read is none (captures of October 2026).
fn number_length(text: &str) -> Result<usize, Problem> {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent == 0 {
            return Err(UNREADABLE);
        }
        length += 1 + sign + exponent;
    }
    java_scale(&text[..length]).map(|_| length).ok_or(UNREADABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match tokenize(text) {
            Ok(tokens) => {
                let words =
                    tokens.into_iter().map(|token| format!("{:?}:{}", token.kind, &text[token.start..token.end]));
                words.collect::<Vec<_>>().join(" ")
            }
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn tokens() {
        const UNREADABLE: &str = "Statement wasn't well formed, can't be processed: ";
        let rows = [
            ("a.b[10]", "Identifier:a Dot:. Identifier:b OpenBracket:[ Number:10 CloseBracket:] End:"),
            ("sElect _id", "Keyword(Select):sElect Identifier:_id End:"),
            ("value asc returning", "Identifier:value Identifier:asc Identifier:returning End:"),
            ("1 .5 1.5e-3 7. 2E+1", "Number:1 Number:.5 Number:1.5e-3 Number:7. Number:2E+1 End:"),
            ("'it''s' \"a\"\"b\" ''", "Text:'it''s' Quoted:\"a\"\"b\" Text:'' End:"),
            ("n-1", "Identifier:n Minus:- Number:1 End:"),
            ("n--1\n?", "Identifier:n Parameter:? End:"),
            ("a/**/b", "Identifier:a Identifier:b End:"),
            (
                "<<1>> <> != <= >= < >",
                "OpenBag:<< Number:1 CloseBag:>> NotEqual:<> NotEqual:!= LessOrEqual:<= GreaterOrEqual:>= Less:< Greater:> End:",
            ),
            ("", "End:"),
            ("#", UNREADABLE),
            ("'a", UNREADABLE),
            ("'a''", UNREADABLE),
            ("/* a", UNREADABLE),
            ("/*/", UNREADABLE),
            ("1e", UNREADABLE),
            ("1e2147483648", UNREADABLE),
            ("1.5e-2147483647", UNREADABLE),
            ("ü", UNREADABLE),
            ("`1`", UNREADABLE),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert!(KEYWORDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
