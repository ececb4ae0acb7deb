//! Files that are written as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many names are tried for the file beside the target.
const NAMES: u32 = 100;

/// Replaces a file: the text is written to a file beside it, which then takes its name, so that nobody ever reads a part
/// of it. What is no ordinary file, such as a pipe, is written to directly, and so is a file in a folder that is not open
/// for writing.
///
/// # Errors
/// What the system says; the old file stays as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let old = fs::metadata(&target).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return fs::write(&target, text);
    }
    let (beside, mut file) = match beside(&target) {
        Ok(beside) => beside,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && old.is_some() => {
            return fs::write(&target, text);
        }
        Err(error) => return Err(error),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let written = written.and_then(|()| match old {
        Some(old) => fs::set_permissions(&beside, old.permissions()),
        None => Ok(()),
    });
    drop(file);
    let moved = written.and_then(|()| fs::rename(&beside, &target));
    if moved.is_err() {
        fs::remove_file(&beside).ok();
    }
    moved
}

/// Makes a new file in the folder of another.
fn beside(target: &Path) -> io::Result<(PathBuf, fs::File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for count in 0..NAMES {
        let path = target.with_file_name(format!(".{name}.{}.{count}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}
