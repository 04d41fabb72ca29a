//! `klamm records produce`: records from flags, files or standard input, as a plan.
//!
//! Lines of standard input are a stream: they are sent as they come, and a plan of
//! them says how many there are only once it is over. With `--json` a line is what
//! `records tail --output json` writes.

mod input;

use crate::cli::change::carry_out;
use crate::cli::confirm::Consent;
use crate::cli::exit::{Exit, Stop};
use crate::cli::interrupt::signal;
use crate::cli::output::complain;
use crate::cli::session::{Session, blocking};
use crate::cluster::{self, Encoders, ProduceRequest, RecordSource, Unwritable};
use crate::domain::produce::{Acks, Delivery, NewRecord, Spread};
use crate::domain::recipe::Recipe;
use crate::domain::record::Codec;
use crate::domain::when::parse_time;
use crate::domain::writing::{Framing, LATEST, SchemaChoice, SubjectStrategy, Which, WrittenAs};
use crate::domain::{Failure, FailureKind, PartitionId, TopicName};
use crate::tui::{self, EditText};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A key or value from a file may have so many bytes.
const MAX_FILE: u64 = 256 << 20;

#[derive(Debug, Args)]
pub(crate) struct ProduceArguments {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// The value; without it each line of standard input is one
    #[arg(long, value_name = "TEXT")]
    value: Option<String>,
    /// A file that is the value, whole; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    value_file: Option<PathBuf>,
    /// Write the value in $VISUAL or $EDITOR, from --value where it is given
    #[arg(long, conflicts_with_all = ["value_file", "tombstone", "json"])]
    edit: bool,
    /// Write a tombstone: no value at all
    #[arg(long, conflicts_with_all = ["value", "value_file"])]
    tombstone: bool,
    /// Each line of standard input is an object with key, value and headers
    #[arg(long, conflicts_with_all = ["value", "value_file", "tombstone", "key", "key_file"])]
    json: bool,
    /// The key; without it there is none
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    /// A file that is the key, whole
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// What the value's text is: text, JSON that is checked, digits of bytes
    #[arg(long, value_name = "FORMAT", value_parser = format(), conflicts_with = "value_schema")]
    value_format: Option<WrittenAs>,
    /// What the key's text is
    #[arg(long, value_name = "FORMAT", value_parser = format(), conflicts_with = "key_schema")]
    key_format: Option<WrittenAs>,
    /// The value is JSON, written by this schema: latest, an id or GUID
    #[arg(long, value_name = "SCHEMA", value_parser = which)]
    value_schema: Option<Which>,
    /// The value is JSON, written by the schema of this .avsc, .proto or .json file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["value_schema", "value_format"])]
    value_schema_file: Option<PathBuf>,
    /// Whose latest schema; without it as --subject-strategy says
    #[arg(long, value_name = "SUBJECT")]
    value_subject: Option<String>,
    /// The full name of the record, or of the message of Protobuf
    #[arg(long, value_name = "NAME")]
    value_record: Option<String>,
    /// The key is JSON, written by this schema: latest, an id or GUID
    #[arg(long, value_name = "SCHEMA", value_parser = which)]
    key_schema: Option<Which>,
    /// The key is JSON, written by the schema of this .avsc, .proto or .json file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_schema", "key_format"])]
    key_schema_file: Option<PathBuf>,
    /// Whose latest schema; without it as --subject-strategy says
    #[arg(long, value_name = "SUBJECT")]
    key_subject: Option<String>,
    /// The full name of the key's record, or of the message of Protobuf
    #[arg(long, value_name = "NAME")]
    key_record: Option<String>,
    /// Under which subject a schema is looked up that none is named for
    #[arg(long, default_value = "topic", value_parser = strategy())]
    subject_strategy: SubjectStrategy,
    /// How a schema is named; prefix, of a schema's file none
    #[arg(long, value_parser = framing())]
    framing: Option<Framing>,
    /// A header; may be repeated, order and repeats are kept
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// A header without a value, behind the others; may be repeated
    #[arg(long = "header-null", value_name = "NAME")]
    null_headers: Vec<String>,
    /// Without it the partitioner decides
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<PartitionId>,
    /// Who decides; the default is what the Java client does with keys
    #[arg(long, default_value = "murmur2_random", value_parser = spread(), conflicts_with = "partition")]
    partitioner: Spread,
    /// The record's time; without it that of sending
    #[arg(long, value_name = "TIME")]
    timestamp: Option<String>,
    /// How batches are compressed
    #[arg(long, default_value = "none", value_parser = codec())]
    compression: Codec,
    /// Who must have a record: all in sync, the leader, nobody
    #[arg(long, default_value = "all", value_parser = acks())]
    acks: Acks,
    /// Write each once and in order; the default with acks all
    #[arg(long, conflicts_with = "no_idempotent")]
    idempotent: bool,
    /// A request that is sent again may write twice
    #[arg(long)]
    no_idempotent: bool,
    /// Write it so often, with placeholders such as {{seq}} filled in
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    repeat: Option<u64>,
    /// Fill in {{seq}}, {{now}}, {{now_ms}}, {{uuid}} and {{random 1..6}}
    #[arg(long, conflicts_with = "json")]
    placeholders: bool,
    /// Records a second at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    #[command(flatten)]
    consent: Consent,
}

