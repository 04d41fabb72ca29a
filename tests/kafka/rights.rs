//! What somebody meets who may do little: each refusal says what was refused, on
//! what, and which right it takes; what may be seen is shown, and never as all.

use crate::cluster::{Cluster, Listener};
use crate::console::Console;
use crate::klamm::{FAILED, Klamm, PARTLY, REFUSED, Ran};
use crate::patience::{SHORT, until};
use crate::tools::Tools;
use crate::witness::{Seed, Witness};
use serde_json::{Value, json};

const BOB: &str = "bob";
const PASSWORD: &str = "bobs-pass-Qx7";
/// May be described and nothing else, like the group.
const LISTED: &str = "rights-listed";
const HIDDEN: &str = "rights-hidden";
const GROUP: &str = "rights-group";
const OTHER: &str = "rights-other";

/// Somebody who logs in by SCRAM over TLS and may describe one topic and one group.
fn bob(cluster: &Cluster) -> Klamm {
    let open = cluster.target(Listener::Plaintext);
    let (witness, tools) = (Witness::new(&open), Tools::of(&open));
    for topic in [LISTED, HIDDEN] {
        witness.create_topic(topic, 1, 1, &[]);
        witness.produce(topic, &[Seed { value: Some(b"x"), ..Seed::default() }]);
    }
    for group in [GROUP, OTHER] {
        witness.commit(group, LISTED, &[(0, 1)]);
    }
    let secret = format!("SCRAM-SHA-512=[password={PASSWORD}]");
    tools.configs(&["--alter", "--entity-type", "users", "--entity-name", BOB, "--add-config", &secret]);
    let principal = format!("User:{BOB}");
    tools.acls(&[
        "--add",
        "--allow-principal",
        &principal,
        "--operation",
        "Describe",
        "--topic",
        LISTED,
        "--group",
        GROUP,
    ]);
    let klamm = Klamm::on(&open).without_connection();
    let config = format!(
        "version = 1\ndefault = \"bob\"\n[profiles.bob]\nbootstrap = {:?}\n[profiles.bob.tls]\nca = {:?}\n\
         [profiles.bob.sasl]\nmechanism = \"SCRAM-SHA-512\"\nuser = \"{BOB}\"\npassword = {{ env = \"BOBS_PASSWORD\" }}\n",
        cluster.bootstrap(Listener::SaslSsl),
        cluster.pki.authority,
    );
    klamm.write("config.toml", &config);
    klamm
}

fn run(klamm: &Klamm, line: &str) -> Ran {
    let config = klamm.path("config.toml").display().to_string();
    let mut words = vec!["--config", &config];
    words.extend(line.split_whitespace());
    klamm.run_with(&words, &[("BOBS_PASSWORD", PASSWORD)])
}

/// The way in, walked step by step: TLS and SASL work, and what will be missing is said.
fn the_test_of_the_profile_sees_it(klamm: &Klamm) {
    let steps = run(klamm, "profiles test bob --output json").succeeded().json()["items"].clone();
    let steps = steps.as_array().expect("steps");
    let step = |check: &str| -> &Value {
        steps.iter().find(|step| step["check"] == check).unwrap_or_else(|| panic!("no {check}: {steps:?}"))
    };
    for check in ["resolve", "tcp", "api_versions", "sasl"] {
        assert_eq!(step(check)["status"], json!("ok"), "{}", step(check));
    }
    // The certificates of the tests are made for two days, which is a word of warning.
    assert!(step("tls")["hint"].as_str().is_some_and(|hint| hint.contains("renew")), "{}", step("tls"));
    assert!(step("tls")["certificate"]["names"].is_array(), "{}", step("tls"));
    let accepted = step("sasl")["message"].as_str().expect("a message");
    assert!(accepted.contains("SCRAM-SHA-512") && accepted.contains(BOB), "{accepted}");
    assert_eq!(step("metadata")["status"], json!("warning"), "{}", step("metadata"));
    assert!(step("metadata")["hint"].as_str().is_some_and(|hint| hint.contains("DESCRIBE on the cluster")));
    let reached = |step: &&Value| step["check"] == "listener" && step["status"] != "failed";
    assert_eq!(steps.iter().filter(reached).count(), 3, "each broker is reached");
}

