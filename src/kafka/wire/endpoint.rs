//! Addresses as users write them.

use std::fmt;

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Reads `host:port` or `[v6]:port`; a listener name in front (`SSL://`) is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let address = text.split_once("://").map_or(text, |(_, rest)| rest);
        let wanted = || format!("‘{text}’ is not an address; write host:port, or [address]:port for IPv6");
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once("]:").ok_or_else(wanted)?;
                (host, port)
            }
            None => address.rsplit_once(':').ok_or_else(wanted)?,
        };
        let bare_v6 = host.contains(':') && !address.starts_with('[');
        if host.is_empty() || bare_v6 || host.contains(char::is_whitespace) {
            return Err(wanted());
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 => Ok(Self::new(host, port)),
            _ => Err(format!("‘{port}’ in ‘{text}’ is not a port; ports are 1 to 65535")),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_users_write_them() {
        for (text, host, port) in [
            ("kafka-1:9092", "kafka-1", 9092),
            (" 10.0.0.1:1 ", "10.0.0.1", 1),
            ("[::1]:9092", "::1", 9092),
            ("SASL_SSL://b.example:9096", "b.example", 9096),
        ] {
            assert_eq!(Endpoint::parse(text), Ok(Endpoint::new(host, port)));
        }
        assert_eq!(Endpoint::new("::1", 9092).to_string(), "[::1]:9092");
    }

    #[test]
    fn what_is_not_an_address_says_so() {
        for text in ["", "kafka", "kafka:", ":9092", "::1:9092", "[::1]9092", "a b:1"] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        assert!(Endpoint::parse("kafka:70000").unwrap_err().contains("not a port"));
        assert!(Endpoint::parse("kafka:0").unwrap_err().contains("not a port"));
    }
}
