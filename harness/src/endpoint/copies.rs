//! Many devices from one: their names, and what tells them apart.
//!
//! Deliberately absent: randomness. The same request makes the same devices, wherever it is made.

use std::sync::Arc;

use csp_model::Device;
use csp_model::device::Instance;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::problem::Problem;

/// Devices like another one: the same device file, at the start of its clock.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "from": "default", "count": 100, "name": "lab-{:05}" }))]
pub(super) struct Copies {
    /// The name of the device to copy. Its file is copied, not what has become of it since.
    pub(super) from: String,
    /// How many.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100_000, default = 1)]
    pub(super) count: usize,
    /// The names: `{}` stands for the number of the copy, from 1, and `{:05}` for the same with zeros up to five digits.
    pub(super) name: String,
}

const fn one() -> usize {
    1
}

/// The most copies at once. How many devices there may be is the fleet's to say.
const MOST: usize = 100_000;

/// The longest name of a device.
const LONGEST_NAME: usize = 64;

/// The most digits that a number in a name is padded to.
const WIDEST_NUMBER: usize = 20;

impl Copies {
    /// The copies of `original`, by name.
    ///
    /// # Errors
    /// When there are to be none, or [too many](MOST) at once, or the names would be the same or unusable.
    pub(super) fn of(&self, original: &Device) -> Result<Vec<(Arc<str>, Device)>, Problem> {
        if !(1..=MOST).contains(&self.count) {
            return Err(Problem::value(
                "count",
                &format!("{} is out of range: expected 1 to {MOST}", self.count),
            ));
        }
        let pattern = Pattern::parse(&self.name).map_err(|what| Problem::value("name", &what))?;
        if self.count > 1 && pattern.number.is_none() {
            return Err(Problem::value(
                "name",
                "expected `{}` or `{:05}` in it, where each copy has its number",
            ));
        }
        (1..=self.count)
            .map(|number| {
                let name = pattern.name(number);
                check_name(&name).map_err(|what| Problem::value("name", &what))?;
                let instance = instance(&name, original.instance());
                let name = Arc::clone(&instance.name);
                Ok((name, Device::of_profile(original.profile_arc(), instance)))
            })
            .collect()
    }
}

/// Checks a name that is to stand in a URL.
///
/// # Errors
/// What is allowed.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_usable = name.len() <= LONGEST_NAME
        && name.bytes().all(is_usual)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    if is_usable {
        return Ok(());
    }
    Err(format!(
        "`{name}` cannot stand in a URL: expected 1 to {LONGEST_NAME} letters, digits, `-`, `_` and `.`, with a letter or \
         digit first"
    ))
}

/// What tells a copy from its original: everything follows from its name and the original's id.
fn instance(name: &str, original: &Instance) -> Instance {
    let mut digest = Sha256::new();
    digest.update(original.id.as_bytes());
    // No id has a NUL in it, so that no two pairs are written alike.
    digest.update([0]);
    digest.update(name.as_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let number =
        |at: usize| digest.iter().skip(at).take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    Instance {
        id: format!("{:016X}{:016X}", number(0), number(8)).into(),
        name: name.into(),
        // Readers of JSON take numbers for what fits 53 bits.
        seed: number(16) >> 11,
    }
}

/// A name with a place for a number.
#[derive(Debug, PartialEq, Eq)]
struct Pattern<'a> {
    before: &'a str,
    /// The digits that the number is padded to.
    number: Option<usize>,
    after: &'a str,
}

impl<'a> Pattern<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let wrong = |what: &str| format!("`{text}`: {what}: expected at most one `{{}}` or `{{:05}}`");
        let Some((before, rest)) = text.split_once('{') else {
            return match text.contains('}') {
                true => Err(wrong("a `}` without its `{`")),
                false => Ok(Self { before: text, number: None, after: "" }),
            };
        };
        let (number, after) = rest.split_once('}').ok_or_else(|| wrong("a `{` without its `}`"))?;
        if before.contains('}') || after.contains(['{', '}']) {
            return Err(wrong("too many braces"));
        }
        let width = match number.strip_prefix(":0") {
            None if number.is_empty() => 0,
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|width| (1..=WIDEST_NUMBER).contains(width))
                .ok_or_else(|| wrong(&format!("a width of `{digits}`")))?,
            _ => return Err(wrong(&format!("`{number}` between the braces"))),
        };
        Ok(Self { before, number: Some(width), after })
    }

    fn name(&self, number: usize) -> String {
        match self.number {
            Some(width) => format!("{}{number:0width$}{}", self.before, self.after),
            None => self.before.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(name: &str, count: usize) -> Result<Vec<String>, Problem> {
        let copies = Copies { from: "default".to_owned(), count, name: name.to_owned() };
        let devices = copies.of(&Device::builtin())?;
        Ok(devices.into_iter().map(|(name, _)| name.to_string()).collect())
    }

    #[test]
    fn patterns() {
        assert_eq!(names("lab-{:05}", 2), Ok(vec!["lab-00001".to_owned(), "lab-00002".to_owned()]));
        assert_eq!(names("{}.lab", 1), Ok(vec!["1.lab".to_owned()]));
        assert_eq!(names("other", 1), Ok(vec!["other".to_owned()]));
        let refused = [
            ("other", 2),
            ("{}", 0),
            ("{}", 100_001),
            ("{}{}", 2),
            ("{", 1),
            ("}", 1),
            ("a}{b", 1),
            ("{:5}", 1),
            ("{:0}", 1),
            ("{:0x}", 1),
            ("{:0+5}", 1),
            ("{:021}", 1),
            ("{:099999999999999999999}", 1),
            ("{x}", 1),
            ("a/{}", 1),
            (".{}", 1),
            ("", 1),
            ("lab {}", 1),
            ("ü{}", 1),
        ];
        for (name, count) in refused {
            assert!(names(name, count).is_err(), "{name} {count}");
        }
    }

    #[test]
    fn copies_share_their_profile_and_nothing_of_their_identity() {
        let original = Device::builtin();
        let copies = Copies { from: "default".to_owned(), count: 100, name: "lab-{}".to_owned() };
        let devices = copies.of(&original).expect("a good request");
        assert_eq!(devices, copies.of(&original).expect("the same request"));
        let ids: BTreeSet<_> = devices.iter().map(|(_, device)| &device.instance().id).collect();
        let seeds: BTreeSet<_> = devices.iter().map(|(_, device)| device.instance().seed).collect();
        assert_eq!((ids.len(), seeds.len()), (100, 100));
        for (name, device) in &devices {
            assert!(Arc::ptr_eq(&device.profile_arc(), &original.profile_arc()));
            assert_eq!(device.name(), &**name);
            assert_eq!(device.instance().id.len(), 32);
            assert!(device.instance().seed < 1 << 53);
        }
    }
}
