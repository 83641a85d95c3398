//! The reference model: lists and sets, and what a server's step does to them.
//!
//! What reading shows of them is in `view.rs`, what policies and rollbacks mean in `policy.rs`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use csp_model::tree::Effect;
use csp_model::{DeviceFile, Format};

use super::operation::{Kind, SERVERS, Step};
use super::rules::{Rule, Takes, rules};

/// The device as the decisions describe it.
#[derive(Debug)]
pub(crate) struct Model {
    pub(super) file: DeviceFile,
    pub(super) rules: Vec<Rule>,
    /// Those of nodes with a name that are there whenever the one above is, by the pattern above.
    pub(super) staying: BTreeMap<&'static str, Vec<Rule>>,
    /// Id and time.
    pub(super) approvals: BTreeMap<String, DateTime<Utc>>,
    pub(super) policies: BTreeMap<String, String>,
    /// What DMClient, Reboot and Lab keep, by address; `None` for an interior node.
    pub(super) kept: BTreeMap<String, Option<String>>,
    /// The address of the account.
    pub(super) address: String,
    /// `QualityUpdate` and `FeatureUpdate`, once refused.
    pub(super) refused: BTreeSet<String>,
}

/// Why a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    Absent,
    Denied,
    Exists,
    /// Format or spelling: 415.
    Unfit,
    /// Not among the allowed values.
    Disallowed,
    BadName,
    Full,
    Refused,
}

/// A node as reading shows it: an interior one, or a leaf with its format and, if it can be read, its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    Interior,
    Leaf(Format, Option<String>),
}

/// An address that falls under a rule.
struct Found {
    address: String,
    rule: Rule,
    is_named_badly: bool,
}

