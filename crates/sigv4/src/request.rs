//! A request as the signature sees it, borrowed from whatever HTTP library received it or will send it.

/// The headers of a request.
pub trait Headers {
    /// Hands over every value of a header, in the order in which they arrived. The name is in lower case.
    fn each(&self, name: &str, found: &mut dyn FnMut(&[u8]));

    /// Whether there is such a header.
    fn has(&self, name: &str) -> bool {
        let mut is_there = false;
        self.each(name, &mut |_| is_there = true);
        is_there
    }
}

impl Headers for [(&str, &[u8])] {
    fn each(&self, name: &str, found: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)) {
            found(value);
        }
    }
}

impl<const N: usize> Headers for [(&str, &[u8]); N] {
    fn each(&self, name: &str, found: &mut dyn FnMut(&[u8])) {
        self.as_slice().each(name, found);
    }
}

impl Headers for Vec<(&str, &[u8])> {
    fn each(&self, name: &str, found: &mut dyn FnMut(&[u8])) {
        self.as_slice().each(name, found);
    }
}

/// How a path enters the canonical request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathRule {
    /// Dots and repeated slashes are resolved, and what is percent-encoded is encoded once more.
    #[default]
    Normalized,
    /// As it was sent; S3's keys may contain dots and repeated slashes.
    AsSent,
}

impl PathRule {
    /// The rule of a service.
    pub fn of(service: &str) -> PathRule {
        if service == "s3" { PathRule::AsSent } else { PathRule::Normalized }
    }
}

/// What of a request is signed, if its signer wants it to be.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// As it was sent, percent-encoded.
    pub path: &'a str,
    /// As it was sent, percent-encoded, without the question mark.
    pub query: &'a str,
    /// All headers. Over HTTP/2 `host` is the authority of the request.
    pub headers: &'a (dyn Headers + Sync),
    /// As it came over the wire: compressed, if it came compressed.
    pub body: &'a [u8],
    /// What the service does with paths.
    pub path_rule: PathRule,
}
