//! How numbers are written for people, the same on every screen.
//!
//! Owns: digits, units and signs. JSON and CSV never come through here: there
//! numbers are numbers.
//! Invariant: a unit is separated by one space, groups of thousands by a comma,
//! and no figure shows more digits than it has meaning.

/// `9,120`
pub fn count(number: u64) -> String {
    group_digits(&number.to_string())
}

/// `−9,408`, `+156`, `0`
pub fn difference(number: i64) -> String {
    let sign = match number {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", count(number.unsigned_abs()))
}

/// An offset: grouped, and with its sign should a broker send a negative one.
pub fn offset(offset: i64) -> String {
    if offset < 0 { difference(offset) } else { count(offset.unsigned_abs()) }
}

/// For a list cell: exact below a million, then `9.1 M`.
pub fn abbreviated(number: u64) -> String {
    if number < 1_000_000 { count(number) } else { compact(number) }
}

/// For a header: exact below 10,000, then `12 k`, `1.2 M`, `3.4 G`.
pub fn compact(number: u64) -> String {
    if number < 10_000 {
        return count(number);
    }
    scaled(number as f64, 1_000.0, &["", "k", "M", "G", "T", "P", "E"])
}

/// `184 B`, `88 KiB`, `1.8 GiB`
pub fn size(bytes: u64) -> String {
    scaled(bytes as f64, 1_024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// Bytes a second in the decimal units throughput is given in: `6.1 MB/s`.
pub fn byte_rate(per_second: f64) -> String {
    format!("{}/s", scaled(per_second.max(0.0), 1_000.0, &["B", "kB", "MB", "GB", "TB"]))
}

/// Things a second, without the `/s`: `3,204`, `0.3`, `0`.
pub fn rate(per_second: f64) -> String {
    let per_second = if per_second.is_finite() { per_second.max(0.0) } else { 0.0 };
    if per_second == 0.0 {
        "0".into()
    } else if per_second < 0.1 {
        "<0.1".into()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        // A float beyond u64 saturates, which is what a reader would want.
        count(per_second.round() as u64)
    }
}

/// A share of one: `92 %`, `4.1 %`, `<0.1 %`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 9.95 {
        format!("{percent:.0} %")
    } else if percent < 0.1 {
        "<0.1 %".into()
    } else {
        format!("{percent:.1} %")
    }
}

/// `118 ms`, `2.1 s`, `14 min`, `3 h 12 min`, `2 d 3 h`
pub fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |whole: u64, unit: &str, rest: u64, rest_unit: &str| {
        if rest == 0 {
            format!("{} {unit}", count(whole))
        } else {
            format!("{} {unit} {rest} {rest_unit}", count(whole))
        }
    };
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..9_950 => format!("{:.1} s", millis as f64 / 1_000.0),
        9_950..60_000 => format!("{seconds} s"),
        60_000..600_000 => two(minutes, "min", seconds % 60, "s"),
        600_000..3_600_000 => format!("{minutes} min"),
        3_600_000..86_400_000 => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// "00 ff", with `between` bytes.
pub fn hex(bytes: &[u8], between: &str) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(between)
}

/// `1 partition`, `12 partitions`; a number that no `u64` holds is shown as the largest.
pub fn plural(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let s = if number == 1 { "" } else { "s" };
    format!("{} {one}{s}", count(number))
}

fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn scaled(mut number: f64, base: f64, units: &[&str]) -> String {
    let mut units = units.iter().copied();
    let mut unit = units.next().unwrap_or_default();
    // 999.5 would round to "1000": the next unit takes it.
    while number >= base - 0.5 {
        let Some(larger) = units.next() else { break };
        number /= base;
        unit = larger;
    }
    let is_whole_unit = unit.is_empty() || unit == "B";
    if number < 9.95 && !is_whole_unit {
        format!("{number:.1} {unit}")
    } else {
        format!("{} {unit}", count(number.round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn counts_are_grouped_and_abbreviated() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(9_120), "9,120");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(difference(-9_408), "−9,408");
        assert_eq!(difference(156), "+156");
        assert_eq!(difference(0), "0");
        assert_eq!(difference(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(compact(9_999), "9,999");
        assert_eq!(compact(12_300), "12 k");
        assert_eq!(compact(1_200_000), "1.2 M");
        assert_eq!(compact(999_999), "1.0 M");
        assert_eq!(abbreviated(120_442), "120,442");
        assert_eq!(abbreviated(9_100_000), "9.1 M");
    }

    #[rstest]
    #[case(184, "184 B")]
    #[case(1_023, "1,023 B")]
    #[case(88 * 1024, "88 KiB")]
    #[case(1_932_735_283, "1.8 GiB")]
    #[case(158_334_976, "151 MiB")]
    #[case(u64::MAX, "16 EiB")]
    fn sizes(#[case] bytes: u64, #[case] shown: &str) {
        assert_eq!(size(bytes), shown);
    }

    #[rstest]
    #[case(0, "0 ms")]
    #[case(118, "118 ms")]
    #[case(2_100, "2.1 s")]
    #[case(41_000, "41 s")]
    #[case(90_000, "1 min 30 s")]
    #[case(14 * 60_000 + 9_000, "14 min")]
    #[case(3 * 3_600_000 + 12 * 60_000, "3 h 12 min")]
    #[case(9 * 3_600_000, "9 h")]
    #[case(51 * 3_600_000, "2 d 3 h")]
    fn durations(#[case] millis: u64, #[case] shown: &str) {
        assert_eq!(duration(millis), shown);
    }

    #[test]
    fn rates_and_shares() {
        assert_eq!(rate(3_204.4), "3,204");
        assert_eq!(rate(0.3), "0.3");
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(f64::NAN), "0");
        assert_eq!(byte_rate(6_100_000.0), "6.1 MB/s");
        assert_eq!(byte_rate(50_000_000.0), "50 MB/s");
        assert_eq!(share(0.92), "92 %");
        assert_eq!(share(0.041), "4.1 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(plural(1, "partition"), "1 partition");
        assert_eq!(plural(1_200, "partition"), "1,200 partitions");
    }
}
