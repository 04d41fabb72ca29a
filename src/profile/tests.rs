use super::*;
use crate::domain::FailureKind;
use crate::domain::registry_context::RegistryContext;
use jiff::tz::TimeZone;
use rstest::rstest;
use secrecy::ExposeSecret;
use std::io::Write;
use std::path::Path;

fn load_text(text: &str) -> Loaded {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    load(Some(file.path().to_owned())).unwrap()
}

fn warnings(loaded: &Loaded) -> Vec<(usize, usize, &str)> {
    loaded.warnings.iter().map(|warning| (warning.line, warning.column, warning.text.as_str())).collect()
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.profiles.iter().map(|profile| profile.name.as_str()).collect()
}

fn no_variables(_: &str) -> Option<String> {
    None
}

#[test]
fn the_example_is_read_without_a_warning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let loaded = load(Some(path.clone())).unwrap();
    assert_eq!(warnings(&loaded), []);
    assert_eq!(names(&loaded), ["local", "prod-eu", "staging"]);
    assert_eq!(loaded.default.as_deref(), Some("local"));
    assert_eq!(loaded.console.theme.as_ref().map(|theme| theme.value.as_str()), Some("dark"));
    assert_eq!(loaded.console.keys.len(), 2);
    let prod = loaded.profile("prod-eu").unwrap();
    assert!(prod.read_only && prod.production && !prod.forbid_unlock);
    assert_eq!(prod.read_budget, Some(Some(20_000_000)));
    assert_eq!(prod.rack.as_deref(), Some("eu-central-1a"));
    assert_eq!((prod.refresh.metadata.as_secs(), prod.refresh.lag.as_secs()), (30, 10));
    assert_eq!(prod.formats.of("orders.v1"), crate::domain::record::ViewAs::Avro.into());
    assert!(prod.naming.as_ref().unwrap().allows("orders.eu.v1"));
    let ca = path.parent().unwrap().join("certs/prod-ca.pem");
    assert_eq!(prod.tls.as_ref().unwrap().ca, Some(Pem::File(ca)));
    assert_eq!(loaded.profile("staging").unwrap().bootstrap, ["kafka.staging:9093"]);
}

#[test]
fn the_rules_of_verdicts_are_numbers_and_durations() {
    let loaded = load_text(
        "[profiles.a]\nbootstrap = \"h\"\n[profiles.a.verdict]\nintervals = 15\nmin_distance = \"1s\"\nminimum_complete = 0.5\n\
         [profiles.b]\nbootstrap = \"h\"\nverdict = { intervals = 0 }\n\
         [profiles.c]\nbootstrap = \"h\"\nverdict = { interval = 3 }\n",
    );
    let rules = loaded.profile("a").unwrap().rules;
    assert_eq!((rules.intervals, rules.min_distance, rules.minimum_complete, rules.allowed_lag), (15, 1_000, 0.5, 0));
    let told: Vec<String> = loaded.warnings.iter().map(|warning| warning.text.clone()).collect();
    assert_eq!(names(&loaded), ["a", "c"]);
    assert!(
        told.iter().any(|text| text.contains("profile b is not loaded: verdict.intervals: \u{201c}0\u{201d}")),
        "{told:?}"
    );
    assert!(told.iter().any(|text| text.contains("interval")), "{told:?}");
}

#[test]
fn the_console_is_read_with_its_places() {
    let loaded = load_text(
        "theme = \"light\"\nkeymap = \"k9s\"\nascii = true\n[keys]\n\"topic.tail\" = [\"ctrl-t\", \"f5\"]\nlist.copy = \"C\"\n",
    );
    assert_eq!(warnings(&loaded), []);
    let console = &loaded.console;
    let place = |placed: &Placed<String>| (placed.value.clone(), placed.line, placed.column);
    assert_eq!(console.theme.as_ref().map(place), Some(("light".to_owned(), 1, 9)));
    assert_eq!(console.keymap.as_ref().map(place), Some(("k9s".to_owned(), 2, 10)));
    assert_eq!(console.ascii, Some(true));
    let [tail, copy] = console.keys.as_slice() else { panic!("{:?}", console.keys) };
    assert_eq!(place(&tail.command), ("topic.tail".to_owned(), 5, 1));
    assert_eq!(
        tail.keys.iter().map(place).collect::<Vec<_>>(),
        [("ctrl-t".to_owned(), 5, 17), ("f5".to_owned(), 5, 27)]
    );
    assert_eq!((place(&copy.command).0, place(&copy.keys[0])), ("list.copy".to_owned(), ("C".to_owned(), 6, 13)));
}

