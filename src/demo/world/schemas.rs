//! The schemas of the seeded world, by the ids the registry serves them under.

/// How a schema is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum SchemaKind {
    Avro,
    Json,
    Protobuf,
}

/// One schema, registered under one subject.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Seeded {
    pub(in crate::demo) id: i32,
    pub(in crate::demo) subject: &'static str,
    pub(in crate::demo) kind: SchemaKind,
    pub(in crate::demo) text: &'static str,
}

pub(super) const ORDER_V1: i32 = 1;
pub(super) const PAYMENT: i32 = 2;
pub(super) const CUSTOMER: i32 = 3;
pub(super) const ORDER: i32 = 4;
pub(super) const STOCK: i32 = 5;
pub(super) const PRODUCT: i32 = 6;
pub(super) const REFUND: i32 = 7;
pub(super) const CUSTOMER_KEY: i32 = 8;

/// In the order of registration: later ones of a subject are its later versions.
pub(in crate::demo) const SEEDED: &[Seeded] = &[
    Seeded { id: ORDER_V1, subject: "orders.v1-value", kind: SchemaKind::Avro, text: ORDER_V1_TEXT },
    Seeded { id: PAYMENT, subject: "payments-value", kind: SchemaKind::Avro, text: PAYMENT_TEXT },
    Seeded { id: CUSTOMER, subject: "customers-value", kind: SchemaKind::Avro, text: CUSTOMER_TEXT },
    Seeded { id: ORDER, subject: "orders.v1-value", kind: SchemaKind::Avro, text: ORDER_TEXT },
    Seeded { id: STOCK, subject: "inventory.stock-levels-value", kind: SchemaKind::Protobuf, text: STOCK_TEXT },
    Seeded { id: PRODUCT, subject: "catalog.products-value", kind: SchemaKind::Avro, text: PRODUCT_TEXT },
    Seeded { id: REFUND, subject: "payments.refunds-value", kind: SchemaKind::Json, text: REFUND_TEXT },
    Seeded { id: CUSTOMER_KEY, subject: "customers-key", kind: SchemaKind::Avro, text: r#"{"type":"long"}"# },
    Seeded { id: ORDER, subject: "eu.orders.v1-value", kind: SchemaKind::Avro, text: ORDER_TEXT },
];

const ORDER_V1_TEXT: &str = r#"{"type":"record","name":"Order","namespace":"shop.orders","fields":[{"name":"id","type":"string"},{"name":"customer_id","type":"long"},{"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;

const ORDER_TEXT: &str = r#"{"type":"record","name":"Order","namespace":"shop.orders","doc":"An order as the customer placed it.","fields":[{"name":"id","type":"string"},{"name":"customer_id","type":"long"},{"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},{"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"status","type":{"type":"enum","name":"Status","symbols":["NEW","PAID","PACKED","SHIPPED","CANCELLED"]},"default":"NEW"},{"name":"currency","type":"string","default":"EUR"},{"name":"deliver_by","type":{"type":"int","logicalType":"date"},"default":0},{"name":"shipping","type":{"type":"record","name":"Address","fields":[{"name":"name","type":"string"},{"name":"street","type":"string"},{"name":"city","type":"string"},{"name":"country","type":"string"},{"name":"notes","type":["null","string"],"default":null}]},"default":{"name":"","street":"","city":"","country":""}},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},{"name":"title","type":"string"},{"name":"quantity","type":"int"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}}]}},"default":[]},{"name":"coupon","type":["null","string"],"default":null}]}"#;

const PAYMENT_TEXT: &str = r#"{"type":"record","name":"Payment","namespace":"shop.payments","fields":[{"name":"id","type":{"type":"string","logicalType":"uuid"}},{"name":"order_id","type":"string"},{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},{"name":"method","type":{"type":"enum","name":"Method","symbols":["CARD","SEPA","PAYPAL","INVOICE"]}},{"name":"captured_at","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"risk","type":"double"},{"name":"reference","type":["null","string","long"],"default":null}]}"#;

const CUSTOMER_TEXT: &str = r#"{"type":"record","name":"Customer","namespace":"shop.customers","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":"string"},{"name":"born","type":["null",{"type":"int","logicalType":"date"}],"default":null},{"name":"newsletter","type":"boolean"},{"name":"city","type":"string"}]}"#;

const PRODUCT_TEXT: &str = r#"{"type":"record","name":"Product","namespace":"shop.catalog","fields":[{"name":"sku","type":"string"},{"name":"title","type":"string"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},{"name":"tags","type":{"type":"array","items":"string"}},{"name":"weight_kg","type":["null","double"],"default":null}]}"#;

const STOCK_TEXT: &str = "syntax = \"proto3\";\npackage shop.inventory;\n\nmessage StockLevel {\n  string sku = 1;\n  string warehouse = 2;\n  int64 on_hand = 3;\n  int64 reserved = 4;\n  sint32 change = 5;\n  bool discontinued = 6;\n  repeated string locations = 7;\n}\n";

const REFUND_TEXT: &str = r#"{"$schema":"http://json-schema.org/draft-07/schema#","title":"Refund","type":"object","properties":{"payment":{"type":"string"},"cents":{"type":"integer","minimum":1},"reason":{"enum":["damaged","late","changed_mind","fraud"]}},"required":["payment","cents"]}"#;
