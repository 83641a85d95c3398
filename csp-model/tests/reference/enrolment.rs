//! What may be done where below DMClient and Reboot on Windows 11 Enterprise, by hand: from the pages of the two CSPs.
//!
//! Left out: what this Windows does not have, and `AADDeviceID`, which is never there.

use csp_model::Format;
use csp_model::Format::{Bool, Chr, Int, Node, Null};

use super::rules::{Rule, Takes};
use Presence::{Comes, Stays};

/// Whether a node is there whenever the one above is.
#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Comes,
    Stays,
}

/// Address, access, format, presence, values, and what a node says that nobody has written to.
type Row = (&'static str, &'static str, Format, Presence, Takes, &'static str);

pub(crate) fn rules() -> impl Iterator<Item = Rule> {
    ROWS.iter().map(|&(pattern, access, format, presence, takes, default)| Rule {
        pattern,
        access,
        format,
        stays: presence == Stays,
        takes,
        default,
    })
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("DMClient", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider/*", "ADG", Node, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/EntDeviceName", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/ExchangeID", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/EntDMID", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/SignedEntDMID", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CertRenewTimeStamp", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/PublisherDeviceID", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/ManagementServiceAddress", "GR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/UPN", "AGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/HelpPhoneNumber", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/HelpWebsite", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/HelpEmailAddress", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/RequireMessageSigning", "ADGR", Bool, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/SyncApplicationVersion", "ADGR", Chr, Comes, Takes::Version, ""),
    ("DMClient/Provider/*/MaxSyncApplicationVersion", "G", Chr, Stays, Takes::Any, "5.0"),
    ("DMClient/Provider/*/Unenroll", "GX", Null, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/AADResourceID", "AGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/EnrollmentType", "G", Chr, Stays, Takes::Any, "Full"),
    ("DMClient/Provider/*/EnableOmaDmKeepAliveMessage", "GR", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/HWDevID", "G", Chr, Stays, Takes::Any, "CD6C1F7D1DC6717D6371D2647910CA71BA3BF0B611083D322466B8843B4285B6"),
    ("DMClient/Provider/*/ManagementServerAddressList", "GR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/CommercialID", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/ManagementServerToUpgradeTo", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/NumberOfDaysAfterLostContactToUnenroll", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/AADSendDeviceToken", "ADGR", Bool, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/ForceAadToken", "ADGR", Bool, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Push", "ADG", Node, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Push/PFN", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/Push/ChannelURI", "G", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/Push/Status", "G", Int, Stays, Takes::Any, "4"),
    ("DMClient/Provider/*/Poll", "ADG", Node, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/IntervalForFirstSetOfRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/NumberOfFirstRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/IntervalForSecondSetOfRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/NumberOfSecondRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/IntervalForRemainingScheduledRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/NumberOfRemainingScheduledRetries", "ADGR", Int, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/PollOnLogin", "ADGR", Bool, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/Poll/AllUsersPollOnFirstLogin", "ADGR", Bool, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CustomEnrollmentCompletePage", "ADG", Node, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CustomEnrollmentCompletePage/Title", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CustomEnrollmentCompletePage/BodyText", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CustomEnrollmentCompletePage/HyperlinkHref", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/CustomEnrollmentCompletePage/HyperlinkText", "ADGR", Chr, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus", "ADG", Node, Comes, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedPolicies", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedNetworkProfiles", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedMSIAppPackages", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedModernAppPackages", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedPFXCerts", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/ExpectedSCEPCerts", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/TimeOutUntilSyncFailure", "GR", Int, Stays, Takes::Range(1, 1440), "60"),
    ("DMClient/Provider/*/FirstSyncStatus/ServerHasFinishedProvisioning", "GR", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/FirstSyncStatus/IsSyncDone", "GR", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/FirstSyncStatus/WasDeviceSuccessfullyProvisioned", "GR", Int, Stays, Takes::Words(&["0", "1", "2"]), "0"),
    ("DMClient/Provider/*/FirstSyncStatus/BlockInStatusPage", "GR", Int, Stays, Takes::Range(0, 7), "0"),
    ("DMClient/Provider/*/FirstSyncStatus/AllowCollectLogsButton", "GR", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/FirstSyncStatus/CustomErrorText", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/FirstSyncStatus/SkipDeviceStatusPage", "GR", Bool, Stays, Takes::Any, "true"),
    ("DMClient/Provider/*/FirstSyncStatus/SkipUserStatusPage", "GR", Bool, Stays, Takes::Any, "true"),
    ("DMClient/Provider/*/EnhancedAppLayerSecurity", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/EnhancedAppLayerSecurity/SecurityMode", "ADGR", Int, Stays, Takes::Words(&["0", "1", "2", "3"]), "0"),
    ("DMClient/Provider/*/EnhancedAppLayerSecurity/UseCertIfRevocationCheckOffline", "ADGR", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/EnhancedAppLayerSecurity/Cert0", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/EnhancedAppLayerSecurity/Cert1", "ADGR", Chr, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/ConfigLock", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/ConfigLock/Lock", "ADGR", Int, Stays, Takes::Words(&["0", "1"]), "0"),
    ("DMClient/Provider/*/ConfigLock/UnlockDuration", "ADGR", Int, Stays, Takes::Any, "480"),
    ("DMClient/Provider/*/ConfigLock/SecureCore", "G", Bool, Stays, Takes::Any, "false"),
    ("DMClient/Provider/*/LinkedEnrollment", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/LinkedEnrollment/LastError", "G", Int, Stays, Takes::Any, "0"),
    ("DMClient/Provider/*/LinkedEnrollment/EnrollStatus", "G", Int, Stays, Takes::Words(&["0", "1", "2", "3", "4", "5", "6", "7", "8"]), "0"),
    ("DMClient/Provider/*/LinkedEnrollment/Enroll", "X", Null, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/LinkedEnrollment/Unenroll", "X", Null, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/Recovery", "G", Node, Stays, Takes::Any, ""),
    ("DMClient/Provider/*/Recovery/AllowRecovery", "GR", Int, Stays, Takes::Words(&["1", "0"]), "0"),
    ("DMClient/Provider/*/Recovery/InitiateRecovery", "X", Int, Stays, Takes::Words(&["0", "1"]), "0"),
    ("DMClient/Provider/*/Recovery/RecoveryStatus", "G", Int, Stays, Takes::Any, "0"),
    ("DMClient/Unenroll", "GX", Null, Stays, Takes::Any, ""),
    ("DMClient/UpdateManagementServiceAddress", "GR", Chr, Stays, Takes::Any, ""),
    ("DMClient/HWDevID", "G", Chr, Stays, Takes::Any, "CD6C1F7D1DC6717D6371D2647910CA71BA3BF0B611083D322466B8843B4285B6"),
    ("Reboot", "G", Node, Stays, Takes::Any, ""),
    ("Reboot/RebootNow", "GX", Null, Stays, Takes::Any, ""),
    ("Reboot/Schedule", "G", Node, Stays, Takes::Any, ""),
    ("Reboot/Schedule/Single", "ADGR", Chr, Stays, Takes::DateTime, ""),
    ("Reboot/Schedule/DailyRecurrent", "ADGR", Chr, Stays, Takes::Time, ""),
    ("Reboot/Schedule/WeeklyRecurrent", "ADGR", Chr, Stays, Takes::Time, ""),
];
