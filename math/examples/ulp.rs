//! Measures errors in units in the last place: `cargo run --release -p fermiac-math --example ulp FUNCTION TABLE`,
//! where the table comes from `python3 math/reference/values.py FUNCTION COUNT`.

#[path = "../tests/table/mod.rs"]
mod table;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, path] = arguments.as_slice() else {
        return Err("usage: ulp FUNCTION TABLE".to_owned());
    };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let worst = table::worst_error(name, &text)?;
    println!("{name}: {} values, worst {:.3} ulp at {:?}", worst.count, worst.ulps, worst.arguments);
    Ok(())
}
