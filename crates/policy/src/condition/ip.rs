//! Ranges of addresses in CIDR notation.

use std::net::IpAddr;

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Network {
    V4 { bits: u32, mask: u32 },
    V6 { bits: u128, mask: u128 },
}

impl Network {
    /// `203.0.113.0/24`, `2001:DB8::/32`, or an address, which is a network of itself. (The guide says that the default prefix is `/32`,
    /// which is meant for version 4.) Bits after the prefix do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(length.parse::<u32>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let length = length.unwrap_or(32);
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
                Some(Self::V4 { bits: address.to_bits() & mask, mask })
            }
            IpAddr::V6(address) => {
                let length = length.unwrap_or(128);
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
                Some(Self::V6 { bits: address.to_bits() & mask, mask })
            }
        }
    }

    /// Whether an address is in it. A version 4 address that a listener for both versions shows as version 6 counts as version 4.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { bits, mask }, IpAddr::V4(address)) => address.to_bits() & mask == bits,
            (Self::V6 { bits, mask }, IpAddr::V6(address)) => address.to_bits() & mask == bits,
            (Self::V4 { .. }, IpAddr::V6(_)) | (Self::V6 { .. }, IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let contains =
            |network: &str, address: &str| Network::parse(network).unwrap().contains(address.parse().unwrap());
        assert!(contains("203.0.113.0/24", "203.0.113.255"));
        assert!(!contains("203.0.113.0/24", "203.0.114.0"));
        assert!(contains("203.0.113.7/24", "203.0.113.255"));
        assert!(contains("203.0.113.7", "203.0.113.7"));
        assert!(!contains("203.0.113.7", "203.0.113.8"));
        assert!(contains("0.0.0.0/0", "1.2.3.4"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("203.0.113.0/24", "::ffff:203.0.113.5"));
        assert!(contains("2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1"));
        assert!(!contains("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(contains("::1", "::1"));
        for text in
            ["", "/", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/+8", "1.2.3/8", "::/129", "1.2.3.4/8/8", "1.2.3.4/99999999999"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
