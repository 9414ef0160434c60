//! A pull reader: the caller asks for what it expects, the reader moves over exactly that.
//!
//! The text is checked to be UTF-8 once, at the start; strings without escapes are borrowed from it. Numbers stay text. Values that
//! nobody wants are skipped without recursion, and checked on the way. What must hold: after an error the reader is not used further.

use std::borrow::Cow;

/// The text is not JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// What stands next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or a minus sign.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// The place within an object or array: whether a comma is due.
#[derive(Clone, Copy, Debug)]
pub struct Members {
    first: bool,
}

impl Members {
    /// Before the first member or element.
    pub fn new() -> Self {
        Self { first: true }
    }
}

impl Default for Members {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads JSON text from the front.
pub struct Reader<'a> {
    text: &'a str,
    /// Bytes already read.
    at: usize,
}

/// Whether the bytes are one JSON value and nothing else.
pub fn is_valid(bytes: &[u8]) -> bool {
    let read = || {
        let mut reader = Reader::new(bytes)?;
        reader.skip_value()?;
        reader.finish()
    };
    read().is_ok()
}

impl<'a> Reader<'a> {
    /// A reader of a text in UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        Ok(Self { text, at: 0 })
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a position read earlier.
    pub fn rewind(&mut self, position: usize) {
        debug_assert!(position <= self.at, "rewinding goes back");
        self.at = position;
    }

