//! Physical memory: what each process maps of a region, and its share of the pages, by `/proc/PID/smaps`.

use std::fs;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table};

use super::child::Child;

/// What the kernel says of one region in several processes (`man 5 proc_pid_smaps`), in kibibytes.
pub(crate) struct Shares(Vec<Share>);

struct Share {
    who: String,
    /// Of the mapping, resident.
    resident: u64,
    /// Each resident page divided by the number of processes that map it.
    proportional: u64,
    /// Of the resident pages, those no other process maps.
    private: u64,
}

/// Looks into each process. Every one of them must have the region mapped.
pub(crate) fn shares<'a>(region: &str, processes: impl Iterator<Item = &'a Child>) -> Result<Shares> {
    let read = |child: &'a Child| {
        let path = format!("/proc/{}/smaps", child.pid());
        Ok((child.who(), fs::read_to_string(&path).with_context(|| format!("reading {path}"))?))
    };
    let maps: Vec<_> = processes.map(read).collect::<Result<_>>()?;
    let file = maps.iter().find_map(|(_, smaps)| file_of(smaps, region));
    let file = file.with_context(|| format!("nobody has {region} mapped"))?;
    let shares = maps.iter().map(|(who, smaps)| {
        share(smaps, who, file).with_context(|| format!("{who} has not mapped {region}"))
    });
    Ok(Shares(shares.collect::<Result<_>>()?))
}

/// Device and inode, as smaps writes them. Not every process sees the region's name: its creator mapped the
/// file before it had one.
type File<'a> = [&'a str; 2];

fn file_of<'a>(smaps: &'a str, region: &str) -> Option<File<'a>> {
    let name = format!("/zinc.{region}");
    smaps.lines().find(|line| line.trim_end_matches(" (deleted)").ends_with(&name)).and_then(mapped_file)
}

/// What the head of a mapping maps: "addresses permissions offset device inode path".
fn mapped_file(head: &str) -> Option<File<'_>> {
    let mut fields = head.split_whitespace().skip(3);
    Some([fields.next()?, fields.next()?])
}

/// A region may be mapped in several pieces (its header, its data): they are added up.
fn share(smaps: &str, who: &str, file: File<'_>) -> Option<Share> {
    let mut share = Share { who: who.to_owned(), resident: 0, proportional: 0, private: 0 };
    let mut inside = false;
    let mut found = false;
    for line in smaps.lines() {
        let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if !key.ends_with(':') {
            inside = mapped_file(line) == Some(file);
            found |= inside;
        } else if inside {
            let amount = || rest.trim_end_matches("kB").trim().parse().unwrap_or(0);
            match key {
                "Rss:" => share.resident += amount(),
                "Pss:" => share.proportional += amount(),
                "Private_Clean:" | "Private_Dirty:" => share.private += amount(),
                _ => {}
            }
        }
    }
    found.then_some(share)
}

/// Anonymous resident memory of a process, in bytes: what it holds for itself alone.
pub(crate) fn own(child: &Child) -> Result<u64> {
    let path = format!("/proc/{}/status", child.pid());
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes: u64 = line
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
        .with_context(|| format!("{path} has no RssAnon"))?;
    Ok(kibibytes * 1024)
}

impl Shares {
    /// Whether all that the processes have resident fits in one copy: their shares add up to no more than what
    /// one of them sees (each share is rounded to a kibibyte).
    pub(crate) fn is_one_copy(&self) -> bool {
        let copy = self.0.iter().map(|share| share.resident).max().unwrap_or(0);
        let occupied: u64 = self.0.iter().map(|share| share.proportional).sum();
        copy > 0 && occupied <= copy + self.0.len() as u64
    }

    pub(crate) fn print(&self) {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::UTF8_BORDERS_ONLY);
        table.set_header(["KiB of the embeddings", "mapped and resident", "share of the pages", "private"]);
        for share in &self.0 {
            table.add_row([
                share.who.clone(),
                share.resident.to_string(),
                share.proportional.to_string(),
                share.private.to_string(),
            ]);
        }
        let sum = |part: fn(&Share) -> u64| self.0.iter().map(part).sum::<u64>().to_string();
        table.add_row([
            "together".to_owned(),
            sum(|share| share.resident),
            sum(|share| share.proportional),
            sum(|share| share.private),
        ]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Shares, file_of, share};

    const SMAPS: &str = "\
7f00-7f01 rw-s 00000000 00:17 3   /dev/shm/zinc.table
Size:                  8 kB
Rss:                   4 kB
Pss:                   2 kB
Shared_Dirty:          4 kB
Private_Dirty:         0 kB
VmFlags: rd wr sh mr mw me ms sd
7f02-7f03 rw-s 00001000 00:17 3   /dev/shm/#3 (deleted)
Rss:                 100 kB
Pss:                  50 kB
Private_Dirty:         7 kB
7f04-7f05 rw-s 00000000 00:17 4   /dev/shm/zinc.other-table
Rss:                 900 kB
7f06-7f07 rw-p 00000000 00:00 0
Rss:                 900 kB
";

    #[test]
    fn the_pieces_of_one_region_are_added_up_and_nothing_else() {
        let file = file_of(SMAPS, "table").expect("it is mapped");
        let share = share(SMAPS, "a reader", file).expect("it is mapped");
        assert_eq!((share.resident, share.proportional, share.private), (104, 52, 7));
        assert!(file_of(SMAPS, "tab").is_none());
        assert!(super::share(SMAPS, "a reader", ["00:17", "5"]).is_none());
    }

    #[test]
    fn two_private_copies_are_not_one() {
        let one = |proportional| super::Share { who: String::new(), resident: 100, proportional, private: 0 };
        assert!(Shares(vec![one(50), one(50)]).is_one_copy());
        assert!(!Shares(vec![one(100), one(100)]).is_one_copy());
    }
}
