//! Regions from their making to their end: all that is not called thousands of times a second.

use napi::Env;
use napi::bindgen_prelude::{BigInt, Result};
use napi_derive::napi;
use zinc::{DType, Descriptor, ErrorKind, RegionOptions};

use crate::calls::timeout;
use crate::failure::{Failure, OrThrow};
use crate::handle::{Given, Held};
use crate::host::{Runtime, Stop};
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
    let region = RegionOptions::try_from(options)?.create(name, capacity as usize).or_throw(env)?;
    Ok(Given(region.into()))
}

#[napi]
fn create_tensor(env: Env, name: String, dtype: String, shape: Vec<f64>, options: Options) -> Result<Given> {
    let dtype = element_type(&dtype)?;
    let region =
        RegionOptions::try_from(options)?.create_tensor(name, dtype, &lengths(&shape)).or_throw(env)?;
    Ok(Given(region.into()))
}

#[napi]
fn open(env: Env, name: String, options: Options) -> Result<Option<Given>> {
    let opened = RegionOptions::try_from(options)?.open_hosted(&name, &mut Runtime(env.raw()));
    Ok(unless_ending(opened).or_throw(env)?.map(|region| Given(region.into())))
}

#[napi]
fn open_or_create(env: Env, name: String, capacity: f64, options: Options) -> Result<Given> {
    let region = RegionOptions::try_from(options)?.open_or_create(name, capacity as usize).or_throw(env)?;
    Ok(Given(region))
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
    Ok(region.sequence().or_throw(env)?.into())
}

/// The sequence reached; nothing if the time is up.
#[napi]
fn wait_past(env: Env, region: Held, sequence: BigInt, milliseconds: f64) -> Result<Option<BigInt>> {
    let (_, sequence, _) = sequence.get_u64();
    let reached = region.wait_past_hosted(sequence, timeout(milliseconds), &mut Runtime(env.raw()));
    Ok(unless_ending(reached).or_throw(env)?.flatten().map(BigInt::from))
}

#[napi]
fn interrupt(region: Held) {
    region.interrupt();
}

#[napi]
fn close(env: Env, region: Held) -> Result<()> {
    region.close().or_throw(env)
}

#[napi]
fn unlink(env: Env, region: Held) -> Result<()> {
    owner(&region, "unlink").or_throw(env)?.unlink().or_throw(env)
}

#[napi]
fn persist(env: Env, region: Held) -> Result<()> {
    owner(&region, "persist").or_throw(env)?.persist().or_throw(env)
}

#[napi]
fn describe(env: Env, region: Held, dtype: String, shape: Vec<f64>) -> Result<()> {
    let descriptor = Descriptor::new(element_type(&dtype)?, &lengths(&shape)).or_throw(env)?;
    owner(&region, "describe").or_throw(env)?.describe(&descriptor).or_throw(env)
}

#[napi]
fn descriptor(env: Env, region: Held) -> Result<Option<Described>> {
    Ok(region.descriptor().or_throw(env)?.map(Described::from))
}

/// What the region is described as, if that is elements of `dtype`; without one, whatever it is.
#[napi]
fn tensor(env: Env, region: Held, dtype: Option<String>) -> Result<Described> {
    let dtype = match dtype {
        Some(name) => element_type(&name)?,
        None => {
            let described = region.descriptor().or_throw(env)?;
            let undescribed = || {
                let why = "the region says nothing of its data; make a typed array over `buffer`, or have its owner describe it";
                Failure::new(ErrorKind::Descriptor, "tensor", region.name(), why)
            };
            described.ok_or_else(undescribed).or_throw(env)?.dtype()
        }
    };
    let (_view, descriptor) = region.tensor_view(dtype).or_throw(env)?;
    Ok(descriptor.into())
}

fn owner<'a>(region: &'a Held, operation: &str) -> std::result::Result<&'a zinc::OwnedRegion, Failure> {
    let peer =
        || Failure::new(ErrorKind::PermissionDenied, operation, region.name(), "not the region's owner");
    region.as_owner().ok_or_else(peer)
}

/// js/ passes names that it knows; its table and this one are made from the same file.
fn element_type(name: &str) -> Result<DType> {
    DType::from_name(name).ok_or_else(|| napi::Error::from_reason(format!("no element type {name:?}")))
}

/// js/ passes whole numbers from 0 on.
fn lengths(shape: &[f64]) -> Vec<u64> {
    shape.iter().map(|&length| length as u64).collect()
}

/// Nobody looks at the result of a call whose thread is to end.
fn unless_ending<T>(result: std::result::Result<T, Stop>) -> std::result::Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Ending) => Ok(None),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}
