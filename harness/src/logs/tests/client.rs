//! The lines by which the founding articles tell one cause from another: each comes from the state of a device that has it.

use chrono::TimeDelta;
use csp_model::agent::Caller;

use super::{cmtrace, device, reporting, utf16};
use crate::logs::{self, LogFile};

/// A client with everything as it should be: one cumulative update and one of .NET that are required.
const SOUND: &str = r#"
clock = "2024-01-10T00:00:00Z"
time_zone = "+09:00"
MORE
[device]
os = "10.0.22631.3000"
[wsus]
WSUS
[configmgr]
address = "192.168.10.1/24"
deadline_randomization = false
CONFIGMGR
management_point = { host = "mp.contoso.com", POINT }
[[configmgr.boundary_group]]
name = "Tokyo"
boundaries = ["192.168.10.0/24"]
software_update_point = "http://sup.contoso.com:8530"
distribution_points = ["dp.contoso.com"]
[[configmgr.collection]]
name = "All"
COLLECTION
[[configmgr.deployment]]
name = "2024-01"
id = "53577359-6f34-481f-8fc4-3a270b7983c4"
collection = "All"
purpose = "required"
updates = ["99751b16-0794-4995-925d-9840365e1133", "9cb4eaaf-1485-435a-9198-2b452f1dc644"]
deadline = "2024-01-11T00:00:00Z"
DEPLOYMENT
[[update]]
id = "99751b16-0794-4995-925d-9840365e1133"
revision = 201
title = "2024-01 Cumulative Update for Windows 11"
kb = "KB5034123"
classification = "Security Updates"
released = "2024-01-09T18:00:00Z"
size = "600MB"
install = "20m"
restart = true
sources = ["WSUS"]
supersedes = ["9cb4eaaf-1485-435a-9198-2b452f1dc600"]
UPDATE
[[update]]
id = "9cb4eaaf-1485-435a-9198-2b452f1dc644"
title = "2024-01 Cumulative Update for .NET"
classification = "Security Updates"
released = "2024-01-09T18:00:00Z"
size = "70MB"
install = "4m"
sources = ["WSUS"]
[[update]]
id = "9cb4eaaf-1485-435a-9198-2b452f1dc600"
title = "2023-12 Cumulative Update for Windows 11"
classification = "Security Updates"
released = "2023-12-12T18:00:00Z"
sources = ["WSUS"]
state = "installed"
at = "2023-12-20T00:00:00Z"
"#;

/// The logs of six days of the client, with something else than usual in these places.
fn life(changes: &[(&str, &str)]) -> Vec<LogFile> {
    let mut text = SOUND.to_owned();
    for (place, other) in changes {
        assert!(text.contains(place), "{place}");
        text = text.replacen(place, other, 1);
    }
    for place in ["MORE", "WSUS", "CONFIGMGR", ", POINT", "COLLECTION", "DEPLOYMENT", "UPDATE"] {
        text = text.replace(&format!("\n{place}\n"), "\n").replace(", POINT", "");
    }
    let mut device = device(&text);
    let until = device.clock() + TimeDelta::days(6);
    logs::live(&mut device, until).1
}

/// The messages of a log of the client.
fn messages(files: &[LogFile], name: &str) -> Vec<String> {
    let own = files
        .iter()
        .filter(|file| file.name.strip_prefix("CCM/Logs/").is_some_and(|file| file.starts_with(name)));
    own.flat_map(|file| cmtrace::read(&file.bytes)).map(|record| record.message).collect()
}

fn has(files: &[LogFile], log: &str, part: &str) -> bool {
    messages(files, log).iter().any(|message| message.contains(part))
}

/// All of these stand in the log.
#[track_caller]
fn all(files: &[LogFile], log: &str, parts: &[&str]) {
    let messages = messages(files, log);
    for part in parts {
        assert!(messages.iter().any(|message| message.contains(part)), "{part:?} in {messages:#?}");
    }
}

fn shown(files: &[LogFile], name: &str) -> String {
    let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    match name.ends_with(".html") {
        true => utf16(&file.bytes),
        false => String::from_utf8(file.bytes.clone()).expect("UTF-8"),
    }
}

/// How many rows a table has below its head.
fn rows(files: &[LogFile], class: &str) -> usize {
    let table = shown(files, &format!("commands/{class}.txt"));
    assert!(table.contains("----"), "{table}");
    table.trim().lines().count() - 2
}

