//! What a table or a stream knows of its resource policy. The document itself is stored apart: descriptors are read and cached all the time.

use serde::{Deserialize, Serialize};

/// Which policy a resource has, or that it has none any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyState {
    /// `RevisionId`: when the policy was set or deleted, in milliseconds since 1970. No two of a resource are the same, and later ones are
    /// greater.
    pub revision: i64,
    /// Whether there is a policy; if not, it was deleted.
    pub is_there: bool,
}

impl PolicyState {
    /// The state after a change at a moment.
    pub fn changed(old: Option<Self>, now_ms: i64, is_there: bool) -> Self {
        // The clock may stand still or be turned back.
        Self { revision: old.map_or(now_ms, |old| now_ms.max(old.revision + 1)), is_there }
    }
}

/// The revision of the policy, if a resource in this state has one.
pub fn revision(state: Option<PolicyState>) -> Option<i64> {
    state.filter(|state| state.is_there).map(|state| state.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_grow_whatever_the_clock_says() {
        let mut state = None;
        for (now_ms, is_there, expected) in [(7, true, 7), (7, false, 8), (3, true, 9), (20, true, 20)] {
            let next = PolicyState::changed(state, now_ms, is_there);
            assert_eq!(next, PolicyState { revision: expected, is_there });
            assert_eq!(revision(Some(next)), is_there.then_some(expected));
            state = Some(next);
        }
        assert_eq!(revision(None), None);
    }
}
