//! Names and numbers that never change while the library is loaded: versions, error kinds, element types.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::sync::LazyLock;

use zinc::{DType, ErrorKind, binding};

use crate::guard::guard;

/// The version of this binary interface. Functions and struct fields are added without a new one.
pub const ZINC_ABI_VERSION: u32 = 1;

static ERRORS: LazyLock<Vec<(c_int, CString)>> =
    LazyLock::new(|| ErrorKind::ALL.iter().map(|kind| (kind.code(), text(kind.name()))).collect());
static DTYPES: LazyLock<Vec<(u32, CString)>> =
    LazyLock::new(|| DType::ALL.iter().map(|dtype| (dtype.code(), text(dtype.name()))).collect());
static VERSION: LazyLock<CString> = LazyLock::new(|| text(zinc::version()));

fn text(name: &str) -> CString {
    CString::new(name).unwrap_or_default()
}

/// A kind's name.
pub(crate) fn error(code: c_int) -> &'static CStr {
    ERRORS.iter().find(|known| known.0 == code).map_or(c"Unknown", |known| &known.1)
}

/// The library's release, such as "0.1.0". The string is constant.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version of the binary interface that the library has. A program that was compiled with this header runs with it
/// if this is ZINC_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_abi_version() -> u32 {
    ZINC_ABI_VERSION
}

/// Spells operations as C does: `open_or_create`.
pub const ZINC_SPELLING_SNAKE: u32 = 0;

/// Spells operations so: `openOrCreate`.
pub const ZINC_SPELLING_CAMEL: u32 = 1;

/// Spells operations so: `OpenOrCreate`.
pub const ZINC_SPELLING_PASCAL: u32 = 2;

/// Has all error texts of this copy of the library spell operations so. For packages of other languages, which call it once
/// when they load a copy of their own; a program that shares the library with others leaves it alone.
///
/// spelling  ZINC_SPELLING_SNAKE, which is the default, _CAMEL or _PASCAL.
///
/// Returns 0, or ZINC_ERROR_INVALID_ARGUMENT for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_spell_operations(spelling: u32) -> c_int {
    guard("spell_operations", || {
        let spelling = match spelling {
            ZINC_SPELLING_SNAKE => binding::Spelling::Snake,
            ZINC_SPELLING_CAMEL => binding::Spelling::Camel,
            ZINC_SPELLING_PASCAL => binding::Spelling::Pascal,
            other => {
                let why =
                    format!("the argument spelling is {other}, which stands for no spelling; give 0, 1 or 2");
                return Err(binding::error(ErrorKind::InvalidArgument, "spell_operations", None, why));
            }
        };
        binding::spell_operations(spelling);
        Ok(0)
    })
}

/// The name of an element type as all languages have it, such as "float32"; NULL if `dtype` is none.
///
/// The string is constant.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_dtype_name(dtype: u32) -> *const c_char {
    DTYPES.iter().find(|known| known.0 == dtype).map_or(ptr::null(), |known| known.1.as_ptr())
}

/// Bytes of one element of a type; 0 if `dtype` is none.
#[unsafe(no_mangle)]
pub extern "C" fn zinc_dtype_size(dtype: u32) -> usize {
    DType::from_code(dtype).map_or(0, DType::size)
}

/// The element type of a name such as "float32"; 0 if there is none, or `name` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zinc_dtype_from_name(name: *const c_char) -> u32 {
    if name.is_null() {
        return 0;
    }
    // SAFETY: not null, so it is a string.
    let name = unsafe { CStr::from_ptr(name) }.to_str();
    name.ok().and_then(DType::from_name).map_or(0, DType::code)
}
