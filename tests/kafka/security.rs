//! Every way into a secured cluster, and the ways that must stay shut.
//!
//! One table: what a client presents, and what it must get. The witness goes
//! first on each row, so that a broker set up wrongly is told from a fault of ours.

use crate::cluster::{ADMIN, ALICE, Cluster, Listener};
use crate::klamm::{FAILED, Klamm, REFUSED};
use crate::patience::{SHORT, until};
use crate::target::{Certificate, Mechanism, Security, Target};
use crate::tools::Tools;
use crate::witness::{Witness, runtime};
use klamm::domain::FailureKind;

pub enum Expected {
    /// Lists all brokers.
    Welcome,
    /// It ends with a failure of this kind; the witness's report holds one of these.
    Rejected(FailureKind, &'static [&'static str]),
}

pub struct Row {
    pub name: &'static str,
    pub listener: Listener,
    pub security: fn(&Cluster) -> Security,
    pub expected: Expected,
}

fn sasl(cluster: &Cluster, listener: Listener, mechanism: Mechanism) -> Security {
    cluster.with_sasl(listener, mechanism, ALICE)
}

pub const ROWS: &[Row] = &[
    Row {
        name: "plaintext",
        listener: Listener::Plaintext,
        security: |_| Security::default(),
        expected: Expected::Welcome,
    },
    Row {
        name: "client certificate",
        listener: Listener::Ssl,
        security: Cluster::with_certificate,
        expected: Expected::Welcome,
    },
    Row {
        name: "client certificate, encrypted key",
        listener: Listener::Ssl,
        security: |cluster| Security {
            certificate: Some(Certificate::Pem {
                chain: cluster.pki.client.clone(),
                key: cluster.pki.client_key_encrypted.clone(),
                encrypted: true,
            }),
            ..cluster.with_certificate()
        },
        expected: Expected::Welcome,
    },
    Row {
        name: "client certificate, PKCS#12",
        listener: Listener::Ssl,
        security: |cluster| Security {
            certificate: Some(Certificate::Pkcs12(cluster.pki.client_p12.clone())),
            ..cluster.with_certificate()
        },
        expected: Expected::Welcome,
    },
    Row {
        name: "no client certificate",
        listener: Listener::Ssl,
        security: |cluster| Security { certificate: None, ..cluster.with_certificate() },
        expected: Expected::Rejected(FailureKind::Auth, &["certificate", "handshake"]),
    },
    Row {
        name: "unknown authority",
        listener: Listener::Ssl,
        security: |cluster| Security { authority: Some(cluster.pki.stranger.clone()), ..cluster.with_certificate() },
        expected: Expected::Rejected(FailureKind::Auth, &["certificate"]),
    },
    Row {
        name: "PLAIN over TLS",
        listener: Listener::SaslSsl,
        security: |cluster| sasl(cluster, Listener::SaslSsl, Mechanism::Plain),
        expected: Expected::Welcome,
    },
    Row {
        name: "SCRAM-SHA-256 over TLS",
        listener: Listener::SaslSsl,
        security: |cluster| sasl(cluster, Listener::SaslSsl, Mechanism::ScramSha256),
        expected: Expected::Welcome,
    },
    Row {
        name: "SCRAM-SHA-512 over TLS",
        listener: Listener::SaslSsl,
        security: |cluster| sasl(cluster, Listener::SaslSsl, Mechanism::ScramSha512),
        expected: Expected::Welcome,
    },
    Row {
        name: "OAUTHBEARER over TLS",
        listener: Listener::SaslSsl,
        security: |cluster| sasl(cluster, Listener::SaslSsl, Mechanism::OAuthBearer),
        expected: Expected::Welcome,
    },
    Row {
        name: "PLAIN in the clear",
        listener: Listener::SaslPlaintext,
        security: |cluster| sasl(cluster, Listener::SaslPlaintext, Mechanism::Plain),
        expected: Expected::Welcome,
    },
    Row {
        name: "SCRAM-SHA-256 in the clear",
        listener: Listener::SaslPlaintext,
        security: |cluster| sasl(cluster, Listener::SaslPlaintext, Mechanism::ScramSha256),
        expected: Expected::Welcome,
    },
    Row {
        name: "SCRAM-SHA-512 in the clear",
        listener: Listener::SaslPlaintext,
        security: |cluster| sasl(cluster, Listener::SaslPlaintext, Mechanism::ScramSha512),
        expected: Expected::Welcome,
    },
    Row {
        name: "wrong password, SCRAM",
        listener: Listener::SaslSsl,
        security: |cluster| cluster.with_sasl(Listener::SaslSsl, Mechanism::ScramSha512, (ALICE.0, "not it")),
        expected: Expected::Rejected(FailureKind::Auth, &["Authentication"]),
    },
    Row {
        name: "wrong password, PLAIN",
        listener: Listener::SaslPlaintext,
        security: |cluster| cluster.with_sasl(Listener::SaslPlaintext, Mechanism::Plain, (ALICE.0, "not it")),
        expected: Expected::Rejected(FailureKind::Auth, &["Authentication"]),
    },
    Row {
        name: "TLS against a plaintext port",
        listener: Listener::Plaintext,
        security: Cluster::with_certificate,
        expected: Expected::Rejected(FailureKind::Unreachable, &["SSL", "handshake", "transport"]),
    },
];

