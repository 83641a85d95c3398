//! What the control API shows of a device.
//!
//! Deliberately absent: what follows from a configuration. That is the update agent's to say.

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::{Fault, Finding, ScanSource, ScanSources, UpdateId};
use csp_model::device::{InitialState, UpdateEntry};
use serde::Serialize;
use utoipa::ToSchema;

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceView {
    /// Its name in URLs.
    name: String,
    /// Its own name: DevDetail/Ext/Microsoft/DeviceName.
    device_name: String,
    /// DevInfo/DevId, and the Source of its messages.
    id: String,
    /// Its clock.
    #[schema(value_type = String, format = DateTime)]
    clock: DateTime<Utc>,
    /// The version of Windows that runs.
    #[schema(example = "10.0.22631.2506")]
    os: String,
    scan_source: ScanSourceView,
    /// Whether a WSUS server is set and Windows Update is scanned beside it for updates of Windows.
    dual_scan: bool,
    /// Whether an update or a rollback waits for a restart.
    restart_required: bool,
    /// When it scans next by itself; null when it does not.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_scan: Option<DateTime<Utc>>,
    /// What is odd about its configuration.
    findings: Vec<FindingView>,
}

/// Something odd about a device's configuration, that explains why updates come otherwise than expected.
#[derive(Debug, Serialize, ToSchema)]
struct FindingView {
    /// What it is, for programs.
    #[schema(example = "partial-scan-source")]
    id: &'static str,
    /// What it is and what follows from it.
    text: String,
}

/// The service that is scanned for each class of updates.
#[derive(Debug, Serialize, ToSchema)]
struct ScanSourceView {
    /// Feature updates.
    feature: SourceView,
    /// Quality updates of Windows.
    quality: SourceView,
    /// Drivers and firmware.
    driver: SourceView,
    /// Other Microsoft products.
    other: SourceView,
}

/// The service that is scanned for a class of updates.
#[derive(Debug, Serialize, ToSchema)]
enum SourceView {
    WindowsUpdate,
    #[serde(rename = "WSUS")]
    Wsus,
    /// The device may not ask the service that the class comes from.
    #[serde(rename = "none")]
    None,
}

/// An update that the services can offer to a device, and how far the device has come with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpdateView {
    /// UpdateID
    #[schema(format = "uuid")]
    id: String,
    /// RevisionNumber: the one that the device knows, or would find.
    revision: u32,
    title: String,
    /// The knowledge base article.
    #[serde(skip_serializing_if = "Option::is_none")]
    kb: Option<String>,
    /// UpdateClassification: its name, or the GUID of one that has no published name.
    classification: String,
    product: String,
    state: StateView,
    /// The step it has come to: a documented state without `UpdateStatus`. Absent while no scan has found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "NewUpdate")]
    status: Option<&'static str>,
    /// When it came to that step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<DateTime<Utc>>,
    /// The error of its last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0x80244022")]
    hresult: Option<String>,
    /// Whether it, or its classification, is approved.
    approved: bool,
    /// Since when it is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    approved_at: Option<DateTime<Utc>>,
}

/// How far a device has come with an update; the names are those of the device file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum StateView {
    NotOffered,
    Installable,
    Failed,
    PendingRestart,
    Installed,
}

impl DeviceView {
    pub(super) fn new(name: &str, device: &Device) -> Self {
        let sources = device.scan_sources();
        Self {
            name: name.to_owned(),
            device_name: device.name().to_owned(),
            id: device.instance().id.to_string(),
            clock: device.clock(),
            os: device.os().to_string(),
            dual_scan: sources.is_dual_scan(),
            scan_source: sources.into(),
            restart_required: device.is_restart_required(),
            next_scan: device.next_scan(),
            findings: device
                .findings()
                .into_iter()
                .map(|Finding { id, text }| FindingView { id, text })
                .collect(),
        }
    }
}

impl From<ScanSources> for ScanSourceView {
    fn from(sources: ScanSources) -> Self {
        Self {
            feature: sources.feature.into(),
            quality: sources.quality.into(),
            driver: sources.driver.into(),
            other: sources.other.into(),
        }
    }
}

impl From<ScanSource> for SourceView {
    fn from(source: ScanSource) -> Self {
        match source {
            ScanSource::WindowsUpdate => Self::WindowsUpdate,
            ScanSource::Wsus => Self::Wsus,
            ScanSource::None => Self::None,
        }
    }
}

impl From<InitialState> for StateView {
    fn from(state: InitialState) -> Self {
        match state {
            InitialState::NotOffered => Self::NotOffered,
            InitialState::Installable => Self::Installable,
            InitialState::Failed => Self::Failed,
            InitialState::PendingRestart => Self::PendingRestart,
            InitialState::Installed => Self::Installed,
        }
    }
}

