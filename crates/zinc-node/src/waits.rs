//! Asynchronous waits and opens: the core's futures, polled on the event loop's thread when its bell has rung.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use napi::Env;
use napi::bindgen_prelude::{External, Result};
use napi_derive::napi;
use zinc::{OpenAsync, RegionOptions, WaitAsync};

use crate::bell::Bell;
use crate::calls::timeout;
use crate::failure::call;
use crate::handle::{Given, Held};
use crate::options::Options;

/// A future in progress; none once it is over.
pub(crate) struct Job<F>(RefCell<Option<(F, Waker)>>);

impl<F: Future + Unpin> Job<F> {
    /// One that has not begun: the first look begins it.
    fn new(future: F, bell: &Arc<Bell>, number: u32) -> External<Self> {
        External::new(Self(RefCell::new(Some((future, bell.waker(number))))))
    }

    /// What has become of it; nothing while it goes on.
    fn poll(&self) -> Option<F::Output> {
        let mut job = self.0.borrow_mut();
        let (future, waker) = job.as_mut()?;
        match Pin::new(future).poll(&mut Context::from_waker(waker)) {
            Poll::Pending => None,
            Poll::Ready(outcome) => {
                *job = None;
                Some(outcome)
            }
        }
    }
}

#[napi]
fn wait_start(
    region: Held,
    milliseconds: f64,
    bell: &External<Arc<Bell>>,
    number: u32,
) -> External<Job<WaitAsync>> {
    Job::new(region.wait_async(timeout(milliseconds)), bell, number)
}

/// Whether the wait was notified, or the time is up; nothing while it goes on.
#[napi]
fn wait_poll(env: Env, wait: &External<Job<WaitAsync>>) -> Result<Option<bool>> {
    call(env, "wait", || Ok(wait.poll().transpose()?))
}

/// Ends the wait; the core forgets it at once.
#[napi]
fn wait_cancel(wait: &External<Job<WaitAsync>>) {
    wait.0.take();
}

#[napi]
fn open_start(
    env: Env,
    name: String,
    options: Options,
    bell: &External<Arc<Bell>>,
    number: u32,
) -> Result<External<Job<OpenAsync>>> {
    call(env, "open", || Ok(Job::new(RegionOptions::try_from(options)?.open_async(name), bell, number)))
}

/// The region, once there is one; nothing while the open goes on.
#[napi]
fn open_poll(env: Env, open: &External<Job<OpenAsync>>) -> Result<Option<Given>> {
    call(env, "open", || Ok(open.poll().transpose()?.map(|region| Given(region.into()))))
}

/// Ends the open; the core forgets it at once.
#[napi]
fn open_cancel(open: &External<Job<OpenAsync>>) {
    open.0.take();
}
