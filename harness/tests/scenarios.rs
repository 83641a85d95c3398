//! `cspsim test`: `fixtures/scenarios` pass and could not pass otherwise, `fixtures/scenarios-malformed` are refused.
//!
//! `UPDATE=1 cargo test -p cspsim --test scenarios` writes what is said of malformed files; read what it changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cspsim-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A copy of another folder.
    fn copy_of(original: &Path, name: &str) -> Self {
        let copy = Self::new(name);
        for entry in walkdir::WalkDir::new(original) {
            let entry = entry.unwrap();
            let target = copy.0.join(entry.path().strip_prefix(original).unwrap());
            if entry.path().is_dir() {
                fs::create_dir_all(target).unwrap();
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn cspsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(snapbox::cmd::cargo_bin!("cspsim")).args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
fn check_code(run: &Output, code: i32) {
    let said = [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert_eq!(run.status.code(), Some(code), "{}{}", said[0], said[1]);
}

fn scenarios() -> Vec<PathBuf> {
    let folder = fixtures::root().join("scenarios");
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    let is_read =
        |path: &Path| path.extension().is_some_and(|extension| extension == "toml" || extension == "json");
    // Device files lie among them.
    let mut files: Vec<_> = files.filter(|path| is_read(path) && read(path).get("step").is_some()).collect();
    files.sort();
    assert!(files.len() >= 75, "only {} scenarios", files.len());
    files
}

/// A scenario file as plain values.
fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).unwrap()
    } else {
        toml::from_str(&text).unwrap()
    }
}

#[test]
fn every_scenario_passes() {
    let run = cspsim(fixtures::root(), &["test", "scenarios"]);
    check_code(&run, 0);
    let told = String::from_utf8(run.stdout).unwrap();
    assert_eq!(told.matches(" PASS ").count(), scenarios().len(), "{told}");
}

#[test]
fn the_order_is_that_of_the_files_however_many_run_at_a_time() {
    let told = |jobs: &str| {
        let run = cspsim(fixtures::root(), &["test", "scenarios", "--jobs", jobs]);
        let told = String::from_utf8(run.stdout).unwrap();
        told.lines()
            .filter_map(|line| line.split_once("] "))
            .map(|(_, what)| what.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(told("1"), told("16"));
}

/// Every expectation is changed, one at a time, and each change must be found.
#[test]
fn every_expectation_counts() {
    let folder = Folder::copy_of(&fixtures::root().join("scenarios"), "mutants");
    let mut mutants = Vec::new();
    for path in scenarios() {
        let file_name = path.strip_prefix(fixtures::root().join("scenarios")).unwrap();
        fs::remove_file(folder.0.join(file_name)).unwrap();
        let mut scenario = read(&path);
        // The changed scenarios lie in the folder itself, what they name does not.
        let beside = file_name.parent().unwrap();
        if let Some(device) = scenario["device"].as_str().map(|device| beside.join(device)) {
            scenario["device"] = json!(device);
        }
        let steps = scenario["step"].as_array().unwrap().len();
        for step in 0..steps {
            for (what, expect) in changed_expectations(&scenario["step"][step]["expect"]) {
                let mut mutant = scenario.clone();
                mutant["step"][step]["expect"] = expect;
                let name = format!("{:04}.json", mutants.len());
                fs::write(folder.0.join(&name), format!("{mutant:#}")).unwrap();
                mutants.push(format!("{}: step {}: {what}", file_name.display(), step + 1));
            }
        }
    }
    assert!(mutants.len() >= 200, "only {} changes", mutants.len());
    let report = folder.0.join("report");
    let report_option = format!("json={}", report.display());
    let run = cspsim(&folder.0, &["test", ".", "--report", &report_option]);
    check_code(&run, 1);
    let report: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let results = report["scenarios"].as_array().unwrap();
    assert_eq!(results.len(), mutants.len());
    for (mutant, result) in mutants.iter().zip(results) {
        assert_eq!(result["result"], "failed", "{mutant}: {result:#}");
    }
}

/// What is expected, with one thing changed, and what that is.
fn changed_expectations(expect: &Value) -> Vec<(String, Value)> {
    let mut changed = Vec::new();
    let mut add = |what: String, pointer: &[&str], value: Value| {
        let mut expect = expect.clone();
        let mut at = &mut expect;
        for key in pointer {
            at = match at {
                Value::Array(list) => &mut list[key.parse::<usize>().unwrap()],
                table => &mut table[*key],
            };
        }
        *at = value;
        changed.push((what, expect));
    };
    let Some(table) = expect.as_object() else { return changed };
    for (field, value) in table {
        match (field.as_str(), value) {
            ("status", Value::Array(codes)) => {
                for (index, code) in codes.iter().enumerate() {
                    add(format!("status[{index}]"), &["status", &index.to_string()], other_code(code));
                }
                let longer: Vec<_> = codes.iter().cloned().chain([json!(200)]).collect();
                add("one status more".to_owned(), &["status"], json!(longer));
                if let Some((_, shorter)) = codes.split_last() {
                    add("one status less".to_owned(), &["status"], json!(shorter));
                }
            }
            ("status", Value::Object(commands)) => {
                for (cmd_ref, code) in commands {
                    let codes = code.as_array().cloned().unwrap_or_else(|| vec![code.clone()]);
                    for (index, code) in codes.iter().enumerate() {
                        let mut other = codes.clone();
                        other[index] = other_code(code);
                        add(format!("status.{cmd_ref}[{index}]"), &["status", cmd_ref], json!(other));
                    }
                    let longer: Vec<_> = codes.iter().chain(codes.first()).collect();
                    add(format!("status.{cmd_ref} twice"), &["status", cmd_ref], json!(longer));
                }
            }
            ("results" | "tree", Value::Object(nodes)) => {
                for (uri, value) in nodes {
                    for other in other_values(value) {
                        add(format!("{field}.{uri} = {other}"), &[field, uri], other);
                    }
                }
            }
            ("updates", Value::Object(updates)) => {
                for (id, state) in updates {
                    let states = ["not-offered", "installable", "failed", "pending-restart", "installed"];
                    for other in states.into_iter().filter(|other| state != other) {
                        add(format!("updates.{id} = {other}"), &["updates", id], json!(other));
                    }
                }
            }
            ("violations", Value::Array(rules)) => {
                for other in ["malformed", "no-cmdid", "unknown-element"] {
                    let mut others = rules.clone();
                    match others.iter().position(|rule| rule == other) {
                        Some(index) => drop(others.remove(index)),
                        None => others.push(json!(other)),
                    }
                    add(format!("violations, {other}"), &["violations"], json!(others));
                }
            }
            ("events", Value::Array(kinds)) => {
                // However much happens in a step, nothing happens so often.
                let first = kinds.first().cloned().unwrap_or_else(|| json!("rollback-succeeded"));
                add("events, often".to_owned(), &["events"], json!(vec![first; 1_000]));
            }
            ("scan_source", Value::Object(classes)) => {
                for (class, source) in classes {
                    for other in ["WindowsUpdate", "WSUS", "none"].into_iter().filter(|other| source != other)
                    {
                        add(format!("scan_source.{class} = {other}"), &["scan_source", class], json!(other));
                    }
                }
            }
            ("dual_scan" | "restart_required", Value::Bool(flag)) => {
                add(field.clone(), &[field], json!(!flag));
            }
            ("findings", Value::Array(ids)) => {
                let others: Vec<_> = ids.iter().cloned().chain([json!("nothing")]).collect();
                add("findings, nothing".to_owned(), &["findings"], json!(others));
            }
            ("http", code) => add("http".to_owned(), &["http"], other_code(code)),
            _ => panic!("no change is known for {field} = {value}"),
        }
    }
    changed
}

fn other_code(code: &Value) -> Value {
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok()).unwrap();
    json!(if number == 200 { 400 } else { 200 })
}

fn other_values(value: &Value) -> Vec<Value> {
    match value {
        // A leaf may hold the value true.
        Value::Bool(true) => vec![json!(false), json!("x")],
        Value::Bool(false) => vec![json!(true), json!("")],
        Value::Number(number) => vec![json!(number.as_i64().unwrap() + 1), json!(false)],
        text => vec![json!(format!("{}x", text.as_str().unwrap())), json!(false)],
    }
}

#[test]
fn files_that_cannot_be_run_say_what_and_where() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("scenarios-malformed") {
        let file = ["scenario.toml", "scenario.json"].into_iter().find(|file| case.path.join(file).exists());
        let run = cspsim(&case.path, &["test", file.expect("a case has a scenario")]);
        check_code(&run, 3);
        let said = String::from_utf8(run.stderr).unwrap();
        let got = said.strip_suffix("error: 1 of 1 scenarios could not be run\n").expect("the sum is said");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(case.path.join("error.txt"), got).unwrap();
        }
        let expected = case.text("error.txt").unwrap_or_default();
        if expected != got || !got.starts_with("error: ") {
            wrong.push(format!("{}\nexpected {expected}got      {got}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_cut_anywhere_is_refused_or_runs() {
    let folder = Folder::new("cut");
    let text = String::from_utf8(cspsim(&folder.0, &["init", "scenario"]).stdout).unwrap();
    let json = format!("{:#}", toml::from_str::<Value>(&text).unwrap());
    for (language, text) in [("toml", &text), ("json", &json)] {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
            fs::write(folder.0.join(format!("{end:05}.{language}")), &text[..end]).unwrap();
        }
    }
    let files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let run = cspsim(&folder.0, &[&["test"], files.as_slice()].concat());
    check_code(&run, 3);
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(!said.contains("panicked") && !said.contains("a fault in cspsim"), "{said}");
}

#[test]
fn the_example_passes() {
    let folder = Folder::new("example");
    let file = folder.0.join("example.toml");
    check_code(&cspsim(&folder.0, &["init", "scenario", "--out", file.to_str().unwrap()]), 0);
    check_code(&cspsim(&folder.0, &["test", "example.toml"]), 0);
}

#[test]
fn the_scenarios_in_the_documentation_pass() {
    let root = fixtures::root().join("..");
    let text = fs::read_to_string(root.join("docs/scenarios.md")).unwrap();
    let folder = Folder::copy_of(&root.join("docs/examples"), "documentation");
    let mut files = Vec::new();
    for language in ["toml", "json"] {
        let opening = format!("```{language}\n");
        for block in text.split(opening.as_str()).skip(1) {
            let block = block.split("\n```").next().unwrap();
            let file = format!("block-{}.{language}", files.len());
            fs::write(folder.0.join(&file), block).unwrap();
            files.push(file);
        }
    }
    assert!(files.len() >= 4, "only {} scenarios", files.len());
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    check_code(&cspsim(&folder.0, &[&["test"], files.as_slice()].concat()), 0);
}

#[test]
fn the_junit_report_can_be_read() {
    let folder = Folder::new("junit");
    let text = String::from_utf8(cspsim(&folder.0, &["init", "scenario"]).stdout).unwrap();
    for (path, text) in [
        ("good.toml", text.clone()),
        ("bad.toml", text.replace("[200, 200, 404]", "[200, 418, 404]")),
        ("more/broken.toml", text.replace("[200, 200, 404]", "[200, 418, ")),
    ] {
        fs::create_dir_all(folder.0.join("more")).unwrap();
        fs::write(folder.0.join(path), text).unwrap();
    }
    let run = cspsim(&folder.0, &["test", "bad.toml", "good.toml", "more", "--report", "junit=report.xml"]);
    check_code(&run, 3);
    let report = fs::read_to_string(folder.0.join("report.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&report).unwrap();
    assert_eq!((report.tests, report.failures, report.errors, report.skipped), (3, 1, 1, 0));
    let suites: Vec<_> = report.test_suites.iter().map(|suite| (suite.name.as_str(), suite.tests)).collect();
    assert_eq!(suites, [(".", 2), ("more", 1)]);
    let cases: Vec<_> = report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    let messages: Vec<_> = cases
        .iter()
        .map(|case| match &case.status {
            quick_junit::TestCaseStatus::Success { .. } => None,
            quick_junit::TestCaseStatus::NonSuccess { message, description, .. } => {
                let description = description.as_ref().unwrap().as_str();
                assert!(
                    description.starts_with("error: ") && !description.contains('\u{1b}'),
                    "{description}"
                );
                message.as_ref().map(|message| message.as_str().to_owned())
            }
            quick_junit::TestCaseStatus::Skipped { .. } => panic!("nothing is skipped"),
        })
        .collect();
    assert_eq!(messages[0].as_deref(), Some("step 1: status[1]: expected 418, got 200"));
    assert_eq!(messages[1], None);
    assert!(
        messages[2].as_ref().is_some_and(|message| message.starts_with("more/broken.toml: ")),
        "{messages:?}"
    );
}

/// Many differences in one line are marked only in part, but all of them are told.
#[test]
fn every_difference_is_told() {
    let folder = Folder::new("many");
    let gets: String = (1..=40)
        .map(|id| {
            format!(
                "<Get><CmdID>{id}</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get>"
            )
        })
        .collect();
    let scenario = json!({ "step": [{ "send": format!("<SyncBody>{gets}</SyncBody>"), "expect": { "status": vec![404; 40] } }] });
    fs::write(folder.0.join("many.json"), scenario.to_string()).unwrap();
    let run = cspsim(&folder.0, &["test", "many.json"]);
    check_code(&run, 1);
    let told = String::from_utf8(run.stdout).unwrap();
    assert!(told.contains("error: step 1: 40 expectations are not met"), "{told}");
    assert_eq!(told.matches("expected 404, got 200").count(), 40, "{told}");
}

#[test]
fn a_report_whose_file_cannot_be_written_is_an_error() {
    let run = cspsim(fixtures::root(), &["test", "scenarios", "--report", "json=no-such-folder/report.json"]);
    check_code(&run, 3);
    assert!(
        String::from_utf8_lossy(&run.stderr).starts_with("error: cannot write no-such-folder/report.json")
    );
}

#[test]
fn who_stops_reading_changes_nothing() {
    let folder = Folder::new("closed");
    let text = String::from_utf8(cspsim(&folder.0, &["init", "scenario"]).stdout).unwrap();
    fs::write(folder.0.join("bad.toml"), text.replace("[200, 200, 404]", "[200, 418, 404]")).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(snapbox::cmd::cargo_bin!("cspsim"));
    command.args(["test", "bad.toml", "--report", "json=report.json"]).current_dir(&folder.0).stdout(writer);
    assert_eq!(command.status().unwrap().code(), Some(1));
    assert!(folder.0.join("report.json").exists());
}