/// Which schema of a registry; a subject is named beside it.
fn which(text: &str) -> Result<Which, String> {
    match Which::number(text) {
        Some(number) => Ok(number),
        None if text == LATEST => Ok(Which::Latest),
        None => Err("write latest, or the number or GUID of a schema".into()),
    }
}

fn strategy() -> impl TypedValueParser<Value = SubjectStrategy> {
    one_of(&SubjectStrategy::ALL, SubjectStrategy::word)
}

fn framing() -> impl TypedValueParser<Value = Framing> {
    one_of(&Framing::ALL, Framing::word)
}

/// The flags about one part.
struct PartFlags {
    part: &'static str,
    schema: Option<Which>,
    file: Option<PathBuf>,
    subject: Option<String>,
    record: Option<String>,
    format: Option<WrittenAs>,
}

impl PartFlags {
    /// What they say together.
    fn written(self, topic: &str, strategy: SubjectStrategy, framing: Option<Framing>) -> Result<WrittenAs, Stop> {
        let Self { part, schema, file, subject, record, format } = self;
        let by_file = file.is_some();
        let Some(which) = schema.or(file.map(Which::File)) else {
            let idle = [("subject", subject.is_some()), ("record", record.is_some())];
            if let Some((flag, _)) = idle.iter().find(|(_, is_given)| *is_given) {
                return Err(Stop::usage(format!("--{part}-{flag} needs --{part}-schema or --{part}-schema-file")));
            }
            return Ok(format.unwrap_or_default());
        };
        let framing = framing.unwrap_or(which.framing());
        // An id says it all, and so does a file that nothing names.
        let is_looked_up = matches!(which, Which::Latest) || (by_file && framing != Framing::None);
        let subject = match subject {
            None if is_looked_up && strategy != SubjectStrategy::Topic => {
                let named = strategy.subject(topic, part, record.as_deref());
                let word = strategy.word();
                Some(named.ok_or_else(|| {
                    Stop::usage(format!("--subject-strategy {word} needs --{part}-record, the record's full name"))
                })?)
            }
            named => named,
        };
        // Of Avro there is one record in a schema; of Protobuf it is chosen by its name.
        Ok(WrittenAs::Schema(SchemaChoice { which, subject, message: record, framing }))
    }
}

fn format() -> impl TypedValueParser<Value = WrittenAs> {
    PossibleValuesParser::new(WrittenAs::PLAIN.iter().map(WrittenAs::word)).map(|word| WrittenAs::parse(&word))
}

fn header(text: &str) -> Result<(String, String), String> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE".into())
}

/// The words of a list, each for what it names.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|one| word(*one)))
        .try_map(move |text| all.iter().copied().find(|one| word(*one) == text).ok_or("it is none of them"))
}

fn spread() -> impl TypedValueParser<Value = Spread> {
    one_of(&Spread::ALL, Spread::word)
}

fn acks() -> impl TypedValueParser<Value = Acks> {
    one_of(&Acks::ALL, Acks::word)
}

fn codec() -> impl TypedValueParser<Value = Codec> {
    one_of(&Codec::ALL, Codec::word)
}

pub(super) async fn run(session: &mut Session, arguments: ProduceArguments) -> Result<Exit, Stop> {
    let consent = arguments.consent;
    let is_json = arguments.json;
    let has_value =
        arguments.value.is_some() || arguments.value_file.is_some() || arguments.tombstone || arguments.edit;
    if arguments.repeat.is_some() && !has_value {
        return Err(Stop::usage("--repeat needs --value, --value-file, --edit or --tombstone"));
    }
    let timestamp = match &arguments.timestamp {
        Some(text) => {
            let instant = parse_time(text, session.now(), session.zone_asked_for())
                .map_err(|reason| Stop::usage(format!("--timestamp: {reason}")))?;
            if let Some(note) = instant.note {
                complain(&note);
            }
            Some(instant.time)
        }
        None => None,
    };
    let edits = arguments.edit;
    if edits && !tui::has_terminal() {
        return Err(Stop::usage("--edit needs a terminal; --value-file takes a file, or - for standard input"));
    }
    let mut recipe = blocking("read the files", move || recipe(arguments)).await?;
    recipe.record.timestamp = timestamp;
    let cluster = session.connect().await?;
    let encoders = cluster.encoders(&recipe).await?;
    let said = encoders.said();
    let source = if has_value {
        if edits {
            by_hand(&mut recipe, &encoders).await?
        } else {
            RecordSource::made(&recipe, encoders).map_err(Failure::from)?
        }
    } else {
        input::read(cluster::prepared(&recipe).map_err(Stop::usage)?, encoders, is_json, consent).await?
    };
    if source.first.is_empty() {
        return Err(Stop::usage("there is no record to write: standard input was empty"));
    }
    let stop = source.stop.clone();
    let mut words = recipe.words(cluster.profile().masks.touch(recipe.topic.as_str()));
    if is_json {
        words.push("--json".to_owned());
    }
    let request = ProduceRequest {
        topic: recipe.topic,
        source,
        delivery: recipe.delivery,
        rate: recipe.rate,
        said,
        command_line: words,
    };
    let plan = cluster.plan_produce(request).await?;
    // A stream may be endless: an interrupt ends it, and the result follows.
    let interrupted = tokio::spawn(async move {
        signal().await;
        stop.cancel();
    });
    let exit = carry_out(session, &cluster, &plan, consent, None).await;
    interrupted.abort();
    exit
}

