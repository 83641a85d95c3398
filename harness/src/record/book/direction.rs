//! Which way the messages of an exchange go: nobody says so, and it shows in what only one side sends.

use syncml::judge::Side;
use syncml::message::Message;
use syncml::session::side_of;

use super::content::Content;

/// Which way the messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The device dials its server.
    Dials,
    /// A server posts to the device.
    Posts,
}

/// Which way an exchange goes, by what its messages say; `None` when they do not.
pub(super) fn of(said: &Content, heard: &Content) -> Option<Direction> {
    let by_said = match said {
        Content::Message(parsed) => side_of(&parsed.message),
        Content::Malformed(..) | Content::Nothing | Content::Unseen => None,
    };
    by_said.map(said_by).or_else(|| heard.message().and_then(heard_from)).or_else(|| match said {
        Content::Malformed(body, _) => broken(body).map(said_by),
        Content::Message(_) | Content::Nothing | Content::Unseen => None,
    })
}

const fn said_by(side: Side) -> Direction {
    match side {
        Side::Device => Direction::Dials,
        Side::Server => Direction::Posts,
    }
}

fn heard_from(message: &Message) -> Option<Direction> {
    side_of(message).map(|side| match side {
        Side::Device => Direction::Posts,
        Side::Server => Direction::Dials,
    })
}

/// Who has sent a broken message, by the first thing in it that only one side sends.
fn broken(body: &[u8]) -> Option<Side> {
    const MARKS: [(&str, Side); 13] = [
        ("<Source><LocURI>http", Side::Server),
        ("<Target><LocURI>http", Side::Device),
        ("<Results>", Side::Device),
        ("<Data>1200</Data>", Side::Device),
        ("<Data>1201</Data>", Side::Device),
        ("<Data>1224</Data>", Side::Device),
        ("<Data>1226</Data>", Side::Device),
        ("<Get>", Side::Server),
        ("<Add>", Side::Server),
        ("<Delete>", Side::Server),
        ("<Exec>", Side::Server),
        ("<Atomic>", Side::Server),
        ("<Sequence>", Side::Server),
    ];
    let text = String::from_utf8_lossy(body);
    let found = MARKS.iter().filter_map(|(mark, side)| Some((text.find(mark)?, *side)));
    found.min_by_key(|(at, _)| *at).map(|(_, side)| side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_sent_what_is_broken() {
        for (text, expected) in [
            ("<SyncML><SyncHdr><Target><LocURI>https://mdm.test/", Some(Side::Device)),
            ("<SyncML><SyncHdr><Source><LocURI>https://mdm.test/", Some(Side::Server)),
            ("<SyncBody><Alert><CmdID>1</CmdID><Data>1201</Data><Get>", Some(Side::Device)),
            ("<SyncBody><Get><Results>", Some(Side::Server)),
            ("<SyncML><SyncHdr>", None),
            ("", None),
        ] {
            assert_eq!(broken(text.as_bytes()), expected, "{text}");
        }
    }
}
