//! What the demo's programs say, a JSON object a line, and whether two of them agree.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::child::Child;

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
    word: String,
    nearest: Vec<Near>,
}

#[derive(Debug, Deserialize)]
struct Near {
    word: String,
    cosine: f64,
}

/// The answers to be expected, as Python computed them from its own copy.
pub(crate) struct Answers(Vec<Answer>);

impl Answers {
    /// Takes one answer for each word.
    pub(crate) fn hear(from: &mut Child, words: &[&str]) -> Result<Self> {
        let answers = words.iter().map(|word| hear_answer(from, word)).collect::<Result<_>>()?;
        Ok(Self(answers))
    }

    /// Asks a reader every word and compares.
    pub(crate) fn check(&self, reader: &mut Child) -> Result<()> {
        for expected in &self.0 {
            reader.tell(&expected.word)?;
            let answer = hear_answer(reader, &expected.word)?;
            let same = expected.nearest.len() == answer.nearest.len()
                && expected
                    .nearest
                    .iter()
                    .zip(&answer.nearest)
                    .all(|(expected, found)| expected.agrees(found));
            ensure!(
                same,
                "nearest to {:?}: {} found {:?}, Python {:?}",
                expected.word,
                reader.who(),
                answer.nearest,
                expected.nearest,
            );
        }
        Ok(())
    }

    pub(crate) fn print(&self) {
        for answer in &self.0 {
            let nearest: Vec<_> =
                answer.nearest.iter().map(|near| format!("{} {:.3}", near.word, near.cosine)).collect();
            println!("    {:>8}: {}", answer.word, nearest.join(", "));
        }
    }
}

impl Near {
    fn agrees(&self, other: &Self) -> bool {
        self.word == other.word && (self.cosine - other.cosine).abs() <= TOLERANCE
    }
}

fn hear_answer(from: &mut Child, word: &str) -> Result<Answer> {
    match from.hear()? {
        Said::Answer(answer) if answer.word == word => Ok(answer),
        other => bail!("{} should have answered {word:?}, but said {other:?}", from.who()),
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
