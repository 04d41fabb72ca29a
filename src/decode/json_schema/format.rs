//! The words of `format` that schemas before 2019-09 hold a text to; later ones only
//! describe by them.

use super::pattern;
use super::resources::Draft;
use core::net::{Ipv4Addr, Ipv6Addr};

pub(super) type Check = fn(&str) -> bool;

/// What a draft holds a text to by this word. Words that it does not know forbid nothing.
pub(super) fn check(word: &str, draft: Draft) -> Option<Check> {
    let (since, check): (Draft, Check) = match word {
        "date-time" => (Draft::V4, is_date_time),
        "email" => (Draft::V4, is_email),
        "hostname" => (Draft::V4, is_hostname),
        "ipv4" => (Draft::V4, |text| text.parse::<Ipv4Addr>().is_ok()),
        "ipv6" => (Draft::V4, |text| text.parse::<Ipv6Addr>().is_ok()),
        "uri" => (Draft::V4, is_uri),
        "uri-reference" => (Draft::V6, is_uri_reference),
        "json-pointer" => (Draft::V6, is_pointer),
        "date" => (Draft::V7, is_date),
        "time" => (Draft::V7, is_time),
        "regex" => (Draft::V7, |text| pattern::compile(text, 1).is_ok() || text.contains("(?")),
        "relative-json-pointer" => (Draft::V7, is_relative_pointer),
        _ => return None,
    };
    (since <= draft && draft < Draft::V2019).then_some(check)
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && !text.starts_with(['-', '+']) && text.parse::<jiff::civil::Date>().is_ok()
}

/// `12:34:56.789Z`, `12:34:56+01:00`; a leap second is one, too.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let number = |text: Option<&str>, most: u8| {
        text.is_some_and(|text| is_digits(text, 2) && text.parse::<u8>().is_ok_and(|number| number <= most))
    };
    let mut parts = clock.split(':');
    let is_clock = number(parts.next(), 23) && number(parts.next(), 59) && number(parts.next(), 60);
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    let is_zone = matches!(zone, "Z" | "z")
        || zone.strip_prefix(['+', '-']).is_some_and(|offset| {
            let mut parts = offset.split(':');
            number(parts.next(), 23) && number(parts.next(), 59) && parts.next().is_none()
        });
    is_clock && is_zone
}

fn is_date_time(text: &str) -> bool {
    text.split_at_checked(10)
        .is_some_and(|(date, time)| is_date(date) && time.strip_prefix(['T', 't']).is_some_and(is_time))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let is_plain = !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte));
    let address = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']'));
    let is_domain = match address {
        Some(address) => {
            let v6 = address.strip_prefix("IPv6:");
            v6.is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok()) || address.parse::<Ipv4Addr>().is_ok()
        }
        None => is_hostname(domain),
    };
    !local.is_empty() && local.len() <= 64 && (is_quoted || is_plain) && is_domain
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && is_uri_reference(text)
}

/// Only characters that a URI may hold, and each `%` begins a byte.
fn is_uri_reference(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_fine = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !is_fine {
            return false;
        }
    }
    text.bytes().filter(|byte| *byte == b'#').count() <= 1
}

fn is_pointer(text: &str) -> bool {
    let is_escaped = |token: &str| token.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    text.is_empty() || (text.starts_with('/') && is_escaped(text))
}

fn is_relative_pointer(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    digits > 0 && (digits == 1 || !text.starts_with('0')) && (rest == "#" || is_pointer(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("date-time", &["2026-11-28T10:45:00Z", "2026-11-28t10:45:00.5+01:00", "1998-12-31T23:59:60Z"], &["2026-11-28", "2026-02-30T10:00:00Z", "2026-11-28T10:45:00", "2026-11-28T24:00:00Z"])]
    #[case("date", &["2024-02-29"], &["2023-02-29", "24-02-29", "2024-2-29"])]
    #[case("time", &["10:00:00z", "10:00:00.123-08:30"], &["10:00Z", "10:00:00.Z", "10:00:00+1:00"])]
    #[case("email", &["ada@example.org", "a+b@[127.0.0.1]", "\"a b\"@x.y"], &["ada", "@x.y", "a..b@x.y", "a@-x"])]
    #[case("hostname", &["a.b-c.d"], &["a_b", "-a", "a..b", ""])]
    #[case("ipv4", &["127.0.0.1"], &["127.0.0", "256.0.0.1", "01.2.3.4"])]
    #[case("ipv6", &["::1"], &["12345::", "1::2::3"])]
    #[case("uri", &["http://x.y/z?q=%20#f", "urn:a:b"], &["/z", "http://x y", "http://x/%2", "1:a"])]
    #[case("json-pointer", &["", "/a~1b/0"], &["a", "/a~2"])]
    #[case("relative-json-pointer", &["0#", "1/a"], &["/a", "01/a", "-1"])]
    #[case("regex", &["^a+$", "(?=a)"], &["("])]
    fn words_are_held_to(#[case] word: &str, #[case] fits: &[&str], #[case] does_not: &[&str]) {
        let check = check(word, Draft::V7).unwrap();
        for text in fits {
            assert!(check(text), "{word}: {text}");
        }
        for text in does_not {
            assert!(!check(text), "{word}: {text}");
        }
    }

    #[test]
    fn a_word_belongs_to_its_drafts() {
        assert!(check("date", Draft::V4).is_none(), "it came later");
        assert!(check("date", Draft::V2020).is_none(), "it only describes");
        assert!(check("money", Draft::V7).is_none());
    }
}
