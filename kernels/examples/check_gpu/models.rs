//! The models that are checked and timed.

use std::fmt::Write;
use std::fs::{read, read_dir};
use std::path::Path;

use fermiac_model::compile::compile;
use fermiac_model::plan::Plan;
use fermiac_model::{json_model, selection, workbook};

/// The plan of every model in a folder, with its name.
pub fn of_folder(folder: &Path) -> Result<Vec<(String, Plan)>, String> {
    let entries = read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut plans = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plan = match path.extension().and_then(|kind| kind.to_str()) {
            Some("json") => of_json(&read(&path).map_err(|error| format!("{name}: {error}"))?),
            Some("xlsx") => of_workbook(&path),
            _ => continue,
        };
        plans.push((name.clone(), plan.map_err(|error| format!("{name}: {error}"))?));
    }
    if plans.is_empty() { Err(format!("{}: there is no model", folder.display())) } else { Ok(plans) }
}

/// The plan of a JSON model.
pub fn of_json(text: &[u8]) -> Result<Plan, String> {
    let (mut workbook, selection) = json_model::read(text).map_err(|error| error.to_string())?;
    compile(&mut workbook, &selection).map(|compiled| compiled.plan).map_err(|error| error.to_string())
}

fn of_workbook(path: &Path) -> Result<Plan, String> {
    let mut workbook = workbook::open(path).map_err(|error| error.to_string())?;
    let selection = selection::take_sheet(&mut workbook).map_err(|error| error.to_string())?;
    compile(&mut workbook, &selection).map(|compiled| compiled.plan).map_err(|error| error.to_string())
}

/// Months of a company, eight formulas each: what the net present value of the workbook of `benches/make_workbook.py`
/// depends on, of ten cells a month, as a JSON model.
pub fn company(months: usize) -> String {
    let mut cells = String::new();
    for month in 0..months {
        let season = 1.0 + 0.1 * ((month % 12) as f64 - 5.5) / 5.5;
        let (revenue, factor) = match month.checked_sub(1) {
            None => ("=1000".to_owned(), "=1".to_owned()),
            Some(before) => {
                (format!("=revenue_{before}*(1+growth)"), format!("=factor_{before}/(1+discount)"))
            }
        };
        let total = match month.checked_sub(1) {
            None => "=value_0".to_owned(),
            Some(before) => format!("=total_{before}+value_{month}"),
        };
        let rows = [
            ("revenue", revenue),
            ("cost", format!("=revenue_{month}*{season}*ratio+120")),
            ("profit", format!("=revenue_{month}*{season}-cost_{month}")),
            ("tax", format!("=MAX(profit_{month},0)*0.21")),
            ("net", format!("=profit_{month}-tax_{month}")),
            ("factor", factor),
            ("value", format!("=net_{month}*factor_{month}")),
            ("total", total),
        ];
        for (name, formula) in rows {
            write!(cells, "\"{name}_{month}\": \"{formula}\", ").expect("a text can always be written to");
        }
    }
    let last = months - 1;
    format!(
        r#"{{"inputs": {{"growth": "normal(0.0004, 0.00005)", "ratio": "pert(0.55, 0.62, 0.7)",
            "discount": "uniform(0.0002, 0.0004)"}},
            "cells": {{{cells}"npv": "=total_{last}"}}, "outputs": ["npv"]}}"#
    )
}