#[test]
fn what_is_wrong_about_the_console_costs_only_itself() {
    let loaded = load_text(
        "theme = 7\nascii = \"yes\"\nkeys = { \"a.b\" = [1], \"list.copy\" = [\"C\"] }\n[profiles.a]\nbootstrap = \"a\"\n",
    );
    assert_eq!(names(&loaded), ["a"]);
    let places: Vec<_> = warnings(&loaded).iter().map(|(line, column, _)| (*line, *column)).collect();
    assert_eq!(places, [(1, 9), (2, 9), (3, 18)], "{:?}", loaded.warnings);
    assert_eq!((loaded.console.keys.len(), loaded.console.theme.is_none()), (1, true));
}

#[test]
fn every_line_of_the_example_that_is_commented_out_is_right_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = ")) {
        assert!(line.parse::<toml_edit::DocumentMut>().is_ok(), "{line}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_the_rest_loads() {
    let loaded = load_text(
        r#"version = 1
defualt = "a"

[profiles.a]
bootstrap = ["a:9092"]
readonly = true

[profiles.b]
bootstrap = ["b:9092"]
read_only = "yes"

[profiles.c]
colour = "red"

[profiles.d]
bootstrap = ["d:9092"]
[profiles.d.sasl]
mechanism = "SCRAM"
user = "u"
password = { env = "X" }

[profiles.e]
bootstrap = "e"
time_zone = "Mars/Olympus"
"#,
    );
    assert_eq!(names(&loaded), ["a"]);
    assert_eq!(
        warnings(&loaded),
        [
            (2, 1, "the file has no key defualt; did you mean default?"),
            (6, 1, "a profile has no key readonly; did you mean read_only?"),
            (10, 13, "profile b is not loaded: read_only must be true or false, without quotes"),
            (12, 1, "profile c is not loaded: bootstrap is missing: bootstrap = [\"host:9092\"]"),
            (18, 13, "profile d is not loaded: mechanism must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"),
            (24, 13, "profile e is not loaded: “Mars/Olympus” is no time zone; write Europe/Berlin or UTC"),
        ]
    );
    // Asked for it, one is told why it is not there.
    let failure = loaded.open("b", &nobody_to_ask).unwrap_err();
    assert!(failure.to_string().contains(":10:13: profile b is not loaded"), "{failure}");
}

#[test]
fn a_line_that_is_no_toml_costs_only_its_profile() {
    let loaded = load_text(
        "default = \"b\"\n[profiles.a]\nbootstrap = [\"a:9092\n\n[profiles.\"b\"]\nbootstrap = [\"b:9092\"]\n[profiles.b.tls]\nca = \"x\"\n[profiles.c\nbootstrap = [\"c\"]\n",
    );
    assert_eq!(names(&loaded), ["b"]);
    assert_eq!(loaded.default.as_deref(), Some("b"));
    let lines: Vec<usize> = loaded.warnings.iter().map(|warning| warning.line).collect();
    assert_eq!(lines.len(), 2, "{:?}", loaded.warnings);
    assert!(lines[0] == 3 && lines[1] == 9, "{:?}", loaded.warnings);
    assert!(loaded.profile("b").unwrap().tls.is_some());
}

#[rstest]
#[case::newer("version = 2\n[profiles.a]\nbootstrap = \"a\"\n", "version 2 is newer")]
#[case::default_gone("default = \"x\"\n[profiles.a]\nbootstrap = \"a\"\n", "the default profile x is not there")]
#[case::literal(
    "[profiles.a]\nbootstrap = \"a\"\nsasl = { mechanism = \"plain\", user = \"u\", password = \"p\" }\n",
    "password stands in the file"
)]
#[case::credentials_in_the_address(
    "[profiles.a]\nbootstrap = \"a\"\nregistry = \"http://u:p@r\"\n",
    "the password in the registry's url stands in the file"
)]
#[case::unknown_in_tls(
    "[profiles.a]\nbootstrap = \"a\"\ntls = { cas = \"x\" }\n",
    "tls has no key cas; did you mean ca?"
)]
fn some_things_only_warn(#[case] text: &str, #[case] warning: &str) {
    let loaded = load_text(text);
    assert_eq!(names(&loaded), ["a"]);
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].text.contains(warning), "{}", loaded.warnings[0]);
}

