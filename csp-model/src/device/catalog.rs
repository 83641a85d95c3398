//! The updates of a device file in order: its series written out, what takes whose place, and what cannot be.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{DeviceFile, ProfileError, Series, UpdateEntry};
use crate::agent::UpdateId;
use crate::units::Instant;

/// Every update that the services can offer.
#[derive(Debug)]
pub(super) struct Catalog {
    entries: Vec<UpdateEntry>,
    indices: BTreeMap<UpdateId, usize>,
    /// What takes the place of each.
    successors: Vec<Vec<usize>>,
    /// What needs each.
    dependents: Vec<Vec<usize>>,
    newest_first: Vec<usize>,
    supersedes_any: bool,
}

impl Catalog {
    /// # Errors
    /// Two updates with one id, a cycle, and what else cannot be.
    pub(super) fn new(file: &DeviceFile) -> Result<Self, ProfileError> {
        let mut entries = file.update.clone();
        let mut titles = BTreeSet::new();
        for (index, series) in file.series.iter().enumerate() {
            check_series(index, series, entries.len(), &mut titles)?;
            entries.extend(written_out(index, series)?);
        }
        let mut indices = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if indices.insert(entry.id, index).is_some() {
                return Err(wrong(index, "id", format!("the update {} is there already", entry.id)));
            }
        }
        check_revisions(&entries)?;
        let index_of = |id: &UpdateId| indices.get(id).copied();
        let supersedes =
            |entry: &UpdateEntry| entry.supersedes.iter().filter_map(index_of).collect::<Vec<_>>();
        let newest_first = order(&entries, supersedes).map_err(|circle| {
            wrong_circle("supersedes", "each takes the place of the next", &circle, &entries)
        })?;
        for (index, entry) in entries.iter().enumerate() {
            let mut needed = entry.prerequisites.iter().flat_map(|needed| needed.any_of());
            if let Some(unknown) = needed.find(|id| !indices.contains_key(id)) {
                return Err(wrong(index, "prerequisites", format!("there is no update {unknown}")));
            }
            if let Some(number) = entry.prerequisites.iter().position(|needed| needed.any_of().is_empty()) {
                let key = format!("prerequisites[{number}]");
                return Err(wrong(index, &key, "expected at least one update".to_owned()));
            }
        }
        let needs = |entry: &UpdateEntry| {
            let needed = entry.prerequisites.iter().flat_map(|needed| needed.any_of());
            needed.filter_map(index_of).collect::<Vec<_>>()
        };
        order(&entries, needs)
            .map_err(|circle| wrong_circle("prerequisites", "each needs the next", &circle, &entries))?;
        let mut successors = vec![Vec::new(); entries.len()];
        let mut dependents = successors.clone();
        for (index, entry) in entries.iter().enumerate() {
            for predecessor in supersedes(entry) {
                successors[predecessor].push(index);
            }
            for needed in needs(entry) {
                dependents[needed].push(index);
            }
        }
        let supersedes_any = successors.iter().any(|successors| !successors.is_empty());
        Ok(Self { entries, indices, successors, dependents, newest_first, supersedes_any })
    }

    pub(super) fn entries(&self) -> &[UpdateEntry] {
        &self.entries
    }

    pub(super) fn index_of(&self, id: UpdateId) -> Option<usize> {
        self.indices.get(&id).copied()
    }

    pub(super) fn successors(&self, index: usize) -> &[usize] {
        self.successors.get(index).map_or(&[], Vec::as_slice)
    }

    pub(super) fn dependents(&self, index: usize) -> &[usize] {
        self.dependents.get(index).map_or(&[], Vec::as_slice)
    }

    pub(super) const fn supersedes_any(&self) -> bool {
        self.supersedes_any
    }

    pub(super) fn newest_first(&self) -> &[usize] {
        &self.newest_first
    }
}

/// # Errors
/// A series that makes no sense, or makes too much.
fn check_series<'f>(
    index: usize,
    series: &'f Series,
    known: usize,
    titles: &mut BTreeSet<&'f str>,
) -> Result<(), ProfileError> {
    /// How many updates a file may have where some of them are in series.
    const MOST: usize = 100_000;
    /// How long a text may be that every update of a series has.
    const LONGEST: usize = 256;
    let fail = |key: &str, what: &str| {
        Err(ProfileError { path: format!("series[{index}].{key}"), what: what.to_owned() })
    };
    if series.count == 0 {
        return fail("count", "expected a number from 1 to 100000");
    }
    if usize::try_from(series.count).map_or(true, |count| known.saturating_add(count) > MOST) {
        return fail("count", "expected 100000 updates in the whole file at most");
    }
    if series.every.as_secs() == 0 {
        return fail("every", "expected a length of time above 0");
    }
    if series.title.len() > LONGEST {
        return fail("title", "expected 256 bytes at most");
    }
    if series.product.len() > LONGEST {
        return fail("product", "expected 256 bytes at most");
    }
    if series.sources.len() > 2 {
        return fail("sources", "expected two services at most");
    }
    if !titles.insert(&series.title) {
        return fail("title", "another series has it: the ids of updates follow from it");
    }
    Ok(())
}

