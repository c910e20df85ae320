//! What the demo's programs say, a JSON object a line, and when two answers agree.

use serde::Deserialize;

/// How far a cosine may be from the one that Python found: readers may sum in another order.
const TOLERANCE: f64 = 1e-5;

/// One line. Moments are nanoseconds of `CLOCK_MONOTONIC`, which all processes of a machine share.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Said {
    /// The loader has its private copy.
    Loaded {
        rows: u64,
        columns: u64,
    },
    /// The bytes are where a reader can come for them; filling the regions took this long.
    Offered {
        bytes: u64,
        nanoseconds: u64,
    },
    Notified {
        at: u64,
    },
    Closed,
    /// The reader is about to wait.
    Ready,
    Timing(Timing),
    Answer(Answer),
}

/// When a reader had what.
#[derive(Debug, Deserialize)]
pub(crate) struct Timing {
    /// The first byte was read.
    pub(crate) first_byte: u64,
    /// Everything had arrived in the reader's own memory; through a socket only.
    pub(crate) received: Option<u64>,
    pub(crate) received_bytes: Option<u64>,
    /// Every row of the table had been read once.
    pub(crate) all_read: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) word: String,
    pub(crate) nearest: Vec<Near>,
}

/// One of the words nearest to the one that was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Near {
    pub(crate) word: String,
    pub(crate) cosine: f64,
}

impl Answer {
    /// Whether both found the same words, in the same order.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.nearest.len() == other.nearest.len()
            && self.nearest.iter().zip(&other.nearest).all(|(one, other)| one.agrees(other))
    }
}

impl Near {
    fn agrees(&self, other: &Self) -> bool {
        self.word == other.word && (self.cosine - other.cosine).abs() <= TOLERANCE
    }
}

#[cfg(test)]
mod tests {
    use super::{Near, Said};

    #[test]
    fn another_word_or_another_cosine_is_a_mismatch() {
        let near = |word: &str, cosine| Near { word: word.to_owned(), cosine };
        assert!(near("queen", 0.6272520).agrees(&near("queen", 0.6272600)));
        assert!(!near("queen", 0.62725).agrees(&near("queen", 0.62728)));
        assert!(!near("queen", 0.62725).agrees(&near("kings", 0.62725)));
        assert!(!near("queen", 0.62725).agrees(&near("queen", f64::NAN)));
    }

    #[test]
    fn a_line_that_the_protocol_does_not_know_is_refused() {
        assert!(serde_json::from_str::<Said>(r#"{"event": "ready"}"#).is_ok());
        assert!(serde_json::from_str::<Said>(r#"{"event": "bored"}"#).is_err());
        assert!(serde_json::from_str::<Said>(r#"{"event": "notified"}"#).is_err());
    }
}
