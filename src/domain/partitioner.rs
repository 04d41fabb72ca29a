//! Which partition a key goes to, as the common producers decide it.
//!
//! Owns: the three hash functions and how each turns a hash into a partition.
//! Invariant: bit for bit what the named clients compute; the vectors below are
//! the clients' own.

use super::PartitionId;
use serde::{Deserialize, Serialize};

/// The default keyed partitioners in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitioner {
    /// The Java client, and those that follow it: murmur2.
    Java,
    /// librdkafka's default `consistent_random`: CRC-32.
    Librdkafka,
    /// Sarama's default: FNV-1a.
    Sarama,
}

impl Partitioner {
    pub const ALL: [Self; 3] = [Self::Java, Self::Librdkafka, Self::Sarama];

    /// The client's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Java => "Java",
            Self::Librdkafka => "librdkafka",
            Self::Sarama => "Sarama",
        }
    }
}

/// The partition of `key` among `partitions`; `None` where the client does not
/// decide by the key (librdkafka scatters empty keys) or there are no partitions.
pub fn partition_for(key: &[u8], partitions: i32, partitioner: Partitioner) -> Option<PartitionId> {
    let count = u32::try_from(partitions).ok().filter(|count| *count > 0)?;
    let partition = match partitioner {
        Partitioner::Java => (murmur2(key) & 0x7FFF_FFFF) % count,
        Partitioner::Librdkafka if key.is_empty() => return None,
        Partitioner::Librdkafka => crc32(key) % count,
        Partitioner::Sarama => fnv1a(key).cast_signed().unsigned_abs() % count,
    };
    PartitionId::try_from(partition).ok()
}

/// The partition of its coordinator's topic that a group or a transactional id lives
/// in (`GroupMetadataManager.partitionFor` of Apache Kafka: Java's hash of the text).
pub fn coordinated_in(id: &str, partitions: i32) -> PartitionId {
    let hash = id.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}

/// The 32-bit murmur2 of Kafka's Java client.
pub fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_B28C;
    const M: u32 = 0x5BD1_E995;
    const R: u32 = 24;
    // The length enters as 32 bits; keys are far below that.
    let mut hash = SEED ^ data.len() as u32;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// CRC-32 (IEEE), as in zlib.
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

/// The 32-bit FNV-1a hash with librdkafka's and Sarama's offset basis.
pub fn fnv1a(data: &[u8]) -> u32 {
    const BASIS: u32 = 0x811C_9DC5;
    const PRIME: u32 = 0x0100_0193;
    data.iter().fold(BASIS, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("21", -973_932_308)]
    #[case("foobar", -790_332_482)]
    #[case("a-little-bit-long-string", -985_981_536)]
    #[case("a-little-bit-longer-string", -1_486_304_829)]
    #[case("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971)]
    #[case("abc", 479_470_107)]
    fn murmur2_agrees_with_kafka(#[case] key: &str, #[case] hash: i32) {
        assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash);
    }

    #[rstest]
    #[case("kafka", 0xd067_cf64)]
    #[case("giberish123456789", 0x8f55_2b0c)]
    #[case("1234", 0x9fc9_7b14)]
    #[case("234", 0xe7c0_09ca)]
    #[case("34", 0x8739_30da)]
    #[case("4", 0x5a4b_5ca1)]
    #[case("PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c)]
    #[case("", 0x106e_08d9)]
    fn murmur2_agrees_with_librdkafka(#[case] key: &str, #[case] hash: u32) {
        assert_eq!(murmur2(key.as_bytes()), hash);
    }

    #[rstest]
    #[case("a", [1, 4, 4, 24], 0xe8b7_be43, [0, 3, 3, 7])]
    #[case("abc", [0, 3, 3, 7], 0x3524_41c2, [0, 0, 6, 28])]
    #[case("21", [0, 0, 0, 40], 0xfd77_46b4, [1, 4, 4, 32])]
    #[case("kafka", [1, 4, 4, 30], 0x5bbc_7517, [2, 5, 11, 49])]
    #[case("foobar", [0, 0, 6, 16], 0x9ef6_1f95, [2, 5, 5, 19])]
    #[case("user-1", [2, 2, 8, 28], 0x7e26_4614, [2, 2, 8, 24])]
    #[case("1234", [0, 0, 0, 40], 0x9be3_e0a3, [1, 1, 7, 9])]
    fn partitions_of_java_and_librdkafka(
        #[case] key: &str,
        #[case] java: [i32; 4],
        #[case] crc: u32,
        #[case] librdkafka: [i32; 4],
    ) {
        assert_eq!(crc32(key.as_bytes()), crc);
        for ((count, java), librdkafka) in [3, 6, 12, 50].into_iter().zip(java).zip(librdkafka) {
            assert_eq!(partition_for(key.as_bytes(), count, Partitioner::Java), Some(java));
            assert_eq!(partition_for(key.as_bytes(), count, Partitioner::Librdkafka), Some(librdkafka));
        }
    }

    #[rstest]
    #[case("kafka", 0x0d33_c4e1)]
    #[case("giberish123456789", 0x77a5_8295)]
    #[case("1234", 0x023b_dd03)]
    #[case("234", 0x2dea_3cd2)]
    fn fnv1a_agrees_with_librdkafka(#[case] key: &str, #[case] folded: u32) {
        assert_eq!(fnv1a(key.as_bytes()).cast_signed().unsigned_abs(), folded);
        let expected = i32::try_from(folded % 12).unwrap();
        assert_eq!(partition_for(key.as_bytes(), 12, Partitioner::Sarama), Some(expected));
    }

    #[test]
    fn edge_cases() {
        assert_eq!(partition_for(b"", 12, Partitioner::Librdkafka), None);
        assert_eq!(partition_for(b"", 12, Partitioner::Java), Some(0x106e_08d9 % 12));
        assert_eq!(partition_for(b"a", 0, Partitioner::Java), None);
        assert_eq!(partition_for(b"a", -1, Partitioner::Sarama), None);
    }

    #[rstest]
    #[case("test", 48)]
    #[case("my-group", 12)]
    #[case("connect-my-sink", 33)]
    #[case("payments-service", 43)]
    fn a_group_is_kept_where_its_coordinator_is(#[case] group: &str, #[case] partition: PartitionId) {
        assert_eq!(coordinated_in(group, 50), partition);
    }
}