impl Model {
    pub(crate) fn new(file: &DeviceFile) -> Self {
        let mut approvals = BTreeMap::new();
        for approval in &file.approval {
            approvals.insert(approval.id.to_string(), approval.at.unwrap_or(file.clock).0);
        }
        let rules = rules(file);
        let mut staying: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.stays) {
            if let Some((above, _)) = rule.pattern.rsplit_once('/') {
                staying.entry(above).or_default().push(*rule);
            }
        }
        let area = file.policy.get("Update").into_iter().flatten();
        Self {
            rules,
            staying,
            approvals,
            policies: area.map(|(name, value)| (name.clone(), value.text().into_owned())).collect(),
            kept: BTreeMap::from([(format!("DMClient/Provider/{}", file.account.provider), None)]),
            address: file.account.address.clone(),
            refused: BTreeSet::new(),
            file: file.clone(),
        }
    }

    /// Why a step cannot be done: any of these is a fair answer, where the decisions do not say which comes first.
    pub(crate) fn refusals(&self, step: &Step) -> Vec<No> {
        let Some(found) = self.find(step) else { return vec![No::Absent] };
        let tree = self.tree();
        let is_there = !found.is_named_badly && tree.contains_key(&found.address);
        let rule = found.rule;
        match step.kind {
            Kind::Get | Kind::List | Kind::Exec | Kind::Delete | Kind::Replace if !is_there => {
                let creates = step.kind == Kind::Replace && found.address.starts_with("Policy/Config/");
                if creates { self.unfit(&found, step) } else { vec![No::Absent] }
            }
            Kind::Get | Kind::List => denied(rule.allows('G')),
            Kind::Exec if !rule.allows('X') => vec![No::Denied],
            Kind::Exec => match found.address.strip_prefix("Update/Rollback/") {
                Some(kind) if self.rolls_back(kind).is_empty() => vec![No::Refused],
                Some(_) | None => Vec::new(),
            },
            Kind::Delete => denied(rule.allows('D')),
            Kind::Replace if !rule.allows('R') => vec![No::Denied],
            Kind::Replace => self.unfit(&found, step),
            Kind::Add => self.refusals_of_add(&found, &tree, step),
        }
    }

    fn refusals_of_add(&self, found: &Found, tree: &BTreeMap<String, Shown>, step: &Step) -> Vec<No> {
        let mut all = Vec::new();
        all.extend(Some(No::BadName).filter(|_| found.is_named_badly));
        // The list of approvals itself: its Add is about what is below it.
        let is_list = found.address == "Update/ApprovedUpdates";
        all.extend(Some(No::Denied).filter(|_| !found.rule.allows('A')));
        all.extend(Some(No::Exists).filter(|_| is_list));
        if !all.is_empty() {
            return all;
        }
        // What is always there can be added until somebody has written to it.
        let is_set = self.kept.contains_key(&found.address);
        let can_be_given = found.rule.stays && !found.rule.pattern.starts_with("Update/") && !is_set;
        if tree.contains_key(&found.address) && !can_be_given {
            return vec![No::Exists];
        }
        all.extend(self.unfit(found, step));
        let ways = found.address.match_indices('/').map(|(at, _)| &found.address[..at]);
        for address in ways.filter(|address| !tree.contains_key(*address)) {
            let rule = self.rules.iter().find(|rule| matches(rule, address));
            if rule.is_some_and(|rule| rule.stays) {
                // It comes with the one above.
                continue;
            }
            all.extend(Some(No::Absent).filter(|_| !rule.is_some_and(|rule| rule.allows('A'))));
            all.extend(Some(No::Full).filter(|_| is_room(address) && rooms(tree) >= 3));
        }
        all.extend(Some(No::Full).filter(|_| is_room(&found.address) && rooms(tree) >= 3));
        all
    }

    /// Why a value cannot be, as far as it is not about the node alone.
    fn unfit(&self, found: &Found, step: &Step) -> Vec<No> {
        let all = unfit(&found.rule, step, &self.file);
        let text = step.data.as_deref().unwrap_or_default();
        let is_first = |text: &str| text == "0" || text == "1" || text.starts_with("1.");
        let kept = |address: &str| self.kept.get(address).cloned().flatten();
        let goes_back = found.rule.takes == Takes::Version
            && is_first(text)
            && kept(&found.address).is_some_and(|former| !is_first(&former));
        let other = match &*found.address {
            "Reboot/Schedule/DailyRecurrent" => kept("Reboot/Schedule/WeeklyRecurrent"),
            "Reboot/Schedule/WeeklyRecurrent" => kept("Reboot/Schedule/DailyRecurrent"),
            _ => None,
        };
        let is_second = other.is_some() && !text.trim().is_empty();
        if all.is_empty() && (goes_back || is_second) { vec![No::Disallowed] } else { all }
    }

    /// What a step that runs a node sets in motion, rollbacks left out.
    pub(crate) fn effect(&self, step: &Step) -> Effect {
        let address = self.address(step).unwrap_or_default();
        let first = || {
            let is_server =
                |name: &&str| self.kept.contains_key(&format!("DMClient/Provider/{}", escape(name)));
            let mut servers: Vec<_> = SERVERS.into_iter().filter(is_server).collect();
            servers.sort_unstable();
            servers.first().map(|name| (*name).to_owned())
        };
        let server = match &address.split('/').collect::<Vec<_>>()[..] {
            ["Reboot", "RebootNow"] => return Effect::Restart,
            ["DMClient", "Unenroll"] => first(),
            ["DMClient", "Provider", _, "Unenroll"] => step.names.get(2).cloned(),
            _ => None,
        };
        server.map_or(Effect::Executed, |provider| Effect::Unenroll { provider: provider.into() })
    }

    /// Does what nothing speaks against. A rollback gives the updates of which one leaves.
    pub(crate) fn apply(&mut self, step: &Step) -> Vec<String> {
        let Some(Found { address, rule, .. }) = self.find(step) else { return Vec::new() };
        let names: Vec<_> = address.split('/').collect();
        let text = || canonical(rule.format, step.data.as_deref().unwrap_or_default());
        match (step.kind, &names[..]) {
            (Kind::Get | Kind::List, _) => {}
            (Kind::Exec, ["Update", "Rollback", kind]) => return self.rolls_back(kind),
            (Kind::Exec, _) => {}
            (Kind::Add, ["Update", _, id, ..]) => {
                self.approvals.entry((*id).to_owned()).or_insert(self.file.clock.0);
            }
            (Kind::Delete, ["Update", _, id, ..]) => drop(self.approvals.remove(*id)),
            (Kind::Add | Kind::Replace, ["Policy", _, _, name]) => {
                drop(self.policies.insert((*name).to_owned(), text()));
            }
            (Kind::Delete, ["Policy", _, _, name]) => drop(self.policies.remove(*name)),
            (Kind::Replace, ["DMClient", "Provider", _, "ManagementServiceAddress"]) => self.address = text(),
            (Kind::Add | Kind::Replace, ["Reboot", ..]) if text().trim().is_empty() => {
                self.kept.remove(&address);
            }
            (Kind::Add | Kind::Replace, _) => {
                for (at, _) in address.match_indices('/') {
                    let above = &address[..at];
                    let comes = self.rules.iter().find(|rule| matches(rule, above) && !rule.stays);
                    if comes.is_some() {
                        self.kept.entry(above.to_owned()).or_insert(None);
                    }
                }
                let content = Some(text()).filter(|_| rule.format != Format::Node);
                self.kept.insert(address.clone(), content);
            }
            (Kind::Delete, _) => {
                let below = format!("{address}/");
                self.kept.retain(|kept, _| *kept != address && !kept.starts_with(&below));
            }
        }
        Vec::new()
    }

    /// A rollback that was refused leaves a trace.
    pub(crate) fn refuse(&mut self, step: &Step) {
        self.refused.extend(step.names.last().cloned());
    }

    /// The address of a step in the model's own spelling, for a list of what is below it.
    pub(crate) fn address(&self, step: &Step) -> Option<String> {
        self.find(step).map(|found| found.address)
    }

    fn find(&self, step: &Step) -> Option<Found> {
        if step.user {
            return None;
        }
        let rule = self.rules.iter().copied().find(|rule| {
            let mut pattern = rule.segments();
            let same = step.names.iter().all(|name| {
                pattern.next().is_some_and(|own| {
                    own == "*" || own == name || (rule.ignores_case(own) && own.eq_ignore_ascii_case(name))
                })
            });
            same && pattern.next().is_none()
        })?;
        let mut is_named_badly = false;
        let mut address = Vec::new();
        for (own, name) in rule.segments().zip(&step.names) {
            address.push(match (own, rule.pattern.starts_with("Update/")) {
                ("*", true) => guid(name).unwrap_or_else(|| {
                    is_named_badly = true;
                    name.clone()
                }),
                ("*", false) => {
                    let is_room = rule.pattern.starts_with("Lab/Rooms/*") && address.len() == 2;
                    let fits = |c: char| c.is_ascii_lowercase() || c == ' ';
                    is_named_badly |= is_room && (name.is_empty() || !name.chars().all(fits));
                    escape(name)
                }
                (own, _) => own.to_owned(),
            });
        }
        Some(Found { address: address.join("/"), rule, is_named_badly })
    }
}

