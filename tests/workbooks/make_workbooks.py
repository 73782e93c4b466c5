#!/usr/bin/env python3
"""Writes the workbooks that `tests/oracle.rs` recomputes: `make_workbooks.py [NAME]...`, by default all.

Each file of `cases/` becomes a workbook of its name: column A the formula as text, column B the formula with its
stored value, column C why, where the value is Excel's and not LibreOffice's. A case may say so itself:

    POWER(0,0)  => #NUM!  ; Excel refuses 0^0, LibreOffice says 1

The other workbooks hold what a single formula cannot show: references, names, tables, arrays, shared formulas,
inline strings, dates.
"""

import pathlib
import sys

import shapes
from stored_values import write

HERE = pathlib.Path(__file__).parent

# Columns of the sheet `Data`, which the cases refer to.
DATA = {
    "A": [3, -1.5, 0, 7, 2.5, 10, -4, 0.1, 100, 6],
    "B": [1, "text", True, None, 2, "3", False, None, 4, None],
    "C": [1, "=NA()", 3, "=1/0", 5],
    "D": ["apple", "Banana", "cherry", "date", "elder", "fig", "grape", "honey"],
    "E": [1.5, 2.25, 3, 4.5, 5, 6.75, 7, 8],
    "F": [0, 10, 20, 30, 30, 40],
    "G": ["none", "low", "middle", "high", "higher", "top"],
    "H": [50, 40, 30, 20, 10, 0],
    "I": ["apple", "Apple pie", "pineapple", "a*b", "a?b", None, "~x", "APPLE"],
    "J": [1, 2, 4, 8, 16, 32, 64, 128],
    # L stays empty.
    "M": [-1000, 300, 420, 680],
    "N": [100, 200, 300, 400],
    "O": [-500, "text", 200, None, True, 450],
}

# Rows below them, for what looks across.
ROWS = {
    21: ["Jan", "Feb", "Mar", "Apr", "May", "Jun"],
    22: [11, 12, 13, 14, 15, 16],
    23: ["a", "b", "c", "d", "e", "f"],
    24: [10, 20, 30, 40, 50, 60],
    25: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
}


def data_sheet(writer):
    sheet = writer.sheet("Data")
    for column, contents in DATA.items():
        for row, content in enumerate(contents, start=1):
            writer.put(sheet, f"{column}{row}", content)
    for row, contents in ROWS.items():
        for column, content in zip("ABCDEF", contents):
            writer.put(sheet, f"{column}{row}", content)


def read_cases(path):
    """(formula, Excel's value or None, reason or None) of each line; (None, None, heading) of each heading."""
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            yield None, None, line[2:]
        elif line.strip():
            formula, _, excel = line.partition("  => ")
            value, _, reason = excel.partition("  ; ")
            yield formula, parse_value(value), reason


def parse_value(text):
    if not text:
        return None
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if text.startswith('"'):
        return text[1:-1]
    return text if text.startswith("#") else float(text)


def write_cases(path):
    cases = list(read_cases(path))
    excel = {("Cases", f"B{row}"): value for row, (_, value, _) in enumerate(cases, start=1) if value is not None}

    def build(writer):
        sheet = writer.sheet("Cases")
        data_sheet(writer)
        sheet.set_column("A:A", 44)
        for row, (formula, _, reason) in enumerate(cases, start=1):
            if formula is None:
                sheet.write_string(f"A{row}", reason, writer.format(bold=True))
                continue
            sheet.write_string(f"A{row}", formula)
            writer.formula(sheet, f"B{row}", "=" + formula)
            if reason:
                sheet.write_string(f"C{row}", reason)

    values = write(HERE / f"{path.stem}.xlsx", build, corrections=excel)
    for row, (formula, said, _) in enumerate(cases, start=1):
        if formula:
            print(f"{path.stem}\t{formula}\t{values.get(('Cases', f'B{row}'))!r}{'  (Excel)' if said is not None else ''}")


def main(names):
    for path in sorted((HERE / "cases").glob("*.txt")):
        if not names or path.stem in names:
            write_cases(path)
    for name, make in shapes.ALL.items():
        if not names or name in names:
            make(HERE / f"{name}.xlsx")


if __name__ == "__main__":
    main(sys.argv[1:])
