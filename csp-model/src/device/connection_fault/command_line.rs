//! A connection fault in one word of a command line.

use std::fmt;
use std::str::FromStr;

use super::error::KEYS;
use super::written::{Kind, Written};
use super::{ConnectionFault, NotAConnectionFault};

/// As a command line says it: the kind, then its parameters, `truncate,message=2,bytes=100`.
///
/// ```
/// use csp_model::device::ConnectionFault;
///
/// let fault: ConnectionFault = "delay,by=50ms,to=2s,probability=0.5".parse()?;
/// assert_eq!(fault.to_string(), "delay,probability=0.5,by=50ms,to=2s");
/// # Ok::<(), csp_model::device::NotAConnectionFault>(())
/// ```
impl FromStr for ConnectionFault {
    type Err = NotAConnectionFault;

    fn from_str(text: &str) -> Result<Self, NotAConnectionFault> {
        let mut parts = text.split(',').map(str::trim);
        let word = parts.next().unwrap_or_default();
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == word);
        let mut written = Written::new(kind.ok_or_else(|| NotAConnectionFault::Kind(word.to_owned()))?);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| match KEYS.contains(&part) {
                true => NotAConnectionFault::NoValue(part.to_owned()),
                false => NotAConnectionFault::Key(part.to_owned()),
            })?;
            let (key, value) = (key.trim(), value.trim());
            match key {
                "message" => put(&mut written.message, "message", value, "a number from 1")?,
                "probability" => put(&mut written.probability, "probability", value, "a number from 0 to 1")?,
                "count" => put(&mut written.count, "count", value, "a number")?,
                "by" => put(&mut written.by, "by", value, "a length of time like `50ms` or `2s`")?,
                "to" => put(&mut written.to, "to", value, "a length of time like `50ms` or `2s`")?,
                "mean" => put(&mut written.mean, "mean", value, "a length of time like `50ms` or `2s`")?,
                "bytes" => put(&mut written.bytes, "bytes", value, "a number")?,
                other => return Err(NotAConnectionFault::Key(other.to_owned())),
            }
        }
        written.try_into()
    }
}

fn put<T: FromStr>(
    slot: &mut Option<T>,
    key: &'static str,
    value: &str,
    expected: &str,
) -> Result<(), NotAConnectionFault> {
    let what = || format!("`{value}` is none: expected {expected}");
    let value = value.parse().map_err(|_| NotAConnectionFault::Value { key, what: what() })?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(NotAConnectionFault::Twice(key)),
    }
}

impl fmt::Display for ConnectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written::from(self.clone());
        f.write_str(written.kind.name())?;
        let parameters = [
            ("message", written.message.map(|message| message.to_string())),
            ("probability", written.probability.map(|probability| probability.to_string())),
            ("count", written.count.map(|count| count.to_string())),
            ("by", written.by.map(|by| by.to_string())),
            ("to", written.to.map(|to| to.to_string())),
            ("mean", written.mean.map(|mean| mean.to_string())),
            ("bytes", written.bytes.map(|bytes| bytes.to_string())),
        ];
        for (key, value) in parameters {
            if let Some(value) = value {
                write!(f, ",{key}={value}")?;
            }
        }
        Ok(())
    }
}
