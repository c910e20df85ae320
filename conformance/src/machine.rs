//! What a machine, or the user that runs this, may or may not have.

/// All of it that cases ask for.
pub(crate) const CAPABILITIES: &[&str] = &["page-4096", "root"];

/// Whether they have it.
pub(crate) fn has(need: &str) -> bool {
    match need {
        "root" => rustix::process::geteuid().is_root(),
        "page-4096" => rustix::param::page_size() == 4096,
        _ => unreachable!("cases are checked when they are read"),
    }
}
