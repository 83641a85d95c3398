//! What may be installed when, in few and other words than the agent's.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use csp_model::Device;
use csp_model::agent::catalog::Classification;
use csp_model::agent::site::{AppliesTo, ConfigMgr, Purpose};
use csp_model::agent::{Caller, Event, KnownPolicy, ScanSource, UpdateClass, UpdateState};
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
    managed(before, after, event).map_err(|why| TestCaseError::fail(format!("{why}: {step:?} {event:?}")))?;
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

/// Whether Configuration Manager lets an installation begin, where the same policy held all the time.
fn managed(before: &Device, after: &Device, event: &Event) -> Result<(), &'static str> {
    let (site, client) = (after.site(), &after.agent().client);
    let holds = (&client.policy, &site.configmgr);
    let (KnownPolicy::Current, Some(configmgr)) = holds else { return Ok(()) };
    let had = (&before.agent().client.policy, &before.site().configmgr);
    if had != holds || event.caller != Caller::CcmExec {
        return Ok(());
    }
    let update = event.update.and_then(|id| after.profile().update(id)).ok_or("no such update")?;
    let own = configmgr.deployment.iter().filter(|deployment| {
        configmgr.collection.iter().any(|known| known.name == deployment.collection && known.member)
            && deployment.is_of(update)
            && deployment.available.is_none_or(|available| available.0 <= event.at)
    });
    let (required, available): (Vec<_>, Vec<_>) =
        own.partition(|deployment| deployment.purpose == Purpose::Required);
    if client.installs.is_some() {
        return if required.is_empty() && available.is_empty() { Err("not deployed") } else { Ok(()) };
    }
    if required.is_empty() {
        return Err("nobody has asked for it, and it is not required");
    }
    if required.iter().all(|deployment| deployment.deadline.is_some_and(|deadline| event.at < deadline.0)) {
        return Err("before the deadline");
    }
    let is_free = required.iter().any(|deployment| deployment.install_outside_windows);
    let run_time = update.max_run_time.unwrap_or(configmgr.max_run_time).as_secs();
    let minutes = (0..run_time).step_by(60).chain([run_time - 1]);
    let mut times = minutes.map(|seconds| event.at + TimeDelta::seconds(seconds.cast_signed()));
    if is_free || times.all(|time| is_in_a_window(after, configmgr, time)) {
        Ok(())
    } else {
        Err("outside every maintenance window")
    }
}

/// Whether a maintenance window for updates is open, or there are none.
fn is_in_a_window(device: &Device, configmgr: &ConfigMgr, time: DateTime<Utc>) -> bool {
    let own = configmgr.collection.iter().filter(|collection| collection.member);
    let windows: Vec<_> = own.flat_map(|collection| &collection.maintenance_window).collect();
    let of = |kind| windows.iter().filter(move |window| window.applies_to == kind);
    let has_own = of(AppliesTo::SoftwareUpdates).next().is_some();
    let all = of(AppliesTo::AllDeployments).filter(|_| !has_own || configmgr.updates_in_all_windows);
    let mut all = all.chain(of(AppliesTo::SoftwareUpdates)).peekable();
    let zone = device.profile().file().time_zone.offset();
    all.peek().is_none()
        || all.any(|window| {
            let local = if window.utc { time.naive_utc() } else { time.with_timezone(&zone).naive_local() };
            let since = (local - window.starts.0).num_seconds();
            let into = match window.every {
                Some(every) if since >= 0 => since % every.as_secs().cast_signed(),
                Some(_) | None => since,
            };
            // One that goes over into the next is open when either is.
            let lasts = (window.ends.0 - window.starts.0).num_seconds();
            (0..lasts).contains(&into)
        })
}
