//! Making, finding, listing and ending regions.
#![expect(unsafe_code, reason = "handles come from Java as numbers")]
#![expect(unreachable_pub, reason = "the JVM reaches them, by their exported names")]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jni::objects::{JClass, JLongArray, JObject, JObjectArray, JString, JValue};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned, jni_mangle, jni_sig, jni_str};
use zinc::binding::{self, Cancel, PlainOptions};
use zinc::{DType, Descriptor, Region, RegionInfo, RegionOptions, RegionState, SharedRegion};

use crate::failure::{Failure, Throw};
use crate::handles::{borrow, give, take_back};
use crate::host::Opener;

/// What every way to a region takes, as `dev.zinc.RegionOptions` sends it.
pub(crate) fn options(
    env: &Env<'_>,
    flags: jint,
    numbers: &JLongArray<'_>,
    directory: &JString<'_>,
) -> Result<RegionOptions, Failure> {
    let mut values = [0; PlainOptions::NUMBERS];
    numbers.get_region(env, 0, &mut values)?;
    let directory = if directory.is_null() { None } else { Some(directory.try_to_string(env)?.into()) };
    Ok(PlainOptions::from_parts(flags.cast_unsigned(), values, directory).into())
}

/// Java holds sizes as signed numbers; it has checked that this one is not negative.
fn size(bytes: jlong) -> usize {
    bytes.cast_unsigned() as usize
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn create<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    name: JString<'local>,
    capacity: jlong,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) -> jlong {
    let made = env.with_env(|env| -> Result<jlong, Failure> {
        let options = options(env, flags, &numbers, &directory)?;
        let owner = options.create(name.try_to_string(env)?, size(capacity))?;
        Ok(give(Region::from(owner)))
    });
    made.resolve_with::<Throw, _>(|| "create")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn create_tensor<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    name: JString<'local>,
    dtype: jint,
    shape: JLongArray<'local>,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) -> jlong {
    let made = env.with_env(|env| -> Result<jlong, Failure> {
        let options = options(env, flags, &numbers, &directory)?;
        let shape = lengths(env, &shape)?;
        let owner = options.create_tensor(name.try_to_string(env)?, element_type(dtype), &shape)?;
        Ok(give(Region::from(owner)))
    });
    made.resolve_with::<Throw, _>(|| "create_tensor")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn open<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    name: JString<'local>,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
    sleep: JObject<'local>,
    cancel: jlong,
) -> jlong {
    let raw = env.as_raw();
    let opened = env.with_env(|env| -> Result<jlong, Failure> {
        let options = options(env, flags, &numbers, &directory)?;
        let name = name.try_to_string(env)?;
        if sleep.is_null() {
            return Ok(give(Region::from(options.open(name)?)));
        }
        // SAFETY: Java keeps it until this call is over.
        let cancel = unsafe { borrow::<Cancel>(cancel) };
        // SAFETY: it is the environment of this native method.
        let mut opener = Opener::new(unsafe { EnvUnowned::from_raw(raw) }, &sleep, cancel);
        let opened = binding::open(&options, &name, &mut opener, Some(cancel))?;
        opener.end()?;
        Ok(give(Region::from(opened)))
    });
    opened.resolve_with::<Throw, _>(|| "open")
}

/// What ends an open that waits.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn cancel<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>) -> jlong {
    let made = env.with_env(|_| -> Result<jlong, Failure> { Ok(give(Cancel::new()?)) });
    made.resolve_with::<Throw, _>(|| "open")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn fire<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, cancel: jlong) {
    // SAFETY: the Java object that holds it is the caller, and has not released it.
    let cancel = unsafe { borrow::<Cancel>(cancel) };
    let fired = env.with_env(|_| -> Result<(), Failure> {
        cancel.fire();
        Ok(())
    });
    fired.resolve_with::<Throw, _>(|| "open");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn release_cancel<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, cancel: jlong) {
    let released = env.with_env(|_| -> Result<(), Failure> {
        // SAFETY: the Java object that holds it calls this once, and nothing with it afterwards.
        unsafe { take_back::<Cancel>(cancel) };
        Ok(())
    });
    released.resolve_with::<Throw, _>(|| "open");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn open_or_create<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    name: JString<'local>,
    capacity: jlong,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) -> jlong {
    let made = env.with_env(|env| -> Result<jlong, Failure> {
        let options = options(env, flags, &numbers, &directory)?;
        let region = options.open_or_create(name.try_to_string(env)?, size(capacity))?;
        Ok(give(region))
    });
    made.resolve_with::<Throw, _>(|| "open_or_create")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn duplicate<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> jlong {
    // SAFETY: the Java object that holds the handle is the caller.
    let handle = unsafe { borrow::<Region>(handle) };
    let made = env.with_env(|_| -> Result<jlong, Failure> {
        let region: &SharedRegion = handle;
        Ok(give(Region::from(region.clone())))
    });
    made.resolve_with::<Throw, _>(|| "clone")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn is_owner<'local>(_: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) -> jboolean {
    // SAFETY: as in `duplicate`.
    unsafe { borrow::<Region>(handle) }.is_owner()
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn is_read_only<'local>(
    _: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> jboolean {
    // SAFETY: as in `duplicate`.
    unsafe { borrow::<Region>(handle) }.is_read_only()
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn is_closed<'local>(
    _: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> jboolean {
    // SAFETY: as in `duplicate`.
    unsafe { borrow::<Region>(handle) }.is_closed()
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn sequence<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> jlong {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    let read = env.with_env(|_| -> Result<jlong, Failure> { Ok(handle.sequence()?.cast_signed()) });
    read.resolve_with::<Throw, _>(|| "sequence")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn close<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<(), Failure> { Ok(handle.close()?) }).resolve_with::<Throw, _>(|| "close");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn release<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    let released = env.with_env(|_| -> Result<(), Failure> {
        // SAFETY: a cleaner calls this, once, when nobody can reach the Java object any more.
        unsafe { take_back::<Region>(handle) };
        Ok(())
    });
    released.resolve_with::<Throw, _>(|| "close");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn unlink<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<(), Failure> { Ok(binding::owner(handle, "unlink")?.unlink()?) })
        .resolve_with::<Throw, _>(|| "unlink");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn link<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<(), Failure> { Ok(binding::owner(handle, "link")?.link()?) })
        .resolve_with::<Throw, _>(|| "link");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn is_named<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> jboolean {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<jboolean, Failure> { Ok(binding::owner(handle, "is_named")?.is_named()?) })
        .resolve_with::<Throw, _>(|| "is_named")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn persist<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<(), Failure> { Ok(binding::owner(handle, "persist")?.persist()?) })
        .resolve_with::<Throw, _>(|| "persist");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn describe<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    dtype: jint,
    shape: JLongArray<'local>,
) {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    let described = env.with_env(|env| -> Result<(), Failure> {
        let descriptor = Descriptor::new(element_type(dtype), &lengths(env, &shape)?)?;
        Ok(binding::owner(handle, "describe")?.describe(&descriptor)?)
    });
    described.resolve_with::<Throw, _>(|| "describe");
}

