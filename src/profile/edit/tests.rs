use super::*;
use crate::domain::rules::Rule;
use rstest::rstest;

const FILE: &str = r#"# My clusters.
version = 1
default = "prod" # the one I am paid for

[keys]
"topic.tail" = ["t"]

# Careful here.
[profiles.prod]
bootstrap = ["a:9092"]   # only one
future = "kept"
read_only = true
registry = "http://r:8081"
[profiles.prod.tls]
ca = "ca.pem"
# the user of the rota
[profiles.prod.sasl]
mechanism = "PLAIN"
user = "me"
password = { env = "P" }

# A toy.
[profiles.local]
bootstrap = "localhost"
"#;

fn edit(action: Action) -> Result<String, Failure> {
    carry_out(FILE, Path::new("/etc/klamm.toml"), &action)
}

fn text(field: Field, text: &str) -> (Field, Entry) {
    (field, Entry::Text(text.into()))
}

fn of_prod(settings: Vec<(Field, Entry)>) -> Result<String, Failure> {
    edit(Action::Edit { name: "prod".into(), rename: None, settings, as_default: false })
}

/// The lines that are new or gone, in order.
fn changed(after: &str) -> Vec<String> {
    let diff = similar::TextDiff::from_lines(FILE, after);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changes.map(|change| format!("{}{}", change.tag(), change.value().trim_end())).collect()
}

#[test]
fn one_setting_changes_one_line_and_its_comment_stays() {
    let after = of_prod(vec![text(Field::Bootstrap, "a:9092, b:9093")]).unwrap();
    assert_eq!(
        changed(&after),
        ["-bootstrap = [\"a:9092\"]   # only one", "+bootstrap = [\"a:9092\", \"b:9093\"]   # only one"]
    );
    assert_eq!(of_prod(vec![text(Field::Bootstrap, "a:9092")]).unwrap(), FILE, "the same again changes nothing");
}

#[test]
fn settings_go_into_their_sections() {
    let after = of_prod(vec![
        (Field::Password, Entry::Secret(SecretSource::Command(vec!["pass".into(), "show".into()]))),
        (Field::Ca, Entry::Clear),
        text(Field::RegistryUser, "u"),
        (Field::RegistryPassword, Entry::Secret(SecretSource::Keyring("reg".into()))),
        text(Field::RefreshLag, "30s"),
        text(Field::Formats, "orders.*=avro, *=text"),
        text(Field::ReadOnly, "no"),
    ])
    .unwrap();
    let lines = changed(&after);
    for line in [
        "+password = { command = [\"pass\", \"show\"] }",
        "-ca = \"ca.pem\"",
        "+registry = { url = \"http://r:8081\", user = \"u\", password = { keyring = \"reg\" } }",
        "+refresh = { lag = \"30s\" }",
        "+formats = { \"orders.*\" = \"avro\", \"*\" = \"text\" }",
        "+read_only = false",
    ] {
        assert!(lines.iter().any(|changed| changed == line), "{line} in {lines:#?}\n{after}");
    }
    assert!(after.contains("future = \"kept\"") && after.contains("[profiles.prod.tls]"), "{after}");
    let read = file::parse(&after, Path::new("x"));
    assert_eq!(read.profiles.len(), 2);
    assert!(read.profiles[0].tls.is_some(), "an empty section is still TLS");
}

#[test]
fn without_its_heart_a_section_goes() {
    let after =
        of_prod(vec![(Field::Mechanism, Entry::Clear), (Field::Registry, Entry::Clear), text(Field::Tls, "off")])
            .unwrap();
    let read = file::parse(&after, Path::new("x"));
    let prod = &read.profiles[0];
    assert!(prod.sasl.is_none() && prod.registry.is_none() && prod.tls.is_none(), "{after}");
    assert!(after.contains("# Careful here.") && after.contains("# A toy."), "{after}");
}

#[test]
fn a_new_profile_comes_last_and_may_become_the_default() {
    let settings = vec![
        text(Field::Bootstrap, "c"),
        text(Field::Tls, "true"),
        text(Field::Mechanism, "scram-sha-512"),
        text(Field::User, "u"),
        (Field::Password, Entry::Secret(SecretSource::Prompt)),
    ];
    let after = edit(Action::Add { name: "new one".into(), settings, as_default: true }).unwrap();
    assert!(
        after.starts_with("# My clusters.\nversion = 1\ndefault = \"new one\" # the one I am paid for\n"),
        "{after}"
    );
    let end = "\n[profiles.\"new one\"]\nbootstrap = [\"c\"]\ntls = true\n\
               sasl = { mechanism = \"SCRAM-SHA-512\", user = \"u\", password = { prompt = true } }\n";
    assert!(after.ends_with(end), "{after}");
}

