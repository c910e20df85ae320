//! What the error numbers of Unix systems mean to Zinc.

use crate::platform::Meaning;

/// What an `errno` means.
pub(crate) fn meaning(number: i32) -> Meaning {
    match number {
        libc::ENOENT => Meaning::NoSuchName,
        libc::EEXIST => Meaning::NameTaken,
        // A read-only mount forbids it to every user.
        libc::EACCES | libc::EPERM | libc::EROFS => Meaning::Denied,
        // A symbolic link, which is never followed; a socket, a directory, a device.
        libc::ELOOP | libc::ENXIO | libc::EISDIR | libc::ENODEV => Meaning::NoOrdinaryFile,
        libc::ENOSPC => Meaning::NoSpace,
        libc::EDQUOT => Meaning::NoQuota,
        // ftruncate(2) returns either.
        libc::EFBIG | libc::EINVAL => Meaning::TooLarge,
        libc::EMFILE | libc::ENFILE | libc::ENOMEM => Meaning::Limit,
        _ => Meaning::Other,
    }
}

/// The error for an argument that no call could make sense of.
pub(crate) fn invalid_argument() -> std::io::Error {
    std::io::Error::from_raw_os_error(libc::EINVAL)
}
