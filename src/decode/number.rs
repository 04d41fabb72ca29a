//! Numbers of a fixed size, as Kafka's serializers write them, and UUIDs. Any bytes
//! of the right length are one, so they are read only where somebody says so.

use super::decimal;
use crate::domain::record::NumberType;
use crate::domain::value::{Logical, Value};
use uuid::Uuid;

/// Most significant byte first.
pub(super) fn read(bytes: &[u8], number: NumberType) -> Result<Value, String> {
    let text = match number {
        NumberType::Int8 => fixed(bytes).map(|bytes| i8::from_be_bytes(bytes).to_string()),
        NumberType::Int16 => fixed(bytes).map(|bytes| i16::from_be_bytes(bytes).to_string()),
        NumberType::Int32 => fixed(bytes).map(|bytes| i32::from_be_bytes(bytes).to_string()),
        NumberType::Int64 => fixed(bytes).map(|bytes| i64::from_be_bytes(bytes).to_string()),
        NumberType::Float32 => fixed(bytes).map(|bytes| decimal::float(f32::from_be_bytes(bytes))),
        NumberType::Float64 => fixed(bytes).map(|bytes| decimal::double(f64::from_be_bytes(bytes))),
    };
    match text {
        Some(text) => Ok(Value::Number(text.into())),
        None => Err(format!("{} takes {} bytes, and here are {}", number.word(), number.size(), bytes.len())),
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// Sixteen bytes, or the text that Kafka's serializer makes of them.
pub(super) fn uuid(bytes: &[u8]) -> Result<Value, String> {
    let text = match Uuid::from_slice(bytes) {
        Ok(uuid) => uuid.to_string(),
        Err(_) => match std::str::from_utf8(bytes).ok().filter(|text| Uuid::parse_str(text).is_ok()) {
            Some(text) => text.to_owned(),
            None => return Err("it is neither sixteen bytes nor a UUID as text".into()),
        },
    };
    Ok(Value::Typed { text: text.into(), logical: Logical::Uuid })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::hex;
    use rstest::rstest;

    // What the serializers of kafka-clients 4.4.0 write.
    #[rstest]
    #[case(NumberType::Int16, "8000", "-32768")]
    #[case(NumberType::Int32, "fffffffe", "-2")]
    #[case(NumberType::Int64, "7fffffffffffffff", "9223372036854775807")]
    #[case(NumberType::Float32, "3dcccccd", "0.1")]
    #[case(NumberType::Float64, "c00921fb54442d18", "-3.141592653589793")]
    #[case(NumberType::Int8, "80", "-128")]
    #[case(NumberType::Float64, "7ff8000000000000", "NaN")]
    fn numbers_are_exact(#[case] number: NumberType, #[case] bytes: &str, #[case] text: &str) {
        assert_eq!(read(&hex(bytes), number), Ok(Value::Number(text.into())));
    }

    #[rstest]
    #[case(NumberType::Int8, &[], "int8 takes 1 bytes, and here are 0")]
    #[case(NumberType::Int64, &[0; 4], "int64 takes 8 bytes, and here are 4")]
    fn another_length_is_no_number(#[case] number: NumberType, #[case] bytes: &[u8], #[case] reason: &str) {
        assert_eq!(read(bytes, number), Err(reason.into()));
    }

    #[test]
    fn a_uuid_is_bytes_or_text() {
        let of = |text: &str| Ok(Value::Typed { text: text.into(), logical: Logical::Uuid });
        assert_eq!(uuid(&hex("00112233445566778899aabbccddeeff")), of("00112233-4455-6677-8899-aabbccddeeff"));
        assert_eq!(uuid(b"00112233-4455-6677-8899-AABBCCDDEEFF"), of("00112233-4455-6677-8899-AABBCCDDEEFF"));
        assert!(uuid(b"00112233").is_err());
    }
}
