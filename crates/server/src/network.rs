//! Networks in CIDR notation: which clients a listener takes.
//!
//! What must hold: an IPv4 address that arrives mapped into IPv6, as on a socket that listens for both, is the IPv4 address that it
//! is, on both sides of a comparison.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first address; the bits behind the prefix are zero.
    first: IpAddr,
    /// How many bits all addresses have in common.
    prefix_bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(String);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NetworkError {}

impl Network {
    /// Whether `address` belongs to it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                masked(first.to_bits().into(), 32, self.prefix_bits)
                    == masked(address.to_bits().into(), 32, self.prefix_bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                masked(first.to_bits(), 128, self.prefix_bits) == masked(address.to_bits(), 128, self.prefix_bits)
            }
            _ => false,
        }
    }
}

/// The first `prefix_bits` of `bits`, which are `width` wide.
fn masked(bits: u128, width: u8, prefix_bits: u8) -> u128 {
    // A shift by all 128 bits, for the prefix of nothing, leaves nothing.
    bits.checked_shr(u32::from(width - prefix_bits)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    /// `10.0.0.0/8`, `fd00::/8`, or an address alone.
    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let wrong = |problem: &str| NetworkError(format!("{text}: {problem}"));
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr =
            address.parse().map_err(|_| wrong("a network is written as in 10.0.0.0/8 or fd00::/8"))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => width,
            Some(digits) => digits
                .parse()
                .ok()
                // `+8` is a number to Rust.
                .filter(|bits| *bits <= width && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .ok_or_else(|| wrong("the length of the prefix is no number, or longer than the address"))?,
        };
        let network = unmapped(address, prefix_bits);
        if !network.is_first_address() {
            return Err(wrong("the address has bits behind the prefix"));
        }
        Ok(network)
    }
}

/// A network of IPv4 addresses mapped into IPv6 as the network that it is.
fn unmapped(address: IpAddr, prefix_bits: u8) -> Network {
    const MAPPED_BITS: u8 = 96;
    match address {
        IpAddr::V6(six) if prefix_bits >= MAPPED_BITS => match six.to_ipv4_mapped() {
            Some(four) => Network { first: four.into(), prefix_bits: prefix_bits - MAPPED_BITS },
            None => Network { first: address, prefix_bits },
        },
        _ => Network { first: address, prefix_bits },
    }
}

impl Network {
    fn is_first_address(&self) -> bool {
        let (bits, width) = match self.first {
            IpAddr::V4(first) => (u128::from(first.to_bits()), 32),
            IpAddr::V6(first) => (Ipv6Addr::to_bits(first), 128),
        };
        let free_bits = u32::from(width - self.prefix_bits);
        bits.trailing_zeros() >= free_bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn networks_contain_what_begins_like_them() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.6"),
            ("203.0.113.6/31", "203.0.113.7", "203.0.113.8"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8:0:8000::/49", "2001:db8:0:ffff::1", "2001:db8:0:7fff::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "ffff::", "1.2.3.4"),
        ] {
            assert!(contains(network, inside), "{inside} in {network}");
            assert!(!contains(network, outside), "{outside} in {network}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_one_that_it_maps() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(!contains("::/0", "::ffff:10.1.2.3"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.1/8", "fd00::1/8", "::/129", "all"]
        {
            let problem = text.parse::<Network>().unwrap_err();
            assert!(problem.to_string().starts_with(text), "{problem}");
        }
    }
}
