//! What shells and `man` are given: completion scripts that the shells take, and a page for every command.
//!
//! A shell or a formatter that this machine lacks is named on standard error and left out.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails where it stands, and says what it leaves out"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Output};

fn cspsim(arguments: &[&str]) -> String {
    let run = Command::new(snapbox::cmd::cargo_bin!("cspsim")).args(arguments).output().unwrap();
    assert!(run.status.success(), "cspsim {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// The names under `Commands:` in `cspsim --help`, without `help` itself.
fn commands() -> Vec<String> {
    let help = cspsim(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<_> = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect();
    assert!(names.contains(&"answer".to_owned()), "{names:?}");
    names
}

/// A folder that is gone again at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cspsim-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a program of this machine says; nothing where it is not installed.
fn run_if_installed(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(run) => Some(run),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("{program} is not installed: left out");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

#[test]
fn completion_scripts_name_every_command_and_their_shells_take_them() {
    let folder = Folder::new("completions");
    for (shell, check) in [
        ("bash", Some("-n")),
        ("zsh", Some("-n")),
        ("fish", Some("-n")),
        ("elvish", None),
        ("powershell", None),
    ] {
        let script = cspsim(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "the script for {shell} does not know `{command}`");
        }
        let file = folder.0.join(shell);
        fs::write(&file, &script).unwrap();
        let checked = check.and_then(|flag| run_if_installed(shell, &[flag, file.to_str().unwrap()]));
        if let Some(run) = checked {
            assert!(run.status.success(), "{shell}: {}", String::from_utf8_lossy(&run.stderr));
        }
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    let folder = Folder::new("bash");
    let file = folder.0.join("cspsim");
    fs::write(&file, cspsim(&["completions", "bash"])).unwrap();
    for (words, expected) in
        [("cspsim ans", "answer"), ("cspsim tree --js", "--json"), ("cspsim schema d", "device")]
    {
        let last = words.split(' ').count() - 1;
        let asked = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD={last}; _cspsim cspsim \
             \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            file.display(),
            last - 1
        );
        let Some(run) = run_if_installed("bash", &["-c", &asked]) else { return };
        let offered = String::from_utf8(run.stdout).unwrap();
        assert!(
            offered.split_whitespace().any(|word| word == expected),
            "`{words}` offers {offered:?}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
    }
}

/// Plain text, and a word about every macro, character and escape that is not known.
const GROFF: [&str; 10] =
    ["-man", "-K", "utf8", "-T", "utf8", "-P-cbou", "-wmac", "-wchar", "-wescape", "-wsyntax"];

#[test]
fn every_command_has_a_manual_page_that_groff_formats_without_a_warning() {
    let folder = Folder::new("man");
    let pages = folder.0.join("made/man1");
    cspsim(&["man", "--out", pages.to_str().unwrap()]);
    let mut expected: Vec<_> = commands().iter().map(|name| format!("cspsim-{name}.1")).collect();
    expected.push("cspsim.1".to_owned());
    expected.sort();
    let mut written: Vec<_> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    assert_eq!(written, expected);
    for name in expected {
        let page = pages.join(&name);
        let arguments = [&GROFF[..], &[page.to_str().unwrap()]].concat();
        let Some(run) = run_if_installed("groff", &arguments) else { return };
        let warnings = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && warnings.is_empty(), "{name}: {warnings}");
        let shown = String::from_utf8(run.stdout).unwrap();
        assert!(shown.contains("NAME") && shown.contains("SYNOPSIS"), "{name}: {shown}");
    }
}

#[test]
fn a_page_on_standard_output_is_the_one_that_is_written() {
    let folder = Folder::new("page");
    cspsim(&["man", "--out", folder.0.to_str().unwrap()]);
    for (arguments, name) in [(&["man"][..], "cspsim.1"), (&["man", "answer"], "cspsim-answer.1")] {
        assert_eq!(cspsim(arguments), fs::read_to_string(folder.0.join(name)).unwrap());
    }
    assert!(cspsim(&["man"]).contains(".SH EXAMPLES\n"));
}
