//! Dead letters: records that somebody could not process, and what they say of it.
//!
//! Owns: reading the headers that Kafka Connect (KIP-298), Spring for Apache Kafka
//! (`DeadLetterPublishingRecoverer`, `@RetryableTopic`), Kafka Streams (KIP-1034) and
//! Karafka write, and putting letters together by their cause.
//! Invariant: headers are hostile bytes. What does not read as it should is left out,
//! never guessed; of a name that is repeated the last one counts, as the last failure.

use super::record::Header;
use super::resend::REDRIVEN;
use super::{GroupId, Offset, PartitionId, Time, TopicName};
use std::fmt;

/// Who wrote the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Convention {
    Connect,
    Spring,
    /// On its way through Spring's retry topics, not given up yet.
    SpringRetry,
    Streams,
    Karafka,
}

impl Convention {
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Spring => "spring",
            Self::SpringRetry => "spring-retry",
            Self::Streams => "streams",
            Self::Karafka => "karafka",
        }
    }
}

/// Where the record was first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    pub topic: Option<TopicName>,
    pub partition: Option<PartitionId>,
    pub offset: Option<Offset>,
    pub timestamp: Option<Time>,
}

impl Source {
    /// `orders:3@120`, as far as it is known.
    pub fn place(&self) -> Option<String> {
        let topic = self.topic.as_ref()?;
        Some(match (self.partition, self.offset) {
            (Some(partition), Some(offset)) => format!("{topic}:{partition}@{offset}"),
            (Some(partition), None) => format!("{topic}:{partition}"),
            (None, _) => topic.to_string(),
        })
    }
}

/// Who could not process it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    Group(GroupId),
    Connector { name: String, task: Option<u32> },
}

impl Reader {
    /// Its name, without the task.
    pub fn name(&self) -> &str {
        match self {
            Self::Group(group) => group.as_str(),
            Self::Connector { name, .. } => name,
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(f, "group {group}"),
            Self::Connector { name, task: Some(task) } => write!(f, "connector {name}, task {task}"),
            Self::Connector { name, task: None } => write!(f, "connector {name}"),
        }
    }
}

/// What a record's headers say of its failure. Texts are not sanitised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub convention: Convention,
    pub source: Source,
    pub reader: Option<Reader>,
    /// Where in Connect: `VALUE_CONVERTER`, `TASK_PUT`, …
    pub stage: Option<String>,
    /// The class that says most: the cause where there is one, not its wrapper.
    pub exception: Option<String>,
    pub message: Option<String>,
    pub stack_trace: Option<String>,
    /// How often it was tried.
    pub attempts: Option<u64>,
    /// When Spring tries it again.
    pub due: Option<Time>,
    /// Failures told by headers that stand before the last ones.
    pub earlier: usize,
}

const CONNECT: &str = "__connect.errors.";
const SPRING: &str = "kafka_dlt-";
const STREAMS: &str = "__streams.errors.";
/// Headers of failures; a record that is sent again goes without them.
const ERROR_PREFIXES: [&str; 6] = [CONNECT, SPRING, STREAMS, "kafka_exception-", "kafka_original-", "retry_topic-"];

/// What `headers` say, or `None` where they say nothing of a failure.
pub fn read(headers: &[Header]) -> Option<DeadLetter> {
    let found = Headers(headers);
    if found.has(CONNECT) {
        Some(connect(&found))
    } else if found.has(SPRING) {
        Some(spring(&found, Convention::Spring, SPRING, SPRING))
    } else if found.has("kafka_exception-") || found.has("retry_topic-") {
        Some(spring(&found, Convention::SpringRetry, "kafka_", "kafka_"))
    } else if found.has(STREAMS) {
        Some(streams(&found))
    } else if found.text("source_topic").is_some() && found.text("source_offset").is_some() {
        Some(karafka(&found))
    } else {
        None
    }
}

/// Which plan brought the letter back before, and from where; it is here again.
pub fn redriven(headers: &[Header]) -> Option<String> {
    Headers(headers).text(REDRIVEN)
}

