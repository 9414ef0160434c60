//! The id of a request: 52 digits and capital letters, as DynamoDB's are (dynalite's tests, recorded against DynamoDB).

use runtime::Random;

const LENGTH: usize = 52;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
/// A letter takes five bits, so one draw of 64 gives twelve.
const LETTERS_PER_DRAW: usize = 12;

/// The id of one request, as text on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId([u8; LENGTH]);

impl RequestId {
    pub(crate) fn draw(random: &Random) -> RequestId {
        let mut text = [0; LENGTH];
        for letters in text.chunks_mut(LETTERS_PER_DRAW) {
            let mut bits = random.u64();
            for letter in letters {
                *letter = ALPHABET[(bits & 31) as usize];
                bits >>= 5;
            }
        }
        RequestId(text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        // Every letter comes from the alphabet above, which is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}
