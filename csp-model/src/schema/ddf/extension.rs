//! Reads Microsoft's extensions of a node's properties (the `MSFT` schema of DDF v2).
//!
//! Deliberately absent: errors. An extension that cannot be understood is a warning, and allows what it would forbid.

use super::allowed;
use super::context::Context;
use super::read::text_of;
use crate::schema::element::Element;
use crate::schema::{
    Applicability, Dependency, DependencyGroup, DependencyKind, Deprecated, GpMapping, Msft, Naming,
    RebootBehavior, ReplaceBehavior,
};

/// Takes the extension `element` into `msft`.
pub(super) fn read(context: &mut Context<'_>, element: &Element<'_>, msft: &mut Msft) {
    match element.name {
        "Applicability" => msft.applicability = Some(applicability(context, element)),
        "AllowedValues" => msft.allowed = Some(allowed::read(context, element)),
        "DynamicNodeNaming" => msft.naming = naming(context, element),
        "AtomicRequired" => msft.atomic_required = true,
        "ReplaceBehavior" => msft.replace_behavior = named(context, element, &ReplaceBehavior::NAMED),
        "RebootBehavior" => msft.reboot_behavior = named(context, element, &RebootBehavior::NAMED),
        "Deprecated" => {
            msft.deprecated =
                Some(Deprecated { os_build: element.attribute("OsBuildDeprecated").map(Into::into) });
        }
        "ConflictResolution" => msft.conflict_resolution = text_of(element),
        "GpMapping" => {
            let attribute = |name| element.attribute(name).map(Into::into);
            msft.gp_mapping = Some(GpMapping {
                english_name: attribute("GpEnglishName"),
                area_path: attribute("GpAreaPath"),
                element: attribute("GpElement"),
            });
        }
        "DependencyBehavior" => msft.dependencies = dependencies(context, element),
        "CommonErrorResults" => msft.common_errors = element.children.iter().filter_map(text_of).collect(),
        _ => context.unknown(element),
    }
}

fn applicability(context: &mut Context<'_>, element: &Element<'_>) -> Applicability {
    let mut applicability = Applicability::default();
    for child in &element.children {
        match child.name {
            "OsBuildVersion" => {
                for text in child.trimmed().split(',').map(str::trim).filter(|text| !text.is_empty()) {
                    match text.parse() {
                        Ok(version) => applicability.os_builds.push(version),
                        Err(_) => context.warn(child, format!("`{text}` is no build and is passed over")),
                    }
                }
            }
            "CspVersion" => applicability.csp_version = text_of(child),
            "EditionAllowList" => {
                for text in child.trimmed().split(';').map(str::trim).filter(|text| !text.is_empty()) {
                    match edition(text) {
                        Some(sku) => applicability.editions.push(sku),
                        None if text == "0x88*" => applicability.holographic_for_business = true,
                        None => context.warn(child, format!("`{text}` is no edition and is passed over")),
                    }
                }
            }
            "RequiresAzureAd" => applicability.requires_azure_ad = true,
            _ => context.unknown(child),
        }
    }
    applicability
}

fn edition(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn naming(context: &mut Context<'_>, element: &Element<'_>) -> Option<Naming> {
    let Some(child) = element.children.first() else {
        context.warn(element, format!("{} is empty and is passed over", element.tag()));
        return None;
    };
    match child.name {
        "ServerGeneratedUniqueIdentifier" => Some(Naming::ServerGenerated),
        "ClientInventory" => Some(Naming::ClientInventory),
        "UniqueName" => {
            let (naming, trouble) = Naming::unique_name(child.trimmed());
            if let Some(trouble) = trouble {
                context.warn(
                    child,
                    format!("the pattern of names cannot be used and allows every name: {trouble}"),
                );
            }
            Some(naming)
        }
        _ => {
            context.unknown(child);
            None
        }
    }
}

fn dependencies(context: &mut Context<'_>, element: &Element<'_>) -> Vec<DependencyGroup> {
    let mut groups = Vec::new();
    for child in &element.children {
        if child.name != "DependencyGroup" {
            context.unknown(child);
            continue;
        }
        let mut group = DependencyGroup {
            friendly_id: child.attribute("FriendlyId").unwrap_or_default().into(),
            ..DependencyGroup::default()
        };
        for part in &child.children {
            match part.name {
                "DependencyChangedAllowedValues" => group.changed_values = Some(allowed::read(context, part)),
                "Dependency" => group.dependencies.push(dependency(context, part)),
                _ => context.unknown(part),
            }
        }
        groups.push(group);
    }
    groups
}

fn dependency(context: &mut Context<'_>, element: &Element<'_>) -> Dependency {
    let written = element.attribute("Type").unwrap_or_default();
    let kind = DependencyKind::NAMED.iter().find(|(_, name)| *name == written).map(|(kind, _)| *kind);
    let mut dependency = Dependency {
        kind: kind.unwrap_or_else(|| {
            context.warn(element, format!("the type `{written}` of a dependency is taken to be DependsOn"));
            DependencyKind::DependsOn
        }),
        uri: "".into(),
        values: None,
    };
    for child in &element.children {
        match child.name {
            "DependencyUri" => dependency.uri = child.trimmed().into(),
            "DependencyAllowedValue" => dependency.values = Some(allowed::read(context, child)),
            _ => context.unknown(child),
        }
    }
    dependency
}

fn named<T: Copy>(context: &mut Context<'_>, element: &Element<'_>, named: &[(T, &str)]) -> Option<T> {
    let found = named.iter().find(|(_, name)| *name == element.trimmed()).map(|(meaning, _)| *meaning);
    if found.is_none() {
        let names: Vec<_> = named.iter().map(|(_, name)| *name).collect();
        let what = format!("`{}` in {} is none of {}", element.trimmed(), element.tag(), names.join(", "));
        context.warn(element, what);
    }
    found
}
