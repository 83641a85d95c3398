//! What may be installed when, in few and other words than the agent's.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use csp_model::Device;
use csp_model::agent::catalog::Classification;
use csp_model::agent::{Event, ScanSource, UpdateClass, UpdateState};
use proptest::test_runner::TestCaseError;

use super::Step;

/// The transitions between states: where an update can come from.
pub(crate) fn is_in_the_table(from: Option<UpdateState>, to: UpdateState) -> bool {
    let Some(from) = from else { return to == UpdateState::NEW_UPDATE };
    let allowed = match to {
        UpdateState::NEW_UPDATE => {
            !(UpdateState::REBOOT_REQUIRED | UpdateState::POST_REBOOT | UpdateState::UPDATE_COMPLETED)
        }
        UpdateState::READY_TO_DOWNLOAD => {
            UpdateState::NEW_UPDATE
                | UpdateState::DOWNLOAD_BLOCKED
                | UpdateState::DOWNLOAD_FAILED
                | UpdateState::INSTALL_FAILED
                | UpdateState::READY_TO_INSTALL
        }
        UpdateState::DOWNLOADING => UpdateState::READY_TO_DOWNLOAD,
        UpdateState::DOWNLOAD_BLOCKED => UpdateState::READY_TO_DOWNLOAD | UpdateState::DOWNLOADING,
        UpdateState::DOWNLOAD_FAILED => UpdateState::DOWNLOADING,
        UpdateState::READY_TO_INSTALL => {
            UpdateState::DOWNLOADING
                | UpdateState::READY_TO_DOWNLOAD
                | UpdateState::INSTALL_BLOCKED
                | UpdateState::INSTALL_FAILED
        }
        UpdateState::INSTALLING | UpdateState::INSTALL_BLOCKED => UpdateState::READY_TO_INSTALL,
        UpdateState::INSTALL_FAILED | UpdateState::REBOOT_REQUIRED => UpdateState::INSTALLING,
        UpdateState::POST_REBOOT => UpdateState::REBOOT_REQUIRED,
        UpdateState::UPDATE_COMPLETED => UpdateState::INSTALLING | UpdateState::POST_REBOOT,
        UpdateState::COMMIT_FAILED => UpdateState::POST_REBOOT,
        _ => UpdateState::empty(),
    };
    allowed.contains(from)
}

/// Whether an installation may begin: what policies say did not change between `before` and `after` by more than a step.
pub(crate) fn may_be_installed(
    before: &Device,
    after: &Device,
    step: &Step,
    event: &Event,
) -> Result<(), TestCaseError> {
    // When Group Policy is read in the middle of a step, both old and new rules hold in it.
    if before.agent().unread.is_some() {
        return Ok(());
    }
    let fail = |why: &str| Err(TestCaseError::fail(format!("{why}: {step:?} {event:?}")));
    let Some(update) = event.update.and_then(|id| after.profile().update(id)) else {
        return fail("no such update");
    };
    let policy = after.effective_policy();
    let approvals = &after.agent().approvals;
    let is_approved =
        approvals.contains_key(&update.id) || approvals.contains_key(&update.classification.id());
    if policy.int("RequireUpdateApproval") == Some(1) && !is_approved {
        return fail("not approved");
    }
    if update.classification == Classification::DEFINITION_UPDATES {
        return Ok(());
    }
    // An update of Windows that comes in on the way may change the rules.
    if before.os() != after.os() || after.scan_sources().of_update(update) != ScanSource::WindowsUpdate {
        return Ok(());
    }
    let (days, flag, start) = match update.class() {
        UpdateClass::Feature => {
            ("DeferFeatureUpdatesPeriodInDays", "PauseFeatureUpdates", "PauseFeatureUpdatesStartTime")
        }
        UpdateClass::Quality | UpdateClass::Driver | UpdateClass::Other => {
            ("DeferQualityUpdatesPeriodInDays", "PauseQualityUpdates", "PauseQualityUpdatesStartTime")
        }
    };
    let has_target = update.class() == UpdateClass::Feature && policy.text("TargetReleaseVersion").is_some();
    if let (Some(released), Some(days), false) = (update.released, policy.int(days), has_target)
        && event.at < released.0 + TimeDelta::days(days)
    {
        return fail("deferred");
    }
    let date = policy.text(start).and_then(|text| text.get(..10)?.parse::<NaiveDate>().ok());
    if let (Some(date), false) = (date, policy.int(flag) == Some(0)) {
        let date = date.and_time(NaiveTime::MIN).and_utc();
        if date <= event.at && event.at < date + TimeDelta::days(35) {
            return fail("paused");
        }
    }
    Ok(())
}
