//! Reading bytes a second as people write them.

/// `50MB/s`, `1.5 GB`, `800kB/s`, `64MiB/s` or plain bytes; `None` when it is
/// none of these or zero.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_suffix("/s").unwrap_or(text).trim_end();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * factor;
    // Beyond an exabyte a second it is a typing error.
    (1.0..1e18).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("50MB/s", Some(50_000_000))]
    #[case("50 mb/s", Some(50_000_000))]
    #[case("1.5GB", Some(1_500_000_000))]
    #[case("64MiB/s", Some(67_108_864))]
    #[case("1000", Some(1_000))]
    #[case("0", None)]
    #[case("-5MB/s", None)]
    #[case("fast", None)]
    #[case("5 parsecs", None)]
    #[case("9e99", None)]
    #[case("", None)]
    fn rates(#[case] text: &str, #[case] bytes: Option<u64>) {
        assert_eq!(parse(text), bytes);
    }
}
