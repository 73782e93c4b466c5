"""Writes the reference workbook: months of a company, ten columns each; every formula depends on uncertain inputs.

usage: make_workbook.py OUT.xlsx CELLS

CELLS counts all cells of the workbook, as near as whole months allow. Inputs are Inputs!B1 (growth), B2 (cost ratio)
and B3 (discount rate), outputs Results!B1 (net present value) and B3. Stored values are computed here in the same order
of operations, so that a reader can trust them.
"""

import sys

import xlsxwriter

COLUMNS = 10
OTHER_CELLS = 18
INPUTS = [("growth", 0.0004), ("cost ratio", 0.62), ("discount", 0.0003), ("fixed cost", 120.0), ("tax", 0.21),
          ("start revenue", 1000.0)]


def main(path, cells):
    months = (cells - OTHER_CELLS) // COLUMNS
    book = xlsxwriter.Workbook(path)
    inputs, model, results = (book.add_worksheet(name) for name in ("Inputs", "Model", "Results"))
    for row, line in enumerate(INPUTS):
        inputs.write_row(row, 0, line)
    total, positive, revenue = write_months(model, months)
    for row, (label, formula, value) in enumerate([
            ("NPV", f"=SUM(Model!I1:I{months})", total),
            ("positive PV", f"=SUM(Model!J1:J{months})", positive),
            ("final revenue", f"=Model!C{months}", revenue)]):
        results.write(row, 0, label)
        results.write_formula(row, 1, formula, None, value)
    book.close()


def write_months(sheet, months):
    growth, ratio, discount, fixed, tax_rate, revenue = (value for _, value in INPUTS)
    factor = total = positive = 0.0
    for index in range(months):
        row = index + 1
        season = 1 + 0.1 * ((index % 12) - 5.5) / 5.5
        revenue = revenue if index == 0 else revenue * (1 + growth)
        cost = revenue * season * ratio + fixed
        profit = revenue * season - cost
        tax = max(profit, 0) * tax_rate
        net = profit - tax
        factor = 1.0 if index == 0 else factor / (1 + discount)
        present = net * factor
        kept = present if net > 0 else 0.0
        total += present
        positive += kept
        sheet.write_number(index, 0, index)
        sheet.write_number(index, 1, season)
        for column, (formula, value) in enumerate([
                ("=Inputs!$B$6" if index == 0 else f"=C{row - 1}*(1+Inputs!$B$1)", revenue),
                (f"=C{row}*B{row}*Inputs!$B$2+Inputs!$B$4", cost),
                (f"=C{row}*B{row}-D{row}", profit),
                (f"=MAX(E{row},0)*Inputs!$B$5", tax),
                (f"=E{row}-F{row}", net),
                ("=1" if index == 0 else f"=H{row - 1}/(1+Inputs!$B$3)", factor),
                (f"=G{row}*H{row}", present),
                (f"=IF(G{row}>0,I{row},0)", kept)], start=2):
            sheet.write_formula(index, column, formula, None, value)
    return total, positive, revenue


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
