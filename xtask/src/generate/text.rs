//! Prose of the spec as each language's comments have it.

use heck::ToUpperCamelCase;
use textwrap::{Options, WordSeparator, WordSplitter};

/// One line of text for each item.
pub(crate) fn each<'a, T: 'a>(
    items: impl IntoIterator<Item = &'a T>,
    line: impl Fn(&'a T) -> String,
) -> String {
    items.into_iter().map(|item| line(item) + "\n").collect()
}

/// Sentences as a comment of lines that begin with `prefix` and are no longer than 120 characters.
pub(crate) fn comment(text: &str, prefix: &str) -> String {
    wrapped(text, prefix, prefix)
}

/// Sentences whose first line begins with `first` and whose others begin with `other`.
pub(crate) fn wrapped(text: &str, first: &str, other: &str) -> String {
    let options = Options::new(120)
        .initial_indent(first)
        .subsequent_indent(other)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Without the marks around code.
pub(crate) fn plain(text: &str) -> String {
    text.replace(['`', '*'], "")
}

/// Code as Javadoc marks it.
pub(crate) fn javadoc(text: &str) -> String {
    code(text, "{@code ", "}")
}

/// Code as C#'s documentation marks it.
pub(crate) fn xml(text: &str) -> String {
    code(&text.replace('&', "&amp;").replace('<', "&lt;"), "<c>", "</c>")
}

fn code(text: &str, open: &str, close: &str) -> String {
    let part = |(place, part): (usize, &str)| {
        if place % 2 == 1 { format!("{open}{part}{close}") } else { part.to_owned() }
    };
    text.split('`').enumerate().map(part).collect()
}

/// `UInt8`, `Float32`: an element type as an enum of C# names it.
pub(crate) fn dtype_member(name: &str) -> String {
    // To a word splitter these are one word each.
    name.to_upper_camel_case().replace("Uint", "UInt").replace("Bfloat", "BFloat")
}