/// The updates of a series. Their ids follow from its title and their numbers, so every device of the file has the same.
fn written_out(index: usize, series: &Series) -> Result<Vec<UpdateEntry>, ProfileError> {
    let mut entries: Vec<UpdateEntry> = Vec::new();
    for number in 1..=series.count {
        let Some(released) = release(series, number) else {
            let what = "the last of them would be released after the year 9999".to_owned();
            return Err(ProfileError { path: format!("series[{index}].count"), what });
        };
        let date = released.format("%Y-%m-%d").to_string();
        let former = entries.last().filter(|_| series.cumulative);
        entries.push(UpdateEntry {
            id: UpdateId::of_series(&series.title, number),
            revision: 1,
            title: series.title.replace("{n}", &number.to_string()).replace("{date}", &date),
            kb: None,
            classification: series.classification,
            product: series.product.clone(),
            released: Some(Instant(released)),
            size: series.size,
            install: series.install,
            restart: series.restart,
            os: None,
            eula: None,
            supersedes: former.map(|former| former.id).into_iter().collect(),
            prerequisites: Vec::new(),
            revisions: Vec::new(),
            max_run_time: None,
            hidden: false,
            safeguard: None,
            enablement_package: false,
            sources: series.sources.clone(),
            state: super::InitialState::NotOffered,
            hresult: None,
            status: None,
            at: None,
        });
    }
    Ok(entries)
}

fn release(series: &Series, number: u32) -> Option<DateTime<Utc>> {
    const YEAR_10000: i64 = 253_402_300_800;
    let passed = i64::try_from(series.every.as_secs()).ok()?.checked_mul(i64::from(number) - 1)?;
    let released = series.first.0.checked_add_signed(TimeDelta::try_seconds(passed)?)?;
    Some(released).filter(|released| released.timestamp() < YEAR_10000)
}

fn check_revisions(entries: &[UpdateEntry]) -> Result<(), ProfileError> {
    for (index, entry) in entries.iter().enumerate() {
        let (mut revision, mut released) = (entry.revision, entry.released);
        for (number, later) in entry.revisions.iter().enumerate() {
            let key = |name| format!("revisions[{number}].{name}");
            if later.revision <= revision {
                return Err(wrong(
                    index,
                    &key("revision"),
                    format!("expected a number above {revision}, the one before"),
                ));
            }
            if released.is_some_and(|released| later.released <= released) {
                return Err(wrong(
                    index,
                    &key("released"),
                    "is not later than the revision before".to_owned(),
                ));
            }
            (revision, released) = (later.revision, Some(later.released));
        }
    }
    Ok(())
}

/// Where the entries stand, each before those that `below` gives of it; a circle where there is no such order.
fn order(
    entries: &[UpdateEntry],
    below: impl Fn(&UpdateEntry) -> Vec<usize>,
) -> Result<Vec<usize>, Vec<usize>> {
    let below: Vec<Vec<usize>> = entries.iter().map(below).collect();
    let mut above = vec![0_usize; entries.len()];
    for index in below.iter().flatten() {
        above[*index] += 1;
    }
    // Later ones first, as they are the newer ones as a rule.
    let mut order: Vec<usize> = (0..entries.len()).rev().filter(|index| above[*index] == 0).collect();
    let mut next = 0;
    while let Some(index) = order.get(next).copied() {
        next += 1;
        for under in &below[index] {
            above[*under] -= 1;
            if above[*under] == 0 {
                order.push(*under);
            }
        }
    }
    match above.iter().position(|above| *above > 0) {
        None => Ok(order),
        Some(_) => Err(circle(&below, &above)),
    }
}

/// A way from an entry back to it, among those that are left over.
fn circle(below: &[Vec<usize>], above: &[usize]) -> Vec<usize> {
    let mut parents = vec![0; below.len()];
    for index in (0..below.len()).filter(|index| above[*index] > 0) {
        for under in &below[index] {
            parents[*under] = index;
        }
    }
    // Every one that is left has another that is left above it: going up comes round.
    let first = above.iter().position(|above| *above > 0).unwrap_or_default();
    let mut seen = vec![None; below.len()];
    let mut way = vec![first];
    loop {
        let last = way[way.len() - 1];
        seen[last] = Some(way.len() - 1);
        let next = parents[last];
        if let Some(start) = seen[next] {
            let mut circle = way.split_off(start);
            circle.reverse();
            return circle;
        }
        way.push(next);
    }
}

fn wrong_circle(key: &str, meaning: &str, circle: &[usize], entries: &[UpdateEntry]) -> ProfileError {
    let first = circle.first().copied().unwrap_or_default();
    let ids = circle.iter().chain([&first]).map(|index| entries[*index].id.to_string());
    let way = ids.collect::<Vec<_>>().join(", ");
    wrong(first, key, format!("goes round in a circle, {meaning}: {way}"))
}

fn wrong(index: usize, key: &str, what: String) -> ProfileError {
    ProfileError { path: format!("update[{index}].{key}"), what }
}