fn denied(allows: bool) -> Vec<No> {
    if allows { Vec::new() } else { vec![No::Denied] }
}

/// U4 and U17.
fn unfit(rule: &Rule, step: &Step, file: &DeviceFile) -> Vec<No> {
    let data = step.data.as_deref().unwrap_or_default();
    let format = step.format.map(|format| format.trim().to_lowercase());
    let is_other = format.is_some_and(|format| format != rule.format.name());
    if rule.format == Format::Node {
        let carries = is_other || !data.trim().is_empty();
        // The switch is about approvals alone.
        let is_approval = step.names.len() == 3
            && step.names.starts_with(&["Update".to_owned(), "ApprovedUpdates".to_owned()]);
        let is_forgiven = file.lenient_add && is_approval;
        return if carries && !is_forgiven { vec![No::Unfit] } else { Vec::new() };
    }
    let trimmed = data.trim();
    let is_spelled = match rule.format {
        Format::Int => trimmed.parse::<i64>().is_ok(),
        Format::Bool => trimmed == "true" || trimmed == "false",
        Format::Time => DateTime::parse_from_rfc3339(trimmed).is_ok(),
        Format::Null => trimmed.is_empty(),
        Format::B64
        | Format::Bin
        | Format::Chr
        | Format::Date
        | Format::Float
        | Format::Node
        | Format::Xml => true,
    };
    if is_other || !is_spelled {
        return vec![No::Unfit];
    }
    let text = canonical(rule.format, data);
    let takes = match rule.takes {
        Takes::Any => true,
        Takes::Range(least, most) => text.parse().is_ok_and(|number: i64| least <= number && number <= most),
        Takes::Words(words) => words.contains(&text.as_str()),
        Takes::Version => {
            let digits: Vec<_> = text.split('.').collect();
            let is_digit = |part: &&str| part.len() == 1 && part.chars().all(|c| c.is_ascii_digit());
            digits.len() <= 2 && digits.iter().all(is_digit)
        }
        Takes::DateTime | Takes::Time => {
            let is_alone = rule.takes == Takes::Time && text.split(':').count() == 3;
            text.trim().is_empty() || text.contains('T') || is_alone
        }
    };
    if takes { Vec::new() } else { vec![No::Disallowed] }
}

fn canonical(format: Format, data: &str) -> String {
    let number =
        Some(data.trim()).filter(|_| format == Format::Int).and_then(|text| text.parse::<i64>().ok());
    match number {
        Some(number) => number.to_string(),
        None if format == Format::Chr => data.to_owned(),
        None => data.trim().to_owned(),
    }
}

pub(super) fn matches(rule: &Rule, address: &str) -> bool {
    let mut names = address.split('/');
    rule.segments().all(|own| names.next().is_some_and(|name| own == "*" || own == name))
        && names.next().is_none()
}

fn is_room(address: &str) -> bool {
    address.starts_with("Lab/Rooms/") && address.split('/').count() == 3
}

fn rooms(tree: &BTreeMap<String, Shown>) -> usize {
    tree.keys().filter(|address| is_room(address)).count()
}

/// U2: with or without braces, in any case; lower case without braces is the canonical form.
fn guid(name: &str) -> Option<String> {
    let bare = match (name.starts_with('{'), name.ends_with('}')) {
        (true, true) => &name[1..name.len() - 1],
        _ => name,
    };
    let lengths: Vec<_> = bare.split('-').map(str::len).collect();
    let is_guid = lengths == [8, 4, 4, 4, 12] && bare.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    is_guid.then(|| bare.to_lowercase())
}

/// What an address needs: everything but letters, digits and the other path characters of RFC 3986.
pub(crate) fn escape(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    let each = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    each.collect()
}
