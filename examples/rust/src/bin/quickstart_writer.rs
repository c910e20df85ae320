//! Quickstart: puts a model's output into a region and tells whoever is waiting. Rust or Python may read it.
//!
//! The "model" is a number typed on standard input, so that a reader can be started before or after it is there.

use std::io::stdin;

use zinc::SharedRegion;

fn main() -> anyhow::Result<()> {
    let region = SharedRegion::create("pipeline", 64 * 1024 * 1024)?;
    println!("created");

    let mut line = String::new();
    stdin().read_line(&mut line)?;
    let model_output: f32 = line.trim().parse()?;
    let ptr = region.as_mut_ptr() as *mut f32;
    let count = region.capacity() / size_of::<f32>();
    // SAFETY: `count` floats fit the region, whose first byte is page-aligned; its readers look after the notify.
    unsafe { std::slice::from_raw_parts_mut(ptr, count) }.fill(model_output);
    region.notify()?;
    println!("notified");

    stdin().read_line(&mut line)?; // the region is gone when its owner ends: stay until told
    Ok(())
}