/// A code that the Java enum has, which is made from the same list.
pub(crate) fn element_type(code: jint) -> DType {
    DType::from_code(code.cast_unsigned()).expect("dev.zinc.DType has the core's codes")
}

fn lengths(env: &Env<'_>, shape: &JLongArray<'_>) -> Result<Vec<u64>, Failure> {
    let mut lengths = vec![0; shape.len(env)?];
    shape.get_region(env, 0, &mut lengths)?;
    Ok(lengths.into_iter().map(i64::cast_unsigned).collect())
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn version<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>) -> JString<'local> {
    let version = env.with_env(|env| -> Result<_, Failure> { Ok(env.new_string(zinc::version())?) });
    version.resolve_with::<Throw, _>(|| "version")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn remove<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    name: JString<'local>,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) {
    let removed = env.with_env(|env| -> Result<(), Failure> {
        Ok(options(env, flags, &numbers, &directory)?.remove(name.try_to_string(env)?)?)
    });
    removed.resolve_with::<Throw, _>(|| "remove");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn info<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> JObject<'local> {
    // SAFETY: as in `duplicate`.
    let handle = unsafe { borrow::<Region>(handle) };
    let made = env.with_env(|env| -> Result<_, Failure> { Ok(known(env, handle.info())?) });
    made.resolve_with::<Throw, _>(|| "info")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn list<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    flags: jint,
    numbers: JLongArray<'local>,
    directory: JString<'local>,
) -> JObjectArray<'local, JObject<'local>> {
    let listed = env.with_env(|env| -> Result<_, Failure> {
        let found = options(env, flags, &numbers, &directory)?.list()?;
        let class = env.find_class(jni_str!("dev/zinc/RegionInfo"))?;
        let array =
            env.new_object_array(found.len().try_into().unwrap_or(jint::MAX), class, JObject::null())?;
        for (place, info) in found.iter().enumerate() {
            let info = known(env, info)?;
            array.set_element(env, place, &info)?;
            env.delete_local_ref(info);
        }
        Ok(array)
    });
    listed.resolve_with::<Throw, _>(|| "list")
}

/// A `dev.zinc.RegionInfo`.
fn known<'local>(env: &mut Env<'local>, info: &RegionInfo) -> jni::errors::Result<JObject<'local>> {
    let name = env.new_string(&info.name)?;
    let path = env.new_string(text(&info.path))?;
    let [high, low] = halves(info.id);
    let created = info.created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let state = match info.state {
        RegionState::Owned => 0,
        RegionState::Persistent => 1,
        _ => 2,
    };
    let arguments = [
        JValue::Object(&name),
        JValue::Object(&path),
        JValue::Long(info.capacity as jlong),
        JValue::Long(high),
        JValue::Long(low),
        JValue::Long(created.as_secs().cast_signed()),
        JValue::Int(created.subsec_nanos().cast_signed()),
        JValue::Int(info.owner_pid.cast_signed()),
        JValue::Int(state),
    ];
    let signature = jni_sig!("(Ljava/lang/String;Ljava/lang/String;JJJJIII)Ldev/zinc/RegionInfo;");
    let made =
        env.call_static_method(jni_str!("dev/zinc/RegionInfo"), jni_str!("of"), signature, &arguments)?;
    for string in [name, path] {
        env.delete_local_ref(string);
    }
    made.l()
}

/// The region's directory comes from Java or from the environment; what is not Unicode in it cannot be shown in Java.
fn text(path: &Path) -> String {
    PathBuf::from(path).into_os_string().to_string_lossy().into_owned()
}

fn halves(id: [u8; 16]) -> [jlong; 2] {
    let number = u128::from_be_bytes(id);
    [(number >> 64) as jlong, number as jlong]
}