/// Whether a header is one of a failure's and none of the record's own.
pub fn is_error_header(name: &str) -> bool {
    ERROR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `org.example.Outer$Broken` as people say it: `Outer$Broken`.
pub fn short_class(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

struct Headers<'a>(&'a [Header]);

impl DeadLetter {
    /// One that says where it was, and nothing else.
    fn from(convention: Convention, source: Source) -> Self {
        Self {
            convention,
            source,
            reader: None,
            stage: None,
            exception: None,
            message: None,
            stack_trace: None,
            attempts: None,
            due: None,
            earlier: 0,
        }
    }
}

impl Headers<'_> {
    fn has(&self, prefix: &str) -> bool {
        self.0.iter().any(|header| header.name.starts_with(prefix))
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|header| header.name == name).count()
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|header| header.name == name)?.value.as_deref()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).filter(|text| !text.is_empty())
    }

    /// A decimal number in text, not negative.
    fn decimal<T: TryFrom<u64>>(&self, name: &str) -> Option<T> {
        let number: u64 = std::str::from_utf8(self.bytes(name)?).ok()?.trim().parse().ok()?;
        number.try_into().ok()
    }

    /// A big-endian number of up to eight bytes, not negative; text that is one is
    /// taken, too.
    fn number(&self, name: &str) -> Option<i64> {
        let bytes = self.bytes(name)?;
        if !bytes.is_empty() && bytes.len() != 4 && bytes.len() != 8 && bytes.iter().all(u8::is_ascii_digit) {
            return self.decimal(name);
        }
        let mut wide = [0; 8];
        wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
        Some(i64::from_be_bytes(wide)).filter(|number| *number >= 0 && !bytes.is_empty())
    }

    fn topic(&self, name: &str) -> Option<TopicName> {
        self.text(name).map(|topic| TopicName::from(topic.as_str()))
    }

    /// A source that is written in text, in headers that begin so.
    fn source(&self, prefix: &str) -> Source {
        let name = |rest: &str| format!("{prefix}{rest}");
        Source {
            topic: self.topic(&name("topic")),
            partition: self.decimal(&name("partition")),
            offset: self.decimal(&name("offset")),
            timestamp: None,
        }
    }

    fn group(&self, name: &str) -> Option<Reader> {
        self.text(name).map(|group| Reader::Group(GroupId::from(group.as_str())))
    }
}

fn connect(headers: &Headers<'_>) -> DeadLetter {
    let name = |rest: &str| format!("{CONNECT}{rest}");
    let class = name("exception.class.name");
    DeadLetter {
        reader: headers
            .text(&name("connector.name"))
            .map(|connector| Reader::Connector { name: connector, task: headers.decimal(&name("task.id")) }),
        stage: headers.text(&name("stage")),
        exception: headers.text(&class),
        message: headers.text(&name("exception.message")),
        stack_trace: headers.text(&name("exception.stacktrace")),
        earlier: headers.count(&class).saturating_sub(1),
        ..DeadLetter::from(Convention::Connect, headers.source(CONNECT))
    }
}

/// `of` begins the names about the failure, `from` those about the source.
fn spring(headers: &Headers<'_>, convention: Convention, of: &str, from: &str) -> DeadLetter {
    let of = |rest: &str| format!("{of}{rest}");
    let from = |rest: &str| format!("{from}original-{rest}");
    let stack_trace =
        headers.text(&of("exception-stacktrace")).or_else(|| headers.text(&of("key-exception-stacktrace")));
    let exception = headers
        .text(&of("exception-cause-fqcn"))
        .or_else(|| stack_trace.as_deref().and_then(last_cause).map(str::to_owned))
        .or_else(|| headers.text(&of("exception-fqcn")))
        .or_else(|| headers.text(&of("key-exception-fqcn")));
    let source = Source {
        topic: headers.topic(&from("topic")),
        partition: headers.number(&from("partition")).and_then(|number| number.try_into().ok()),
        offset: headers.number(&from("offset")),
        timestamp: headers.number(&from("timestamp")).map(Time),
    };
    DeadLetter {
        reader: headers.group(&from("consumer-group")),
        exception,
        message: headers.text(&of("exception-message")).or_else(|| headers.text(&of("key-exception-message"))),
        stack_trace,
        attempts: headers.number("retry_topic-attempts").map(i64::unsigned_abs),
        due: headers.number("retry_topic-backoff-timestamp").map(Time),
        // Spring adds the source again with each failure.
        earlier: headers.count(&from("topic")).saturating_sub(1),
        ..DeadLetter::from(convention, source)
    }
}

