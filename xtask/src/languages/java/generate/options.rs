//! The methods of Java's `RegionOptions` that choose.

use crate::generate::MARK;
use crate::generate::options::lower;
use crate::generate::text::{comment, each, javadoc};
use zinc_spec::{Choice, ChoiceType, Language, Spec};

pub(crate) fn choices(spec: &Spec) -> String {
    let numbers: Vec<_> = spec.options.iter().filter(|option| option.kind.is_number()).collect();
    let places = each(&numbers.iter().enumerate().collect::<Vec<_>>(), |(at, option)| {
        format!("    static final int {} = {at};", option.constant())
    });
    let methods = spec.options.iter().map(method).collect::<Vec<_>>().join("\n");
    format!(
        r"// {MARK} crates/zinc/spec/options.toml.

package dev.zinc;

import java.nio.file.Path;
import java.time.Duration;

/** What can be chosen, as flags, numbers and a path: nanoseconds, and every 0 is the default. */
abstract class Choices {{
    /** How many numbers there are. */
    static final int NUMBERS = {count};

{places}
    /** Options with that flag as given. */
    abstract RegionOptions flag(int flag, boolean set);

    /** Options with that number. */
    abstract RegionOptions number(int place, long number);

    /** Options with that directory. */
    abstract RegionOptions path(Path path);

{methods}}}
",
        count = numbers.len(),
    )
}

fn method(option: &Choice) -> String {
    let name = option.lower_camel();
    let place = option.constant();
    let flag = option.flag.unwrap_or(0);
    let (given, argument, says, set) = match option.kind {
        ChoiceType::Bool => {
            ("boolean", name.as_str(), "whether to".to_owned(), format!("flag({flag}, {name})"))
        }
        ChoiceType::Mode => (
            "int",
            "bits",
            "the permission bits".to_owned(),
            format!("number({place}, Ids.bits(\"{name}\", bits))"),
        ),
        ChoiceType::User => {
            ("long", "id", "the user's id".to_owned(), format!("number({place}, Ids.check(\"{name}\", id))"))
        }
        ChoiceType::Group => (
            "long",
            "id",
            "the group's id".to_owned(),
            format!("flag({flag}, true).number({place}, Ids.check(\"{name}\", id))"),
        ),
        ChoiceType::Duration => (
            "Duration",
            "limit",
            "the longest time".to_owned(),
            format!("number({place}, Timeouts.span(limit))"),
        ),
        ChoiceType::Timeout => (
            "Duration",
            name.as_str(),
            "how long".to_owned(),
            format!("number({place}, Timeouts.of({name}))"),
        ),
        ChoiceType::Path => ("Path", "path", "the directory".to_owned(), "path(path)".to_owned()),
    };
    let note = option.doc_in(Some(Language::Java));
    let note = note.rsplit_once(" Default: ").map_or(note.as_str(), |(doc, _)| doc);
    let doc = comment(&format!("{}: {}", option.calls_text(), javadoc(&lower(note))), "     * ");
    let says = format!("@param {argument} {says}; the default is {}", javadoc(&option.default_text()));
    let says = crate::generate::text::wrapped(&says, "     * ", "     *     ");
    format!(
        "    /**\n{doc}\n     *\n{says}\n     * @return options with it\n     */\n    public RegionOptions \
         {name}({given} {argument}) {{\n        return {set};\n    }}\n"
    )
}
