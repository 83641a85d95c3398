//! Writes device descriptions.

use super::xml_writer::XmlWriter;
use crate::Access;
use crate::schema::element::MSFT;
use crate::schema::{
    AllowedValues, Applicability, CaseSense, DependencyGroup, EnumValue, GpMapping, Kind, Msft, Naming, Node,
    Occurrence, Properties, Rule,
};

/// The device description of `roots`, laid out and ordered as Microsoft's are (the schema of DDF v2).
///
/// What a description means by saying nothing is left out only where Microsoft's leave it out (`CaseSense`).
#[must_use]
pub fn write(roots: &[Node]) -> String {
    let mut xml = XmlWriter::new(HEAD);
    xml.within("MgmtTree", &[("xmlns:MSFT", MSFT)], |xml| {
        xml.text("VerDTD", "1.2");
        xml.text("MSFT:Diagnostics", "");
        for root in roots {
            node(xml, root);
        }
    });
    xml.finish()
}

/// The blank before `-//OMA` is in every published file.
const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE MgmtTree PUBLIC \" -//OMA//DTD-DM-DDF 1.2//EN\"
  \"http://www.openmobilealliance.org/tech/DTD/DM_DDF-V1_2.dtd\"
  [<?oma-dm-ddf-ver supported-versions=\"1.2\"?>]>
";

fn node(xml: &mut XmlWriter, node: &Node) {
    xml.within("Node", &[], |xml| {
        xml.text("NodeName", node.name.as_deref().unwrap_or_default());
        xml.optional("Path", node.path.as_deref());
        xml.within("DFProperties", &[], |xml| properties(xml, &node.properties));
        for child in &node.children {
            self::node(xml, child);
        }
    });
}

fn properties(xml: &mut XmlWriter, properties: &Properties) {
    xml.within("AccessType", &[], |xml| {
        for (_, name) in Access::NAMED.iter().filter(|(flag, _)| properties.access.contains(*flag)) {
            xml.empty(name, &[]);
        }
    });
    xml.optional("DefaultValue", properties.default.as_deref());
    xml.optional("Description", properties.description.as_deref());
    xml.choice("DFFormat", properties.format.name());
    xml.within("Occurrence", &[], |xml| match properties.occurrence {
        Occurrence::One => xml.empty("One", &[]),
        Occurrence::ZeroOrOne => xml.empty("ZeroOrOne", &[]),
        Occurrence::ZeroOrMore => xml.empty("ZeroOrMore", &[]),
        Occurrence::OneOrMore => xml.empty("OneOrMore", &[]),
        Occurrence::ZeroOrN(count) => xml.text("ZeroOrN", &count.to_string()),
        Occurrence::OneOrN(count) => xml.text("OneOrN", &count.to_string()),
    });
    xml.choice("Scope", properties.scope.name());
    xml.optional("DFTitle", properties.title.as_deref());
    let (name, kind) = match &properties.kind {
        Kind::Mime(kind) => ("MIME", kind),
        Kind::DdfName(kind) => ("DDFName", kind),
    };
    xml.within(
        "DFType",
        &[],
        |xml| if kind.is_empty() { xml.empty(name, &[]) } else { xml.text(name, kind) },
    );
    match properties.case_sense {
        CaseSense::Sensitive => {}
        CaseSense::Insensitive => xml.choice("CaseSense", CaseSense::Insensitive.name()),
    }
    if let Some(msft) = &properties.msft {
        extensions(xml, msft);
    }
}

fn extensions(xml: &mut XmlWriter, msft: &Msft) {
    if let Some(applicability) = &msft.applicability {
        self::applicability(xml, applicability);
    }
    if let Some(naming) = &msft.naming {
        xml.within("MSFT:DynamicNodeNaming", &[], |xml| match naming {
            Naming::ServerGenerated => xml.empty("MSFT:ServerGeneratedUniqueIdentifier", &[]),
            Naming::ClientInventory => xml.empty("MSFT:ClientInventory", &[]),
            Naming::UniqueName(pattern) => xml.text("MSFT:UniqueName", pattern.text()),
        });
    }
    if let Some(allowed) = &msft.allowed {
        allowed_values(xml, "MSFT:AllowedValues", allowed);
    }
    xml.optional("MSFT:ReplaceBehavior", msft.replace_behavior.map(|behavior| behavior.name()));
    xml.optional("MSFT:RebootBehavior", msft.reboot_behavior.map(|behavior| behavior.name()));
    if let Some(GpMapping { english_name, area_path, element }) = &msft.gp_mapping {
        let attributes = [("GpEnglishName", english_name), ("GpAreaPath", area_path), ("GpElement", element)];
        let given: Vec<_> =
            attributes.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        xml.empty("MSFT:GpMapping", &given);
    }
    if !msft.common_errors.is_empty() {
        xml.within("MSFT:CommonErrorResults", &[], |xml| {
            // The schema has ten names, and no more errors than these.
            for (number, error) in COUNTED.iter().zip(&msft.common_errors) {
                xml.text(&format!("MSFT:CommonError{number}"), error);
            }
        });
    }
    if let Some(deprecated) = &msft.deprecated {
        let build = deprecated.os_build.as_deref().map(|build| ("OsBuildDeprecated", build));
        xml.empty("MSFT:Deprecated", build.as_slice());
    }
    if !msft.dependencies.is_empty() {
        xml.within("MSFT:DependencyBehavior", &[], |xml| {
            msft.dependencies.iter().for_each(|group| dependencies(xml, group))
        });
    }
    xml.optional("MSFT:ConflictResolution", msft.conflict_resolution.as_deref());
    if msft.atomic_required {
        xml.empty("MSFT:AtomicRequired", &[]);
    }
}

const COUNTED: [&str; 10] = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

fn applicability(xml: &mut XmlWriter, applicability: &Applicability) {
    let Applicability { os_builds, csp_version, editions, holographic_for_business, requires_azure_ad } =
        applicability;
    xml.within("MSFT:Applicability", &[], |xml| {
        if !os_builds.is_empty() {
            let builds: Vec<_> = os_builds.iter().map(|build| format!("{build:#}")).collect();
            xml.text("MSFT:OsBuildVersion", &builds.join(", "));
        }
        xml.optional("MSFT:CspVersion", csp_version.as_deref());
        let mut list: String = editions.iter().map(|sku| format!("0x{sku:X};")).collect();
        if *holographic_for_business {
            list.push_str("0x88*;");
        }
        if !list.is_empty() {
            xml.text("MSFT:EditionAllowList", &list);
        }
        if *requires_azure_ad {
            xml.empty("MSFT:RequiresAzureAd", &[]);
        }
    });
}

fn allowed_values(xml: &mut XmlWriter, name: &str, allowed: &AllowedValues) {
    xml.within(name, &[("ValueType", allowed.rule.value_type())], |xml| {
        match &allowed.rule {
            Rule::Any => {}
            Rule::Enum(values) | Rule::Flag(values) => values.iter().for_each(|value| enum_value(xml, value)),
            Rule::Range(ranges) => {
                if !ranges.is_empty() {
                    let ranges: Vec<_> = ranges.iter().map(ToString::to_string).collect();
                    xml.text("MSFT:Value", &ranges.join(","));
                }
            }
            Rule::RegEx(pattern) => xml.text("MSFT:Value", pattern.text()),
            Rule::Admx(policy) => {
                if let Some(policy) = policy {
                    let attributes =
                        [("Area", &*policy.area), ("Name", &*policy.name), ("File", &*policy.file)];
                    xml.empty("MSFT:AdmxBacked", &attributes);
                }
            }
            Rule::Json(schema) | Rule::Xsd(schema) | Rule::Sddl(schema) => {
                xml.optional("MSFT:Value", schema.as_deref());
            }
        }
        if let Some(delimiter) = &allowed.list {
            xml.empty("MSFT:List", &[("Delimiter", delimiter.written())]);
        }
    });
}

fn enum_value(xml: &mut XmlWriter, value: &EnumValue) {
    xml.within("MSFT:Enum", &[], |xml| {
        xml.text("MSFT:Value", &value.value);
        xml.optional("MSFT:ValueDescription", value.description.as_deref());
    });
}

fn dependencies(xml: &mut XmlWriter, group: &DependencyGroup) {
    xml.within("MSFT:DependencyGroup", &[("FriendlyId", &group.friendly_id)], |xml| {
        if let Some(values) = &group.changed_values {
            allowed_values(xml, "MSFT:DependencyChangedAllowedValues", values);
        }
        for dependency in &group.dependencies {
            xml.within("MSFT:Dependency", &[("Type", dependency.kind.name())], |xml| {
                xml.text("MSFT:DependencyUri", &dependency.uri);
                if let Some(values) = &dependency.values {
                    allowed_values(xml, "MSFT:DependencyAllowedValue", values);
                }
            });
        }
    });
}
