//! The C ABI as its sources declare it, for languages that must declare it once more.

use anyhow::{Context, Result, bail};
use syn::{
    Expr, FnArg, GenericArgument, Item, Pat, PathArguments, PointerMutability, ReturnType, Type, Visibility,
};

use super::Project;
use super::header::{self, SOURCES, source};

/// What the C ABI's sources declare, in the order of the header.
pub(crate) struct Abi {
    /// `zinc.h`.
    pub(crate) header: String,
    pub(crate) functions: Vec<Function>,
    pub(crate) structs: Vec<Struct>,
    /// Integer constants, as they are written.
    pub(crate) constants: Vec<(String, String)>,
}

/// A function.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arguments: Vec<(String, Word)>,
    pub(crate) result: Word,
}

/// A struct whose fields callers see.
pub(crate) struct Struct {
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, Word)>,
}

/// A type of C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// `int`, `size_t`, `uint32_t`...: by its name in Rust.
    Plain(String),
    /// A struct or an opaque type, by its name.
    Named(String),
    /// A pointer; to what, and whether that may be written.
    Pointer { to: Box<Word>, writable: bool },
    /// An array within a struct.
    Array(Box<Word>, usize),
    /// A function.
    Callback,
}

impl Word {
    /// What this points to.
    pub(crate) fn target(&self) -> Option<&Word> {
        match self {
            Self::Pointer { to, .. } => Some(to),
            _ => None,
        }
    }

    /// Whether this is a pointer to a type of that name.
    pub(crate) fn points_to(&self, name: &str) -> bool {
        matches!(self.target(), Some(Self::Named(named)) if named == name)
    }
}

impl Abi {
    /// Reads the sources that `zinc.h` is made from.
    pub(crate) fn read(project: &Project) -> Result<Self> {
        let header = header::zinc_h(project)?;
        let mut abi = Self { header, functions: Vec::new(), structs: Vec::new(), constants: Vec::new() };
        for name in SOURCES {
            let path = source(project, name);
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let file = syn::parse_file(&text).with_context(|| format!("parse {}", path.display()))?;
            for item in &file.items {
                abi.take(item).with_context(|| path.display().to_string())?;
            }
        }
        Ok(abi)
    }

    fn take(&mut self, item: &Item) -> Result<()> {
        match item {
            Item::Fn(function) if function.sig.abi.is_some() => {
                let sig = &function.sig;
                let arguments = sig.inputs.iter().map(argument).collect::<Result<_>>()?;
                let result = match &sig.output {
                    ReturnType::Default => bail!("{} returns nothing", sig.ident),
                    ReturnType::Type(_, result) => word(result)?,
                };
                self.functions.push(Function { name: sig.ident.to_string(), arguments, result });
            }
            Item::Struct(declared) if is_c(&declared.attrs) => {
                let public =
                    declared.fields.iter().filter(|field| matches!(field.vis, Visibility::Public(_)));
                let fields = public.map(|field| {
                    let name = field.ident.as_ref().context("a field of a struct has a name")?;
                    Ok((name.to_string(), word(&field.ty)?))
                });
                let fields = fields.collect::<Result<Vec<_>>>()?;
                if !fields.is_empty() {
                    self.structs.push(Struct { name: declared.ident.to_string(), fields });
                }
            }
            Item::Const(constant) if constant.ident.to_string().starts_with("ZINC_") => {
                if let Expr::Lit(value) = &*constant.expr
                    && let syn::Lit::Int(number) = &value.lit
                {
                    self.constants.push((constant.ident.to_string(), number.base10_digits().to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_c(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("repr")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|repr| repr == "C")
    })
}

fn argument(argument: &FnArg) -> Result<(String, Word)> {
    let FnArg::Typed(typed) = argument else { bail!("a C function has no self") };
    let Pat::Ident(name) = &*typed.pat else { bail!("an argument of a C function has a name") };
    Ok((name.ident.to_string(), word(&typed.ty)?))
}

fn word(given: &Type) -> Result<Word> {
    Ok(match given {
        Type::Ptr(pointer) => Word::Pointer {
            to: Box::new(word(&pointer.elem)?),
            writable: matches!(pointer.mutability, PointerMutability::Mut(_)),
        },
        Type::Array(array) => {
            let Expr::Lit(length) = &array.len else { bail!("an array has a number as its length") };
            let syn::Lit::Int(length) = &length.lit else { bail!("a length is a whole number") };
            Word::Array(Box::new(word(&array.elem)?), length.base10_parse()?)
        }
        Type::Path(path) => {
            let last = path.path.segments.last().context("a type has a name")?;
            let name = last.ident.to_string();
            match (&last.arguments, name.as_str()) {
                (PathArguments::AngleBracketed(inner), "Option") => match inner.args.first() {
                    Some(GenericArgument::Type(inner)) => word(inner)?,
                    _ => bail!("an Option of what?"),
                },
                (_, name) if name.starts_with("zinc_") && name.ends_with("callback") => Word::Callback,
                (_, name) if name.starts_with("zinc_") => Word::Named(name.to_owned()),
                _ => Word::Plain(name),
            }
        }
        Type::FnPtr(_) => Word::Callback,
        _ => bail!("a type that no border has yet; teach it to xtask/src/generate/abi.rs"),
    })
}
