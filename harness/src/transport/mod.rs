//! Bytes to an MDM server and back: one message out, its answer in.
//!
//! Transports stack: [`http::Http`] or [`loopback::Loopback`] at the bottom, and above it what a person asks for:
//! [`faults::Faulty`] spoils exchanges, [`retry::Retrying`] repeats them, [`recorder::Recorder`] tells of them.
//!
//! Deliberately absent: sessions. What a message says, and what comes after it, is known above; here the number of a
//! message is only a number.

pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod faults;
pub(crate) mod http;
#[cfg(test)]
pub(crate) mod loopback;
mod random;
pub(crate) mod recorder;
pub(crate) mod retry;
pub(crate) mod tls;

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;

use bytes::Bytes;
pub(crate) use error::TransportError;
use syncml::codec::Encoding;
pub(crate) use url::Url;

/// The media type of a message in XML (\[MS-MDM\] 2.1).
pub(crate) const SYNCML_XML: &str = Encoding::Xml.media_type();
/// The media type of a message in WBXML (\[MS-MDM\] 2.1).
pub(crate) const SYNCML_WBXML: &str = Encoding::Wbxml.media_type();

/// A way to an MDM server.
pub(crate) trait Transport: Send {
    /// Sends one message and waits for its answer.
    ///
    /// # Errors
    /// When there is no answer, or none that can be a message.
    fn exchange(&mut self, request: Request)
    -> impl Future<Output = Result<Response, TransportError>> + Send;
}

impl<T: Transport> Transport for &mut T {
    fn exchange(
        &mut self,
        request: Request,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send {
        T::exchange(self, request)
    }
}

/// A message on its way to a server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Where it goes.
    pub(crate) to: Url,
    /// Which message of its session it is, from 1. Sent again, it keeps its number.
    pub(crate) number: u32,
    /// The message.
    pub(crate) body: Bytes,
    /// What it is written in: [`SYNCML_XML`] or [`SYNCML_WBXML`].
    pub(crate) media_type: &'static str,
    /// `x-syncml-hmac`, where the message is authenticated by an HMAC (OMA DM Security).
    pub(crate) mac: Option<String>,
}

/// What a server answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Response {
    /// The HTTP status: one of success.
    pub(crate) status: u16,
    /// The media type as it was given, if it was.
    pub(crate) media_type: Option<String>,
    /// The answer; empty when the server has nothing to say.
    pub(crate) body: Bytes,
    /// `x-syncml-hmac`, if the server authenticates itself by it.
    pub(crate) mac: Option<String>,
    /// Where redirects have led, in their order; the last one has answered.
    pub(crate) redirects: Vec<Url>,
}

/// Bodies hold credentials and secrets of devices, addresses may: their sizes and places are all that is shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("to", &shown(&self.to))
            .field("number", &self.number)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("media_type", &self.media_type)
            .field("mac", &self.mac.as_ref().map(|_| "…"))
            .finish()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("media_type", &self.media_type)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("mac", &self.mac.as_ref().map(|_| "…"))
            .field("redirects", &self.redirects.iter().map(shown).collect::<Vec<_>>())
            .finish()
    }
}

/// An address as it may be shown: without its query and what stands before its host, where people put secrets.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only where there is no host, and then there is nothing to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
