//! Short functions of the library in place of calls to them.
//!
//! NVIDIA's assembler leaves calls between functions as they are. A call that every trial comes past costs moves of what goes
//! in and comes out, and nothing of the function that is the same for all trials can be had before the first of them.

use std::fmt::Write as _;

use super::library::Library;

/// They are short, and all but the rarest trials come through them without a call.
const IN_PLACE: [&str; 5] = [
    "fermiac_uniforms",
    "fermiac_independent",
    "fermiac_standard_normal",
    "fermiac_exponential",
    "fermiac_logarithm",
];

/// Once so many lines have come in place of calls the others stay, as the assembler's time grows with the text. But
/// a function of two results can only be had in place.
const MOST_LINES: usize = 1_000;
const ALWAYS_IN_PLACE: &str = "fermiac_uniforms";

/// The text with functions in place of calls.
pub(super) fn in_place(text: &str) -> String {
    let (mut all, mut bodies, mut lines) = (String::new(), 0, 0);
    for line in text.lines() {
        let call = Call::read(line).filter(|call| IN_PLACE.contains(&call.function));
        match call.filter(|call| lines < MOST_LINES || call.function == ALWAYS_IN_PLACE) {
            Some(call) => {
                let body = call.body(Library::get().definition(call.function), bodies);
                lines += body.lines().count();
                bodies += 1;
                all.push_str(&body);
            }
            None => all.extend([line, "\n"]),
        }
    }
    all
}

/// A call as it is written for a plan, or put together of how the compiler writes one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Call<'a> {
    results: Vec<&'a str>,
    function: &'a str,
    arguments: Vec<&'a str>,
}

impl<'a> Call<'a> {
    /// `call (%f1, %f2), function, (%words, 3);`
    fn read(line: &'a str) -> Option<Call<'a>> {
        let (results, rest) = line.strip_prefix("\tcall (")?.split_once("), ")?;
        let (function, arguments) = rest.strip_suffix(");")?.split_once(", (")?;
        let listed = |list: &'a str| list.split(", ").collect();
        Some(Call { results: listed(results), function, arguments: listed(arguments) })
    }

    /// The body of a function with its parameters and results in their places. Its names get a number, as others have them too.
    fn body(&self, definition: &str, number: usize) -> String {
        let (_, body) = definition.split_once("\n{\n").expect("a function has a body");
        let (body, _) = body.split_once("\tret;").expect("it ends with its only return");
        let own =
            |text: &str| text.replace('%', &format!("%i{number}_")).replace("$L__", &format!("$i{number}_"));
        let mut text = String::new();
        let mut put = |line: &str| writeln!(text, "{line}").expect("a text takes all that is written");
        let mut call: Option<Called> = None;
        for line in body.lines().map(|line| line.trim().trim_end_matches(';')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match (&mut call, words.as_slice()) {
                (_, [] | ["//", ..]) => {}
                (None, ["{", ..]) => call = Some(Called::default()),
                (Some(called), ["}", ..]) => {
                    put(&own(&called.written()));
                    call = None;
                }
                (Some(called), words) => called.take(words),
                (None, [load, register, parameter]) if load.starts_with("ld.param.") => {
                    let place = parameter.trim_matches(['[', ']']).rsplit('_').next();
                    let place: usize = place.and_then(|place| place.parse().ok()).expect("they are numbered");
                    let kind = load.trim_start_matches("ld.param");
                    put(&format!("\tmov{kind} {} {};", own(register), self.arguments[place]));
                }
                (None, ["st.param.f64", place, register]) => {
                    let place = place.trim_matches(['[', ']', ',']).rsplit('+').next();
                    let place: usize =
                        place.and_then(|place| place.parse().ok()).expect("it is told in bytes");
                    put(&format!("\tmov.f64 {}, {};", self.results[place / size_of::<f64>()], own(register)));
                }
                (None, [label]) if label.ends_with(':') => put(&own(label)),
                (None, _) => put(&format!("\t{};", own(line))),
            }
        }
        text
    }
}

/// A call as the compiler writes it: several lines, in which parameters are variables.
#[derive(Debug, Default)]
struct Called {
    results: Vec<String>,
    function: String,
    arguments: Vec<String>,
}

impl Called {
    /// Takes what a line says.
    fn take(&mut self, words: &[&str]) {
        match words {
            ["st.param.f64", _, register] => self.arguments.push((*register).to_owned()),
            ["ld.param.f64", register, _] => self.results.push(register.trim_end_matches(',').to_owned()),
            [name] if name.ends_with(',') => self.function = name.trim_end_matches(',').to_owned(),
            _ => {}
        }
    }

    fn written(&self) -> String {
        format!("\tcall ({}), {}, ({});", self.results.join(", "), self.function, self.arguments.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_is_written() {
        let call = Call::read("\tcall (%f1, %f2), fermiac_uniforms, (%seed, 3, %index);").unwrap();
        let (results, arguments) = (vec!["%f1", "%f2"], vec!["%seed", "3", "%index"]);
        assert_eq!(call, Call { results, function: "fermiac_uniforms", arguments });
        assert_eq!(Call::read("\tcall fermiac_correlate, (%words, 3, %uniforms);"), None);
    }

    #[test]
    fn a_function_comes_in_place_of_its_call_under_names_of_its_own() {
        let call = "\tcall (%f7), fermiac_standard_normal, (%words, 90, %f6);\n";
        let text = in_place(&call.repeat(2));
        for name in ["%i0_fd", "%i1_fd"] {
            assert_eq!(text.matches(&format!(".reg .f64 \t{name}<")).count(), 1, "{text}");
        }
        assert_eq!(text.matches("mov.f64 %f7, ").count(), 2, "{text}");
        assert_eq!(text.matches("\tmov.u64 %i1_rd3, 90;").count(), 1, "{text}");
        // What is rare is still called.
        assert_eq!(text.matches("quantile_beyond_rows").count(), 2, "{text}");
        assert!(!text.contains("param") && !text.contains("ret"), "{text}");
    }

    #[test]
    fn not_more_than_the_assembler_can_bear_comes_in_place() {
        let call = "\tcall (%f7), fermiac_exponential, (%f6);\n";
        let text = in_place(&call.repeat(200));
        let calls = text.matches("call").count();
        assert!((100..190).contains(&calls), "{calls}");
    }
}