/// The value is written in the editor, again and again as long as it does not fit and was
/// changed.
async fn by_hand(recipe: &mut Recipe, encoders: &Encoders) -> Result<RecordSource, Stop> {
    let failed = |reason: String| Stop::from(Failure::new(FailureKind::Refused, "edit the value", reason));
    let extension = if encoders.takes_json().1 { "json" } else { "txt" };
    let mut text = String::from_utf8(recipe.record.value.take().unwrap_or_default())
        .map_err(|_| failed("it is no text".into()))?;
    loop {
        let edited = tui::edit(EditText { text: text.clone(), extension }).await.map_err(failed)?;
        recipe.record.value = Some(edited.clone().into_bytes());
        match RecordSource::made(recipe, encoders.clone()) {
            Err(Unwritable::Misfit(misfit)) if edited != text => complain(&misfit.to_string()),
            made => return Ok(made.map_err(Failure::from)?),
        }
        text = edited;
    }
}

/// What the flags say, with the files they name.
fn recipe(arguments: ProduceArguments) -> Result<Recipe, Stop> {
    let file = |path: Option<PathBuf>| path.map(|path| whole(&path)).transpose();
    let key = match arguments.key {
        Some(key) => Some(key.into_bytes()),
        None => file(arguments.key_file)?,
    };
    let value = match arguments.value {
        Some(value) => Some(value.into_bytes()),
        None => file(arguments.value_file)?,
    };
    let named = arguments.headers.into_iter().map(|(name, value)| (name, Some(value.into_bytes())));
    let headers = named.chain(arguments.null_headers.into_iter().map(|name| (name, None))).collect();
    let (topic, strategy, framing) = (&arguments.topic, arguments.subject_strategy, arguments.framing);
    let key_as = PartFlags {
        part: "key",
        schema: arguments.key_schema,
        file: arguments.key_schema_file,
        subject: arguments.key_subject,
        record: arguments.key_record,
        format: arguments.key_format,
    }
    .written(topic, strategy, framing)?;
    let value_as = PartFlags {
        part: "value",
        schema: arguments.value_schema,
        file: arguments.value_schema_file,
        subject: arguments.value_subject,
        record: arguments.value_record,
        format: arguments.value_format,
    }
    .written(topic, strategy, framing)?;
    if framing.is_some() && key_as.framing().is_none() && value_as.framing().is_none() {
        return Err(Stop::usage("--framing needs a schema for the key or the value"));
    }
    let is_idempotent = arguments.idempotent || (arguments.acks == Acks::All && !arguments.no_idempotent);
    if is_idempotent && arguments.acks != Acks::All {
        return Err(Stop::usage(format!("--idempotent needs --acks all, not {}", arguments.acks.word())));
    }
    Ok(Recipe {
        topic: TopicName::from(arguments.topic.as_str()),
        record: NewRecord { partition: arguments.partition, key, value, headers, timestamp: None },
        key_as,
        value_as,
        repeat: arguments.repeat,
        has_placeholders: arguments.placeholders,
        delivery: Delivery {
            compression: arguments.compression,
            acks: arguments.acks,
            is_idempotent,
            spread: arguments.partitioner,
        },
        rate: arguments.rate,
    })
}

/// A whole file, or standard input.
fn whole(path: &Path) -> Result<Vec<u8>, Stop> {
    let (name, read) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        ("standard input".to_owned(), std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).map(|_| bytes))
    } else {
        let read = || {
            let mut bytes = Vec::new();
            std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        (path.display().to_string(), read())
    };
    let failed = |kind, message: String| Stop::from(Failure::new(kind, "read", message).on(name.as_str()));
    let bytes = read.map_err(|error| failed(FailureKind::Storage, error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(failed(FailureKind::Invalid, format!("it has more than {} MiB", MAX_FILE >> 20)));
    }
    Ok(bytes)
}
