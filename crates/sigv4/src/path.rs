//! The path in the canonical request.
//!
//! All services but S3 resolve dots and repeated slashes and encode what was sent once more (AWS's documentation of signed requests,
//! and the cases of AWS's signing test suite). A path that ends in a dot segment names a folder, as in RFC 3986.

use crate::encode::put_encoded;
use crate::request::PathRule;
use crate::sink::Sink;

/// Puts the canonical form of a path.
pub(crate) fn put_path(path: &str, rule: PathRule, sink: &mut impl Sink) {
    match rule {
        // Nearly every request.
        _ if path == "/" || path.is_empty() => sink.put(b"/"),
        // Where something was sent that should have been encoded, it was meant to be.
        PathRule::AsSent => put_encoded(path.as_bytes(), b"/%", sink),
        PathRule::Normalized => put_normalized(path, sink),
    }
}

fn put_normalized(path: &str, sink: &mut impl Sink) {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => (),
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    for segment in &kept {
        sink.put(b"/");
        put_encoded(segment.as_bytes(), b"", sink);
    }
    let is_folder = path.rsplit('/').next().is_none_or(|last| matches!(last, "" | "." | ".."));
    if kept.is_empty() || is_folder {
        sink.put(b"/");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(path: &str, rule: PathRule) -> String {
        let mut sink = Vec::new();
        put_path(path, rule, &mut sink);
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn normalizes() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/..", "/"),
            ("/../..", "/"),
            ("/a", "/a"),
            ("a", "/a"),
            ("/a/", "/a/"),
            ("/a/b/..", "/a/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/.", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/...", "/..."),
            ("/a%2Fb", "/a%252Fb"),
            ("/a b", "/a%20b"),
        ] {
            assert_eq!(canonical(path, PathRule::Normalized), expected, "{path}");
        }
    }

    #[test]
    fn leaves_the_path_of_s3_as_it_was_sent() {
        assert_eq!(PathRule::of("s3"), PathRule::AsSent);
        assert_eq!(PathRule::of("dynamodb"), PathRule::Normalized);
        assert_eq!(canonical("", PathRule::AsSent), "/");
        assert_eq!(canonical("//a/../%2F b", PathRule::AsSent), "//a/../%2F%20b");
    }
}
