//! What a device sees a server do wrong with its nodes: why it refuses a command, and what it does with doubts.
//!
//! Deliberately absent: whether a node is there and a value allowed. The gate of the tree has said that already.

use csp_model::agent::UpdateId;
use std::borrow::Cow;

use csp_model::agent::UpdateSet;
use csp_model::agent::catalog::Classification;
use csp_model::csp::update;
use csp_model::tree::Described;
use csp_model::{Access, Device, Format, LocUri, TreeError, Value};

use super::rules::{self, Rule};
use super::{Finding, shown};
use crate::message::{Item, Request, Verb};

/// What is wrong with `item` of `request`, which the device has refused.
pub(crate) fn refused(device: &Device, request: &Request, item: &Item, error: &TreeError) -> Option<Finding> {
    let address = address(item)?;
    let verb = request.verb.name();
    let node = shown(address);
    let (rule, text) = match error {
        TreeError::IllegalUri(error) => (&rules::ILLEGAL_URI, format!("found LocURI {node}: {error}")),
        TreeError::NotFound => not_found(device, request.verb, address)?,
        TreeError::AlreadyExists => existing(device, address)?,
        TreeError::NotAllowed { allowed, .. } => {
            (&rules::NOT_ALLOWED, format!("found {verb} of {node}, expected {allowed}"))
        }
        TreeError::NotApplicable => (
            &rules::NOT_APPLICABLE,
            format!("found {verb} of {node}, which Windows {} of this edition does not have", device.os()),
        ),
        TreeError::WrongFormat { expected: Format::Node } => (
            &rules::DATA_ON_INTERIOR,
            format!("found Data or another Format than node for {node}, which is an interior node"),
        ),
        TreeError::WrongFormat { expected } => {
            let found = format(request, item);
            (&rules::WRONG_FORMAT, format!("found Format {} for {node}, expected {expected}", shown(found)))
        }
        TreeError::BadValue { expected } => {
            (&rules::BAD_VALUE, format!("found Data for {node} that is no {expected}, expected one"))
        }
        TreeError::Disallowed { expected } => (
            &rules::VALUE_OUT_OF_RANGE,
            format!("found a value for {node} that is not allowed, expected {expected}"),
        ),
        TreeError::InvalidName => {
            (&rules::BAD_NAME, format!("found {verb} of {node}, whose name no such node can have"))
        }
        TreeError::TooMany(most) => (
            &rules::TOO_MANY,
            format!("found Add of {node} where there are {most} already, expected no more"),
        ),
        TreeError::QueryNotSupported => {
            (&rules::QUERY_UNSUPPORTED, format!("found {verb} of {node}, which Windows does not answer"))
        }
        TreeError::AtomicRequired => {
            (&rules::ATOMIC_REQUIRED, format!("found {verb} of {node} by itself, expected it in an Atomic"))
        }
        TreeError::RollbackRefused(why) => {
            (&rules::ROLLBACK_CONDITIONS, format!("found Exec of {node}: {why}"))
        }
    };
    Some(found(rule, text, item))
}

/// What is doubtful about `item` of `request`, which the device has added; `uri` is its address, if that has been read.
pub(crate) fn added(
    device: &Device,
    request: &Request,
    item: &Item,
    uri: Option<&LocUri>,
    findings: &mut Vec<Finding>,
) {
    let Some(address) = address(item) else { return };
    let uri = match uri {
        Some(uri) => Cow::Borrowed(uri),
        None => match LocUri::parse(address) {
            Ok(uri) => Cow::Owned(uri),
            Err(_) => return,
        },
    };
    if format(request, item).is_empty() && device.described(&uri) == Described::Interior {
        let text = format!("found Add of {} without Format, expected node", shown(address));
        findings.push(found(&rules::ADD_WITHOUT_FORMAT, text, item));
    }
    if let Some(approved) = update::approved(&uri) {
        approval(device, approved, &mut |rule, text| findings.push(found(rule, text, item)));
    }
}

/// A node that is not there. To ask for one that could be is no mistake.
fn not_found(device: &Device, verb: Verb, address: &str) -> Option<(&'static Rule, String)> {
    let uri = LocUri::parse(address).ok()?;
    let (name, node) = (verb.name(), shown(address));
    Some(match device.described(&uri) {
        Described::NoCsp => {
            (&rules::UNKNOWN_CSP, format!("found {name} of {node}, whose CSP is not described here"))
        }
        Described::NoNode => {
            (&rules::UNKNOWN_NODE, format!("found {name} of {node}, a node that its CSP does not have"))
        }
        Described::OtherName => {
            (&rules::BAD_NAME, format!("found {name} of {node}, whose name no such node can have"))
        }
        Described::Interior | Described::Leaf if verb == Verb::Get => return None,
        Described::Interior | Described::Leaf => {
            (&rules::ABSENT_NODE, format!("found {name} of {node}, which is not there"))
        }
    })
}

/// An Add of what is there. That of an approval says the same again and does no harm.
fn existing(device: &Device, address: &str) -> Option<(&'static Rule, String)> {
    let uri = LocUri::parse(address).ok()?;
    let can_be_replaced = device.access_of(&uri).is_some_and(|access| access.contains(Access::REPLACE));
    let text = || format!("found Add of {}, which is there, expected Replace", shown(address));
    (device.described(&uri) == Described::Leaf && can_be_replaced).then(|| (&rules::ADD_EXISTING, text()))
}

fn approval(device: &Device, approved: UpdateId, add: &mut dyn FnMut(&'static Rule, String)) {
    let agent = device.agent();
    if agent.update_in(UpdateSet::Installable, approved).is_none() && !Classification::is_published(approved)
    {
        let sets =
            [(UpdateSet::Installed, "InstalledUpdates"), (UpdateSet::PendingReboot, "PendingRebootUpdates")];
        let is_in = sets.iter().find(|(set, _)| agent.update_in(*set, approved).is_some());
        let found = is_in.map_or_else(|| "not there".to_owned(), |(_, name)| format!("in {name}"));
        let text =
            format!("found an approval of {approved}, which is {found}, expected one of InstallableUpdates");
        add(&rules::APPROVAL_NOT_INSTALLABLE, text);
    }
    if let Some(eula) = device.profile().update(approved).and_then(|update| update.eula) {
        let text = format!("found an approval of {approved}: it accepts the licence terms {eula}");
        add(&rules::APPROVAL_EULA, text);
    }
    const POLICY: &str = "RequireUpdateApproval";
    // Group Policy has none of that name: what the server has set is nearly always all there is to know.
    let is_set = || device.policy().get(POLICY) == Some(&Value::Int(1));
    if !is_set() && device.effective_policy().int(POLICY) != Some(1) {
        let text = "found an approval while RequireUpdateApproval is not 1: it steers nothing".to_owned();
        add(&rules::APPROVAL_WITHOUT_POLICY, text);
    }
}

fn found(rule: &'static Rule, text: String, item: &Item) -> Finding {
    let span = item.target.as_ref().map_or(item.span, |target| target.span);
    Finding { rule, text, span }
}

fn address(item: &Item) -> Option<&str> {
    item.target.as_ref()?.loc_uri.as_ref().map(|uri| uri.trim())
}

fn format<'m>(request: &'m Request, item: &'m Item) -> &'m str {
    let metas = [item.meta.as_ref(), request.meta.as_deref()].into_iter().flatten();
    metas.filter_map(|meta| meta.format.as_ref()).map(|format| format.trim()).next().unwrap_or_default()
}