#[rstest]
#[case("bootstrap = 5")]
#[case("bootstrap = []")]
#[case("bootstrap = \"http://a:1\"")]
#[case("bootstrap = \"a:99999\"")]
#[case("bootstrap = \"a\"\ntls = 5")]
#[case("bootstrap = \"a\"\ntls = { key = \"k\" }")]
#[case("bootstrap = \"a\"\ntls = { ca = \"a\", ca_pem = \"b\" }")]
#[case("bootstrap = \"a\"\nsasl = { mechanism = \"PLAIN\", password = { env = \"X\" } }")]
#[case("bootstrap = \"a\"\nsasl = { mechanism = \"PLAIN\", user = \"u\" }")]
#[case("bootstrap = \"a\"\nsasl = { mechanism = \"PLAIN\", user = \"u\", password = { vault = \"X\" } }")]
#[case("bootstrap = \"a\"\nregistry = \"localhost:8081\"")]
#[case("bootstrap = \"a\"\nregistry = { url = \"http://x\", context = \"a/b\" }")]
#[case("bootstrap = \"a\"\nregistry = { url = \"http://x\", user = \"u\" }")]
#[case("bootstrap = \"a\"\nread_budget = 0")]
fn a_profile_with_a_wrong_value_is_not_loaded(#[case] body: &str) {
    let loaded = load_text(&format!("[profiles.a]\n{body}\n[profiles.b]\nbootstrap = \"b\"\n"));
    assert_eq!(names(&loaded), ["b"]);
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].line > 0, "{}", loaded.warnings[0]);
}

#[rstest]
#[case("a", "a:9092")]
#[case("a:1,b:2 , c", "a:1 b:2 c:9092")]
#[case("[::1]:9093", "[::1]:9093")]
#[case("[::1]", "[::1]:9092")]
#[case("fe80::1", "[fe80::1]:9092")]
fn addresses_are_read(#[case] text: &str, #[case] read: &str) {
    assert_eq!(file::addresses(text).unwrap().join(" "), read);
}

#[rstest]
#[case("")]
#[case(",")]
#[case(":9092")]
#[case("a:")]
#[case("a:0")]
#[case("a b:1")]
fn no_addresses(#[case] text: &str) {
    assert!(file::addresses(text).is_err());
}

const TWO: &str = r#"
default = "prod"
[profiles.prod]
bootstrap = "prod"
read_only = true
time_zone = "Europe/Berlin"
[profiles.prod.sasl]
mechanism = "SCRAM-SHA-512"
user = "oncall"
password = { env = "PROD_PASSWORD" }
[profiles.prod.registry]
url = "https://registry.prod"
context = "shop"
user = "u"
password = { env = "PROD_PASSWORD" }
[profiles.local]
bootstrap = "localhost"
"#;

fn variables(name: &str) -> Option<String> {
    (name == "PROD_PASSWORD").then(|| "hunter2".to_owned())
}

fn select(layer: &Layer) -> Profile {
    load_text(TWO).select_with(layer, &variables, &nobody_to_ask).unwrap().unwrap()
}

#[test]
fn stronger_layers_win() {
    assert_eq!(select(&Layer::default()).name, "prod");
    let local = Layer { profile: Some("local".into()), ..Layer::default() };
    assert_eq!(select(&local).bootstrap, ["localhost:9092"]);
    let addresses = Layer { bootstrap: Some("x:1,y:2".into()), ..Layer::default() };
    assert_eq!(select(&addresses).bootstrap, ["x:1", "y:2"]);
    // Addresses on the command line silence a profile in the environment, and the other way round.
    assert_eq!(select(&addresses.clone().over(local.clone())).bootstrap, ["x:1", "y:2"]);
    assert_eq!(select(&local.clone().over(addresses.clone())).name, "local");
    let both = Layer { profile: local.profile, ..addresses };
    let failure = load_text(TWO).select(&both, &nobody_to_ask).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
}

#[test]
fn read_only_is_never_turned_off_by_a_layer() {
    assert!(select(&Layer { read_only: false, ..Layer::default() }).read_only);
    let local = Layer { profile: Some("local".into()), read_only: true, ..Layer::default() };
    assert!(select(&local).read_only);
    assert!(Layer::default().over(local).read_only);
}

#[test]
fn the_password_of_one_registry_is_not_sent_to_another() {
    assert!(select(&Layer::default()).registry.unwrap().basic.is_some());
    let other = Layer { registry: Some("http://other".into()), ..Layer::default() };
    let registry = select(&other).registry.unwrap();
    assert!(registry.url == "http://other" && registry.basic.is_none());
    let same = Layer { registry: Some("https://registry.prod".into()), ..Layer::default() };
    assert!(select(&same).registry.unwrap().basic.is_some());
    assert_eq!(select(&same).registry.unwrap().context.to_string(), ".shop", "the same, with all that is its");
    assert!(select(&other).registry.unwrap().context.is_default());
    let context = Some(RegistryContext::parse("other").unwrap());
    let elsewhere = select(&Layer { registry_context: context.clone(), ..Layer::default() }).registry.unwrap();
    assert_eq!((elsewhere.url.as_str(), elsewhere.context), ("https://registry.prod", context.clone().unwrap()));
    let weaker = Layer { registry_context: context, ..Layer::default() };
    let over = Layer { registry: Some("http://other".into()), ..Layer::default() }.over(weaker);
    assert_eq!(over.registry_context, None, "a context belongs to the registry of its layer");
    let own = Layer { registry: Some("https://me:pass@registry.prod".into()), ..Layer::default() };
    assert!(!format!("{own:?}").contains("pass"), "{own:?}");
    let registry = select(&own).registry.unwrap();
    assert_eq!(registry.url, "https://registry.prod");
    assert_eq!(registry.basic.unwrap().0, "me");
}

