//! Go's functions that make options.

use super::MARK;
use crate::generate::options::lower;
use crate::generate::text::{comment, plain};
use zinc_spec::{Choice, ChoiceType, Language, Spec};

pub(crate) fn options(spec: &Spec) -> String {
    let functions = spec.options.iter().map(function).collect::<Vec<_>>().join("\n");
    format!(
        r#"{MARK}options.toml. DO NOT EDIT.

package zinc

// #include "shim.h"
import "C"

import (
	"io/fs"
	"time"
)

{functions}"#
    )
}

fn function(option: &Choice) -> String {
    let name = format!("With{}", option.upper_camel());
    let field = option.c_field();
    let (argument, set) = match option.kind {
        ChoiceType::Bool => (String::new(), format!("o.c.flags |= C.{}", option.c_flag())),
        ChoiceType::Mode => ("bits fs.FileMode".to_owned(), format!("o.c.{field} = C.uint32_t(bits)")),
        ChoiceType::User => ("id int".to_owned(), format!("o.c.{field} = number(id)")),
        ChoiceType::Group => (
            "id int".to_owned(),
            format!("o.c.{field}, o.c.flags = number(id), o.c.flags|C.{}", option.c_flag()),
        ),
        ChoiceType::Duration => ("limit time.Duration".to_owned(), format!("o.c.{field} = span(limit)")),
        ChoiceType::Timeout => {
            (format!("{} time.Duration", option.name), format!("o.c.{field} = nanoseconds({})", option.name))
        }
        ChoiceType::Path => (format!("{} string", option.name), format!("o.{0} = {0}", option.name)),
    };
    let doc = plain(&option.doc_in(Some(Language::Go)));
    let doc = comment(&format!("{name} ({}): {}", lower(&option.calls_text()), lower(&doc)), "// ");
    format!("{doc}\nfunc {name}({argument}) Option {{\n\treturn func(o *options) {{ {set} }}\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_says_that_it_was_chosen() {
        let mut spec = Spec::load().unwrap();
        let mut group = spec.options.iter().find(|option| option.name == "accept_owner").unwrap().clone();
        (group.kind, group.flag) = (ChoiceType::Group, Some(1 << 20));
        spec.options.push(group);
        assert!(options(&spec).contains("number(id), o.c.flags|C.ZINC_OPTION_ACCEPT_OWNER"));
    }
}
