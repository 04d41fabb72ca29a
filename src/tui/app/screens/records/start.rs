//! Reading what people type for "from where".

use crate::domain::record::StartAt;
use crate::domain::when::{parse_duration, parse_time};
use crate::domain::{PartitionId, Time};
use jiff::tz::TimeZone;

/// `earliest`, `end`, `-100` (the last 100), an offset, a time, or a duration back (`15m`).
pub fn parse_start(text: &str, now: Time, zone: &TimeZone) -> Result<StartAt, String> {
    let text = text.trim();
    match text {
        "earliest" | "beginning" => return Ok(StartAt::Earliest),
        "" | "end" | "latest" | "live" => return Ok(StartAt::End),
        _ => {}
    }
    if let Some(count) = text.strip_prefix('-').and_then(|rest| rest.parse::<u64>().ok()) {
        return Ok(StartAt::Latest(count));
    }
    if let Ok(offset) = text.parse::<i64>() {
        return Ok(StartAt::Offset(offset));
    }
    if let Ok(millis) = parse_duration(text) {
        return Ok(StartAt::Time(now.plus_millis(millis.saturating_neg())));
    }
    parse_time(text, now, Some(zone)).map(|instant| StartAt::Time(instant.time))
}

/// `0,3,7`; nothing means all.
pub fn parse_partitions(text: &str) -> Result<Option<Vec<PartitionId>>, String> {
    let words: Vec<&str> = text.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words == ["all"] {
        return Ok(None);
    }
    let parse = |word: &&str| {
        word.parse::<PartitionId>()
            .ok()
            .filter(|id| *id >= 0)
            .ok_or_else(|| format!("‘{word}’ is not a partition: write 0,3,7"))
    };
    words.iter().map(parse).collect::<Result<Vec<_>, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_may_be_written_in_many_ways() {
        let parse = |text: &str| parse_start(text, Time(10_000_000), &TimeZone::UTC);
        assert_eq!(parse("earliest"), Ok(StartAt::Earliest));
        assert_eq!(parse(""), Ok(StartAt::End));
        assert_eq!(parse("-100"), Ok(StartAt::Latest(100)));
        assert_eq!(parse("884112"), Ok(StartAt::Offset(884_112)));
        assert_eq!(parse("15m"), Ok(StartAt::Time(Time(9_100_000))));
        assert_eq!(parse("1970-01-01 00:00:01"), Ok(StartAt::Time(Time(1_000))));
        assert!(parse("yesterdayish").is_err());
    }

    #[test]
    fn partitions_are_a_list_or_all() {
        assert_eq!(parse_partitions(" 0, 3 "), Ok(Some(vec![0, 3])));
        assert_eq!(parse_partitions("all"), Ok(None));
        assert!(parse_partitions("0,x").is_err());
        assert!(parse_partitions("-1").is_err());
    }
}
