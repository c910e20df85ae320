//! The comparison: the same bytes through a Unix socket, into memory of this process's own.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{PATIENCE_MS, monotonic};

/// A connection whose sender has said how much there will be.
pub(crate) struct Handover {
    stream: UnixStream,
    embeddings: Vec<f32>,
    columns: usize,
    vocabulary: Vec<u8>,
}

/// Everything that was handed over, and when.
pub(crate) struct Received {
    pub(crate) embeddings: Vec<f32>,
    pub(crate) columns: usize,
    pub(crate) vocabulary: Vec<u8>,
    pub(crate) first_byte: u64,
    pub(crate) complete: u64,
    pub(crate) bytes: usize,
}

/// Connects and reads three little-endian 64-bit numbers: rows, columns, bytes of vocabulary. The room for
/// what follows is made here, before the clock runs.
pub(crate) fn connect(path: &str) -> Result<Handover> {
    let mut stream = UnixStream::connect(path).with_context(|| format!("connecting to {path}"))?;
    stream.set_read_timeout(Some(Duration::from_millis(PATIENCE_MS.into())))?;
    let mut header = [0u64; 3];
    stream.read_exact(bytemuck::cast_slice_mut(&mut header)).context("reading the header")?;
    let [rows, columns, bytes] = header.map(|number| u64::from_le(number) as usize);
    Ok(Handover { stream, embeddings: vec![0.0; rows * columns], columns, vocabulary: vec![0; bytes] })
}

impl Handover {
    /// Takes it all in.
    pub(crate) fn receive(mut self) -> Result<Received> {
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut self.embeddings);
        let bytes = room.len() + self.vocabulary.len();
        let came = self.stream.read(room).context("reading the first bytes")?;
        let first_byte = monotonic();
        self.stream.read_exact(&mut room[came..]).context("reading the embeddings")?;
        self.stream.read_exact(&mut self.vocabulary).context("reading the vocabulary")?;
        Ok(Received {
            embeddings: self.embeddings,
            columns: self.columns,
            vocabulary: self.vocabulary,
            first_byte,
            complete: monotonic(),
            bytes,
        })
    }
}
