//! `cspsim run`: a device lives for a while, and what happens on it meanwhile is told.

mod plot;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use comfy_table::{Table, presets};
use csp_model::Device;
use csp_model::units::{Duration, Instant};

use crate::Failure;
use crate::clock::Advance;
use crate::event::DeviceEvent;
use crate::kept::KeptDevice;
use crate::logs;
use crate::output::{self, Output};

/// Let a device live for a while, and tell what happens
///
/// The device's clock moves on, and what falls due meanwhile happens: scans, downloads, installations, restarts, and what
/// the device file plans to go wrong. No time passes outside. The same device does the same each time.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim run
  cspsim run --device lab.toml --for P60D --plot lab.svg
  cspsim run --device lab.toml --until 2024-03-01T00:00:00Z --json | jq -r 'select(.kind == \"install-failed\")'
  cspsim run --state lab.db --for 6h")]
pub(super) struct Run {
    #[command(flatten)]
    length: Length,
    #[command(flatten)]
    device: KeptDevice,
    /// Print JSON Lines: one event a line
    #[arg(long)]
    json: bool,
    /// Draw how far each update has come when
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Write the device's own logs into DIR, as `cspsim logs` does
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// How long a device is to live.
#[derive(Debug, Args)]
pub(super) struct Length {
    /// For how long: 6h, P60D
    #[arg(long = "for", value_name = "DURATION", default_value = "P30D", conflicts_with = "until")]
    length: Duration,
    /// Until when instead: 2024-03-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Instant>,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut kept = self.device.one()?;
        let before = kept.device.clone();
        let end = self.length.end(&before)?;
        let (events, files) = match self.logs {
            Some(_) => logs::live(&mut kept.device, end),
            None => (kept.device.advance_to(end), Vec::new()),
        };
        let events = DeviceEvent::all(&events, before.profile());
        kept.keep()?;
        if let Some(folder) = &self.logs {
            super::logs::write(folder, &files)?;
        }
        if let Some(path) = &self.plot {
            output::write(path, plot::drawn(&before, end, &events).as_bytes())?;
        }
        let text = if self.json { lines(&events)? } else { timeline(&kept.device, &events) };
        self.output.write(text.as_bytes())
    }
}

impl Length {
    /// Until when.
    pub(super) fn end(&self, device: &Device) -> Result<DateTime<Utc>, Failure> {
        let advance = self.until.map_or(Advance::By(self.length), Advance::To);
        advance.from(device.clock()).map_err(|error| Failure::Usage(error.to_string()))
    }
}

/// A time on the command line, as it stands in files.
fn time(text: &str) -> Result<Instant, String> {
    serde_json::from_value(text.into()).map_err(|error: serde_json::Error| error.to_string())
}

fn lines(events: &[DeviceEvent]) -> Result<String, Failure> {
    let mut text = String::new();
    for event in events {
        let line = serde_json::to_string(event).map_err(|error| Failure::Output(error.to_string()))?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// The events as a table, and in a last line how far the device has come.
fn timeline(device: &Device, events: &[DeviceEvent]) -> String {
    const HEAD: Style = Style::new().bold();
    let end = shown(device.clock());
    if events.is_empty() {
        return format!("nothing happens until {end}\n");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let head = ["TIME", "EVENT", "UPDATE", "ERROR", "WHAT"];
    table.set_header(head);
    for event in events {
        let update = event.update.map(|id| {
            let kb = device.profile().update(id).and_then(|update| update.kb.clone());
            kb.unwrap_or_else(|| id.to_string())
        });
        let error = event.hresult.map(|hresult| hresult.to_string());
        table.add_row([
            shown(event.at),
            event.kind.to_string(),
            printable(&update.unwrap_or_default()),
            error.unwrap_or_default(),
            printable(&event.text),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for (line, row) in table.lines().zip(std::iter::once(None).chain(events.iter().map(Some))) {
        let style = row.map_or(HEAD, style);
        text.push_str(&format!("{style}{}{style:#}\n", line.trim_end()));
    }
    let count = match events.len() {
        1 => "1 event".to_owned(),
        several => format!("{several} events"),
    };
    text.push_str(&format!("{count} until {end}\n"));
    text
}

fn style(event: &DeviceEvent) -> Style {
    if event.kind.ends_with("-failed") {
        AnsiColor::Red.on_default()
    } else if event.kind.ends_with("-blocked") || event.kind == "restart-required" {
        AnsiColor::Yellow.on_default()
    } else {
        Style::new()
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A text on one line, without what a terminal would take for orders.
fn printable(text: &str) -> String {
    text.chars().map(|symbol| if symbol.is_control() { '\u{fffd}' } else { symbol }).collect()
}
