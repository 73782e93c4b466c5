//! Models compiled, or refused in the compiler's words: a few at a time, off the runtime's threads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fermiac_fleet::profile::Http;
use fermiac_fleet::telemetry::metrics as names;
use fermiac_simulation::{Failure, Prepared, SimulationRequest, Work, model_file};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;
use crate::spool::Spool;

/// Gives out turns to compile.
#[derive(Debug)]
pub struct Compiler {
    turns: Arc<Semaphore>,
    wait: Duration,
}

impl Compiler {
    /// As the profile bounds it.
    pub fn new(http: &Http) -> Compiler {
        Compiler { turns: Arc::new(Semaphore::new(http.compilations)), wait: http.compile_wait }
    }

    /// Compiles the model of `request`, which is in the request or in `workbook`, and says how it may be shared out
    /// among so many workers.
    pub async fn compile(
        &self,
        request: SimulationRequest,
        workbook: Option<Spool>,
        workers: usize,
    ) -> Result<(SimulationRequest, Work), ApiError> {
        self.in_turn(move || {
            let started = Instant::now();
            let prepared = compile(&request, workbook.as_ref());
            metrics::histogram!(names::COMPILE_SECONDS).record(started.elapsed());
            let work = prepared?.work(workers)?;
            Ok((request, work))
        })
        .await
    }

    /// Reads a model to see whether it is one, and counts its cells and formulas.
    pub async fn measure(&self, spool: Spool) -> Result<(Spool, Size), ApiError> {
        self.in_turn(move || {
            let model = model_file::load(spool.path()).map_err(|failure| spool.unnamed(failure))?;
            let size = Size { cells: model.cells() as u64, formulas: model.formulas() as u64 };
            Ok((spool, size))
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Given back only here: a caller who left does not make room for another while this goes on.
            drop(turn);
            done
        });
        done.await.map_err(|error| ApiError::Broken { reason: format!("a compilation: {error}") })?
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or(ApiError::Busy("too many models are being compiled: try again soon"))
    }
}

/// How large a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Cells that hold something.
    pub cells: u64,
    /// Those of them that are formulas.
    pub formulas: u64,
}

fn compile(request: &SimulationRequest, workbook: Option<&Spool>) -> Result<Prepared, Failure> {
    let Some(spool) = workbook else {
        return Prepared::compile(request.json_model().unwrap_or_default(), request);
    };
    let model = model_file::load(spool.path()).map_err(|failure| spool.unnamed(failure))?;
    let prepared = Prepared::new(model, request.selection.clone(), request.settings.clone())?;
    prepared.check()?;
    Ok(prepared)
}
