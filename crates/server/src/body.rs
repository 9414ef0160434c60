//! The second step: the request's body, whole and decompressed.
//!
//! Bodies of several pieces are counted, for all clients together (`held`): where there is no room one does not grow.
//!
//! A body that arrives in one piece is passed on as it lies in the read buffer, without a copy. The limit holds for what
//! arrives and for what it decompresses to, so a small body cannot become a large one.

use crate::admission::Admission;
use crate::connections::Seat;
use crate::head::Head;
use crate::held::{Held, SMALL_BYTES};
use crate::refusal::Refusal;
use crate::settings::Limits;
use bytes::{Buf, Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Body;
use runtime::Clock;
use std::io::Read;
use std::pin::{Pin, pin};
use std::sync::Arc;

/// No more than this is reserved on a client's word alone, or on that of a compressed body.
const RESERVED_BYTES_MAX: usize = SMALL_BYTES;

/// How much of a body that is too large is read and thrown away, so that the client, still sending, comes to read the refusal.
const DISCARDED_LIMITS: usize = 4;

/// A request whose body is complete.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    head: &'a Head<'a>,
    body: Bytes,
    /// The body as it came, where it came compressed.
    compressed: Option<Bytes>,
    /// Stands for the bytes of both. Few requests have it, so it takes little room in the others.
    _held: Option<Box<Held>>,
}

impl<'a> Received<'a> {
    pub(crate) fn head(&self) -> &'a Head<'a> {
        self.head
    }

    /// The body, decompressed.
    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as it came, which is what its sender signed.
    pub(crate) fn as_sent(&self) -> &Bytes {
        self.compressed.as_ref().unwrap_or(&self.body)
    }
}

/// Collects the body within the limits of size and time.
pub(crate) async fn receive<'a, B: Body>(
    head: &'a Head<'a>,
    body: B,
    place: (&Arc<Seat>, &Admission),
    clock: &Clock,
    limits: &Limits,
) -> Result<Received<'a>, Refusal> {
    let mut held = None;
    let body = pin!(body);
    let collecting = collect(head, body, (place, &mut held), limits.body_bytes);
    let body = clock.timeout(limits.body_timeout, collecting).await.unwrap_or(Err(Refusal::TimedOut))?;
    let plain = if is_gzip(head) { Some(decompressed(&body, limits.body_bytes)?) } else { None };
    if let Some(plain) = &plain
        && plain.len() > RESERVED_BYTES_MAX
    {
        grow(head, place, &mut held, plain.len())?;
    }
    if let Some(held) = &mut held {
        held.complete();
    }
    Ok(match plain {
        None => Received { head, body, compressed: None, _held: held },
        Some(plain) => Received { head, body: plain, compressed: Some(body), _held: held },
    })
}

/// Counts so many more bytes.
fn grow(
    head: &Head<'_>,
    (seat, admission): (&Arc<Seat>, &Admission),
    held: &mut Option<Box<Held>>,
    bytes: usize,
) -> Result<(), Refusal> {
    let held = held.get_or_insert_with(|| Box::new(Held::none(&admission.held, seat)));
    if held.grow(bytes) { Ok(()) } else { Err(admission.refuse_body(head)) }
}

async fn collect<B: Body>(
    head: &Head<'_>,
    mut body: Pin<&mut B>,
    (place, held): ((&Arc<Seat>, &Admission), &mut Option<Box<Held>>),
    limit: usize,
) -> Result<Bytes, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        // Who waits for a "100 Continue" has not begun to send, and reads the refusal at once.
        if head.headers.expect.is_none() {
            discard(body, limit.saturating_mul(DISCARDED_LIMITS)).await;
        }
        return Err(Refusal::TooLarge);
    }
    let mut first = next_piece(body.as_mut()).await?.unwrap_or_default();
    if body.is_end_stream() && first.remaining() <= limit {
        return Ok(first);
    }
    let mut collected = BytesMut::new();
    loop {
        let length = collected.len() + first.len();
        if length > limit {
            discard(body, limit.saturating_mul(DISCARDED_LIMITS)).await;
            return Err(Refusal::TooLarge);
        }
        if length > collected.capacity() {
            let wanted = capacity(length, announced);
            if let Err(refusal) = grow(head, place, held, wanted - collected.capacity()) {
                drop((collected, held.take()));
                discard(body, limit.saturating_mul(DISCARDED_LIMITS)).await;
                return Err(refusal);
            }
            collected.reserve(wanted - collected.len());
        }
        collected.extend_from_slice(&first);
        match next_piece(body.as_mut()).await? {
            Some(piece) => first = piece,
            None => return Ok(collected.freeze()),
        }
    }
}

/// Room for a body that has come to `length`: what was announced while that is little, and then as much again as has come.
fn capacity(length: usize, announced: usize) -> usize {
    let wanted = announced.min(RESERVED_BYTES_MAX.max(length.saturating_mul(2)));
    wanted.max(length)
}

/// The next piece of data; trailers are of no interest.
async fn next_piece<B: Body>(mut body: Pin<&mut B>) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Disconnected)?;
        if let Ok(mut data) = frame.into_data() {
            let length = data.remaining();
            return Ok(Some(data.copy_to_bytes(length)));
        }
    }
    Ok(None)
}

async fn discard<B: Body>(mut body: Pin<&mut B>, limit: usize) {
    let mut discarded = 0;
    while discarded <= limit {
        match next_piece(body.as_mut()).await {
            Ok(Some(piece)) => discarded += piece.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

/// Some SDKs send encodings that mean nothing (`amz-1.0`), so only gzip counts.
fn is_gzip(head: &Head<'_>) -> bool {
    head.headers.content_encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

fn decompressed(body: &Bytes, limit: usize) -> Result<Bytes, Refusal> {
    let mut output = Vec::with_capacity(body.len().saturating_mul(4).min(RESERVED_BYTES_MAX));
    let read = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1).read_to_end(&mut output);
    if output.len() > limit {
        return Err(Refusal::TooLarge);
    }
    match read {
        Ok(_) => Ok(output.into()),
        Err(_) => Err(Refusal::Malformed),
    }
}