    /// The text from a position read earlier up to here.
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Fails if anything but white space is left.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(Malformed) }
    }

    /// What stands next.
    #[inline]
    pub fn peek(&mut self) -> Result<Kind, Malformed> {
        self.skip_space();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(Malformed),
        }
    }

    /// Moves into the object that stands next.
    #[inline]
    pub fn open_object(&mut self) -> Result<Members, Malformed> {
        self.expect(b'{')?;
        Ok(Members::new())
    }

    /// The name of the object's next member, or the end of the object. The member's value must be read or skipped.
    #[inline]
    pub fn next_member(&mut self, members: &mut Members) -> Result<Option<Cow<'a, str>>, Malformed> {
        if !self.next_in(members, b'}')? {
            return Ok(None);
        }
        if let Some(name) = self.plain_name() {
            return Ok(Some(Cow::Borrowed(name)));
        }
        let name = self.string()?;
        self.expect(b':')?;
        Ok(Some(name))
    }

    /// Reads a name and its colon, if there is no escape in it and no space between them; otherwise nothing but space.
    #[inline]
    fn plain_name(&mut self) -> Option<&'a str> {
        self.skip_space();
        let start = self.at + 1;
        if self.byte() != Some(b'"') {
            return None;
        }
        let end = self.special(start);
        if !self.text.as_bytes().get(end..)?.starts_with(b"\":") {
            return None;
        }
        self.at = end + 2;
        self.text.get(start..end)
    }

    /// Reads a whole object of one member whose name is one letter and whose value is a string, `{"S":"text"}`, if it is written the
    /// way clients write it: no space but one after the colon, no escapes. Otherwise no more
    /// than space before it is read.
    #[inline]
    pub fn single_string_member(&mut self) -> Option<(u8, &'a str)> {
        self.skip_space();
        let rest = self.text.as_bytes().get(self.at..)?;
        let (letter, quote) = match *rest.first_chunk::<7>()? {
            [b'{', b'"', letter, b'"', b':', b'"', _] => (letter, 5),
            [b'{', b'"', letter, b'"', b':', b' ', b'"'] => (letter, 6),
            _ => return None,
        };
        let start = self.at + quote + 1;
        let end = self.special(start);
        // The letter may itself be a backslash; then the name is not what it seems.
        if letter == b'\\' || !self.text.as_bytes().get(end..)?.starts_with(b"\"}") {
            return None;
        }
        self.at = end + 2;
        self.text.get(start..end).map(|text| (letter, text))
    }

    /// Moves into the array that stands next.
    #[inline]
    pub fn open_array(&mut self) -> Result<Members, Malformed> {
        self.expect(b'[')?;
        Ok(Members::new())
    }

    /// Whether the array has a further element, which must be read or skipped.
    #[inline]
    pub fn next_element(&mut self, members: &mut Members) -> Result<bool, Malformed> {
        self.next_in(members, b']')
    }

    /// Reads a string.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.expect(b'"')?;
        let start = self.at;
        let end = self.special(start);
        match self.text.as_bytes().get(end) {
            Some(b'"') => {
                self.at = end + 1;
                self.text.get(start..end).map(Cow::Borrowed).ok_or(Malformed)
            }
            Some(b'\\') => self.escaped_string(start, end),
            // A control character, or the end of the text.
            _ => Err(Malformed),
        }
    }

    /// Reads a number, as it is written.
    pub fn number(&mut self) -> Result<&'a str, Malformed> {
        self.skip_space();
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(Malformed),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(self.since(start))
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.peek()? {
            Kind::True => self.word("true").map(|()| true),
            Kind::False => self.word("false").map(|()| false),
            _ => Err(Malformed),
        }
    }

    /// Reads `null`.
    pub fn null(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        self.word("null")
    }

    /// Moves over a value of any kind and any depth, and returns how many objects and arrays stand inside each other in it.
    pub fn skip_value(&mut self) -> Result<usize, Malformed> {
        let mut open = OpenContainers::default();
        loop {
            match self.peek()? {
                Kind::Object => {
                    self.at += 1;
                    open.push(Container::Object);
                }
                Kind::Array => {
                    self.at += 1;
                    open.push(Container::Array);
                }
                Kind::String => self.skip_string()?,
                Kind::Number => drop(self.number()?),
                Kind::True | Kind::False => drop(self.boolean()?),
                Kind::Null => self.null()?,
            }
            if !self.advance(&mut open)? {
                return Ok(open.deepest);
            }
        }
    }

    /// After a value or an opening bracket: closes what ends here and moves to the next value. False when all is closed.
    fn advance(&mut self, open: &mut OpenContainers) -> Result<bool, Malformed> {
        while let Some(container) = open.last() {
            let end = if container == Container::Object { b'}' } else { b']' };
            let mut members = Members { first: open.just_opened };
            open.just_opened = false;
            if self.next_in(&mut members, end)? {
                if container == Container::Object {
                    self.skip_string()?;
                    self.expect(b':')?;
                }
                return Ok(true);
            }
            open.pop();
        }
        Ok(false)
    }

    /// Moves over the comma or the end of an object or array. Whether a further member follows.
    #[inline]
    fn next_in(&mut self, members: &mut Members, end: u8) -> Result<bool, Malformed> {
        self.skip_space();
        match self.byte() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !members.first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if members.first => {
                members.first = false;
                Ok(true)
            }
            _ => Err(Malformed),
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while self.byte().is_some_and(|byte| byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        self.skip_space();
        if self.byte() != Some(byte) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        self.digits();
        if self.at > start { Ok(()) } else { Err(Malformed) }
    }

    /// Where the next quote, backslash or control character stands; the end of the text if there is none.
    #[inline]
    fn special(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let marks = special_marks(u64::from_le_bytes(*chunk));
            if marks != 0 {
                return at + (marks.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        at + found.unwrap_or(rest.len())
    }

    /// A string with escapes, which cannot be borrowed. `escape` is where the first backslash stands.
    #[cold]
    fn escaped_string(&mut self, start: usize, mut escape: usize) -> Result<Cow<'a, str>, Malformed> {
        let mut string = String::new();
        let mut copied = start;
        loop {
            string.push_str(self.text.get(copied..escape).ok_or(Malformed)?);
            self.at = escape;
            string.push(self.escape()?);
            copied = self.at;
            escape = self.special(copied);
            match self.text.as_bytes().get(escape) {
                Some(b'"') => break,
                Some(b'\\') => {}
                _ => return Err(Malformed),
            }
        }
        string.push_str(self.text.get(copied..escape).ok_or(Malformed)?);
        self.at = escape + 1;
        Ok(Cow::Owned(string))
    }

    /// Moves over a string and checks its escapes.
    fn skip_string(&mut self) -> Result<(), Malformed> {
        self.expect(b'"')?;
        loop {
            self.at = self.special(self.at);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => drop(self.escape()?),
                _ => return Err(Malformed),
            }
        }
    }

    /// Reads one escape, at whose backslash the reader stands.
    fn escape(&mut self) -> Result<char, Malformed> {
        let letter = self.text.as_bytes().get(self.at + 1).copied().ok_or(Malformed)?;
        self.at += 2;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Malformed),
        })
    }

    /// Reads the digits of a `\u` escape, and those of its partner if it is one half of a surrogate pair.
    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        let unit = self.hexadecimal()?;
        if !(0xD800..0xE000).contains(&unit) {
            return char::from_u32(unit).ok_or(Malformed);
        }
        if unit >= 0xDC00 || !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return Err(Malformed);
        }
        self.at += 2;
        let low = self.hexadecimal()?;
        if !(0xDC00..0xE000).contains(&low) {
            return Err(Malformed);
        }
        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)).ok_or(Malformed)
    }

    fn hexadecimal(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Malformed)?;
        let mut value = 0;
        for digit in digits {
            value = value * 16 + char::from(*digit).to_digit(16).ok_or(Malformed)?;
        }
        self.at += 4;
        Ok(value)
    }
}

/// Sets the high bit of each byte that is a quote, a backslash or a control character. Bits above the lowest one set may be wrong.
#[inline]
fn special_marks(chunk: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = chunk ^ (ONES * u64::from(b'"'));
    let backslash = chunk ^ (ONES * u64::from(b'\\'));
    let is_zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let is_control = chunk.wrapping_sub(ONES * 0x20) & !chunk;
    (is_zero(quote) | is_zero(backslash) | is_control) & HIGH
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

/// The containers around the reader, one bit each, so that a body of nothing but brackets stays cheap.
#[derive(Default)]
struct OpenContainers {
    /// Bit set: an object.
    bits: Vec<u64>,
    depth: usize,
    deepest: usize,
    /// Whether the innermost container was opened just now and has no member yet.
    just_opened: bool,
}

impl OpenContainers {
    fn push(&mut self, container: Container) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] &= !(1 << bit);
        self.bits[word] |= u64::from(container == Container::Object) << bit;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.just_opened = true;
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }

    fn last(&self) -> Option<Container> {
        let at = self.depth.checked_sub(1)?;
        let is_object = self.bits[at / 64] >> (at % 64) & 1 == 1;
        Some(if is_object { Container::Object } else { Container::Array })
    }
}

#[cfg(test)]
mod tests;
