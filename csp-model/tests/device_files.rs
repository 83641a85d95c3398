//! Device files, good and bad: `fixtures/devices` and `fixtures/devices-malformed`.
//!
//! `UPDATE=1 cargo test -p csp-model --test device_files` writes the errors; read what it changed.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its cases")]

use std::sync::Arc;

use csp_model::device::{FileError, Profile};
use csp_model::{Device, DeviceFile};
use fixtures::Case;

#[test]
fn good_files_make_devices() {
    for case in fixtures::cases("devices") {
        let device = load(&case).unwrap_or_else(|(_, error)| panic!("{}: {error}", case.name));
        let json = serde_json::to_string(&device.snapshot()).unwrap();
        let again: Device = serde_json::from_str(&json).unwrap();
        assert!(again == device, "{}: the snapshot is of another device", case.name);
        let file = serde_json::to_string(device.profile().file()).unwrap();
        assert_eq!(DeviceFile::from_json(&file).as_ref(), Ok(device.profile().file()), "{}", case.name);
    }
}

#[test]
fn bad_files_say_what_and_where() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("devices-malformed") {
        let Err((text, error)) = load(&case) else { panic!("{} is accepted", case.name) };
        let place = error.span.as_ref().map_or_else(|| "?".to_owned(), |span| place(&text, span.start));
        let got = format!("{place}: {error}\n");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(case.path.join("error.txt"), &got).unwrap();
        }
        let expected = case.text("error.txt").unwrap_or_default();
        if expected != got {
            wrong.push(format!("{}\nexpected {expected}got      {got}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_cut_anywhere_is_refused_or_makes_sense() {
    let text = DeviceFile::BUILTIN;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if let Ok(file) = DeviceFile::from_toml(&text[..end]) {
            // What is left may be a shorter file that makes sense; it must not panic.
            let _ = Profile::new(file);
        }
    }
}

fn load(case: &Case) -> Result<Device, (String, FileError)> {
    let json = case.text("device.json");
    let text = json.clone().or_else(|| case.text("device.toml")).expect("a case has a device file");
    let is_json = json.is_some();
    let parsed = if is_json { DeviceFile::from_json(&text) } else { DeviceFile::from_toml(&text) };
    let profile = parsed.and_then(|file| {
        Profile::new(file)
            .map_err(|error| if is_json { FileError::from(error) } else { error.in_toml(&text) })
    });
    match profile {
        Ok(profile) => Ok(Device::new(Arc::new(profile))),
        Err(error) => Err((text, error)),
    }
}

fn place(text: &str, offset: usize) -> String {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    format!("{line}:{column}")
}
