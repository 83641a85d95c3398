//! A file that is one message, in XML or WBXML.

use syncml::codec::{self, Limits};

use super::{Capture, CaptureError, Completeness, Format, Message, Place, sessions};

/// Reads it.
pub(super) fn read(place: &Place, bytes: &[u8]) -> Result<Capture, CaptureError> {
    if let Err(error) = codec::decode(bytes, &Limits::default()) {
        let what = format!("the file is no SyncML message: {error}");
        return Err(CaptureError::new(place.at(error.span.start, error.span.len()), what));
    }
    let place = place.at(0, bytes.len());
    let body = bytes.to_vec().into();
    let message = Message { from: None, body, at: None, place, completeness: Completeness::Whole };
    Ok(sessions::capture(Format::Message, vec![message], Vec::new()))
}
