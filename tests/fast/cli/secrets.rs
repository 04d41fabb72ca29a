//! No command tells a secret: not in what it prints in any format, nor in its
//! log turned up to everything, nor in what it writes to disk, nor when a server
//! repeats what it was told.

use crate::cli::{WORLD, bare, text, topic_with};
use crate::secrets::{OPEN, REJECTED, Trap, search, told};
use base64::Engine as _;
use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

static TRAP: LazyLock<Trap> = LazyLock::new(|| Trap::set(&WORLD.bootstrap));

/// Runs a command whose home and state are `home`, and looks at all it said.
fn run(home: &Path, line: &str) -> Output {
    let mut command = bare();
    command.env("HOME", home).env("XDG_STATE_HOME", home.join("state")).envs(TRAP.environment());
    let output = command.args(line.split_whitespace()).output().expect("it runs");
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        assert_eq!(told(bytes), None, "klamm {line} tells it on {stream}: {}", text(bytes));
    }
    output
}

const READING: &[&str] = &[
    "topics list",
    "topics describe cli-kept",
    "groups list",
    "groups lag --all",
    "journal list",
    "records tail cli-kept --from -1 --no-follow",
];

const CHANGING: &[&str] = &[
    "topics create cli-kept-too --partitions 1 --yes",
    "topics add-partitions cli-kept --to 3 --yes",
    "groups reset cli-keeper --topic cli-kept --to-earliest --create-group --yes",
    "groups reset cli-keeper --topic cli-kept --to-latest --yes",
    "records produce cli-kept --value v --yes",
    "topics delete cli-kept-too --yes",
];

#[test]
fn where_credentials_are_rejected() {
    let home = tempfile::tempdir().expect("a home");
    for profile in REJECTED {
        for (index, line) in READING.iter().chain(CHANGING).enumerate() {
            let format = ["table", "json", "csv"][index % 3];
            let output = run(home.path(), &format!("{line} --profile {profile} --output {format}"));
            assert_eq!(output.status.code(), Some(1), "{profile}, {line}: {}", text(&output.stderr));
        }
        for line in ["profiles show", "profiles test"] {
            for format in ["table", "json", "csv"] {
                run(home.path(), &format!("{line} {profile} --output {format}"));
            }
        }
    }
    let wrong = run(home.path(), "topics list --profile plain");
    assert!(text(&wrong.stderr).contains("rejected the credentials: no entry for"), "{}", text(&wrong.stderr));
    assert!(text(&wrong.stderr).contains("***"), "the broker did repeat it: {}", text(&wrong.stderr));
    let key = run(home.path(), "topics list --profile wrong-key");
    assert!(text(&key.stderr).contains("key"), "{}", text(&key.stderr));
    search(home.path());
}

#[test]
fn where_everything_works_but_the_registry() {
    topic_with("cli-kept", 2, 3);
    let home = tempfile::tempdir().expect("a home");
    for profile in OPEN {
        for line in READING.iter().chain(CHANGING) {
            for format in ["table", "json", "csv"] {
                let line = format!("{line} --profile {profile} --output {format}");
                run(home.path(), &if format == "json" { line } else { line.replace(" --yes", " --dry-run") });
            }
        }
    }
    let tested = run(home.path(), "profiles test open --output json");
    assert!(text(&tested.stdout).contains("rejected the credentials"), "{}", text(&tested.stdout));
    assert!(text(&tested.stderr).contains("TRACE"), "everything was logged");
    assert!(search(home.path()) >= 2, "the journal and the offsets before a reset are on disk");
}

#[test]
fn where_it_is_about_the_settings() {
    let home = tempfile::tempdir().expect("a home");
    for line in ["profiles list", "profiles list -o json", "profiles list -o csv", "--help", "topics list --help"] {
        run(home.path(), line);
    }
    // The commands that write the file, on a copy of it: what they show hides what stands there.
    let copy = home.path().join("copy");
    std::fs::create_dir(&copy).expect("a folder");
    let (file, keep) = (copy.join("config.toml"), std::fs::read(TRAP.file()).expect("read"));
    for profile in REJECTED.iter().chain(OPEN) {
        for line in [
            format!("profiles edit {profile} --notes looked-at"),
            format!("profiles edit {profile} --password-env OTHER --registry-password-env OTHER --unset registry.url"),
            format!("profiles edit {profile} --unset sasl.mechanism --unset tls.passphrase"),
            format!("profiles duplicate {profile} another"),
            format!("profiles delete {profile} --yes"),
            format!("config explain --profile {profile}"),
        ] {
            for format in ["table", "json", "csv"] {
                std::fs::write(&file, &keep).expect("written");
                run(home.path(), &format!("{line} --output {format} --config {}", file.display()));
            }
        }
    }
    std::fs::remove_dir_all(&copy).expect("gone");
    let address = "http://oncall:1n-url-Zq7-password@127.0.0.1:1";
    let mut help = bare();
    let help = help.env("KLAMM_REGISTRY", address).arg("--help").output().expect("it runs");
    assert!(text(&help.stdout).contains("KLAMM_REGISTRY"), "{}", text(&help.stdout));
    assert_eq!(told(&help.stdout), None, "{}", text(&help.stdout));
    let ping = run(home.path(), &format!("profiles test --bootstrap {} --registry {address}", WORLD.bootstrap));
    assert!(text(&ping.stdout).contains("127.0.0.1:1"), "{}", text(&ping.stdout));
    // Files that are wrong just where the secret stands.
    for line in [
        "password = \"pl4in-Zq7-password",
        "password = pl4in-Zq7-password",
        "pl4in-Zq7-password",
        "password = [\"pl4in-Zq7-password\"]",
    ] {
        let file = home.path().join("broken.toml");
        let head = "[profiles.a]\nbootstrap = \"h\"\n[profiles.a.sasl]\nmechanism = \"PLAIN\"\nuser = \"u\"\n";
        std::fs::write(&file, format!("{head}{line}\n")).expect("written");
        let output = run(home.path(), &format!("profiles list --config {}", file.display()));
        assert!(text(&output.stderr).contains("broken.toml"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_secret_is_seen_in_each_of_its_forms() {
    let secret = "pl4in-Zq7-password";
    let base64 = base64::engine::general_purpose::STANDARD.encode(format!("\0oncall\0{secret}"));
    for form in [secret.to_owned(), base64, format!("{:?}", secret.as_bytes())] {
        assert_eq!(told(format!("a log line with {form} in it").as_bytes()), Some(secret), "{form}");
    }
    assert_eq!(told(b"nothing of the kind"), None);
}