/// What goes wrong on `device`: what its file plans, or what was said since.
pub(super) fn faults(device: &Device) -> &[Fault] {
    device.agent().faults.plan.as_deref().unwrap_or(&device.profile().file().fault)
}

/// Every update that the services can offer to `device`, in the order of its file.
pub(super) fn updates(device: &Device) -> Vec<UpdateView> {
    device.profile().catalog().iter().map(|entry| update(device, entry)).collect()
}

fn update(device: &Device, entry: &UpdateEntry) -> UpdateView {
    let agent = device.agent();
    let record = agent.records.get(&entry.id);
    let approval = |id: UpdateId| agent.approvals.get(&id).copied();
    let approved_at = approval(entry.id).into_iter().chain(approval(entry.classification.id())).min();
    UpdateView {
        id: entry.id.to_string(),
        revision: record.map_or(entry.revision, |record| record.revision),
        title: entry.title.clone(),
        kb: entry.kb.clone(),
        classification: entry.classification.to_string(),
        product: entry.product.clone(),
        state: device.update_state(entry.id).into(),
        status: record.and_then(|record| record.state.documented_name()),
        since: record.map(|record| record.since),
        hresult: record.and_then(|record| record.failure()).map(|failure| failure.hresult.to_string()),
        approved: approved_at.is_some(),
        approved_at,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use csp_model::DeviceFile;
    use csp_model::device::Profile;
    use serde_json::{Value, json};

    use super::*;

    fn device(text: &str) -> Device {
        let file = DeviceFile::from_toml(text).expect("a device file");
        Device::new(Arc::new(Profile::new(file).expect("one that makes sense")))
    }

    fn shown(text: &str) -> Value {
        json!(DeviceView::new("lab", &device(text)))
    }

    const WSUS: &str = r"
        [registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate']
        WUServer = 'http://wsus.contoso.com:8530'
        [registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU']
        UseWUServer = 1
    ";

    #[test]
    fn two_services_are_dual_scan() {
        let none = shown("");
        assert_eq!(
            (&none["dual_scan"], &none["scan_source"]["driver"]),
            (&json!(false), &json!("WindowsUpdate"))
        );
        let one = shown(WSUS);
        assert_eq!((&one["dual_scan"], &one["scan_source"]["quality"]), (&json!(false), &json!("WSUS")));
        let both = shown(&format!("[policy.Update]\nDeferQualityUpdatesPeriodInDays = 7\n{WSUS}"));
        assert_eq!(
            (&both["dual_scan"], &both["scan_source"]),
            (
                &json!(true),
                &json!({ "feature": "WindowsUpdate", "quality": "WindowsUpdate", "driver": "WSUS", "other": "WSUS" })
            )
        );
    }

    #[test]
    fn an_update_is_shown_with_its_state_and_its_approvals() {
        let id = "a317dafe-baf4-453f-b232-a7075efae36e";
        let entry = |rest: &str| {
            let text =
                format!("[[update]]\nid = \"{id}\"\nrevision = 3\nclassification = \"Updates\"\n{rest}");
            let device = device(&text);
            let waits = json!(DeviceView::new("lab", &device))["restart_required"].clone();
            (json!(updates(&device))[0].clone(), waits)
        };
        let (update, waits) = entry("");
        assert_eq!(
            (&update["state"], &update["status"], &update["revision"]),
            (&json!("not-offered"), &Value::Null, &json!(3))
        );
        assert_eq!((waits, &update["approved"]), (json!(false), &json!(false)));
        let (update, _) = entry("state = \"failed\"\nhresult = \"0x80244022\"\nstatus = \"DownloadFailed\"");
        assert_eq!(
            (&update["state"], &update["status"], &update["hresult"]),
            (&json!("failed"), &json!("DownloadFailed"), &json!("0x80244022"))
        );
        let (update, waits) = entry("state = \"pending-restart\"\nat = \"2023-12-31T00:00:00Z\"");
        assert_eq!(
            (&update["state"], &update["since"]),
            (&json!("pending-restart"), &json!("2023-12-31T00:00:00Z"))
        );
        assert_eq!(waits, json!(true));
        // Of the classification, and of the update itself.
        for approved in ["cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83", id] {
            let (update, _) = entry(&format!("[[approval]]\nid = \"{approved}\""));
            assert_eq!(update["approved_at"], json!("2024-01-01T00:00:00Z"), "{approved}");
        }
    }
}
