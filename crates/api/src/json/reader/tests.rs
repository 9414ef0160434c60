//! The reader against texts that are JSON and texts that are nearly so.

use super::*;

#[test]
fn accepts_what_is_json() {
    let texts = [
        "{}",
        "[]",
        " { } ",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1.5e+10",
        "1E5",
        "0.25",
        r#""""#,
        r#""a""#,
        r#""\u00e9\ud83d\ude00\n""#,
        r#"{"a":1,"b":[1,2,{"c":null}],"d":"x"}"#,
        "[[[[]]]]",
        "[1 , 2\n,\t3\r]",
        r#"{"":""}"#,
        r#""01234567\"89""#,
        "\"\u{7f}\u{80}é\"",
    ];
    for text in texts {
        assert!(is_valid(text.as_bytes()), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "the independent reader accepts {text}");
    }
}

#[test]
fn rejects_what_is_not() {
    let texts = [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "{,}",
        r#"{"a":1,}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{a:1}"#,
        "{1:2}",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "nul",
        "nulll",
        "tru",
        "True",
        "[1 2]",
        r#"{"a":1 "b":2}"#,
        r#"""#,
        r#""a"#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\u0041""#,
        "\"a\nb\"",
        "\"01234567\u{1}\"",
        "{}{}",
        "[] 1",
        "null,",
        "\u{feff}{}",
        "'a'",
        "[1]]",
        "{\"a\":1}}",
    ];
    for text in texts {
        assert!(!is_valid(text.as_bytes()), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "the independent reader rejects {text}");
    }
    assert!(!is_valid(b"\"\xff\""));
    assert!(!is_valid(b"\"\xc3\""));
}

#[test]
fn strings_are_borrowed_unless_they_have_escapes() {
    let mut reader = Reader::new(br#"  "plain, long enough for two steps""#).unwrap();
    assert!(matches!(reader.string(), Ok(Cow::Borrowed("plain, long enough for two steps"))));
    let mut reader = Reader::new(r#""a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00z""#.as_bytes()).unwrap();
    let expected = "a\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1f600}z";
    assert!(matches!(reader.string(), Ok(Cow::Owned(text)) if text == expected));
}

#[test]
fn special_letters_are_found_wherever_they_stand() {
    for special in ['"', '\\', '\u{1f}', '\u{0}'] {
        for before in 0..20 {
            let text = format!(
                "{}{special}{}",
                "é~\u{20}x".repeat(5).chars().take(before).collect::<String>(),
                "\"\\".repeat(9)
            );
            let reader = Reader::new(text.as_bytes()).unwrap();
            assert_eq!(Some(reader.special(0)), text.find(special), "{text:?}");
        }
    }
}

#[test]
fn skipping_tells_depth_and_costs_no_stack() {
    let mut reader = Reader::new(br#"[{"a":[[1],[[2]]]},3] "#).unwrap();
    assert_eq!(reader.skip_value(), Ok(5));
    assert_eq!(reader.finish(), Ok(()));
    let depth = 4_000_000;
    let deep = "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(Reader::new(deep.as_bytes()).unwrap().skip_value(), Ok(depth));
    assert!(!is_valid("[".repeat(depth).as_bytes()));
    assert!(!is_valid(r#"{"a":"#.repeat(depth / 4).as_bytes()));
}

#[test]
fn walks_objects_and_arrays() {
    let mut reader = Reader::new(br#"{"a" : [1, 2.5, true], "b":"x", "c":{} }"#).unwrap();
    let mut members = reader.open_object().unwrap();
    assert_eq!(reader.next_member(&mut members).unwrap().as_deref(), Some("a"));
    let mut elements = reader.open_array().unwrap();
    assert_eq!(reader.next_element(&mut elements), Ok(true));
    assert_eq!(reader.number(), Ok("1"));
    assert_eq!(reader.next_element(&mut elements), Ok(true));
    assert_eq!(reader.number(), Ok("2.5"));
    assert_eq!(reader.next_element(&mut elements), Ok(true));
    assert_eq!(reader.boolean(), Ok(true));
    assert_eq!(reader.next_element(&mut elements), Ok(false));
    assert_eq!(reader.next_member(&mut members).unwrap().as_deref(), Some("b"));
    assert_eq!(reader.string().unwrap(), "x");
    assert_eq!(reader.next_member(&mut members).unwrap().as_deref(), Some("c"));
    assert_eq!(reader.peek(), Ok(Kind::Object));
    assert_eq!(reader.skip_value(), Ok(1));
    assert_eq!(reader.next_member(&mut members), Ok(None));
    assert_eq!(reader.finish(), Ok(()));
}
