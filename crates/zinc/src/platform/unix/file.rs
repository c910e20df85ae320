//! Files of a directory that is held open, and what the system knows about an open file.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::platform::{Access, Facts};

/// Opens a file of the directory. It follows no link, and a file that is not ordinary neither blocks it nor becomes
/// the process's terminal.
pub(crate) fn open_in(dir: impl AsFd, name: impl rustix::path::Arg, access: Access) -> io::Result<File> {
    let access = match access {
        Access::ReadWrite => OFlags::RDWR,
        Access::ReadOnly => OFlags::RDONLY,
    };
    let careful = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(fs::openat(dir, name, access | careful, Mode::empty())?.into())
}

/// Whether `name` is, at this moment, the name of this very file.
pub(crate) fn is_named_in(dir: impl AsFd, name: &str, file: &File) -> io::Result<bool> {
    let file = identity(file)?;
    match fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(of_name) => Ok(Identity::in_stat(&of_name) == file),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What the system knows about the file of that name, whether or not this process may open it.
pub(crate) fn facts_in(dir: impl AsFd, name: &str) -> io::Result<Facts> {
    Ok(facts_in_stat(&fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

pub(crate) fn unlink_in(dir: impl AsFd, name: &str) -> io::Result<()> {
    Ok(fs::unlinkat(dir, name, AtFlags::empty())?)
}

/// The names of the directory's files that start with `prefix`, without it, in no order.
pub(crate) fn names_in(dir: impl AsFd, prefix: &str) -> io::Result<Vec<String>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable: OwnedFd = fs::openat(dir, ".", flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(&readable)? {
        if let Some(name) = entry?.file_name().to_str().ok().and_then(|name| name.strip_prefix(prefix)) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// What the system knows about an open file.
pub(crate) fn facts(file: &File) -> io::Result<Facts> {
    Ok(facts_in_stat(&fs::fstat(file)?))
}

fn facts_in_stat(stat: &Stat) -> Facts {
    Facts {
        regular: fs::FileType::from_raw_mode(stat.st_mode) == fs::FileType::RegularFile,
        len: stat.st_size as u64,
        user: stat.st_uid,
        group: stat.st_gid,
        mode: stat.st_mode & 0o7777,
    }
}

/// Reads from the start of the file until `bytes` is full or the file ends; returns how many bytes it read. It neither
/// uses nor moves the file's position.
pub(crate) fn read_start(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Which file it is, among all there are while it is open or mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn new(device: u64, inode: u64) -> Self {
        Self { device, inode }
    }

    fn in_stat(stat: &Stat) -> Self {
        Self::new(stat.st_dev, stat.st_ino)
    }
}

/// Which file this is.
pub(crate) fn identity(file: impl AsFd) -> io::Result<Identity> {
    Ok(Identity::in_stat(&fs::fstat(file)?))
}

/// Whether `path` is, at this moment, the name of that file. Needs no descriptor.
pub(crate) fn is_named_at(path: &Path, file: Identity) -> io::Result<bool> {
    match fs::lstat(path) {
        Ok(of_name) => Ok(Identity::in_stat(&of_name) == file),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Opens the file at `path` for reading, if it is that file; `None` if there is another or none.
pub(crate) fn find_same(path: &Path, file: Identity) -> io::Result<Option<File>> {
    match open_in(fs::CWD, path, Access::ReadOnly) {
        Ok(found) => Ok((identity(&found)? == file).then_some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the name at `path` away if it is, at this moment, the name of that file. Needs no descriptor.
pub(crate) fn unlink_path(path: &Path, file: Identity) -> io::Result<bool> {
    if !is_named_at(path, file)? {
        return Ok(false);
    }
    fs::unlink(path)?;
    Ok(true)
}
