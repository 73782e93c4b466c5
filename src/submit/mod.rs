//! `fermiac submit`: the same questions as `fermiac run`, answered by a fleet.
//!
//! A workbook is uploaded, a JSON model goes along with the request ([`server`] is where); with `--wait` the state is
//! asked for until it is final ([`waiting`]), and the result is shown as if it had been made here.

mod server;
mod waiting;

use std::path::Path;

use fermiac_simulation::outcome::Outcome;
use fermiac_simulation::request::ModelSource;
use fermiac_simulation::{SimulationRequest, model_file};
use serde_json::value::RawValue;

use crate::arguments::SubmitArguments;
use crate::document;
use crate::failure::Failure;
use crate::run::{Subject, destination, terminal};
use crate::terminal::Screen;
use server::{Accepted, Server};

/// Does what `fermiac submit` was asked to do.
pub fn submit(arguments: &SubmitArguments) -> Result<(), Failure> {
    let asked = &arguments.asked;
    asked.refuse_impossible()?;
    if let Some(path) = &arguments.samples {
        destination::refuse_file("--samples", &asked.model, path, &["parquet"])?;
    }
    let selection = asked.selection()?;
    let server = Server::named(arguments.server.as_deref())?;
    let request = SimulationRequest {
        model: model(&server, &asked.model)?,
        selection,
        settings: asked.settings(arguments.samples.is_some()),
    };
    let accepted = server.submit(&request)?;
    if !arguments.wait {
        return tell_accepted(&accepted, arguments.json);
    }
    if !arguments.json {
        eprintln!("simulation {} accepted by {}", accepted.id, server.host());
    }
    waiting::until_final(&server, &accepted, arguments.json)?;
    let result = server.result(&accepted.id)?;
    show(&result, arguments, &server)?;
    match &arguments.samples {
        Some(path) => {
            let mut samples = server.samples(&accepted.id)?;
            document::write_file(path, |writer| std::io::copy(&mut samples, writer).map(drop))
        }
        None => Ok(()),
    }
}

/// The model as the server takes it: a workbook is sent ahead.
fn model(server: &Server, path: &Path) -> Result<ModelSource, Failure> {
    let Some(text) = model_file::json_text(path)? else {
        return Ok(ModelSource::Workbook(server.upload(path)?));
    };
    let refused = |reason: String| Failure::Refused(format!("{}: {reason}", path.display()));
    let text = String::from_utf8(text).map_err(|error| refused(error.to_string()))?;
    let text = text.trim_start_matches('\u{feff}').to_owned();
    Ok(ModelSource::Json(RawValue::from_string(text).map_err(|error| refused(error.to_string()))?))
}

fn tell_accepted(accepted: &Accepted, json: bool) -> Result<(), Failure> {
    if json {
        return document::print_json(accepted);
    }
    document::print(&format!("{}\n", accepted.id))
}

fn show(result: &[u8], arguments: &SubmitArguments, server: &Server) -> Result<(), Failure> {
    if arguments.json {
        return document::print(&String::from_utf8_lossy(result));
    }
    let outcome = Outcome::from_json(result)?;
    let subject = Subject::new(&arguments.asked.model, format!("on {}", server.host()));
    document::print(&terminal::write(&outcome, &subject, Screen::of_stdout()))
}
