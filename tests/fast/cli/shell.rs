//! Completions and manual pages: a shell takes them, and they know every command.

use crate::cli::{bare, code, text};
use rstest::rstest;
use std::process::{Command, Output};

fn run(line: &str) -> Output {
    let output = bare().args(line.split_whitespace()).output().expect("it runs");
    assert_eq!(code(&output), 0, "{line}: {}", text(&output.stderr));
    output
}

#[rstest]
fn each_shell_is_told_of_every_command(#[values("bash", "zsh", "fish", "powershell", "elvish")] shell: &str) {
    let script = text(&run(&format!("completions {shell}")).stdout);
    for word in ["plan-partitions", "look-again", "journal"] {
        assert!(script.contains(word), "{shell} does not know {word}");
    }
}

#[rstest]
#[case::a_noun("klamm top", "topics")]
#[case::a_verb("klamm topics pl", "plan-partitions")]
#[case::an_option("klamm groups reset orders --to-e", "--to-earliest")]
#[case::a_value("klamm topics list --output js", "json")]
fn bash_completes(#[case] typed: &str, #[case] completed: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("klamm.bash");
    std::fs::write(&script, run("completions bash").stdout).expect("written");
    let words: Vec<&str> = typed.split(' ').collect();
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let asked = format!(
        "set -u; source {}; COMP_WORDS=({typed}); COMP_CWORD={}; COMPREPLY=(); _klamm klamm {last} {before}; echo \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.len() - 1
    );
    let output = Command::new("bash").args(["--norc", "-c", &asked]).output().expect("bash runs");
    assert_eq!(text(&output.stdout).trim(), completed, "{}", text(&output.stderr));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let page = text(&run("man").stdout);
    assert!(page.contains(".TH klamm 1") && page.contains("Exit codes"), "{page}");
    let dir = tempfile::tempdir().expect("a directory");
    let pages = dir.path().join("man1");
    assert_eq!(run(&format!("man --dir {}", pages.display())).stdout, b"");
    for document in klamm::cli::documents() {
        for command in document.commands {
            let page = pages.join(format!("klamm-{}.1", command.replace(' ', "-")));
            assert!(page.exists(), "{}", page.display());
        }
    }
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let failed = bare().args(["man", "--dir"]).arg(&file).output().expect("it runs");
    assert_eq!(code(&failed), 1);
    assert!(text(&failed.stderr).contains("cannot write the pages to"), "{}", text(&failed.stderr));
}