#[test]
fn a_duplicate_stands_by_itself_and_leaves_the_comment_of_the_original() {
    let after = edit(Action::Duplicate { from: "prod".into(), name: "copy".into() }).unwrap();
    assert!(after.starts_with(FILE.trim_end()), "{after}");
    let copy = after.split_once("[profiles.copy]").unwrap().1;
    assert!(
        copy.contains("[profiles.copy.sasl]") && !after.replacen("# Careful", "", 1).contains("# Careful"),
        "{after}"
    );
    assert_eq!(file::parse(&after, Path::new("x")).profiles.len(), 3);
}

#[test]
fn a_deleted_profile_takes_its_comment_and_its_rank_with_it() {
    let after = edit(Action::Delete { name: "prod".into() }).unwrap();
    assert!(!after.contains("prod") && !after.contains("Careful"), "{after}");
    assert!(after.contains("# My clusters.") && after.contains("# A toy.\n[profiles.local]"), "{after}");
    let other = edit(Action::Delete { name: "local".into() }).unwrap();
    assert!(other.contains("default = \"prod\""));
}

#[test]
fn another_name_keeps_place_and_rank() {
    let action = Action::Edit { name: "prod".into(), rename: Some("live".into()), settings: vec![], as_default: false };
    let after = edit(action).unwrap();
    let expected = FILE.replace("profiles.prod", "profiles.live").replace("\"prod\"", "\"live\"");
    assert_eq!(after, expected);
}

#[rstest]
#[case::there_already(Action::Duplicate { from: "prod".into(), name: "local".into() }, "is there already")]
#[case::not_there(Action::Delete { name: "nobody".into() }, "saved are prod, local")]
#[case::no_name(Action::Duplicate { from: "prod".into(), name: " ".into() }, "needs a name")]
#[case::no_addresses(Action::Add { name: "n".into(), settings: vec![], as_default: false }, "bootstrap is missing")]
#[case::half_a_login(
    Action::Edit { name: "local".into(), rename: None, settings: vec![text(Field::Mechanism, "PLAIN")], as_default: false },
    "sasl.user is missing"
)]
#[case::a_wrong_value(
    Action::Edit { name: "local".into(), rename: None, settings: vec![text(Field::TimeZone, "Mars")], as_default: false },
    "time_zone: “Mars” is no time zone"
)]
fn what_could_not_be_read_is_not_written(#[case] action: Action, #[case] words: &str) {
    let failure = edit(action).unwrap_err();
    assert!(failure.to_string().contains(words), "{failure}");
}

#[test]
fn a_file_with_a_broken_line_is_left_alone() {
    let action = Action::Delete { name: "a".into() };
    let failure = carry_out("[profiles.a]\npassword = \"hush", Path::new("/c.toml"), &action).unwrap_err();
    assert!(failure.message.starts_with("/c.toml:2 cannot be read"), "{failure}");
    assert!(!failure.to_string().contains("hush"), "{failure}");
}

#[test]
fn what_is_written_is_what_is_read_back() {
    let read = entries(FILE, "prod");
    let shown = |field: Field| match read.get(&field) {
        Some(Entry::Text(text)) => text.clone(),
        Some(Entry::Secret(source)) => source.describe(),
        Some(Entry::Clear) | None => "-".into(),
    };
    assert_eq!(shown(Field::Bootstrap), "a:9092");
    assert_eq!((shown(Field::Tls), shown(Field::Ca)), ("true".into(), "ca.pem".into()));
    assert_eq!(
        (shown(Field::Registry), shown(Field::Password)),
        ("http://r:8081".into(), "environment variable P".into())
    );
    assert_eq!(shown(Field::Notes), "-");
    assert!(entries(FILE, "nobody").is_empty());
}

#[test]
fn every_setting_can_be_written_and_read_again() {
    for row in FIELDS {
        let value = match row.kind {
            Kind::Secret => continue,
            Kind::Addresses => "h:1, i:2",
            Kind::Flag => "true",
            Kind::Words(words) => words[0],
            Kind::Colour => "red",
            Kind::Zone => "UTC",
            Kind::ByteRate => "5MB/s",
            Kind::Duration => "7s",
            Kind::Expression => "[a-z]+",
            Kind::Url => "http://x",
            Kind::Formats => "a*=hex, b=json",
            Kind::Masks => "a*=value.x headers.y, b=/[0-9]{16}/",
            Kind::Rule(Rule::MinimumComplete) => "0.5",
            Kind::Rule(rule) if rule.is_number() => "7",
            Kind::Rule(_) => "7s",
            Kind::Path | Kind::Text | Kind::Context => "x",
        };
        let mut profile = Table::new();
        set(&mut profile, row.field, &Entry::Text(value.into())).unwrap();
        let Some(Entry::Text(read)) = entry(&profile, row.path, row.kind) else { panic!("{}", row.field.key()) };
        assert_eq!(read, value, "{}", row.field.key());
    }
}
