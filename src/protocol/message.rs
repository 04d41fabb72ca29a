//! A struct or a message from the list of its fields, coded both ways by that one list.

/// `name: Type` is in every version; `name: Type = default, from 1` from version 1 on, and
/// `default` in those before it.
macro_rules! coded {
    ($($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* $field:ident: $type:ty $(= $default:expr, from $since:literal)?,)*
    })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name {
                $($(#[$doc])* pub $field: $type,)*
            }

            impl crate::protocol::field::Field for $name {
                fn write<B: kafka_protocol::protocol::buf::ByteBufMut>(&self, out: &mut B, version: i16) -> anyhow::Result<()> {
                    $(if true $(&& version >= $since)? {
                        crate::protocol::field::Field::write(&self.$field, out, version)?;
                    })*
                    crate::protocol::field::put_varint(out, 0);
                    Ok(())
                }

                fn read<B: kafka_protocol::protocol::buf::ByteBuf>(from: &mut B, version: i16) -> anyhow::Result<Self> {
                    let row = Self {
                        $($field: coded!(@read from, version, $type $(, $default, $since)?),)*
                    };
                    crate::protocol::field::skip_tagged(from)?;
                    Ok(row)
                }
            }
        )*
    };
    (@read $from:ident, $version:ident, $type:ty) => {
        <$type as crate::protocol::field::Field>::read($from, $version)?
    };
    (@read $from:ident, $version:ident, $type:ty, $default:expr, $since:literal) => {
        if $version >= $since { <$type as crate::protocol::field::Field>::read($from, $version)? } else { $default }
    };
}

/// What a codec wants to know of a message beside its fields. All of them are flexible, and
/// so are their headers.
macro_rules! message {
    ($name:ident, versions $min:literal to $max:literal, header $header:literal) => {
        impl kafka_protocol::protocol::Message for $name {
            const VERSIONS: kafka_protocol::protocol::VersionRange =
                kafka_protocol::protocol::VersionRange { min: $min, max: $max };
            const DEPRECATED_VERSIONS: Option<kafka_protocol::protocol::VersionRange> = None;
        }

        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(_: i16) -> i16 {
                $header
            }
        }

        impl kafka_protocol::protocol::Encodable for $name {
            fn encode<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                out: &mut B,
                version: i16,
            ) -> anyhow::Result<()> {
                crate::protocol::field::Field::write(self, out, version)
            }

            fn compute_size(&self, version: i16) -> anyhow::Result<usize> {
                let mut out = bytes::BytesMut::new();
                crate::protocol::field::Field::write(self, &mut out, version)?;
                Ok(out.len())
            }
        }

        impl kafka_protocol::protocol::Decodable for $name {
            fn decode<B: kafka_protocol::protocol::buf::ByteBuf>(from: &mut B, version: i16) -> anyhow::Result<Self> {
                crate::protocol::field::Field::read(from, version)
            }
        }
    };
}

pub(super) use {coded, message};
