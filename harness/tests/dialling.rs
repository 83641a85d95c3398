//! Devices that dial a server: from a scenario, and when the control API says so.

#![expect(clippy::unwrap_used, reason = "tests")]

mod server;

use std::path::Path;
use std::process::{Command as Process, Output};
use std::{env, fs};

use cspsim::SimDevice;
use serde_json::{Value, json};
use server::Server;
use syncml::session::server::Command;

const UPDATE: &str = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01";

fn approving() -> Server {
    Server::start(|| {
        vec![
            Command::add_node(format!("./Vendor/MSFT/Update/ApprovedUpdates/{UPDATE}")),
            Command::get("./DevInfo/Man"),
            Command::get("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart"),
        ]
    })
}

#[tokio::test]
async fn the_control_api_lets_a_device_dial() {
    let server = approving();
    let device = SimDevice::start().await;
    device.expect_node(&format!("./Vendor/MSFT/Update/ApprovedUpdates/{UPDATE}"));
    let connect = |body: Value| {
        let url = format!("{}_cspsim/devices/default/connect", device.url());
        let request = reqwest::Client::new().post(url).header("content-type", "application/json");
        request.body(body.to_string()).send()
    };
    for session in ["1", "2"] {
        let answer = connect(json!({ "to": server.url() })).await.unwrap();
        assert_eq!(answer.status(), 200);
        let outcome: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(
            outcome,
            json!({
                "session": session, "ending": "complete", "text": "both sides have said everything",
                "messages": 2, "violations": [],
            })
        );
    }
    assert_eq!(*server.findings.lock().unwrap(), Vec::<String>::new());
    // What was said is in the transcript: package 1, and what the server said.
    let transcript = device.transcript();
    let lines: Vec<Value> =
        transcript.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["opens"]["address"], &lines[0]["request"]),
        (&json!(server.url()), &json!({ "text": "" }))
    );
    assert_eq!(lines[1]["session"], "1");
    assert!(lines[1]["request"]["text"].as_str().unwrap().contains(UPDATE));
    assert!(lines[1]["answer"]["text"].as_str().unwrap().contains("<Data>404</Data>"));

    let answer = connect(json!({ "to": "http://127.0.0.1:9/", "opening": { "login": "none" } }));
    let outcome: Value = serde_json::from_str(&answer.await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!((&outcome["ending"], &outcome["failure"]), (&json!("failed"), &json!("refused")));
    for (body, what) in [
        (json!({ "to": "ftp://mdm.test/" }), "http:// or https://"),
        (json!({ "to": server.url(), "speed": 1 }), "speed"),
        (json!({ "opening": { "account": "nobody" } }), "account"),
    ] {
        let answer = connect(body).await.unwrap();
        assert_eq!(answer.status(), 400);
        let text = answer.text().await.unwrap();
        assert!(text.contains(what), "{text}");
    }
}

fn run(scenario: &str) -> Output {
    let folder = env::temp_dir().join(format!("cspsim-dialling-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{:?}.toml", std::thread::current().id()));
    fs::write(&path, scenario).unwrap();
    let output =
        Process::new(Path::new(env!("CARGO_BIN_EXE_cspsim"))).arg("test").arg(&path).output().unwrap();
    fs::remove_file(path).unwrap();
    output
}

#[test]
fn a_step_of_a_scenario_dials() {
    let server = approving();
    let step =
        |expect: &str| run(&format!("[[step]]\nconnect = \"{}\"\n[step.expect]\n{expect}\n", server.url()));
    let passed = step(&format!(
        "status = [200, 200, 404]\nviolations = []\nresults = {{ \"./DevInfo/Man\" = \"Contoso\" }}\n\
         tree = {{ \"./Vendor/MSFT/Update/ApprovedUpdates/{UPDATE}\" = true }}"
    ));
    assert!(passed.status.success(), "{passed:?}");
    let failed = step("status = [200, 200, 200]");
    assert_eq!(failed.status.code(), Some(1));
    let told = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(told.contains("expected 200, got 404"), "{told}");
}

#[test]
fn a_step_that_cannot_dial_fails_at_its_line() {
    let failed = run("[[step]]\nconnect = \"http://127.0.0.1:9/\"\n");
    assert_eq!(failed.status.code(), Some(1));
    let told = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(told.contains("refused") && told.contains(":2"), "{told}");
    let unusable = run("[[step]]\nconnect = \"mdm.test\"\n");
    assert_eq!(unusable.status.code(), Some(3));
}