fn streams(headers: &Headers<'_>) -> DeadLetter {
    let name = |rest: &str| format!("{STREAMS}{rest}");
    DeadLetter {
        exception: headers.text(&name("exception")),
        message: headers.text(&name("message")),
        stack_trace: headers.text(&name("stacktrace")),
        earlier: headers.count(&name("exception")).saturating_sub(1),
        ..DeadLetter::from(Convention::Streams, headers.source(STREAMS))
    }
}

fn karafka(headers: &Headers<'_>) -> DeadLetter {
    DeadLetter {
        reader: headers.group("source_consumer_group"),
        attempts: headers.decimal("source_attempts"),
        earlier: headers.count("source_topic").saturating_sub(1),
        ..DeadLetter::from(Convention::Karafka, headers.source("source_"))
    }
}

/// The class of the last "Caused by:" in a Java stack trace.
fn last_cause(stack_trace: &str) -> Option<&str> {
    let line = stack_trace.lines().rev().find_map(|line| line.trim_start().strip_prefix("Caused by: "))?;
    line.split([':', ' ']).next().filter(|class| !class.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use rstest::rstest;

    fn header(name: &str, value: impl Into<Vec<u8>>) -> Header {
        Header { name: name.into(), value: Some(Bytes::from(value.into())) }
    }

    fn connect_headers(class: &str) -> Vec<Header> {
        vec![
            header("trace-id", "4bf9"),
            header("__connect.errors.topic", "payments"),
            header("__connect.errors.partition", "7"),
            header("__connect.errors.offset", "884112"),
            header("__connect.errors.connector.name", "search-sink"),
            header("__connect.errors.task.id", "1"),
            header("__connect.errors.stage", "VALUE_CONVERTER"),
            header("__connect.errors.exception.class.name", class),
            Header { name: "__connect.errors.exception.message".into(), value: None },
        ]
    }

    #[test]
    fn connect_writes_text_and_a_message_may_be_null() {
        let letter = read(&connect_headers("a.DataException")).unwrap();
        let source =
            Source { topic: Some("payments".into()), partition: Some(7), offset: Some(884_112), timestamp: None };
        assert_eq!((letter.convention, &letter.source), (Convention::Connect, &source));
        assert_eq!(letter.reader, Some(Reader::Connector { name: "search-sink".into(), task: Some(1) }));
        assert_eq!(letter.exception.as_deref(), Some("a.DataException"));
        assert_eq!((letter.message, letter.earlier), (None, 0));
    }

    #[test]
    fn of_repeated_headers_the_last_failure_counts() {
        let headers = [connect_headers("a.First"), connect_headers("a.Second")].concat();
        let letter = read(&headers).unwrap();
        assert_eq!((letter.exception.as_deref(), letter.earlier), (Some("a.Second"), 1));
    }

    #[test]
    fn spring_writes_numbers_in_binary_and_wraps_the_cause() {
        let mut headers = vec![
            header("kafka_dlt-original-topic", "orders"),
            header("kafka_dlt-original-partition", 3_i32.to_be_bytes()),
            header("kafka_dlt-original-offset", 120_004_i64.to_be_bytes()),
            header("kafka_dlt-original-timestamp", 1_700_000_000_118_i64.to_be_bytes()),
            header("kafka_dlt-original-consumer-group", "billing"),
            header("kafka_dlt-exception-fqcn", "x.ListenerExecutionFailedException"),
            header(
                "kafka_dlt-exception-stacktrace",
                "x.Listener: no\n\tat a.b\nCaused by: x.Middle: m\nCaused by: java.net.SocketTimeoutException: Read timed out\n\tat c.d",
            ),
        ];
        let letter = read(&headers).unwrap();
        assert_eq!(
            (letter.source.partition, letter.source.offset, letter.source.timestamp),
            (Some(3), Some(120_004), Some(Time(1_700_000_000_118)))
        );
        assert_eq!(letter.reader, Some(Reader::Group("billing".into())));
        assert_eq!(letter.exception.as_deref(), Some("java.net.SocketTimeoutException"));
        headers.push(header("kafka_dlt-exception-cause-fqcn", "x.Said"));
        assert_eq!(read(&headers).unwrap().exception.as_deref(), Some("x.Said"));
    }

    #[test]
    fn a_retry_says_when_it_is_due() {
        let letter = read(&[
            header("kafka_original-topic", "orders"),
            header("kafka_exception-fqcn", "x.Timeout"),
            header("retry_topic-attempts", [2]),
            header("retry_topic-backoff-timestamp", [0x01, 0xa0, 0x12, 0xab, 0x41, 0xbf]),
        ])
        .unwrap();
        assert_eq!((letter.convention, letter.attempts), (Convention::SpringRetry, Some(2)));
        assert_eq!(letter.due, Some(Time(1_787_019_608_511)));
        assert_eq!(letter.source.topic, Some("orders".into()));
    }

    #[test]
    fn streams_and_karafka_are_known_and_plain_records_are_not() {
        let streams = read(&[header("__streams.errors.exception", "x.E"), header("__streams.errors.offset", "9")]);
        assert_eq!(
            streams.map(|letter| (letter.convention, letter.source.offset)),
            Some((Convention::Streams, Some(9)))
        );
        let karafka =
            read(&[header("source_topic", "t"), header("source_offset", "4"), header("source_attempts", "3")]);
        assert_eq!(karafka.map(|letter| (letter.convention, letter.attempts)), Some((Convention::Karafka, Some(3))));
        assert_eq!(read(&[header("trace-id", "1"), header("source", "web")]), None);
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::four_bytes(&[0, 0, 0, 5], Some(5))]
    #[case::text_of_eight_digits_is_binary(b"12345678", Some(0x3132_3334_3536_3738))]
    #[case::text(b"42", Some(42))]
    #[case::negative(&[255; 8], None)]
    #[case::too_long(&[1; 9], None)]
    fn numbers(#[case] bytes: &[u8], #[case] expected: Option<i64>) {
        assert_eq!(Headers(&[header("n", bytes)]).number("n"), expected);
    }

    #[test]
    fn only_headers_of_failures_are_taken_off() {
        let kept: Vec<String> =
            connect_headers("x").into_iter().map(|header| header.name).filter(|name| !is_error_header(name)).collect();
        assert_eq!(kept, ["trace-id"]);
        assert!(is_error_header("retry_topic-attempts") && !is_error_header("kafka_dlq"));
    }

    proptest! {
        #[test]
        fn whatever_headers_hold_they_are_read(
            headers in prop::collection::vec((
                prop::sample::select(vec![
                    "__connect.errors.partition", "kafka_dlt-original-offset", "kafka_dlt-exception-stacktrace",
                    "retry_topic-attempts", "retry_topic-backoff-timestamp", "source_topic", "source_offset",
                ]),
                prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
            ), 0..8),
        ) {
            let headers: Vec<Header> = headers
                .into_iter()
                .map(|(name, value)| Header { name: name.into(), value: value.map(Bytes::from) })
                .collect();
            if let Some(letter) = read(&headers) {
                prop_assert!(letter.source.offset.is_none_or(|offset| offset >= 0));
                prop_assert!(letter.source.partition.is_none_or(|partition| partition >= 0));
            }
        }
    }
}
