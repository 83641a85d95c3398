//! What is said of sessions while they are recorded.

use anstyle::{AnsiColor, Style};
use syncml::judge::Side;

use crate::violation::Violation;

const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Something that whoever looks on wants to know.
#[derive(Debug)]
pub(crate) enum Told {
    /// A session has begun, or was joined.
    Begins {
        /// The device and the SessionID.
        session: String,
        /// How.
        how: &'static str,
    },
    /// A message of a session has passed unseen.
    Unseen {
        /// The device and the SessionID.
        session: String,
    },
    /// A body that was to be a message, and is none; nothing tells whose it is.
    NoMessage {
        /// Where it went.
        to: String,
        /// What is wrong with it.
        violation: Violation,
    },
    /// A side did something wrong.
    Wrong {
        /// The device and the SessionID.
        session: String,
        /// Who.
        by: Side,
        /// The MsgID of its message.
        message: String,
        /// What.
        violation: Violation,
    },
    /// What a message was answered with is no success of HTTP.
    Unanswered {
        /// The device and the SessionID.
        session: String,
        /// The HTTP status.
        status: u16,
    },
    /// A session is over.
    Over {
        /// The device and the SessionID.
        session: String,
        /// How it ended.
        how: &'static str,
    },
}

/// How much there was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Sessions.
    pub(crate) sessions: u64,
    /// Messages of devices.
    pub(crate) of_devices: u64,
    /// Messages of servers.
    pub(crate) of_servers: u64,
    /// What servers did wrong, notes apart.
    pub(crate) by_servers: u64,
    /// What devices did wrong, notes apart.
    pub(crate) by_devices: u64,
}

impl Told {
    /// A line for people.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Begins { session, how } => format!("{session}: {how}\n"),
            Self::Over { session, how } => format!("{session}: {how}\n"),
            Self::Unseen { session } => {
                format!("{session}: a message has passed unseen: what depends on it is not judged\n")
            }
            Self::NoMessage { to, violation: Violation { rule, place, text, .. } } => {
                format!("{to}: a message that is none: {BAD}{rule}{BAD:#} at {place}: {}\n", plain(text))
            }
            Self::Unanswered { session, status } => format!("{session}: answered with HTTP {status}\n"),
            Self::Wrong { session, by, message, violation } => {
                let Violation { rule, place, text, .. } = violation;
                let by = match by {
                    Side::Device => "device",
                    Side::Server => "server",
                };
                let (style, note) = if violation.counts() { (BAD, "") } else { (DIM, " (note)") };
                let (message, text) = (plain(message), plain(text));
                format!(
                    "{session}: {by}'s message {message}: {style}{rule}{style:#}{note} at {place}: {text}\n"
                )
            }
        }
    }
}

/// Text that comes from a peer, short, and without what a terminal would do about it.
pub(crate) fn plain(text: &str) -> String {
    const MOST: usize = 480;
    let mut plain = String::new();
    for (character, number) in text.chars().zip(0..) {
        if number == MOST {
            plain.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => plain.push(character),
            other => plain.extend(other.escape_debug()),
        }
    }
    plain
}

impl Counts {
    /// The sum, for people.
    pub(crate) fn line(self) -> String {
        let counted = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        format!(
            "{}, {} of devices, {} of servers; wrong: {} by devices, {} by servers\n",
            counted(self.sessions, "session"),
            counted(self.of_devices, "message"),
            counted(self.of_servers, "message"),
            self.by_devices,
            self.by_servers
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_peers_say_is_one_line() {
        assert_eq!(
            plain("1\ndevice-9: over\u{9b}31m \u{202e}é \"\\"),
            "1\\ndevice-9: over\\u{9b}31m \\u{202e}é \"\\"
        );
        assert_eq!(plain(&"x".repeat(1_000)).chars().count(), 481);
    }
}
