//! Avro that names its schema by a fingerprint, with no registry.
//!
//! Format: "Single-object encoding" of the Avro specification: the two bytes C3 01, the
//! CRC-64-AVRO of the schema's canonical form, little-endian, then the value.

use apache_avro::Schema;
use apache_avro::rabin::Rabin;
use bytes::Bytes;

const MARK: [u8; 2] = [0xc3, 0x01];
const FRAME_BYTES: usize = 10;

/// The fingerprint that these bytes begin with, and the value behind it.
pub(super) fn single_object(bytes: &[u8]) -> Option<u64> {
    let (prefix, _) = bytes.split_first_chunk::<FRAME_BYTES>()?;
    let fingerprint = prefix.strip_prefix(&MARK)?.first_chunk()?;
    Some(u64::from_le_bytes(*fingerprint))
}

/// What follows the fingerprint.
pub(super) fn payload(bytes: &Bytes) -> Bytes {
    bytes.slice(FRAME_BYTES.min(bytes.len())..)
}

/// A schema's own fingerprint.
pub(super) fn fingerprint(schema: &Schema) -> Option<u64> {
    let bytes = schema.fingerprint::<Rabin>().bytes;
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Avro's own tests of schema fingerprints.
    #[test]
    fn fingerprints_are_those_of_the_specification() {
        let of = |text: &str| fingerprint(&Schema::parse_str(text).unwrap()).unwrap();
        assert_eq!(of(r#""null""#), 7_195_948_357_588_979_594);
        assert_eq!(of(r#""int""#), 8_247_732_601_305_521_295);
    }

    #[test]
    fn only_the_mark_with_a_whole_fingerprint_is_one() {
        let bytes = [0xc3, 0x01, 1, 0, 0, 0, 0, 0, 0, 0, 42];
        assert_eq!(single_object(&bytes), Some(1));
        assert_eq!(payload(&Bytes::copy_from_slice(&bytes)), [42][..]);
        assert_eq!(single_object(&bytes[..9]), None);
        assert_eq!(single_object(&[0xc3, 0x02, 1, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
