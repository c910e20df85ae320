//! Whose the region is that stands in the way, whether its owner lives, and who can take it away: for the texts of errors.

use std::io;

use super::{RegionState, state};
use crate::error::Operation;
use crate::platform::{Access, Place};

/// What is known of the region that has a name which this user cannot use.
pub(crate) fn describe(operation: &Operation<'_>, place: &Place, name: &str) -> String {
    if place.is_immutable(Some(name)) {
        let path = place.path_of(name);
        return format!(
            "the region's file is immutable, and not even its owner can write to it or remove it; root can change that \
             (chattr -i {})",
            path.display()
        );
    }
    let Ok(facts) = place.facts_of(name) else { return "the region is gone meanwhile; try again".to_owned() };
    let user = facts.user;
    let (life, act) = match life(operation, place, name) {
        Some(RegionState::Owned) => ("its owner is alive", "end"),
        Some(RegionState::Persistent) => ("it is persistent", "remove"),
        Some(RegionState::Dead) => ("its owner is dead", "remove"),
        None => ("it has no living owner", "remove"),
    };
    format!("the name is that of a region of user {user}; {life}, and only user {user} or root can {act} it")
}

/// Whether its owner lives, which a file that cannot be read does not tell from a persistent region.
fn life(operation: &Operation<'_>, place: &Place, name: &str) -> Option<RegionState> {
    let readable: io::Result<_> = place.find(name, Access::ReadOnly);
    if let Ok(file) = readable
        && let Ok(state) = state(operation, place, &file)
    {
        return Some(state);
    }
    place.is_locked_by_its_owner(name).then_some(RegionState::Owned)
}
