//! The words nearest to a word: cosine over the rows of an embedding table that somebody else holds.

const COUNT: usize = 5;

/// Borrowed rows, a word for each, and the length of each row.
pub(crate) struct Table<'a> {
    rows: Vec<&'a [f32]>,
    words: Vec<&'a str>,
    norms: Vec<f64>,
}

impl<'a> Table<'a> {
    /// Reads every row once. `vocabulary` has a word per line, in the order of the rows.
    pub(crate) fn new(embeddings: &'a [f32], columns: usize, vocabulary: &'a str) -> Self {
        let rows: Vec<_> = embeddings.chunks_exact(columns).collect();
        let norms = rows.iter().map(|row| dot(row, row).sqrt()).collect();
        Self { rows, words: vocabulary.split('\n').collect(), norms }
    }

    /// The five words of the largest cosine with `word`, the largest first and the lower row first among
    /// equals. Neither the word itself nor an entry starting with `[` or `#` is among them: those are the
    /// tokenizer's markers and word pieces. `None` if the word is not in the vocabulary.
    pub(crate) fn nearest(&self, word: &str) -> Option<Vec<(&'a str, f64)>> {
        let own = self.words.iter().position(|&candidate| candidate == word)?;
        let mut nearest: Vec<_> = self
            .rows
            .iter()
            .enumerate()
            .filter(|&(row, _)| row != own && !self.words[row].starts_with(['[', '#']))
            .map(|(row, values)| (row, dot(values, self.rows[own]) / (self.norms[row] * self.norms[own])))
            .collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1));
        nearest.truncate(COUNT);
        Some(nearest.into_iter().map(|(row, cosine)| (self.words[row], cosine)).collect())
    }
}

/// In double precision, so that every language's reader finds the same order.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::Table;

    const ROWS: [f32; 16] = [1., 0., 2., 0., 3., 0., 4., 0., 1., 1., 0., 1., -1., 0., 9., 1.];
    const WORDS: &str = "[mask]\nsame\n##piece\nagain\ndiagonal\nright\nopposite\nclose\n";

    #[test]
    fn nearest_leaves_out_the_word_itself_markers_and_pieces() {
        let found = Table::new(&ROWS, 2, WORDS).nearest("same").unwrap();
        let words: Vec<_> = found.iter().map(|&(word, _)| word).collect();
        assert_eq!(words, ["again", "close", "diagonal", "right", "opposite"]);
        let expected = [1.0, 9.0 / 82f64.sqrt(), 0.5f64.sqrt(), 0.0, -1.0];
        for (&(word, cosine), expected) in found.iter().zip(expected) {
            assert!((cosine - expected).abs() < 1e-12, "{word}: {cosine}, expected {expected}");
        }
    }

    #[test]
    fn equal_cosines_are_answered_in_the_order_of_the_rows() {
        let found =
            Table::new(&[0., 1., 2., 0., 1., 0., 4., 0.], 2, "asked\nb\na\nc").nearest("asked").unwrap();
        assert_eq!(found.iter().map(|&(word, _)| word).collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn an_unknown_word_has_no_answer() {
        assert!(Table::new(&ROWS, 2, WORDS).nearest("absent").is_none());
    }
}
