//! The writer against an independent reader.

use super::*;

fn written(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn strings_come_back() {
    let control: String = (0..0x20).map(char::from).collect();
    let texts =
        ["", "a", "01234567", "é😀", "\"", "a\\b", "12345678\"", "1234567\n89", "\u{7f}\u{80}", control.as_str()];
    for text in texts {
        let json = written(|out| write_string(text, out));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
    }
}

#[test]
fn numbers_have_dynamodbs_form() {
    let integers =
        [(0, "0"), (7, "7"), (-12, "-12"), (i64::MAX, "9223372036854775807"), (i64::MIN, "-9223372036854775808")];
    for (value, text) in integers {
        assert_eq!(written(|out| write_integer(value, out)), text);
    }
    let doubles = [
        (0.0, "0.0"),
        (0.5, "0.5"),
        (1.0, "1.0"),
        (-0.5, "-0.5"),
        (-2.5, "-2.5"),
        (128.5, "128.5"),
        (0.25, "0.25"),
        (1e20, "1e20"),
    ];
    for (value, text) in doubles {
        assert_eq!(written(|out| write_double(value, out)), text);
    }
}

#[test]
fn bytes_are_padded_base64() {
    for (bytes, text) in
        [(&b""[..], "\"\""), (b"\0", "\"AA==\""), (b"ab", "\"YWI=\""), (b"abc", "\"YWJj\""), (b"\xff\xfe", "\"//4=\"")]
    {
        assert_eq!(written(|out| write_base64(bytes, out)), text);
    }
}

#[test]
fn objects_separate_their_members() {
    let text = written(|out| {
        let mut object = ObjectWriter::new(out);
        write_integer(1, object.key(b"\"A\":"));
        write_string("x", object.name("b\""));
        object.end();
    });
    assert_eq!(text, r#"{"A":1,"b\"":"x"}"#);
    assert_eq!(written(|out| ObjectWriter::new(out).end()), "{}");
}
