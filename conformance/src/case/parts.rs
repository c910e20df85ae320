//! What the steps of a case are: the words that its file, the runner and the checks have in common.

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::time::Duration;

/// Who does something in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Runs in the first language of the pair.
    Creator,
    /// Runs in the second language of the pair.
    Opener,
    /// One more process, in the creator's language.
    Third,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Creator, Role::Opener, Role::Third];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Creator => "creator",
            Role::Opener => "opener",
            Role::Third => "third",
        }
    }

    pub(super) fn parse(value: &Value) -> Result<Self> {
        let known = Role::ALL.into_iter().find(|role| value == role.name());
        known.with_context(|| format!("{value} is no role"))
    }
}

/// One step: a command to a testee, or something that the runner does itself.
#[derive(Debug)]
pub(crate) enum Step {
    Call(Call),
    /// Waits for the answers of commands that were sent with `later`.
    Answers {
        labels: Vec<String>,
        expect: Together,
        at_least: Duration,
    },
    /// Waits until that answer has come. What it must be is said where it is asked for.
    Answered(String),
    /// SIGKILL, and the process is gone.
    Kill(Role),
    /// SIGSTOP, and every thread has stopped.
    Stop(Role),
    /// SIGCONT.
    Resume(Role),
    /// End of input; the testee must end by itself.
    End(Role),
    /// A new process for a role whose last one is gone.
    Start(Role),
    /// Some thread of the role sleeps in the kernel on a word of a region in the case's directory.
    Parked(Role),
    /// The role watches the case's directory for new names.
    Watching(Role),
    /// Puts a golden image where a region of that name would be.
    Image {
        image: String,
        name: String,
    },
    /// Puts a file with these bytes where a region of that name would be.
    File {
        name: String,
        bytes: Vec<u8>,
    },
    /// Takes the region's name away behind its owner's back, as `rm` does.
    Delete(String),
    /// Gives the region's file to another user.
    Chown {
        name: String,
        uid: u32,
    },
    /// Overwrites a field of the region's header, as a faulty peer would.
    Poke {
        name: String,
        field: String,
        value: Value,
    },
    /// Compares fields of the region's header, read from its file by the layout's offsets.
    Header {
        name: String,
        expect: Map<String, Value>,
    },
    /// Compares the names in the case's directory.
    Files(Vec<String>),
}

/// A command to a testee and what it must answer.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) role: Role,
    pub(crate) command: String,
    pub(crate) args: Map<String, Value>,
    /// The testee must run it beside its command loop.
    pub(crate) background: bool,
    /// The answer is waited for by a later step, under this label.
    pub(crate) later: Option<String>,
    /// The label of the asynchronous waits that it cancels.
    pub(crate) cancels: Option<String>,
    pub(crate) expect: Expect,
    pub(crate) at_least: Duration,
}

/// What an answer must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expect {
    /// Any answer but an error.
    Success,
    /// This value; of an object, these fields at least.
    Gives(Value),
    /// An error of this kind, with these words in its message.
    Fails { kind: String, says: Option<String> },
}

/// What several answers must be.
#[derive(Debug)]
pub(crate) enum Together {
    /// Each expectation is met by an answer of its own.
    InAnyOrder(Vec<Expect>),
    /// One of these lists is met, answer by answer: what a race may come to.
    Either(Vec<Vec<Expect>>),
}
