//! What a finished simulation leaves behind: its document, and its samples where they were asked for.

use std::io::{BufWriter, Seek, Write};

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::job::MAX_INLINE_RESULT_BYTES;
use fermiac_fleet::simulation::{result_key, samples_key};
use fermiac_simulation::{Finished, Prepared};
use tokio_util::io::ReaderStream;

use super::failure::JobError;
use super::{Runner, simulation_of};

/// A result that is not yet published.
pub struct Made {
    document: Vec<u8>,
    /// A temporary file, for there may be gigabytes.
    samples: Option<std::fs::File>,
    trials: u64,
}

impl Runner {
    /// The document and the samples of a finished simulation.
    pub(super) fn make(model: &Prepared, finished: &Finished) -> Result<Made, JobError> {
        let document = finished.document()?.into_bytes();
        let samples = model.settings().keep_samples.then(|| samples_file(finished)).transpose();
        let samples = samples.map_err(|error| JobError::passing(format!("cannot write samples: {error}")))?;
        Ok(Made { document, samples, trials: finished.outcome.trials })
    }

    /// Publishes under names of this delivery: nobody sees them unless it settles.
    pub(super) async fn publish(&self, delivery: &Delivery, made: Made) -> Result<Produced, JobError> {
        let simulation = simulation_of(delivery)?;
        let mut produced = Produced { progress: Some(made.trials), ..Produced::default() };
        if let Some(samples) = made.samples {
            let key = samples_key(simulation, delivery.held());
            self.blobs
                .put_stream(&key, ReaderStream::new(tokio::fs::File::from_std(samples)), u64::MAX)
                .await?;
            produced.samples_key = Some(key);
        }
        if made.document.len() <= MAX_INLINE_RESULT_BYTES {
            produced.result = Some(made.document);
        } else {
            let key = result_key(simulation, delivery.held());
            self.blobs.put(&key, made.document.into()).await?;
            produced.result_key = Some(key);
        }
        Ok(produced)
    }
}

fn samples_file(finished: &Finished) -> std::io::Result<std::fs::File> {
    let mut writer = BufWriter::new(tempfile::tempfile()?);
    finished.samples().write_parquet(&mut writer)?;
    writer.flush()?;
    let mut file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}
