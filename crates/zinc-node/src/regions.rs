//! The calls on regions that need not be as fast as `notify` and `wait`.

use napi::Env;
use napi::bindgen_prelude::{BigInt, Result};
use napi_derive::napi;
use zinc::{DType, Descriptor, ErrorKind, RegionOptions, SharedRegion, binding};

use crate::calls::timeout;
use crate::failure::{self, call, unless_ending};
use crate::handle::{Given, Held};
use crate::host::Runtime;
use crate::options::Options;

/// What a region is described as.
#[napi(object, object_from_js = false)]
pub(crate) struct Described {
    /// The element type's name.
    pub dtype: &'static str,
    /// The lengths, outermost first.
    pub shape: Vec<f64>,
    /// How many elements there are.
    pub elements: f64,
}

impl From<Descriptor> for Described {
    fn from(descriptor: Descriptor) -> Self {
        Self {
            dtype: descriptor.dtype().name(),
            shape: descriptor.shape().iter().map(|&length| length as f64).collect(),
            elements: descriptor.elements() as f64,
        }
    }
}

#[napi]
fn version() -> &'static str {
    zinc::version()
}

#[napi]
fn create(env: Env, name: String, capacity: f64, options: Options) -> Result<Given> {
    call(env, "create", || {
        Ok(Given(RegionOptions::try_from(options)?.create(name, capacity as usize)?.into()))
    })
}

#[napi]
fn create_tensor(env: Env, name: String, dtype: String, shape: Vec<f64>, options: Options) -> Result<Given> {
    call(env, "create_tensor", || {
        let (dtype, shape) = (element_type(&dtype)?, lengths(&shape));
        Ok(Given(RegionOptions::try_from(options)?.create_tensor(name, dtype, &shape)?.into()))
    })
}

#[napi]
fn open(env: Env, name: String, options: Options) -> Result<Option<Given>> {
    call(env, "open", || {
        let opened = binding::open(&RegionOptions::try_from(options)?, &name, &mut Runtime(env.raw()), None);
        Ok(unless_ending(opened)?.map(|region| Given(region.into())))
    })
}

#[napi]
fn open_or_create(env: Env, name: String, capacity: f64, options: Options) -> Result<Given> {
    call(env, "open_or_create", || {
        Ok(Given(RegionOptions::try_from(options)?.open_or_create(name, capacity as usize)?))
    })
}

#[napi]
fn is_owner(region: Held) -> bool {
    region.is_owner()
}

#[napi]
fn is_closed(region: Held) -> bool {
    region.is_closed()
}

#[napi]
fn sequence(env: Env, region: Held) -> Result<BigInt> {
    call(env, "sequence", || Ok(region.sequence()?.into()))
}

/// The sequence reached; nothing if the time is up.
#[napi]
fn wait_past(env: Env, region: Held, sequence: BigInt, milliseconds: f64) -> Result<Option<BigInt>> {
    call(env, "wait", || {
        let (_, sequence, _) = sequence.get_u64();
        let reached = binding::wait_past(&region, sequence, timeout(milliseconds), &mut Runtime(env.raw()));
        Ok(unless_ending(reached)?.flatten().map(BigInt::from))
    })
}

/// A handle of its own, which has seen what this one has.
#[napi]
fn clone(env: Env, region: Held) -> Result<Given> {
    call(env, "clone", || {
        if region.is_closed() {
            return Err(binding::handle_closed("clone", region.name()).into());
        }
        Ok(Given(SharedRegion::clone(&region).into()))
    })
}

#[napi]
fn interrupt(region: Held) {
    region.interrupt();
}

#[napi]
fn close(env: Env, region: Held) -> Result<()> {
    call(env, "close", || Ok(region.close()?))
}

#[napi]
fn link(env: Env, region: Held) -> Result<()> {
    call(env, "link", || Ok(binding::owner(&region, "link")?.link()?))
}

#[napi]
fn is_named(env: Env, region: Held) -> Result<bool> {
    call(env, "is_named", || Ok(binding::owner(&region, "is_named")?.is_named()?))
}

#[napi]
fn unlink(env: Env, region: Held) -> Result<()> {
    call(env, "unlink", || Ok(binding::owner(&region, "unlink")?.unlink()?))
}

#[napi]
fn persist(env: Env, region: Held) -> Result<()> {
    call(env, "persist", || Ok(binding::owner(&region, "persist")?.persist()?))
}

#[napi]
fn describe(env: Env, region: Held, dtype: String, shape: Vec<f64>) -> Result<()> {
    call(env, "describe", || {
        let descriptor = Descriptor::new(element_type(&dtype)?, &lengths(&shape))?;
        Ok(binding::owner(&region, "describe")?.describe(&descriptor)?)
    })
}

#[napi]
fn descriptor(env: Env, region: Held) -> Result<Option<Described>> {
    call(env, "descriptor", || Ok(region.descriptor()?.map(Described::from)))
}

/// What the region is described as, if that is elements of `dtype`; without one, whatever it is.
#[napi]
fn tensor(env: Env, region: Held, dtype: Option<String>) -> Result<Described> {
    call(env, "tensor", || {
        let dtype = match dtype {
            Some(name) => element_type(&name)?,
            None => region.descriptor()?.ok_or_else(|| undescribed(&region))?.dtype(),
        };
        let (_view, descriptor) = binding::tensor(&region, dtype)?;
        Ok(descriptor.into())
    })
}

fn undescribed(region: &Held) -> zinc::Error {
    let why = "the region says nothing of its data; make a typed array over `buffer`, or have its owner describe it";
    binding::error(ErrorKind::Descriptor, "tensor", Some(region.name()), why)
}

/// js/ passes names that it knows; its table and this one are made from the same file.
fn element_type(name: &str) -> failure::Result<DType> {
    Ok(DType::from_name(name).ok_or_else(|| napi::Error::from_reason(format!("no element type {name:?}")))?)
}

/// js/ passes whole numbers from 0 on.
fn lengths(shape: &[f64]) -> Vec<u64> {
    shape.iter().map(|&length| length as u64).collect()
}
