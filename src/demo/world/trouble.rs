//! Records that give a console trouble, as real clusters do: dead letters with
//! their histories, broken text, terminal control sequences.

use super::commerce;
use crate::demo::batch::{Content, Header};
use crate::demo::source::Moment;
use bytes::Bytes;

const TIMEOUT: &str = "java.net.SocketTimeoutException";
const STACK: &str = "org.springframework.kafka.listener.ListenerExecutionFailedException: Listener failed\n\tat org.springframework.kafka.listener.KafkaMessageListenerContainer.invoke(KafkaMessageListenerContainer.java:2971)\nCaused by: java.net.SocketTimeoutException: Read timed out\n\tat shop.orders.PaymentClient.capture(PaymentClient.java:88)\n";

/// An order that could not be processed, with Spring's headers: numbers in binary.
pub(super) fn spring_dead_letter(moment: &mut Moment) -> Content {
    let mut content = commerce::order(moment);
    let random = &mut moment.random;
    let (cause, message) = random.pick(&[
        (TIMEOUT, "Read timed out"),
        ("java.lang.IllegalStateException", "Order is already CANCELLED"),
        ("org.apache.avro.AvroTypeException", "Found string, expecting union"),
    ]);
    let offset = random.below(9_000).cast_signed() + 1_000;
    let at = moment.time.millis() - random.below(60_000).cast_signed();
    content.headers.extend([
        Header::new("kafka_dlt-original-topic", "orders.v1"),
        Header::new("kafka_dlt-original-partition", moment.partition.to_be_bytes().to_vec()),
        Header::new("kafka_dlt-original-offset", offset.to_be_bytes().to_vec()),
        Header::new("kafka_dlt-original-timestamp", at.to_be_bytes().to_vec()),
        Header::new("kafka_dlt-original-timestamp-type", "CreateTime"),
        Header::new("kafka_dlt-original-consumer-group", "order-processor"),
        Header::new("kafka_dlt-exception-fqcn", "org.springframework.kafka.listener.ListenerExecutionFailedException"),
        Header::new("kafka_dlt-exception-cause-fqcn", cause),
        Header::new("kafka_dlt-exception-message", message),
        Header::new("kafka_dlt-exception-stacktrace", STACK),
    ]);
    content
}

/// An order on its second or third try.
pub(super) fn spring_retry(moment: &mut Moment) -> Content {
    let mut content = commerce::order(moment);
    let attempts = i32::try_from(moment.random.below(2)).unwrap_or(0) + 2;
    let due = moment.time.millis() + 30_000;
    // The due time is written without its leading zero bytes.
    let due: Vec<u8> = due.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    content.headers.extend([
        Header::new("kafka_original-topic", "orders.v1"),
        Header::new("kafka_original-partition", moment.partition.to_be_bytes().to_vec()),
        Header::new("kafka_exception-fqcn", TIMEOUT),
        Header::new("retry_topic-attempts", attempts.to_be_bytes().to_vec()),
        Header::new("retry_topic-backoff-timestamp", due),
    ]);
    content
}

/// A payment that a sink connector could not write, with Connect's headers: all text.
pub(super) fn connect_dead_letter(moment: &mut Moment) -> Content {
    let mut content = commerce::payment(moment);
    let random = &mut moment.random;
    let (stage, class, message) = random.pick(&[
        (
            "VALUE_CONVERTER",
            "org.apache.kafka.connect.errors.DataException",
            "Failed to deserialize data for topic payments to Avro",
        ),
        (
            "TASK_PUT",
            "org.apache.kafka.connect.errors.ConnectException",
            "mapper_parsing_exception: failed to parse field [risk]",
        ),
    ]);
    let offset = (random.below(60_000) + 5_000).to_string();
    content.headers.extend([
        Header::new("__connect.errors.topic", "payments"),
        Header::new("__connect.errors.partition", random.below(24).to_string()),
        Header::new("__connect.errors.offset", offset),
        Header::new("__connect.errors.connector.name", "payments-elasticsearch-sink"),
        Header::new("__connect.errors.task.id", random.below(2).to_string()),
        Header::new("__connect.errors.stage", stage),
        Header::new("__connect.errors.class.name", "io.confluent.connect.avro.AvroConverter"),
        Header::new("__connect.errors.exception.class.name", class),
        Header::new("__connect.errors.exception.message", message),
        Header::new("__connect.errors.exception.stacktrace", format!("{class}: {message}\n\tat org.apache.kafka.connect.runtime.WorkerSinkTask.convertMessages(WorkerSinkTask.java:544)\n")),
    ]);
    content
}

/// Lines of a machine that knows no UTF-8.
pub(super) fn mainframe(moment: &mut Moment) -> Content {
    let mut line = format!("{:08}BUCHUNG  ", moment.index).into_bytes();
    line.extend_from_slice(match moment.random.below(3) {
        0 => b"M\xfcller & S\xf6hne GmbH    \xa4 0001249,90",
        1 => b"Caf\xe9 Bront\xeb             \xa4 0000018,40",
        _ => b"\xc0\x80\xfe\xff\xed\xa0\x80 ABGEBROCHEN        ",
    });
    Content { key: None, value: Some(Bytes::from(line)), headers: Vec::new() }
}

/// What people paste into a support chat; some of it would move the cursor, set
/// the title or fill the clipboard of a terminal that prints it as it is.
pub(super) fn chat(moment: &mut Moment) -> Content {
    let text = moment.random.pick(&[
        "Hello, where is my parcel?",
        "\u{1b}[31mURGENT\u{1b}[0m please call me \u{1b}]0;pwned\u{7}back",
        "my log says: \u{1b}]52;c;cm0gLXJmIC8=\u{7} what is that?",
        "\u{1b}[2J\u{1b}[Hsorry, I pasted my whole terminal\r\nagain\u{8}\u{8}",
        "txt.\u{202e}fdp.ecnivni is the file name",
        "Thank you! 🙏🏽👨‍👩‍👧 das hat super geklappt",
        "tab\tseparated\tthings\nand a second line",
    ]);
    let headers = vec![Header::new("agent\u{1b}[7m", moment.random.pick(&["Inés", "Paweł"]))];
    Content { key: moment.key.clone(), value: Some(Bytes::from(text)), headers }
}