#[test]
fn a_sound_client_takes_an_update_from_policy_to_restart() {
    let files = life(&[]);
    all(
        &files,
        "PolicyAgent",
        &[
            "Requesting Machine policy assignments from authority 'SMS:PS1'",
            "Received Machine delta policy update with 1 assignments",
            "Applying policy {53577359-6F34-481F-8FC4-3A270B7983C4}",
            "instance of CCM_PolicyAgent_PolicyDownloadSucceeded",
            "instance of CCM_PolicyAgent_PolicyEvaluationComplete",
        ],
    );
    all(&files, "CcmMessaging", &["Delivered successfully to host 'mp.contoso.com'."]);
    all(
        &files,
        "Scheduler",
        &[
            "SMSTrigger '",
            "for scheduler 'Machine/DEADLINE:{53577359-6F34-481F-8FC4-3A270B7983C4}' will fire at 01/11/2024 09:00:00 \
             without randomization.",
        ],
    );
    all(
        &files,
        "WUAHandler",
        &[
            "Its a WSUS Update Source type ({",
            "Enabling WUA Managed server policy to use server: http://sup.contoso.com:8530",
            "Policy refresh forced.",
            "Waiting for 2 mins for Group Policy to notify of WUA policy change...",
            "Waiting for 30 secs for policy to take effect on WU Agent.",
            "}) of content type: 2",
            "Async searching of updates using WUAgent started.",
            "Async searching completed.",
            "Successfully completed scan.",
            "Pruning: update id (9cb4eaaf-1485-435a-9198-2b452f1dc600) is superseded by \
             (99751b16-0794-4995-925d-9840365e1133).",
            "Update (Missing): 2024-01 Cumulative Update for Windows 11 (99751b16-0794-4995-925d-9840365e1133, 201)",
            "Update (Installed): 2023-12 Cumulative Update for Windows 11",
            "Async installation of updates started.",
            "Update 1 (99751b16-0794-4995-925d-9840365e1133) finished installing (0x00000000), Reboot Required? Yes",
            "Async install completed.",
            "Installation of updates completed.",
            "Update (99751b16-0794-4995-925d-9840365e1133) has finished the post reboot operation. HResult: 0x00000000.",
        ],
    );
    all(
        &files,
        "UpdatesHandler",
        &[
            "Contents downloaded successfully for Update (99751b16-0794-4995-925d-9840365e1133).",
            "WSUS update (99751b16-0794-4995-925d-9840365e1133) installation result = 0x0, Reboot State = SoftReboot",
            "execution completed with state COMPLETE_SOFT_REBOOT_NEEDED.",
        ],
    );
    all(
        &files,
        "UpdatesDeployment",
        &[
            "has total CI = 2",
            "Name (2024-01 Cumulative Update for Windows 11) ArticleID (5034123) added to the targeted list of \
             deployment ({53577359-6F34-481F-8FC4-3A270B7983C4})",
            "Status = ciStateDetecting",
            "Status = ciStateDownloading, PercentComplete = 100",
            "Status = ciStateWaitInstall",
            "Status = ciStateInstalling",
            "Status = ciStatePendingSoftReboot",
            "Status = ciStateInstallComplete, PercentComplete = 0, DownloadSize = 0, Result = 0x0",
            "TopicType = Evaluate, StateId = 2, StateName = ASSIGNMENT_EVALUATE_SUCCESS",
            "StateName = ASSIGNMENT_ENFORCE_ADVANCE_DOWNLOAD_SUCCESS",
            "StateName = ASSIGNMENT_ENFORCE_PENDING_REBOOT",
            "StateName = ASSIGNMENT_ENFORCE_SUCCESS",
            "StateName = CI_ENFORCEMENT_SUCCESSFULL",
        ],
    );
    all(
        &files,
        "ContentTransferManager",
        &[
            "Persisted locations\r\n\t(SUBNET) http://dp.contoso.com/SMS_DP_SMSPKG$/",
            "Created corresponding DTSJob({",
        ],
    );
    all(
        &files,
        "DataTransferService",
        &["'RetrievedManifest' to state 'PendingDownload'", "Successfully completed download."],
    );
    all(&files, "CAS", &["size(KB) 0, under context System with priority Medium, persist duration 0"]);
    assert!(!has(&files, "CcmMessaging", "[CCMHTTP]"));
    let page = shown(&files, "commands/gpresult.html");
    for part in [
        "<td>Specify intranet Microsoft update service location</td><td>Enabled</td><td>Local Group Policy</td>",
        "http://sup.contoso.com:8530",
        "http://localhost:8005",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let assignments = shown(&files, "commands/CCM_UpdateCIAssignment.txt");
    assert!(assignments.contains("\r\n{53577359-6F34-481F-8FC4-3A270B7983C4} 2024-01\r\n"), "{assignments}");
    let status = shown(&files, "commands/CCM_UpdateStatus.txt");
    assert!(status.starts_with("\r\nUniqueId "), "{status}");
    assert!(status.contains("2024-01 Cumulative Update for Windows 11 Installed\r\n"), "{status}");
}

#[test]
fn a_poll_is_written_each_time() {
    let files = life(&[("CONFIGMGR", "log_max_size = \"10MB\"")]);
    let polls = messages(&files, "PolicyAgent");
    let asked = polls.iter().filter(|message| message.starts_with("Requesting Machine policy assignments"));
    assert_eq!(asked.count(), 6 * 24);
}

#[test]
fn a_management_point_that_is_out_of_reach() {
    for (answers, code, symbol) in [
        ("503", "Code=0", "CCM_E_BAD_HTTP_STATUS_CODE"),
        ("\"timeout\"", "Code=12002", "ERROR_WINHTTP_TIMEOUT"),
        ("\"name-not-resolved\"", "Code=12007", "ERROR_WINHTTP_NAME_NOT_RESOLVED"),
        ("\"cannot-connect\"", "Code=12029", "ERROR_WINHTTP_CANNOT_CONNECT"),
        ("\"no-client-certificate\"", "Code=0", "CCM_E_NO_CLIENT_PKI_CERT"),
    ] {
        let files = life(&[("POINT", &format!("answers = {answers}"))]);
        let line = format!(
            "[CCMHTTP] ERROR: URL=http://mp.contoso.com/ccm_system/request, Port=80, Options=1248, {code}, Text={symbol}"
        );
        all(&files, "CcmMessaging", &[&line]);
        let info = "[CCMHTTP] ERROR INFO: StatusCode=503 StatusText=Service Unavailable";
        assert_eq!(has(&files, "CcmMessaging", info), answers == "503");
        assert_eq!(rows(&files, "CCM_UpdateCIAssignment"), 0);
        assert!(!has(&files, "PolicyAgent", "Applying policy"));
    }
}

#[test]
fn a_device_that_is_not_in_the_collection() {
    let files = life(&[("COLLECTION", "member = false")]);
    all(&files, "PolicyAgent", &["Received Machine delta policy update with 0 assignments"]);
    assert_eq!(rows(&files, "CCM_UpdateCIAssignment"), 0);
    assert!(!has(&files, "UpdatesDeployment", "added to the targeted list"));
}

#[test]
fn scans_that_fail() {
    for (answers, code) in [
        ("\"timeout\"", "0x80072ee2"),
        ("503", "0x80244022"),
        ("\"pool-stopped\"", "0x80244022"),
        ("\"too-many-round-trips\"", "0x80244010"),
    ] {
        let files = life(&[("WSUS", &format!("answers = {answers}"))]);
        let failed = format!("OnSearchComplete - Failed to end search job. Error = {code}.");
        all(&files, "WUAHandler", &[&failed, &format!("Scan failed with error = {code}.")]);
        assert_eq!(rows(&files, "CCM_UpdateStatus"), 0);
    }
}

#[test]
fn no_software_update_point() {
    let start = "CWuaHandler::SetCategoriesForStateReportingExclusion";
    for change in [("CONFIGMGR", "software_updates = false"), ("192.168.10.0/24", "192.168.11.0/24")] {
        let files = life(&[change]);
        let messages = messages(&files, "WUAHandler");
        assert!(messages.iter().any(|message| message.starts_with(start)), "{messages:#?}");
        assert!(!shown(&files, "commands/gpresult.html").contains("Specify intranet"));
    }
}

#[test]
fn a_domain_that_wins() {
    let files = life(&[("CONFIGMGR", "domain_policy = \"http://wsus.contoso.com:8530\"")]);
    all(
        &files,
        "WUAHandler",
        &[
            "Group policy settings were overwritten by a higher authority (Domain Controller) to: Server \
             http://wsus.contoso.com:8530 and Policy ENABLED",
            "Failed to Add Update Source for WUAgent of type (2) and id ({",
            "}). Error = 0x87d00692.",
        ],
    );
    let page = shown(&files, "commands/gpresult.html");
    assert!(page.contains("<td>Enabled</td><td>Default Domain Policy</td>"), "{page}");
}

#[test]
fn local_policy_that_cannot_be_read() {
    for (state, code) in [("corrupt", "0x800703ee"), ("unreadable", "0x80004005")] {
        let files = life(&[("CONFIGMGR", &format!("registry_pol = \"{state}\""))]);
        let line = format!("Unable to read existing WUA Group Policy object. Error = {code}.");
        all(&files, "WUAHandler", &[&line]);
    }
}

#[test]
fn no_distribution_point() {
    let files = life(&[("distribution_points = [\"dp.contoso.com\"]", "")]);
    all(
        &files,
        "ContentTransferManager",
        &["CCTMJob::UpdateLocations - Received empty location update for CTM Job {", "} suspended"],
    );
    assert!(!has(&files, "ContentTransferManager", "Persisted locations"));
}

#[test]
fn an_installation_that_takes_too_long() {
    let files = life(&[("UPDATE", "max_run_time = \"10m\"")]);
    let file = files.iter().find(|file| file.name.ends_with("ReportingEvents.log")).expect("a log");
    let lines = reporting::read(&file.bytes);
    let of = |number| {
        lines.iter().find(|line| {
            let id = line.update.map(|id| id.to_string());
            line.number == number && id.is_some_and(|id| id.starts_with("99751b16"))
        })
    };
    let (started, failed) = (of(181).expect("a start"), of(182).expect("a failure"));
    assert_eq!(
        (started.caller.as_str(), failed.caller.as_str()),
        (Caller::CcmExec.name(), Caller::CcmExec.name())
    );
    assert!(failed.local - started.local >= TimeDelta::minutes(10));
    assert_eq!(failed.hresult, 0x8007_04c7);
    assert!(failed.message.starts_with(
        "Installation Failure: Windows failed to install the following update with error 0x800704c7: 2024-01"
    ));
    all(&files, "WUAHandler", &["finished installing (0x800704c7), Reboot Required? No"]);
}

#[test]
fn no_room_and_no_window() {
    let files = life(&[("CONFIGMGR", "cache = { free = \"1MB\" }")]);
    all(
        &files,
        "UpdatesDeployment",
        &["Status = ciStateError, PercentComplete = 0, DownloadSize = 0, Result = 0x87d01201"],
    );
    let window = "maintenance_window = [{ starts = \"2024-01-06T01:00\", ends = \"2024-01-06T01:30\", every = \"P1D\" }]";
    let files = life(&[("COLLECTION", window)]);
    all(
        &files,
        "UpdatesDeployment",
        &[
            "No current service window available to run updates assignment with time required = 3600",
            "Result = 0x87d00667",
        ],
    );
}

#[test]
fn logs_roll_over_as_the_site_says() {
    let files = life(&[("CONFIGMGR", "log_max_size = \"10KB\"\nlog_max_history = 2")]);
    let of = |name: &str| {
        let own = files.iter().filter(|file| file.name.starts_with(&format!("CCM/Logs/{name}")));
        own.map(|file| (file.name.clone(), file.bytes.len())).collect::<Vec<_>>()
    };
    let polls = of("CcmMessaging");
    assert_eq!(polls.len(), 3, "{polls:?}");
    assert!(polls[0].0.starts_with("CCM/Logs/CcmMessaging-202401"), "{polls:?}");
    assert!(polls.iter().all(|(_, length)| *length <= 10_000), "{polls:?}");
}

#[test]
fn commands_speak_the_language_of_the_device() {
    let proxy =
        "[proxy]\nserver = \"proxy.contoso.com:8080\"\nbypass = [\"*.contoso.com\", \"<local>\"]\n[wsus]";
    let english = shown(&life(&[("[wsus]", proxy)]), "commands/netsh-winhttp-show-proxy.txt");
    assert!(english.contains("    Proxy Server(s) :  proxy.contoso.com:8080\r\n"), "{english}");
    assert!(english.contains("    Bypass List     :  *.contoso.com;<local>\r\n"), "{english}");
    let files = life(&[("os = ", "language = \"ja-JP\"\nos = ")]);
    let japanese = shown(&files, "commands/netsh-winhttp-show-proxy.txt");
    assert!(japanese.contains("    直接アクセス (プロキシ サーバーなし)。\r\n"), "{japanese}");
    let page = shown(&files, "commands/gpresult.html");
    assert!(page.contains("<td>有効</td><td>ローカル グループ ポリシー</td>"), "{page}");
}
