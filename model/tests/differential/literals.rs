//! What stands in cells and formulas.

/// Numbers of all sizes and signs.
pub const NUMBERS: [&str; 24] = [
    "1",
    "0",
    "2",
    "-1",
    "3",
    "0.5",
    "-2.5",
    "4",
    "10",
    "7",
    "-4",
    "0.1",
    "2.675",
    "100",
    "-0.05",
    "12",
    "1.5",
    "0.001",
    "-1000",
    "123456.789",
    "1000000",
    "-99999999",
    "0.000000125",
    "1E+200",
];

/// Small whole numbers, and a few that are neither.
pub const PLACES: [&str; 10] = ["1", "2", "3", "4", "0", "-1", "1.5", "2.9", "7", "12"];

/// Probabilities, their ends, and what is none.
pub const PROBABILITIES: [&str; 8] = ["0.5", "0.025", "0.9", "0.000001", "0.99999", "0", "1", "1.5"];

/// Rates of interest.
pub const RATES: [&str; 8] = ["0.1", "0.05", "0", "0.004", "-0.02", "0.5", "-0.5", "2"];

/// Texts, among them some that read as numbers or conditions, and wildcards.
pub const TEXTS: [&str; 20] = [
    "a", "b", "apple", "Apple", "pear", "", "x y", "5", "-2.5", "1e2", "TRUE", "false", "*", "a*", "?ear",
    "~*", "fig", "50%", "1,000", " 3 ",
];

/// Criteria of COUNTIF and its kin.
pub const CRITERIA: [&str; 36] = [
    "\">1\"",
    "1",
    "\"a\"",
    "\"<=2\"",
    "\">=0.5\"",
    "\"<0\"",
    "\"=1\"",
    "\"<>\"",
    "\"\"",
    "\"a*\"",
    "\"?ear\"",
    "\"*\"",
    "\"=apple\"",
    "TRUE",
    "\"TRUE\"",
    "FALSE",
    "\"5\"",
    "5",
    "\"~*\"",
    "#N/A",
    "\"#DIV/0!\"",
    "\"<>TRUE\"",
    "\"<>#N/A\"",
    "\"=a?ple\"",
    "\"1e2\"",
    "\">-2.5\"",
    "\"<>5\"",
    "\"<>1\"",
    "\"=\"",
    "\"<>a\"",
    "\"=50%\"",
    "\"<>*\"",
    "\">b\"",
    "\"<=b\"",
    "\"> 1\"",
    "\"<apple\"",
];

/// Errors as constants of cells and formulas.
pub const ERRORS: [&str; 4] = ["#DIV/0!", "#N/A", "#VALUE!", "#NUM!"];
