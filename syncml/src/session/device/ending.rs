//! How a session of the device's ends.

use std::fmt;

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Both sides have said everything: the server's last message had nothing to be answered
    /// (OMA DM Protocol 1.2.1 section 6; \[MS-MDM\] 3.1.5.2.1).
    Complete,
    /// The server has sent Alert 1223.
    AbortedByServer,
    /// The device has sent Alert 1223, because it was told to.
    Aborted,
    /// The device has sent Alert 1223: its last answer was larger than the server's MaxMsgSize.
    AnswerTooLarge,
    /// The device has sent Alert 1223: the session has had as many messages as one may have.
    TooManyMessages,
    /// The device has sent Alert 1223: the server's message belongs to another session.
    ForeignSession,
    /// The server does not accept the device's credentials, or asks for some that the device does not have.
    NotAuthenticated,
    /// The server's credentials were wrong, also when it was asked again.
    ServerNotAuthenticated,
    /// The server has taken the device out of its management. The device does not answer; it tells so in a session of
    /// its own (Microsoft, "Disconnecting from MDM").
    Unenrolled {
        /// The provider id of the account that ends.
        provider: String,
    },
}

impl Ending {
    /// Whether everything that was to be said has been said.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Complete | Self::Unenrolled { .. } => true,
            Self::AbortedByServer
            | Self::Aborted
            | Self::AnswerTooLarge
            | Self::TooManyMessages
            | Self::ForeignSession
            | Self::NotAuthenticated
            | Self::ServerNotAuthenticated => false,
        }
    }

    /// A short name that stays.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::AbortedByServer => "aborted-by-server",
            Self::Aborted => "aborted",
            Self::AnswerTooLarge => "answer-too-large",
            Self::TooManyMessages => "too-many-messages",
            Self::ForeignSession => "foreign-session",
            Self::NotAuthenticated => "not-authenticated",
            Self::ServerNotAuthenticated => "server-not-authenticated",
            Self::Unenrolled { .. } => "unenrolled",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("both sides have said everything"),
            Self::AbortedByServer => f.write_str("the server has aborted the session (Alert 1223)"),
            Self::Aborted => f.write_str("the device has aborted the session (Alert 1223)"),
            Self::AnswerTooLarge => f.write_str(
                "the device has aborted the session (Alert 1223): its answer was larger than the server's MaxMsgSize",
            ),
            Self::TooManyMessages => f.write_str(
                "the device has aborted the session (Alert 1223): it had as many messages as a session may have",
            ),
            Self::ForeignSession => f.write_str(
                "the device has aborted the session (Alert 1223): the server's message has another SessionID",
            ),
            Self::NotAuthenticated => f.write_str("the server does not accept the device's credentials"),
            Self::ServerNotAuthenticated => f.write_str("the device does not accept the server's credentials"),
            Self::Unenrolled { provider } => {
                write!(f, "the server has taken the device out of its management ({provider})")
            }
        }
    }
}
