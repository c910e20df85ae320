//! Quickstart: waits for what a writer of any language put into the region, and reads it where it lies.

use std::time::Instant;

use zinc::SharedRegion;

fn main() -> anyhow::Result<()> {
    let region = SharedRegion::open("pipeline")?;
    println!("opened");

    let started = Instant::now();
    region.wait(1000)?;
    let ptr = region.as_ptr() as *const f32;

    let waited = started.elapsed().as_secs_f64() * 1e3;
    let count = region.capacity() / size_of::<f32>();
    // SAFETY: both lie in the region, which is mapped for as long as `region` lives; its writer is done.
    let (first, last) = unsafe { (*ptr, *ptr.add(count - 1)) };
    println!("first {first:?} last {last:?} of {count}, waited {waited:.3} ms");
    Ok(())
}
