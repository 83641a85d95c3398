//! What commands read: messages, device files, device descriptions.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use csp_model::Device;
use csp_model::device::{DeviceFile, FileError, ProfileError};
use syncml::codec::{self, DecodeError, Input, Limits, Place};
use syncml::message::Message;

use crate::Failure;
use crate::fleet::Profiles;
use crate::located::{located, located_bytes};
use crate::place::{self, Syntax};

/// The most bytes of a device file or description; the largest that Microsoft publishes is far below.
const LARGEST_FILE: u64 = 64 << 20;

/// Which device a command is about.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct DeviceOptions {
    /// The device, as TOML or JSON [default: the built-in Windows 11 device]
    #[arg(long, value_name = "FILE")]
    device: Option<PathBuf>,
    /// The seed of everything random; wins over the file's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Mount more CSPs from device description files
    #[arg(long, value_name = "FILE", num_args = 1..)]
    ddf: Vec<PathBuf>,
}

impl DeviceOptions {
    /// Whether a device file was named.
    pub(crate) const fn names_a_file(&self) -> bool {
        self.device.is_some()
    }

    /// Whether the device is to differ from its file.
    pub(crate) const fn changes_the_file(&self) -> bool {
        self.seed.is_some() || !self.ddf.is_empty()
    }

    /// Makes the device. What its descriptions add is said on standard error.
    ///
    /// # Errors
    /// When a file cannot be read or makes no sense.
    pub(crate) fn load(&self) -> Result<Device, Failure> {
        self.load_among(&Profiles::default())
    }

    /// Makes the device, which shares its profile with others of the same content.
    ///
    /// # Errors
    /// When a file cannot be read or makes no sense.
    pub(crate) fn load_among(&self, profiles: &Profiles) -> Result<Device, Failure> {
        let source = match &self.device {
            None => Source { path: "the built-in device".into(), text: DeviceFile::BUILTIN.to_owned() },
            Some(path) => Source::read(path)?,
        };
        let mut file = source.parse()?;
        if let Some(seed) = self.seed {
            file.seed = seed;
        }
        let (device, names) = source.device(file, &self.ddf, profiles)?;
        for (name, mount) in names.iter().zip(device.profile().mounts()) {
            for warning in &mount.warnings {
                anstream::eprintln!("warning: {name}: {warning}");
            }
            for node in &mount.added {
                anstream::eprintln!("mounted: {name}: {node}");
            }
        }
        Ok(device)
    }
}

/// Reads a file, or standard input for `-`, up to `most` bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| Failure::unreadable(path, &error);
    let mut bytes = Vec::new();
    let limit = most.saturating_add(1);
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read.map_err(unreadable)? as u64 {
        length if length > most => {
            Err(Failure::Input(format!("cannot read {}: it is larger than {most} bytes", path.display())))
        }
        _ => Ok(bytes),
    }
}

/// Reads a file that holds a message in either encoding, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, or holds none.
pub(crate) fn message(file: &Path) -> Result<(Message, Input), Failure> {
    let limits = Limits::default();
    let bytes = bytes(file, limits.bytes as u64)?;
    codec::decode_with_text(&bytes, &limits).map_err(|error| malformed(file, &bytes, &error))
}

/// Bytes of a file that are no message, with the place marked.
pub(crate) fn malformed(file: &Path, bytes: &[u8], error: &DecodeError) -> Failure {
    let name = file.display().to_string();
    Failure::Located(match error.place {
        Place::Byte(_) => located_bytes(&format!("{name}: {error}"), bytes, error.span.clone()),
        Place::Text { .. } => {
            let text = codec::text(bytes, &Limits::default());
            let text = text.map_or_else(|_| String::from_utf8_lossy(bytes), |text| (*text).clone().into());
            located(&format!("{name}: {}", error.kind), &name, &text, error.span.clone())
        }
    })
}

/// Reads a file of UTF-8 text.
fn text(path: &Path) -> Result<String, Failure> {
    let bytes = bytes(path, LARGEST_FILE)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::Input(format!("cannot read {}: byte {at} is not UTF-8 text", path.display()))
    })?;
    // Editors on Windows write a byte order mark.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

/// A description stands in the file itself when it looks like markup.
pub(crate) fn is_ddf_text(description: &str) -> bool {
    description.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

/// The text of a file that describes a device, and where it came from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is no text.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), text: text(path)? })
    }

    /// The device file that the text is.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn parse(&self) -> Result<DeviceFile, Failure> {
        let parsed = match self.syntax() {
            Syntax::Json => DeviceFile::from_json(&self.text),
            Syntax::Toml => DeviceFile::from_toml(&self.text),
        };
        parsed.map_err(|error| self.show(&error))
    }

    /// The device of a file that stands in this text, and the names of the descriptions it mounts: the file's own,
    /// whose paths are relative to it, and `more`.
    ///
    /// # Errors
    /// When a description cannot be read, or something makes no sense.
    pub(crate) fn device(
        &self,
        mut file: DeviceFile,
        more: &[PathBuf],
        profiles: &Profiles,
    ) -> Result<(Device, Vec<String>), Failure> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let mut names = Vec::new();
        for (index, description) in file.ddf.iter_mut().enumerate() {
            if is_ddf_text(description) {
                names.push(format!("{}: ddf[{index}]", self.path.display()));
            } else {
                let path = folder.join(&*description);
                names.push(path.display().to_string());
                *description = text(&path).map_err(|failure| match failure {
                    Failure::Input(what) => self.wrong(ProfileError { path: format!("ddf[{index}]"), what }),
                    other => other,
                })?;
            }
        }
        for path in more {
            names.push(path.display().to_string());
            file.ddf.push(text(path)?);
        }
        let (profile, instance) = profiles.intern(file).map_err(|error| self.nonsense(error, &names))?;
        Ok((Device::of_profile(profile, instance), names))
    }

    /// An error about the text, with its line where the place is known.
    pub(crate) fn show(&self, error: &FileError) -> Failure {
        let path = self.path.display().to_string();
        let title = format!("{path}: {error}");
        match &error.span {
            None => Failure::Input(title),
            Some(span) => Failure::Located(located(&title, &path, &self.text, span.clone())),
        }
    }

    fn syntax(&self) -> Syntax {
        Syntax::of(&self.path, &self.text)
    }

    /// A value that makes no sense; one of a description has that one's name and lines.
    fn nonsense(&self, error: ProfileError, descriptions: &[String]) -> Failure {
        let description =
            descriptions.iter().enumerate().find(|(index, _)| error.path == format!("ddf[{index}]"));
        match description {
            Some((_, name)) => Failure::Input(format!("{name}: {}", error.what)),
            None => self.wrong(error),
        }
    }

    /// A value that makes no sense, with its line.
    fn wrong(&self, error: ProfileError) -> Failure {
        let span = self.syntax().span(&self.text, &place::Place::parse(&error.path));
        self.show(&FileError { span, ..FileError::from(error) })
    }
}
