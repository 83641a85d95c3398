//! Profiles that devices share: one for each content, and only as long as a device has it.
//!
//! A profile is a few hundred kilobytes and takes a millisecond to make; a thousand devices are mostly of one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};

use csp_model::device::{DeviceFile, Instance, Profile, ProfileError};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// Every profile that a device has.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    known: Mutex<BTreeMap<Digest, Weak<Profile>>>,
}

/// What a profile is known by: the SHA-256 of its [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest([u8; 32]);

/// What makes a profile: the JSON of its file without what is one device's own.
#[derive(Debug)]
pub(crate) struct Content(String);

impl Profiles {
    /// The profile of a device's file, and what is the device's own. A profile that another device has already is
    /// not made again.
    ///
    /// # Errors
    /// The first value of the file that makes no sense.
    pub(crate) fn intern(&self, file: DeviceFile) -> Result<(Arc<Profile>, Instance), ProfileError> {
        let (file, instance) = file.split();
        let digest = Content::of_shared(&file).digest();
        if let Some(profile) = self.get(digest) {
            return Ok((profile, instance));
        }
        // Made without the lock: who asks for another profile meanwhile does not wait.
        let made = Arc::new(Profile::new(file)?);
        let mut known = self.known.lock();
        if let Some(profile) = known.get(&digest).and_then(Weak::upgrade) {
            return Ok((profile, instance));
        }
        known.retain(|_, profile| profile.strong_count() > 0);
        known.insert(digest, Arc::downgrade(&made));
        Ok((made, instance))
    }

    fn get(&self, digest: Digest) -> Option<Arc<Profile>> {
        self.known.lock().get(&digest).and_then(Weak::upgrade)
    }
}

impl Content {
    /// What makes `profile`.
    pub(crate) fn of(profile: &Profile) -> Self {
        Self::of_shared(&profile.file().clone().split().0)
    }

    /// A text that was once a content.
    pub(crate) const fn read(json: String) -> Self {
        Self(json)
    }

    fn of_shared(file: &DeviceFile) -> Self {
        Self(serde_json::to_string(file).expect("a device file has nothing that JSON cannot say"))
    }

    /// What the profile is known by.
    pub(crate) fn digest(&self) -> Digest {
        Digest(Sha256::digest(&self.0).into())
    }

    /// The JSON.
    pub(crate) fn json(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_differ_in_their_own_device_alone_share_a_profile() {
        let profiles = Profiles::default();
        let mut file = DeviceFile::from_toml(DeviceFile::BUILTIN).unwrap();
        let (one, first) = profiles.intern(file.clone()).unwrap();
        file.device.name = "lab-02".to_owned();
        file.device.id = "FEDCBA9876543210FEDCBA9876543210".to_owned();
        file.seed = 2;
        let (other, second) = profiles.intern(file.clone()).unwrap();
        assert!(Arc::ptr_eq(&one, &other));
        assert_ne!(first, second);
        assert_eq!(second.seed, 2);
        file.device.model = "Another".to_owned();
        let (third, _) = profiles.intern(file).unwrap();
        assert!(!Arc::ptr_eq(&one, &third));
        assert_ne!(Content::of(&one).digest(), Content::of(&third).digest());
    }

    #[test]
    fn a_profile_that_nobody_has_any_more_is_forgotten() {
        let profiles = Profiles::default();
        let (profile, _) = profiles.intern(DeviceFile::default()).unwrap();
        drop(profile);
        let file = DeviceFile { lenient_add: true, ..DeviceFile::default() };
        let (_profile, _) = profiles.intern(file).unwrap();
        assert_eq!(profiles.known.lock().len(), 1);
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused_and_not_kept() {
        let profiles = Profiles::default();
        let file = DeviceFile { ddf: vec!["<none/>".to_owned()], ..DeviceFile::default() };
        assert_eq!(profiles.intern(file).unwrap_err().path, "ddf[0]");
        assert!(profiles.known.lock().is_empty());
    }

    #[test]
    fn threads_that_ask_at_once_get_the_same() {
        let profiles = Profiles::default();
        let made: Vec<_> = std::thread::scope(|scope| {
            let ask = || profiles.intern(DeviceFile::default()).unwrap().0;
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|profile| Arc::ptr_eq(profile, &made[0])));
    }
}
