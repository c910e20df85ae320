//! The region's bytes: views that keep the memory mapped, direct buffers over parts of them, and the description.
#![expect(
    unsafe_code,
    reason = "a direct buffer is made over an address, and views come from Java as numbers"
)]
#![expect(unreachable_pub, reason = "the JVM reaches them, by their exported names")]

use jni::objects::{JByteBuffer, JClass, JLongArray, JObject, JValue};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned, jni_mangle, jni_sig, jni_str};
use zinc::{Descriptor, Region, View, binding};

use crate::failure::{Failure, Throw};
use crate::handles::{borrow, give, take_back};
use crate::regions::element_type;

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn view<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) -> jlong {
    // SAFETY: the Java object that holds the handle is the caller.
    let handle = unsafe { borrow::<Region>(handle) };
    env.with_env(|_| -> Result<jlong, Failure> { Ok(give(handle.view()?)) })
        .resolve_with::<Throw, _>(|| "view")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn clone_view<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    view: jlong,
) -> jlong {
    // SAFETY: the Java object that holds the view is the caller.
    let view = unsafe { borrow::<View>(view) };
    env.with_env(|_| -> Result<jlong, Failure> { Ok(give(view.clone())) }).resolve_with::<Throw, _>(|| "view")
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn release_view<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, view: jlong) {
    let released = env.with_env(|_| -> Result<(), Failure> {
        // SAFETY: a cleaner or an arena calls this, once, when nobody can reach the memory any more.
        unsafe { take_back::<View>(view) };
        Ok(())
    });
    released.resolve_with::<Throw, _>(|| "view");
}

#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn address<'local>(_: EnvUnowned<'local>, _: JClass<'local>, view: jlong) -> jlong {
    // SAFETY: as in `clone_view`.
    unsafe { borrow::<View>(view) }.as_mut_ptr().expose_provenance() as jlong
}

/// A direct buffer over a part of the view, which Java has checked to be inside. Java keeps the view for as long as
/// the buffer, or any made of it, can be reached.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn buffer<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    view: jlong,
    offset: jlong,
    length: jint,
) -> JByteBuffer<'local> {
    // SAFETY: as in `clone_view`.
    let view = unsafe { borrow::<View>(view) };
    let made = env.with_env(|env| -> Result<_, Failure> {
        let (offset, length) = (offset.cast_unsigned() as usize, length.cast_unsigned() as usize);
        assert!(
            offset.checked_add(length).is_some_and(|end| end <= view.len()),
            "a buffer is inside its view"
        );
        // SAFETY: it was just checked, and `view` lives for as long as the buffer.
        Ok(unsafe { env.new_direct_byte_buffer(view.as_mut_ptr().add(offset), length) }?)
    });
    made.resolve_with::<Throw, _>(|| "view")
}

/// The description, or null.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn descriptor<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
) -> JObject<'local> {
    // SAFETY: as in `view`.
    let handle = unsafe { borrow::<Region>(handle) };
    let made = env.with_env(|env| -> Result<_, Failure> {
        match handle.descriptor()? {
            Some(described) => Ok(java_descriptor(env, &described)?),
            None => Ok(JObject::null()),
        }
    });
    made.resolve_with::<Throw, _>(|| "descriptor")
}

/// The description of elements of one type, with the view that was taken before it was read.
#[jni_mangle("dev.zinc.Native")]
pub extern "system" fn tensor<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    dtype: jint,
    view: JLongArray<'local>,
) -> JObject<'local> {
    // SAFETY: as in `view`.
    let handle = unsafe { borrow::<Region>(handle) };
    let made = env.with_env(|env| -> Result<_, Failure> {
        let (memory, described) = binding::tensor(handle, element_type(dtype))?;
        let object = java_descriptor(env, &described)?;
        view.set_region(env, 0, &[give(memory)])?;
        Ok(object)
    });
    made.resolve_with::<Throw, _>(|| "tensor")
}

fn java_descriptor<'local>(
    env: &mut Env<'local>,
    described: &Descriptor,
) -> jni::errors::Result<JObject<'local>> {
    let lengths: Vec<_> = described.shape().iter().map(|length| length.cast_signed()).collect();
    let shape = env.new_long_array(lengths.len())?;
    shape.set_region(env, 0, &lengths)?;
    let arguments = [JValue::Int(described.dtype().code().cast_signed()), JValue::Object(&shape)];
    let made = env.call_static_method(
        jni_str!("dev/zinc/Descriptor"),
        jni_str!("of"),
        jni_sig!("(I[J)Ldev/zinc/Descriptor;"),
        &arguments,
    )?;
    made.l()
}
