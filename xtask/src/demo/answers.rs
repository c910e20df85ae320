//! The answers to be expected, and whether a reader has them.

use anyhow::{Result, bail, ensure};

use super::child::Child;
use super::protocol::{Answer, Said};

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
            ensure!(
                expected.agrees(&answer),
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

fn hear_answer(from: &mut Child, word: &str) -> Result<Answer> {
    match from.hear()? {
        Said::Answer(answer) if answer.word == word => Ok(answer),
        other => bail!("{} should have answered {word:?}, but said {other:?}", from.who()),
    }
}
