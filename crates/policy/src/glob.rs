//! Wildcards: `*` for any text, `?` for any one character.

/// A part of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
    /// This byte.
    Byte(u8),
    /// Any text, also none.
    Any,
    /// Any one character.
    One,
}

/// Whether a text is what a pattern describes. Takes the product of both lengths at the most: of the `*`s only the last one seen is ever
/// widened, which is enough, for what an earlier one could take the later one can.
pub fn matches(pattern: &[Token], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(Token::Any) => {
                star = Some((at, place));
                at += 1;
                continue;
            }
            Some(Token::One) => {
                at += 1;
                place += character(&text[place..]);
                continue;
            }
            Some(Token::Byte(byte)) if *byte == text[place] => {
                at += 1;
                place += 1;
                continue;
            }
            _ => (),
        }
        let Some((after, taken)) = star else { return false };
        star = Some((after, taken + 1));
        (at, place) = (after + 1, taken + 1);
    }
    pattern[at..].iter().all(|token| *token == Token::Any)
}

/// The length of the character that a text begins with.
fn character(text: &[u8]) -> usize {
    let following = text.iter().skip(1).take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000);
    1 + following.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(pattern: &str) -> Vec<Token> {
        let token = |byte| match byte {
            b'*' => Token::Any,
            b'?' => Token::One,
            byte => Token::Byte(byte),
        };
        pattern.bytes().map(token).collect()
    }

    #[test]
    fn wildcards() {
        let rows = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("?", "é", true),
            ("*b*d", "abcd", true),
            ("*ab", "aab", true),
            ("a*b*c", "axbxbxc", true),
            ("Get*", "GetItem", true),
            ("Get*", "BatchGetItem", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(&tokens(pattern), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_more_than_the_product() {
        let pattern = tokens(&"*a".repeat(500)).into_iter().chain(tokens("*b")).collect::<Vec<_>>();
        assert!(!matches(&pattern, "a".repeat(20_000).as_bytes()));
    }
}
