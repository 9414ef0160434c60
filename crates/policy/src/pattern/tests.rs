//! The matcher against hand cases, against a naive matcher on generated texts, and on what makes naive matchers slow.

use super::*;
use crate::Absent;

const ALL: Notation = Notation { wildcards: true, variables: true, case: Case::Sensitive };

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::compile(pattern, ALL).matches(text, &Absent)
}

/// By definition, exponential.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(('*', rest)), _) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
        (Some(('?', rest)), Some((_, after))) => naive(rest, after),
        (Some((wanted, rest)), Some((one, after))) => wanted == one && naive(rest, after),
        (Some(_), None) => false,
    }
}

#[test]
fn by_hand() {
    for (pattern, text, expected) in [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("**", "abc", true),
        ("?", "", false),
        ("?", "ä", true),
        ("??", "ä", false),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*a", "a", false),
        ("a*b*c", "a-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*ab*ab*", "abab", true),
        ("*ab*ab*", "aba", false),
        ("*aba*aba", "ababa", false),
        ("a?c*", "abcd", true),
        ("*?c", "c", false),
        ("*?", "ä", true),
        ("*.*", "a.b", true),
        ("Get*Item", "GetItem", true),
        ("Get*Item", "Getitem", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(naive(&characters(pattern), &characters(text)), expected, "naive {pattern} {text}");
    }
}

#[test]
fn as_the_naive_matcher() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut positive = 0;
    for _ in 0..200_000 {
        let pattern: Vec<char> = (0..next(9)).map(|_| ['a', 'b', 'ä', '*', '*', '?'][next(6) as usize]).collect();
        let text: Vec<char> = (0..next(11)).map(|_| ['a', 'b', 'ä'][next(3) as usize]).collect();
        let expected = naive(&pattern, &text);
        positive += usize::from(expected);
        let (pattern, text): (String, String) = (pattern.iter().collect(), text.iter().collect());
        assert_eq!(matches(&pattern, &text), expected, "{pattern} {text}");
    }
    assert!(positive > 20_000);
}

#[test]
fn what_makes_backtracking_slow() {
    let text = "a".repeat(200_000);
    assert!(!matches(&format!("{}b", "*a".repeat(5_000)), &text));
    assert!(!matches("*a*a*a*a*a*a*a*a*b", &text));
    assert!(matches(&"*a".repeat(5_000), &text));
    assert!(!matches(&format!("*{}b*", "a".repeat(5_000)), &text));
    // With `?` the product of the lengths, here ten million steps at most.
    assert!(!matches(&format!("*{}?b*", "a".repeat(50)), &text));
}

#[test]
fn variables_and_escapes() {
    struct User;
    impl Context for User {
        fn values(&self, key: Key, name: &str) -> Values<'_> {
            match (key, name) {
                (Key::UserName, _) => Values::One("a*c"),
                (Key::PrincipalTag, "team") => Values::One("red"),
                (Key::PrincipalTag, "empty") => Values::One(""),
                (Key::TagKeys, _) => Values::Many(&["x"]),
                _ => Values::Absent,
            }
        }
    }
    let matches = |pattern: &str, text: &str| Pattern::compile(pattern, ALL).matches(text, &User);
    assert!(matches("home/${aws:username}/*", "home/a*c/x"));
    assert!(!matches("home/${aws:username}/*", "home/abc/x"));
    assert!(matches("*${aws:UserName}", "xa*c"));
    assert!(matches("*-${aws:PrincipalTag/team}-*", "a-red-b"));
    assert!(matches("${aws:PrincipalTag/none, 'blue'}", "blue"));
    assert!(matches("${aws:PrincipalTag/empty, 'blue'}", "blue"));
    assert!(matches("${aws:PrincipalTag/team, 'blue'}", "red"));
    assert!(!matches("${aws:PrincipalTag/none}", ""));
    assert!(!matches("${aws:TagKeys}", "x"));
    assert!(matches("a${*}${?}${$}{b}", "a*?${b}"));
    assert!(!matches("a${*}", "ab"));
    assert!(matches("${unclosed", "${unclosed"));
    let old = Notation { variables: false, ..ALL };
    assert!(Pattern::compile("${aws:username}", old).matches("${aws:username}", &User));
    assert_eq!(
        Pattern::compile("${aws:username}${aws:SourceIp}", ALL).keys(),
        Key::UserName.bit() | Key::SourceIp.bit()
    );
}

#[test]
fn case() {
    let ascii = Notation { case: Case::Ascii, ..ALL };
    assert!(Pattern::compile("dynamodb:get*ITEM", ascii).matches("DynamoDB:GetXItem", &Absent));
    assert!(Pattern::compile("*get*", ascii).matches("dynamodb:GetItem", &Absent));
    assert!(!Pattern::compile("dynamodb:get", ascii).matches("dynamodb:getä", &Absent));
    let ignored = Notation { case: Case::Ignored, wildcards: false, ..ALL };
    assert!(Pattern::compile("STRASSE Ä", ignored).matches("strasse ä", &Absent));
    assert!(!Pattern::compile("a*", ignored).matches("abc", &Absent));
}
