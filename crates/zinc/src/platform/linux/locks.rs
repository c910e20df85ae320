//! What the list of all locks tells of a file that this user may not open, see /proc/locks in proc(5).

use rustix::fs::{AtFlags, major, minor, statat};

use super::lock::Byte;
use super::place::{Place, file_name};

impl Place {
    /// Whether somebody holds the owner's lock on the file of that name. False also where the list cannot be read.
    pub(crate) fn is_locked_by_its_owner(&self, name: &str) -> bool {
        let Ok(stat) = statat(&self.dir, file_name(name), AtFlags::SYMLINK_NOFOLLOW) else { return false };
        let file = format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
        let byte = (Byte::Owner as u64).to_string();
        let is_it = |line: &str| {
            let mut words = line.split_ascii_whitespace().skip(1);
            let [kind, _, write, _, of, first, last] = std::array::from_fn(|_| words.next().unwrap_or(""));
            (kind, write, of, first, last) == ("OFDLCK", "WRITE", &file, &byte, &byte)
        };
        std::fs::read_to_string("/proc/locks").is_ok_and(|list| list.lines().any(is_it))
    }
}
