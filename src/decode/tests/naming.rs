//! Schemas that bytes, headers, fingerprints and the profile name.

use super::*;
use crate::domain::writing::{Framing, SchemaChoice, Which};

#[test]
fn a_header_may_name_the_schema() {
    struct ByGuid(Arc<WriterSchema>);
    impl SchemaLookup for ByGuid {
        fn schema(&self, id: i32) -> SchemaState {
            SchemaState::Missing(format!("schema {id} is not in the registry"))
        }
        fn by_guid(&self, guid: u128) -> SchemaState {
            assert_eq!(guid, 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
            SchemaState::Ready(Arc::clone(&self.0))
        }
    }
    let proto = "message First { string a = 1; } message Second { string b = 1; message Inner { string c = 1; } }";
    let schema = Arc::new(WriterSchema::parse(proto, "PROTOBUF", &[], Some("guid".into())).unwrap());
    let lookup = ByGuid(schema);
    let guid = hex("0100112233445566778899aabbccddeeff");
    let read = |header: Vec<u8>| {
        let mut record = Record::bare("orders", Bytes::from_static(b"k"), Bytes::from_static(&[0x0a, 1, b'x']));
        let old = Header { name: "__value_schema_id".into(), value: Some(vec![0, 0, 0, 0, 9].into()) };
        record.headers = vec![old, Header { name: "__value_schema_id".into(), value: Some(header.into()) }];
        let has_guid = usize::from(record.headers[1].value.as_ref().unwrap()[0]);
        assert_eq!(schema_guids(&record.headers).count(), has_guid);
        assert_eq!(header_schema_ids(&record.headers).count(), 2 - has_guid);
        decode_record(record, ViewAs::Auto.into(), &lookup)
    };
    for (indexes, json, message) in [
        ("", r#"{"a":"x"}"#, None),
        ("00", r#"{"a":"x"}"#, None),
        ("0202", r#"{"b":"x"}"#, Some("Second")),
        ("040200", r#"{"c":"x"}"#, Some("Second.Inner")),
    ] {
        let decoded = read([guid.clone(), hex(indexes)].concat());
        assert_eq!(decoded.value.value.to_json(), json, "{indexes}");
        assert_eq!(decoded.value.format, Format::Protobuf { schema_id: None });
        assert_eq!(decoded.key.format, Format::Text, "the other part is not meant");
        let again = SchemaChoice {
            message: message.map(str::to_owned),
            framing: Framing::Header,
            ..SchemaChoice::of(Which::Guid(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff))
        };
        assert_eq!((decoded.value.written, decoded.key.written), (Some(again), None));
    }
    let unknown = read(vec![0, 0, 0, 0, 8]);
    assert_eq!(unknown.value.attempts[0].reason, "schema 8 is not in the registry");
    let odd = read([guid, hex("020202")].concat());
    assert_eq!((odd.value.attempts[0].decoder, odd.value.format), ("protobuf", Format::Hex));
}

/// What is decoded says by what it was written, and is written so again: the same bytes.
#[test]
fn what_was_read_can_be_written_again() {
    struct ById(Arc<WriterSchema>);
    impl SchemaLookup for ById {
        fn schema(&self, _: i32) -> SchemaState {
            SchemaState::Ready(Arc::clone(&self.0))
        }
    }
    let avro = r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","long"]}]}"#;
    let proto = "message First { string a = 1; } message Second { sint64 b = 1; repeated string c = 4; }";
    for (kind, text, payload) in [
        ("AVRO", avro, hex("020a")),
        ("PROTOBUF", proto, hex("000a0178")),
        ("PROTOBUF", proto, hex("020208092201782201 79".replace(' ', "").as_str())),
        ("JSON", r#"{"type":"object"}"#, br#"{"b":1.50,"a":[]}"#.to_vec()),
    ] {
        let parse = || WriterSchema::parse_to_write(text, kind, &[], None).unwrap();
        let bytes = Bytes::from([&[0, 0, 0, 0, 41], payload.as_slice()].concat());
        let decoded = decode(Some(&bytes), ViewAs::Auto, &ById(Arc::new(parse())));
        let choice = decoded.written.expect("its schema has a number");
        assert_eq!((&choice.which, choice.framing), (&Which::Id(41), Framing::Prefix));
        let mut schema = parse();
        choice.message.iter().for_each(|message| schema.choose(message).unwrap());
        let written = schema.write(decoded.value.to_json().as_bytes()).unwrap();
        assert_eq!([schema.which().unwrap(), written.bytes].concat(), payload, "{kind} {:?}", decoded.value);
        // What is packed would not be packed again.
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        let packed = decode(Some(&encoded.into()), ViewAs::Base64, &ById(Arc::new(parse())));
        assert_eq!((packed.written, packed.packed.len()), (None, 1));
    }
}

/// Schemas that somebody named for topics, and none of a registry.
#[derive(Default)]
struct Named {
    value: Option<Result<Arc<WriterSchema>, String>>,
    fingerprints: HashMap<u64, Arc<WriterSchema>>,
    guids: HashMap<u128, Arc<WriterSchema>>,
}

impl SchemaLookup for Named {
    fn schema(&self, id: i32) -> SchemaState {
        SchemaState::Missing(format!("schema {id} is not in the registry"))
    }

    fn by_guid(&self, guid: u128) -> SchemaState {
        let known = self.guids.get(&guid);
        known.map_or(SchemaState::Missing("no such schema".into()), |schema| SchemaState::Ready(schema.clone()))
    }

    fn of_topic(&self, topic: &str, part: Part) -> Option<&Result<Arc<WriterSchema>, String>> {
        self.value.as_ref().filter(|_| topic == "orders" && part == Part::Value)
    }

    fn by_fingerprint(&self, fingerprint: u64) -> Option<Arc<WriterSchema>> {
        self.fingerprints.get(&fingerprint).cloned()
    }
}

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;

fn order() -> Arc<WriterSchema> {
    Arc::new(WriterSchema::parse(ORDER, "AVRO", &[], Some("order.avsc".into())).unwrap())
}

#[test]
fn bytes_without_a_frame_are_read_by_the_schema_named_for_their_topic() {
    let lookup = Named { value: Some(Ok(order())), ..Named::default() };
    let read = |topic: &str, view: ViewAs, value: &[u8]| {
        let record = Record::bare(topic, Bytes::from_static(b"k"), Bytes::copy_from_slice(value));
        decode_record(record, view.into(), &lookup)
    };
    for view in [ViewAs::Auto, ViewAs::Avro] {
        let decoded = read("orders", view, &[84]);
        assert_eq!(decoded.value.value.to_json(), r#"{"id":42}"#);
        assert_eq!(decoded.value.schema.as_deref(), Some("order.avsc"));
        assert_eq!(decoded.value.attempts, []);
        assert_eq!(decoded.key.format, Format::Text, "keys have none");
    }
    assert_eq!(read("payments", ViewAs::Auto, &[84]).value.format, Format::Text);
    assert_eq!(read("orders", ViewAs::Hex, &[84]).value.format, Format::Hex);
    let broken = read("orders", ViewAs::Auto, &[84, 1]).value;
    assert_eq!((broken.attempts[0].decoder, broken.is_undecodable()), ("avro", true));
    let missing = Named { value: Some(Err("order.avsc: not there".into())), ..Named::default() };
    let record = Record::bare("orders", Bytes::from_static(b"k"), Bytes::from_static(&[84]));
    let decoded = decode_record(record, ReadAs::default(), &missing).value;
    assert_eq!((decoded.attempts[0].reason.as_str(), decoded.format), ("order.avsc: not there", Format::Text));
    let views = TopicView::new("orders", ReadAs::default(), &lookup);
    assert!(views.part(Part::Value).reads_differently(&[84]) && !views.part(Part::Key).reads_differently(&[84]));
}

/// What the library writes, read by us.
#[test]
fn a_fingerprint_names_one_of_the_schemas_at_hand() {
    let schema = Schema::parse_str(ORDER).unwrap();
    let mut writer = apache_avro::GenericSingleObjectWriter::new_with_capacity(&schema, 64).unwrap();
    let mut bytes = Vec::new();
    writer.write_value_ref(&Avro::Record(vec![("id".into(), Avro::Long(42))]), &mut bytes).unwrap();
    let bytes = Bytes::from(bytes);
    let order = order();
    let lookup = Named { fingerprints: [(order.fingerprint().unwrap(), order)].into(), ..Named::default() };
    let read = auto(&bytes, &lookup);
    assert_eq!((read.value.to_json().as_str(), read.schema.as_deref()), (r#"{"id":42}"#, Some("order.avsc")));
    let unknown = auto(&bytes, &NoSchemas);
    assert!(unknown.attempts[0].reason.starts_with("no schema file of the profile has the fingerprint "));
    assert!(unknown.is_undecodable() && unknown.format == Format::Hex);
    let view = TopicView::new("t", ReadAs::default(), &NoSchemas).part(Part::Value);
    assert!(view.reads_differently(&bytes));
}

#[test]
fn a_guid_before_the_payload_names_its_schema() {
    let guid = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128;
    let lookup = Named { guids: [(guid, order())].into(), ..Named::default() };
    let bytes = Bytes::from([&[1][..], &guid.to_be_bytes(), &[84]].concat());
    assert_eq!(schema_guid(&bytes), Some(guid));
    let read = auto(&bytes, &lookup);
    assert_eq!((read.value.to_json().as_str(), read.format), (r#"{"id":42}"#, Format::Avro { schema_id: None }));
    // Much begins with a byte of 1.
    let other = auto(&Bytes::from(vec![1; 30]), &lookup);
    assert!(!other.is_undecodable() && other.format == Format::Hex);
    assert!(decode(Some(&Bytes::from(vec![1; 30])), ViewAs::Avro, &lookup).is_undecodable());
}

/// `protoc --include_imports --descriptor_set_out` (35.1) of the two files below.
const SHOP: &str = "0a5f0a12636f6d6d6f6e2f6d6f6e65792e70726f746f1206636f6d6d6f6e22390a054d6f6e657912140a05756e697473\
    1801200128035205756e697473121a0a0863757272656e6379180220012809520863757272656e6379620670726f746f\
    330adc020a0a73686f702e70726f746f120473686f701a12636f6d6d6f6e2f6d6f6e65792e70726f746f22ab020a054f\
    72646572120e0a02696418012001280952026964122f0a06636f756e747318022003280b32172e73686f702e4f726465\
    722e436f756e7473456e7472795206636f756e747312240a046b696e6418032001280e32102e73686f702e4f72646572\
    2e4b696e6452046b696e6412210a047061696418042003280b320d2e636f6d6d6f6e2e4d6f6e65795204706169641226\
    0a056c696e657318052003280b32102e73686f702e4f726465722e4c696e6552056c696e65731a390a0b436f756e7473\
    456e74727912100a036b657918012001280952036b657912140a0576616c7565180220012805520576616c75653a0238\
    011a160a044c696e65120e0a02617418012001281252026174221d0a044b696e64120b0a07554e4b4e4f574e10001208\
    0a04474946541002620670726f746f33";

#[test]
fn a_set_of_descriptors_reads_as_its_files_do() {
    let main = r#"syntax = "proto3"; package shop; import "common/money.proto";
        message Order { string id = 1; map<string, int32> counts = 2; Kind kind = 3; repeated common.Money paid = 4;
          enum Kind { UNKNOWN = 0; GIFT = 2; } message Line { sint64 at = 1; } repeated Line lines = 5; }"#;
    let imported = r#"syntax = "proto3"; package common; message Money { int64 units = 1; string currency = 2; }"#;
    assert_eq!(imports(main).unwrap(), ["common/money.proto"]);
    let descriptors = Bytes::from(hex(SHOP));
    let by_text = WriterSchema::protobuf(&ProtobufSource::Text(main), &[imported.into()], None, None).unwrap();
    let by_set = WriterSchema::protobuf(&ProtobufSource::Descriptors(&descriptors), &[], None, None).unwrap();
    let payload = Bytes::from(hex("0a026f3112050a0161100718022207080c120345555222020806"));
    for (schema, how) in [(by_text, "text"), (by_set, "set")] {
        let (value, _) = schema.read_bare(&payload, &Bytes::new(), None, &Asked::All).unwrap();
        let json = r#"{"id":"o1","counts":{"a":7},"kind":"GIFT","paid":[{"units":12,"currency":"EUR"},{"units":6}]}"#;
        assert_eq!(value.to_json(), json, "{how}");
    }
    let chosen = WriterSchema::protobuf(&ProtobufSource::Descriptors(&descriptors), &[], Some("shop.Order.Line"), None);
    let (value, _) = chosen.unwrap().read_bare(&hex("0803").into(), &Bytes::new(), None, &Asked::All).unwrap();
    assert_eq!(value.to_json(), r#"{"at":-2}"#);
    let unknown = WriterSchema::protobuf(&ProtobufSource::Text(main), &[], Some("shop.Oder"), None).unwrap_err();
    assert_eq!(unknown, "its schema has no message shop.Oder");
    let noise = ProtobufSource::Descriptors(&Bytes::from_static(b"\xff\xff"));
    assert!(WriterSchema::protobuf(&noise, &[], None, None).unwrap_err().starts_with("it is no set of descriptors"));
}
