//! `profile`: what devices of one content share, once for all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use csp_model::DeviceFile;
use csp_model::device::Profile;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::fleet::{Content, Digest, Profiles};
use crate::store::column::Cells;
use crate::store::error::Reason;

/// The digests of profiles that were written lately: finding one out takes as long as writing a device.
#[derive(Debug, Default)]
pub(in crate::store) struct Digests {
    known: Vec<(Weak<Profile>, Digest)>,
}

impl Digests {
    fn of(&mut self, profile: &Arc<Profile>) -> Digest {
        let is_same = |known: &Weak<Profile>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(profile));
        if let Some((_, digest)) = self.known.iter().find(|(known, _)| is_same(known)) {
            return *digest;
        }
        let digest = Content::of(profile).digest();
        self.known.retain(|(known, _)| known.strong_count() > 0);
        self.known.push((Arc::downgrade(profile), digest));
        digest
    }
}

/// Every profile, by digest.
pub(in crate::store) fn read(
    connection: &Connection,
    profiles: &Profiles,
) -> Result<BTreeMap<String, Arc<Profile>>, Reason> {
    let mut statement = connection.prepare("SELECT digest, file FROM profile")?;
    let mut rows = statement.query([])?;
    let mut read = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let cells = Cells { row, table: "profile", device: None };
        let (digest, json) = (cells.text("digest")?, cells.text("file")?);
        if Content::read(json.to_owned()).digest().to_string() != digest {
            return Err(cells.wrong("file", format!("its SHA-256 is not {digest}: it was changed")));
        }
        let file = DeviceFile::from_json(json).map_err(|error| cells.wrong("file", error.to_string()))?;
        let (profile, _) = profiles.intern(file).map_err(|error| cells.wrong("file", error.to_string()))?;
        read.insert(digest.to_owned(), profile);
    }
    Ok(read)
}

/// Writes a profile unless it is there, and says its digest.
pub(in crate::store) fn write(
    connection: &Connection,
    digests: &mut Digests,
    profile: &Arc<Profile>,
) -> Result<String, Reason> {
    let digest = digests.of(profile).to_string();
    let known = connection
        .prepare_cached("SELECT 1 FROM profile WHERE digest = ?1")?
        .query_row([&digest], |_| Ok(()))
        .optional()?;
    if known.is_none() {
        connection
            .prepare_cached("INSERT INTO profile (digest, file) VALUES (?1, ?2)")?
            .execute(params![digest, Content::of(profile).json()])?;
    }
    Ok(digest)
}

/// Takes away the profiles that no device has.
pub(in crate::store) fn purge(connection: &Connection) -> Result<(), Reason> {
    connection
        .prepare_cached(
            "DELETE FROM profile WHERE NOT EXISTS \
             (SELECT 1 FROM device WHERE device.profile = profile.digest)",
        )?
        .execute([])?;
    Ok(())
}
