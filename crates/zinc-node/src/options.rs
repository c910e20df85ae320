//! Options as `js/` passes them: it has checked them, and they are converted here.

use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use zinc::RegionOptions;
use zinc::binding::PlainOptions;

/// The options of any call, in the core's plain form.
#[napi(object, object_to_js = false)]
pub struct Options {
    /// The flags that are set.
    pub flags: u32,
    /// The numbers, in the core's order.
    pub numbers: Vec<f64>,
    /// Where the region lives.
    pub directory: Option<String>,
}

impl TryFrom<Options> for RegionOptions {
    type Error = Error;

    fn try_from(given: Options) -> Result<Self> {
        let numbers: Vec<_> = given.numbers.into_iter().map(|number| number as i64).collect();
        let numbers =
            numbers.try_into().map_err(|_| Error::from_reason("js/ and this addon are of two releases"))?;
        Ok(PlainOptions::from_parts(given.flags, numbers, given.directory.map(Into::into)).into())
    }
}