/// The row as a target.
pub fn target(cluster: &Cluster, row: &Row) -> Target {
    Target { bootstrap: cluster.bootstrap(row.listener), security: (row.security)(cluster), registry: None }
}

pub fn witness_agrees(cluster: &Cluster, row: &Row) {
    let witness = Witness::new(&target(cluster, row));
    match &row.expected {
        Expected::Welcome => {
            let brokers = until("the brokers", SHORT, || witness.brokers());
            assert_eq!(brokers, cluster.recipe.brokers);
        }
        Expected::Rejected(_, words) => {
            until("a rejection with its cause", SHORT, || match witness.brokers() {
                Ok(brokers) => panic!("this should have been refused, but {brokers} brokers are listed"),
                Err(said) if words.iter().any(|word| said.contains(word)) => Ok(()),
                Err(said) => Err(said),
            });
        }
    }
}

/// The same row by our own wire.
pub fn klamm_agrees(cluster: &Cluster, row: &Row) {
    let answer = runtime().block_on(async {
        let connected = klamm::cluster::Cluster::connect(target(cluster, row).profile())?;
        let answer = connected.metadata().await;
        connected.close();
        answer
    });
    match (&row.expected, answer) {
        (Expected::Welcome, answer) => {
            let metadata = answer.unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!(metadata.brokers.len(), cluster.recipe.brokers);
        }
        (Expected::Rejected(kind, _), answer) => {
            let failure = answer.map(drop).expect_err("this should have been refused");
            assert_eq!(failure.kind, *kind, "{failure}");
            assert!(failure.hint.is_some(), "says what to do: {failure}");
        }
    }
}

/// A saved profile with TLS, SCRAM and a secret from the environment, as people use it.
pub fn saved_profile(cluster: &Cluster) {
    let klamm = Klamm::on(&cluster.target(Listener::Plaintext)).without_connection();
    let file = klamm.write(
        "config.toml",
        &format!(
            "version = 1\n[profiles.it]\nbootstrap = {:?}\nread_only = true\n\
             [profiles.it.tls]\nca = {:?}\n\
             [profiles.it.sasl]\nmechanism = \"SCRAM-SHA-512\"\nuser = {:?}\npassword = {{ env = \"IT_PASSWORD\" }}\n",
            cluster.bootstrap(Listener::SaslSsl),
            cluster.pki.authority,
            ADMIN.0
        ),
    );
    let file = file.display().to_string();
    let words = ["--config", &file, "--profile", "it", "topics", "list", "--output", "json"];
    let ran = klamm.run_with(&words, &[("IT_PASSWORD", ADMIN.1)]).succeeded();
    assert!(!ran.stderr.contains(ADMIN.1) && !ran.stdout.contains(ADMIN.1), "the secret is never shown");
    let wrong = klamm.run_with(&words, &[("IT_PASSWORD", "not it")]).ended_with(FAILED);
    assert!(wrong.stderr.contains("rejected the credentials"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("not it"), "the secret is never shown: {}", wrong.stderr);
    let mut create = words[..4].to_vec();
    create.extend(["topics", "create", "security-new", "--yes"]);
    klamm.run_with(&create, &[("IT_PASSWORD", ADMIN.1)]).ended_with(REFUSED);
}

/// Rights are checked: alice sees nothing until she is allowed to; the admin sees all.
pub fn rights_hide_topics(cluster: &Cluster) {
    let back_door = Witness::new(&cluster.target(Listener::Plaintext));
    back_door.create_topic("security-hidden", 1, 1, &[]);
    back_door.create_topic("security-shown", 1, 1, &[]);
    let admin = Target {
        security: cluster.with_sasl(Listener::SaslSsl, Mechanism::ScramSha512, ADMIN),
        ..cluster.target(Listener::SaslSsl)
    };
    let alice = Target {
        security: cluster.with_sasl(Listener::SaslSsl, Mechanism::ScramSha512, ALICE),
        ..cluster.target(Listener::SaslSsl)
    };
    let seen = |target: &Target| Witness::new(target).topics().expect("topics are listed");
    assert!(seen(&admin).iter().any(|topic| topic == "security-hidden"));
    assert!(seen(&alice).is_empty(), "without an ACL nothing is listed, and nothing says so");
    let known = runtime()
        .block_on(async { klamm::cluster::Cluster::connect(alice.profile())?.metadata().await })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(known.may_describe_cluster, Some(false), "totals are of what one may see, and that is said");
    let tools = Tools::of(&cluster.target(Listener::Plaintext));
    tools.acls(&["--add", "--allow-principal", "User:alice", "--operation", "Describe", "--topic", "security-shown"]);
    until("the right to arrive", SHORT, || match seen(&alice) {
        topics if topics == ["security-shown"] => Ok(()),
        topics => Err(format!("alice sees {topics:?}")),
    });
}
