//! Asynchronous waits: the core's future, polled on the event loop's thread when its bell has rung.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use napi::Env;
use napi::bindgen_prelude::{External, Result};
use napi_derive::napi;
use zinc::WaitAsync;

use crate::bell::Bell;
use crate::calls::timeout;
use crate::failure::call;
use crate::handle::Held;

/// A wait in progress; none once it is over.
pub(crate) struct Wait(RefCell<Option<(WaitAsync, Waker)>>);

/// A wait that has not begun: the first look begins it.
#[napi]
fn wait_start(region: Held, milliseconds: f64, bell: &External<Arc<Bell>>, number: u32) -> External<Wait> {
    let wait = region.wait_async(timeout(milliseconds));
    External::new(Wait(RefCell::new(Some((wait, bell.waker(number))))))
}

/// Whether the wait was notified, or the time is up; nothing while it goes on.
#[napi]
fn wait_poll(env: Env, wait: &External<Wait>) -> Result<Option<bool>> {
    call(env, "wait", || {
        let mut wait = wait.0.borrow_mut();
        let Some((future, waker)) = &mut *wait else { return Ok(None) };
        match Pin::new(future).poll(&mut Context::from_waker(waker)) {
            Poll::Pending => Ok(None),
            Poll::Ready(outcome) => {
                *wait = None;
                Ok(Some(outcome?))
            }
        }
    })
}

/// Ends the wait; the core forgets it at once.
#[napi]
fn wait_cancel(wait: &External<Wait>) {
    wait.0.take();
}