#[test]
fn one_profile_needs_no_name_and_none_gives_none() {
    let one = load_text("[profiles.a]\nbootstrap = \"a\"\n");
    assert_eq!(one.select_with(&Layer::default(), &no_variables, &nobody_to_ask).unwrap().unwrap().name, "a");
    let two = load_text("[profiles.a]\nbootstrap = \"a\"\n[profiles.b]\nbootstrap = \"b\"\n");
    assert!(two.select_with(&Layer::default(), &no_variables, &nobody_to_ask).unwrap().is_none());
    assert!(load_text("").select_with(&Layer::default(), &no_variables, &nobody_to_ask).unwrap().is_none());
}

#[test]
fn the_environment_is_read_strictly() {
    let layer = |pairs: &'static [(&str, &str)]| {
        Layer::from_environment(&move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        })
    };
    let read = layer(&[("KLAMM_PROFILE", "x"), ("KLAMM_READ_ONLY", "1"), ("KLAMM_TZ", "UTC"), ("KLAMM_BOOTSTRAP", "")]);
    let expected = Layer { profile: Some("x".into()), read_only: true, zone: Some(TimeZone::UTC), ..Layer::default() };
    assert_eq!(read.unwrap(), expected);
    assert!(!layer(&[("KLAMM_READ_ONLY", "false")]).unwrap().read_only);
    assert!(layer(&[("KLAMM_READ_ONLY", "yess")]).is_err());
    assert!(layer(&[("KLAMM_TZ", "Mars")]).is_err());
}

#[test]
fn a_missing_secret_names_the_profile_and_the_variable() {
    let failure = load_text(TWO).select_with(&Layer::default(), &no_variables, &nobody_to_ask).unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("profile prod") && text.contains("PROD_PASSWORD"), "{text}");
}

#[test]
fn an_unknown_profile_says_which_there_are() {
    let failure = load_text(TWO).open("prodd", &nobody_to_ask).unwrap_err();
    assert!(failure.message.contains("saved are prod, local"), "{failure}");
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[test]
fn a_named_file_must_be_there() {
    let failure = load(Some("/nonexistent/klamm.toml".into())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Storage);
    assert_eq!(failure.target, "/nonexistent/klamm.toml");
}

#[test]
fn secrets_are_never_shown() {
    let text = "[profiles.a]\nbootstrap = \"a\"\nsasl = { mechanism = \"plain\", user = \"u\", password = \"hunter2\" }\n\
                tls = { certificate = \"c\", passphrase = \"hunter2\" }\n\
                registry = { url = \"http://x\", user = \"u\", password = \"hunter2\" }\n\
                [profiles.b]\nbootstrap = \"b\"\nregistry = \"http://u:hunter2@x\"\n";
    let loaded = load_text(text);
    let opened = loaded.open("a", &nobody_to_ask).unwrap();
    let secret = &opened.sasl.as_ref().unwrap().secret;
    assert_eq!(secret.expose_secret(), "hunter2");
    let shown = format!("{loaded:?} {loaded:#?} {opened:?} {opened:#?} {:?}", loaded.warnings);
    assert!(!shown.contains("hunter2"), "{shown}");
    for warning in &loaded.warnings {
        assert!(!warning.to_string().contains("hunter2"));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_reported(text in proptest::prelude::any::<String>()) {
        let read = file::parse(&text, Path::new("x.toml"));
        for warning in &read.warnings {
            proptest::prop_assert!(warning.line <= text.matches('\n').count() + 1);
        }
    }

    #[test]
    fn a_broken_line_never_loses_the_profile_after_it(line in "[^\\x00\\r\\n]{0,40}") {
        // A text that opens a multi-line string swallows what follows, as TOML says.
        proptest::prop_assume!(!line.contains("\"\"\"") && !line.contains("'''") && !line.trim_start().starts_with('['));
        let text = format!("[profiles.a]\n{line}\n[profiles.z]\nbootstrap = \"z\"\n");
        let read = file::parse(&text, Path::new("x.toml"));
        proptest::prop_assert!(read.profiles.iter().any(|profile| profile.name == "z"));
    }
}
