//! Reading which partitions people type.

use crate::domain::PartitionId;

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
    fn partitions_are_a_list_or_all() {
        assert_eq!(parse_partitions(" 0, 3 "), Ok(Some(vec![0, 3])));
        assert_eq!(parse_partitions("all"), Ok(None));
        assert!(parse_partitions("0,x").is_err());
        assert!(parse_partitions("-1").is_err());
    }
}
