//! Which files hold the messages.

use std::fs;
use std::path::{Path, PathBuf};

use syncml::codec::Limits;

use crate::{Failure, input};

/// A file that is to hold a message.
#[derive(Debug)]
pub(crate) struct MessageFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// The endings of messages in a folder.
const ENDINGS: [&str; 3] = ["xml", "wbxml", "syncml"];

/// Reads the files that `paths` name, in their order; a folder stands for the messages in it.
///
/// # Errors
/// When one cannot be read, is too large for a message, or a folder has no message.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<MessageFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let messages = folder(path)?;
            if messages.is_empty() {
                let endings = ENDINGS.map(|ending| format!(".{ending}")).join(", ");
                return Err(Failure::Usage(format!(
                    "no message in {}: expected files that end in {endings}",
                    path.display()
                )));
            }
            for message in messages {
                files.push(read(message)?);
            }
        } else {
            files.push(read(path.clone())?);
        }
    }
    Ok(files)
}

fn read(path: PathBuf) -> Result<MessageFile, Failure> {
    let bytes = input::bytes(&path, Limits::default().bytes as u64)?;
    Ok(MessageFile { path, bytes })
}

/// The messages of a folder, those with numbers before the others and 2 before 10. Hidden files and folders are left out.
fn folder(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let mut messages = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if file.is_file() && !name.starts_with('.') && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
        {
            let number = number(&name);
            messages.push((number.is_none(), number, name, file));
        }
    }
    messages.sort();
    Ok(messages.into_iter().map(|(.., file)| file).collect())
}

/// The first number in a name: `2-server.xml`, `syncml_server_10.xml`.
fn number(name: &str) -> Option<u64> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let rest = name.get(digits..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_numbers() {
        for (name, expected) in [
            ("2-server.xml", Some(2)),
            ("syncml_client_10.xml", Some(10)),
            ("package.xml", None),
            ("99999999999999999999999.xml", None),
            ("007", Some(7)),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