pub fn each_missing_right_is_named(cluster: &Cluster) {
    let klamm = bob(cluster);
    until("the rights to arrive", SHORT, || {
        let listed = run(&klamm, "topics list --output json");
        if listed.stdout.contains(LISTED) { Ok(()) } else { Err(listed.stderr + &listed.stdout) }
    });
    the_test_of_the_profile_sees_it(&klamm);
    let witness = Witness::new(&cluster.target(Listener::Plaintext));

    // Not a word about whether it is there: that, too, takes a right.
    let hidden = run(&klamm, &format!("topics describe {HIDDEN}")).ended_with(FAILED);
    assert!(
        hidden.stderr.contains(HIDDEN) && hidden.stderr.contains("takes DESCRIBE on the topic"),
        "{}",
        hidden.stderr
    );
    for (line, codes, says) in [
        (
            format!("records tail {LISTED} --from earliest --no-follow"),
            [FAILED, PARTLY],
            ["not authorised for the topic", LISTED, "ACL on the topic"],
        ),
        (format!("groups lag {OTHER}"), [FAILED, PARTLY], ["you may not see it", OTHER, "DESCRIBE on the group"]),
        (
            format!("groups reset {GROUP} --topic {LISTED} --to-earliest --yes"),
            [FAILED, PARTLY],
            ["not authorised for the", GROUP, "ACL on the"],
        ),
        (
            "topics create rights-new --partitions 1 --yes".to_owned(),
            [FAILED, PARTLY],
            ["not authorised for the", "rights-new", "ACL on the"],
        ),
        (
            format!("topics delete {LISTED} --yes"),
            [FAILED, PARTLY],
            ["not authorised for the topic", LISTED, "ACL on the topic"],
        ),
    ] {
        let ran = run(&klamm, &line);
        let said = format!("{line}: {}\n{}\n{}", ran.code, ran.stderr, ran.stdout);
        assert!(codes.contains(&ran.code), "{said}");
        for part in says {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    // Where the right is known to be missing, nothing is sent.
    for line in
        [format!("groups delete {GROUP} --yes"), format!("groups delete-offsets {GROUP} --topic {LISTED} --yes")]
    {
        let ran = run(&klamm, &line).ended_with(REFUSED);
        assert!(ran.stderr.contains("the right to DELETE on the group"), "{line}: {}", ran.stderr);
    }
    let ran = run(&klamm, &format!("records produce {LISTED} --value x --yes")).ended_with(REFUSED);
    assert!(ran.stderr.contains("takes WRITE on the topic"), "{}", ran.stderr);
    // The log of commits may not be read: a look tells too little yet, and what is missing.
    let verdict = run(&klamm, &format!("groups verdict {GROUP} --output json")).succeeded();
    let item = &verdict.json()["items"][0];
    assert_eq!((&item["verdict"], &item["verdict_source"]), (&Value::Null, &Value::Null), "{item}");
    assert_eq!(item["verdict_reason"], json!("cannot tell yet, 1 of 10 looks"), "{item}");
    for part in ["estimated from samples", "READ on the topic __consumer_offsets", "--wait"] {
        assert!(verdict.stderr.contains(part), "{part}: {}", verdict.stderr);
    }
    let rules = "--intervals 2 --wait 30s --output json";
    let verdict = run(&klamm, &format!("groups verdict {GROUP} {rules}")).succeeded();
    let item = &verdict.json()["items"][0];
    assert_eq!((&item["verdict"], &item["verdict_source"]), (&json!("OK"), &json!("sampled")), "{item}");
    // How long offsets are kept is the brokers' to tell, and they do not.
    let plan = run(&klamm, &format!("groups reset {GROUP} --topic {LISTED} --to-earliest --dry-run")).succeeded();
    assert!(
        plan.stdout.contains("expire is not known (?)") && plan.stdout.contains("not authorised"),
        "{}",
        plan.stdout
    );
    assert_eq!(witness.committed(GROUP, LISTED, 1), [(0, 1)].into(), "what is refused is not done");
    assert!(witness.topics().expect("topics").iter().any(|topic| topic == LISTED));

    let config = klamm.path("config.toml").display().to_string();
    let console = Console::open_with(&["--config", &config], &[("BOBS_PASSWORD", PASSWORD)], 120, 40);
    let screen = console.wait("what may be seen", |screen| {
        screen.contains("topic you may see") && screen.contains("in part: no DESCRIBE on cluster")
    });
    let header = screen.lines().next().expect("a header");
    assert!(header.contains("? 0 offline") && !header.contains('✔'), "{screen}");
    assert!(!screen.contains("0 B"), "what the disks hold is not known: {screen}");
    console.press("3");
    let screen = console.sees(GROUP);
    assert!(!screen.contains(OTHER), "{screen}");
    console.press("q");
}
