//! `./DevDetail`: what a device is, down to its storage.
//!
//! Source: OMA DM Standardized Objects 1.2.1; Microsoft, "DevDetail CSP". The hardware is that of a small virtual
//! machine (decided): no mobile radio, no wireless network.

use std::sync::Arc;

use crate::device::WindowsEdition;
use crate::{Device, Value};

/// The leaves of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `Ext/Microsoft/DeviceName` and `DNSComputerName`
    DeviceName,
    /// `DevTyp`
    DevTyp,
    /// `Ext/Microsoft/FreeStorage`, in MB.
    FreeStorage,
    /// `FwV`
    FwV,
    /// `HwV`
    HwV,
    /// `Ext/Microsoft/LocalTime`
    LocalTime,
    /// `LrgObj`
    LrgObj,
    /// `URI/MaxDepth`, `MaxTotLen`, `MaxSegLen`: 0 is no limit.
    NoLimit,
    /// A node for what this hardware does not have.
    None,
    /// `OEM`
    Oem,
    /// `Ext/Microsoft/OSPlatform`
    OsPlatform,
    /// `Ext/Microsoft/ProcessorArchitecture`: `PROCESSOR_ARCHITECTURE_AMD64`.
    ProcessorArchitecture,
    /// `Ext/Microsoft/ProcessorType`: `PROCESSOR_AMD_X8664`.
    ProcessorType,
    /// `Ext/Microsoft/Resolution`
    Resolution,
    /// `Ext/Microsoft/SMBIOSSerialNumber`
    SerialNumber,
    /// `Ext/Microsoft/SMBIOSVersion`
    SmbiosVersion,
    /// `SwV`
    SwV,
    /// `Ext/Microsoft/TotalRAM`, in MB.
    TotalRam,
    /// `Ext/Microsoft/TotalStorage`, in MB.
    TotalStorage,
}

impl Node {
    /// The leaf with these names, from `DevDetail` down.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            [_, "URI", _] => Self::NoLimit,
            [_, "DevTyp"] => Self::DevTyp,
            [_, "OEM"] => Self::Oem,
            [_, "FwV"] => Self::FwV,
            [_, "SwV"] => Self::SwV,
            [_, "HwV"] => Self::HwV,
            [_, "LrgObj"] => Self::LrgObj,
            [_, "Ext", "Microsoft", name] => match *name {
                "DeviceName" | "DNSComputerName" => Self::DeviceName,
                "FreeStorage" => Self::FreeStorage,
                "LocalTime" => Self::LocalTime,
                "OSPlatform" => Self::OsPlatform,
                "ProcessorArchitecture" => Self::ProcessorArchitecture,
                "ProcessorType" => Self::ProcessorType,
                "Resolution" => Self::Resolution,
                "SMBIOSSerialNumber" => Self::SerialNumber,
                "SMBIOSVersion" => Self::SmbiosVersion,
                "TotalRAM" => Self::TotalRam,
                "TotalStorage" => Self::TotalStorage,
                _ => Self::None,
            },
            [_, "Ext", name] if *name != "Microsoft" => Self::None,
            _ => return None,
        })
    }
}

pub(super) fn read(device: &Device, node: Node) -> Value {
    let identity = &device.profile().file().device;
    match node {
        Node::DeviceName => Value::chr(device.name()),
        Node::DevTyp => Value::chr(identity.model.as_str()),
        Node::FreeStorage => Value::Int(40_960),
        Node::FwV | Node::HwV => Value::chr("Hyper-V UEFI Release v4.1"),
        Node::LocalTime => Value::chr(local_time(device)),
        Node::LrgObj => Value::Bool(device.profile().file().large_objects),
        Node::NoLimit => Value::chr("0"),
        Node::None => Value::chr(""),
        Node::Oem => Value::chr(identity.manufacturer.as_str()),
        Node::OsPlatform => Value::chr(platform(device)),
        Node::ProcessorArchitecture => Value::Int(9),
        Node::ProcessorType => Value::Int(8_664),
        Node::Resolution => Value::chr("1920x1080"),
        Node::SerialNumber => Value::chr(&*device.instance().id),
        Node::SmbiosVersion => Value::chr("3.1"),
        Node::SwV => Value::chr(device.os().to_string()),
        Node::TotalRam => Value::Int(4_096),
        Node::TotalStorage => Value::Int(65_536),
    }
}

/// Only the name can be replaced. Windows takes it at the next restart; here it holds at once (decided).
pub(super) fn write(device: &mut Device, node: Node, value: Option<Value>) {
    if let (Node::DeviceName, Some(value)) = (node, value) {
        device.set_name(Arc::from(&*value.text()));
    }
}

/// Seven digits of a second and the offset, as seen from real devices.
fn local_time(device: &Device) -> String {
    let zone = device.profile().file().time_zone.offset();
    let local = device.clock().with_timezone(&zone);
    let ticks = local.timestamp_subsec_nanos() / 100;
    format!("{}.{ticks:07}{}", local.format("%Y-%m-%dT%H:%M:%S"), local.format("%:z"))
}

fn platform(device: &Device) -> String {
    const FIRST_WINDOWS_11: u32 = 22_000;
    let version = if device.os().build < FIRST_WINDOWS_11 { "Windows 10" } else { "Windows 11" };
    let edition = match device.profile().file().device.edition {
        WindowsEdition::Home => "Home",
        WindowsEdition::Pro => "Pro",
        WindowsEdition::ProEducation => "Pro Education",
        WindowsEdition::ProForWorkstations => "Pro for Workstations",
        WindowsEdition::Education => "Education",
        WindowsEdition::Enterprise => "Enterprise",
        WindowsEdition::EnterpriseLtsc => "Enterprise LTSC",
        WindowsEdition::EnterpriseMultiSession => "Enterprise multi-session",
        WindowsEdition::IotEnterprise => "IoT Enterprise",
        WindowsEdition::SE => "SE",
    };
    format!("{version} {edition}")
}
