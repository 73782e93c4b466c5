#!/usr/bin/env python3
"""Writes the example workbooks: `make_examples.py [NAME]...`, by default all.

The workbooks are committed; this is needed only to change them. What it needs, and how the stored values are made,
stands in `tests/workbooks/stored_values.py`.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "workbooks"))

from stored_values import write  # noqa: E402

MONEY = {"num_format": "#,##0"}
PRICE = {"num_format": "#,##0.00"}
PERCENT = {"num_format": "0.0%"}
FACTOR = {"num_format": "0.0000"}
PLAIN = {}
ACROSS = "BCDEFGHIJKLMNOPQRSTUVWXYZ"


def heading(writer, sheet, cell, text):
    sheet.write(cell, text, writer.format(bold=True, font_size=13))


def assumptions(writer, sheet, rows, top=3):
    """Label, value and note, one below the other; values in column B."""
    sheet.set_column("A:A", 38)
    sheet.set_column("B:B", 14)
    for row, (label, content, form, note) in enumerate(rows, start=top):
        sheet.write(f"A{row}", label)
        writer.put(sheet, f"B{row}", content, writer.format(**form))
        sheet.write(f"C{row}", note)


def across(writer, sheet, row, label, form, first, later, periods):
    """A row of a timeline: `first` in column B, `later` (with {c} this and {p} the previous column) in the others."""
    sheet.write(f"A{row}", label)
    columns = ACROSS[:periods]
    for previous, column in zip(" " + columns, columns):
        content = first if column == "B" else later
        if isinstance(content, str):
            content = content.format(c=column, p=previous, row=row)
        writer.put(sheet, f"{column}{row}", content, writer.format(**form))


def uncertain(writer, inputs, outputs):
    """The sheet by which the workbook says what is uncertain and what matters."""
    sheet = writer.sheet("fermiac")
    sheet.set_column("A:A", 20)
    sheet.set_column("C:D", 44)
    for column, title in zip("ABCD", ["cell", "role", "distribution", "name"]):
        sheet.write(f"{column}1", title, writer.format(bold=True))
    lines = [(cell, "input", text, name) for cell, text, name in inputs]
    lines += [(cell, "output", "", name) for cell, name in outputs]
    for row, line in enumerate(lines, start=2):
        for column, content in zip("ABCD", line):
            sheet.write(f"{column}{row}", content)


def project_npv(writer):
    """A factory for a new product: twelve years of operation after one of building."""
    given, flow, results = writer.sheet("Assumptions"), writer.sheet("Cash flow"), writer.sheet("Results")
    heading(writer, given, "A1", "New product line: assumptions")
    assumptions(writer, given, [
        ("Market size in year 1", 120000, MONEY, "units a year"),
        ("Market growth", 0.04, PERCENT, "a year"),
        ("Market share once established", 0.14, PERCENT, "of the market"),
        ("Price in year 1", 430, PRICE, "per unit"),
        ("Price erosion", 0.015, PERCENT, "a year"),
        ("Unit cost in year 1", 235, PRICE, "per unit"),
        ("Unit cost inflation", 0.02, PERCENT, "a year"),
        ("Fixed cost in year 1", 620000, MONEY, "a year, grows with unit cost"),
        ("Capital expenditure", 6500000, MONEY, "in year 0"),
        ("Competitor enters", 0, PLAIN, "1 if so, from year 4 on"),
        ("Share lost to the competitor", 0.3, PERCENT, "of our share"),
        ("Discount rate", 0.09, PERCENT, "a year"),
        ("Working capital", 0.12, PERCENT, "of revenue"),
        ("Region", "Midwest", PLAIN, "where the factory stands"),
        ("Tax rate", "=VLOOKUP(B16,E4:F7,2,FALSE)", PERCENT, "from the table on the right"),
        ("Depreciation period", 8, PLAIN, "years, straight line"),
        ("Salvage value", 0.1, PERCENT, "of capital expenditure, in the last year"),
    ])
    for row, line in enumerate([("Region", "Tax rate"), ("Coast", 0.29), ("Midwest", 0.25), ("North", 0.24), ("South", 0.23)], start=3):
        given.write_row(f"E{row}", line)
    for row, line in enumerate([("From year", "Ramp-up"), (0, 0), (1, 0.35), (2, 0.7), (3, 1)], start=3):
        given.write_row(f"H{row}", line)

    heading(writer, flow, "A1", "Cash flow")
    flow.set_column("A:A", 30)
    flow.set_column("B:N", 12)
    lines = [
        ("Year", PLAIN, 0, "={p}3+1"),
        ("Ramp-up", PERCENT, 0, "=INDEX(Assumptions!$I$4:$I$7,MATCH({c}$3,Assumptions!$H$4:$H$7,1))"),
        ("Market", MONEY, None, "=Assumptions!$B$3*(1+Assumptions!$B$4)^({c}$3-1)"),
        ("Our share", PERCENT, None,
         "=Assumptions!$B$5*{c}4*IF(AND(Assumptions!$B$12=1,{c}$3>=4),1-Assumptions!$B$13,1)"),
        ("Units", MONEY, None, "=ROUND({c}5*{c}6,0)"),
        ("Price", PRICE, None, "=Assumptions!$B$6*(1-Assumptions!$B$7)^({c}$3-1)"),
        ("Unit cost", PRICE, None, "=Assumptions!$B$8*(1+Assumptions!$B$9)^({c}$3-1)"),
        ("Revenue", MONEY, 0, "={c}7*{c}8"),
        ("Variable cost", MONEY, None, "={c}7*{c}9"),
        ("Fixed cost", MONEY, None, "=Assumptions!$B$10*(1+Assumptions!$B$9)^({c}$3-1)"),
        ("Operating result before depreciation", MONEY, None, "={c}10-{c}11-{c}12"),
        ("Depreciation", MONEY, None,
         "=IF({c}$3<=Assumptions!$B$18,Assumptions!$B$11*(1-Assumptions!$B$19)/Assumptions!$B$18,0)"),
        ("Operating result", MONEY, None, "={c}13-{c}14"),
        ("Losses carried forward", MONEY, 0, "=MAX({p}16-{c}15,0)"),
        ("Tax", MONEY, None, "=Assumptions!$B$17*MAX({c}15-{p}16,0)"),
        ("Working capital", MONEY, 0, "=IF({c}$3=12,0,Assumptions!$B$15*{c}10)"),
        ("Investment and salvage", MONEY, "=-Assumptions!$B$11", "=IF({c}$3=12,Assumptions!$B$19*Assumptions!$B$11,0)"),
        ("Free cash flow", MONEY, "={c}19", "={c}13-{c}17-({c}18-{p}18)+{c}19"),
        ("Discount factor", FACTOR, 1, "={p}21/(1+Assumptions!$B$14)"),
        ("Cumulative cash flow", MONEY, "={c}20", "={p}22+{c}20"),
        ("Paid back", PLAIN, "=IF({c}22>=0,1,0)", "=IF({c}22>=0,1,0)"),
    ]
    for row, (label, form, first, later) in enumerate(lines, start=3):
        across(writer, flow, row, label, form, first, later, 13)

    heading(writer, results, "A1", "Results")
    assumptions(writer, results, [
        ("Net present value", "=NPV(Assumptions!B14,'Cash flow'!C20:N20)+'Cash flow'!B20", MONEY, ""),
        ("Internal rate of return", "=IRR('Cash flow'!B20:N20)", PERCENT, ""),
        ("Payback, years", "=IF(SUM('Cash flow'!B23:N23)=0,NA(),MATCH(1,'Cash flow'!B23:N23,0)-1)", PLAIN,
         "#N/A: not within twelve years"),
        ("Loss", "=IF(B3<0,1,0)", PLAIN, "1 if the net present value is negative: its mean is the probability"),
        ("Greatest funding need", "=-MIN('Cash flow'!B22:N22)", MONEY, ""),
        ("Present value, summed otherwise", "=SUMPRODUCT('Cash flow'!B20:N20,'Cash flow'!B21:N21)", MONEY,
         "the same as the net present value"),
    ])
    uncertain(writer, [
        ("Assumptions!B3", "lognormal(120000, 18000)", "Market size"),
        ("Assumptions!B4", "normal(0.04, 0.015)", "Market growth"),
        ("Assumptions!B5", "pert(0.09, 0.14, 0.18)", "Market share"),
        ("Assumptions!B6", "triangular(380, 430, 470)", "Price"),
        ("Assumptions!B8", "pert(205, 235, 290)", "Unit cost"),
        ("Assumptions!B11", "pert(5800000, 6500000, 9500000)", "Capital expenditure"),
        ("Assumptions!B12", "bernoulli(0.35)", "Competitor enters"),
        ("Assumptions!B14", "uniform(0.08, 0.1)", "Discount rate"),
    ], [
        ("Results!B3", "Net present value"),
        ("Results!B4", "Internal rate of return"),
        ("Results!B5", "Payback, years"),
        ("Results!B6", "Loss"),
    ])


def retirement(writer):
    """Saving for twenty years, then spending for thirty: will the money last?"""
    plan, years = writer.sheet("Plan"), writer.sheet("Years")
    heading(writer, plan, "A1", "Retirement")
    assumptions(writer, plan, [
        ("Savings today", 150000, MONEY, ""),
        ("Saved a year", 18000, MONEY, "in today's money"),
        ("Spent a year in retirement", 42000, MONEY, "in today's money"),
        ("Years until retirement", 20, PLAIN, ""),
        ("Pension a year", 16000, MONEY, "in today's money, from retirement on"),
        ("Fees", 0.004, PERCENT, "of the savings, a year"),
        ("Spending cut after a bad year", 0.1, PERCENT, "when the return was below -10 %"),
    ])
    for column, title in zip("ABCDEF", ["Year", "Real return", "Retired", "Paid in", "Taken out", "Savings"]):
        years.write(f"{column}1", title, writer.format(bold=True))
    for row in range(2, 52):
        before = "Plan!$B$3" if row == 2 else f"F{row - 1}"
        cut = "1" if row == 2 else f"IF(B{row - 1}<-0.1,1-Plan!$B$9,1)"
        years.write(f"A{row}", row - 1)
        years.write(f"B{row}", 0.05, writer.format(**PERCENT))
        writer.formula(years, f"C{row}", f"=A{row}>Plan!$B$6")
        writer.formula(years, f"D{row}", f"=IF(C{row},0,Plan!$B$4)", writer.format(**MONEY))
        writer.formula(years, f"E{row}", f"=IF(C{row},Plan!$B$5*{cut}-Plan!$B$7,0)", writer.format(**MONEY))
        writer.formula(years, f"F{row}", f"=MAX(({before}+D{row}-E{row})*(1+B{row}-Plan!$B$8),0)", writer.format(**MONEY))
    heading(writer, plan, "A12", "Results")
    assumptions(writer, plan, [
        ("Savings at retirement", "=INDEX(Years!F2:F51,B6)", MONEY, "in today's money"),
        ("Savings after fifty years", "=Years!F51", MONEY, "in today's money"),
        ("Money runs out", "=IF(COUNTIF(Years!F2:F51,0)>0,1,0)", PLAIN, "1 if so: its mean is the probability"),
        ("Years that are paid for", "=SUMPRODUCT((Years!C2:C51)*(Years!F2:F51>0))", PLAIN, "of thirty"),
        ("Worst return of a year", "=MIN(Years!B2:B51)", PERCENT, ""),
        ("Average return", "=AVERAGE(Years!B2:B51)", PERCENT, ""),
    ], top=13)
    uncertain(writer, [(f"Years!B{row}", "normal(0.05, 0.13, truncate_min=-0.6)", f"Return of year {row - 1}") for row in range(2, 52)]
              + [("Plan!B5", "pert(36000, 42000, 56000)", "Spending")],
              [("Plan!B13", "Savings at retirement"), ("Plan!B14", "Savings after fifty years"), ("Plan!B15", "Money runs out"),
               ("Plan!B16", "Years that are paid for")])


# Name, least, likely and greatest days, rows of the tasks that must be done before.
TASKS = [
    ("Requirements", 10, 15, 25, []),
    ("Architecture", 8, 12, 20, [1]),
    ("Permits", 20, 30, 75, [1]),
    ("Order equipment", 5, 8, 12, [2]),
    ("Deliver equipment", 35, 45, 80, [4]),
    ("Site preparation", 15, 20, 35, [3]),
    ("Software, first half", 25, 35, 55, [2]),
    ("Software, second half", 25, 40, 70, [7]),
    ("Installation", 10, 14, 24, [5, 6]),
    ("Training material", 10, 15, 20, [7]),
    ("Integration", 12, 18, 35, [8, 9]),
    ("Training", 5, 7, 10, [10, 9]),
    ("Acceptance", 5, 8, 20, [11, 12]),
]


def project_schedule(writer):
    """Tasks that wait for each other: when are we done, and what does being late cost?"""
    tasks, results = writer.sheet("Tasks"), writer.sheet("Results")
    for column, title in zip("ABCDEFGH", ["Task", "Least", "Likely", "Greatest", "Days", "Start", "Finish", "After"]):
        tasks.write(f"{column}1", title, writer.format(bold=True))
    tasks.set_column("A:A", 24)
    for row, (name, least, likely, greatest, before) in enumerate(TASKS, start=2):
        tasks.write_row(f"A{row}", [name, least, likely, greatest, likely])
        waits = ",".join(f"G{other + 1}" for other in before)
        writer.formula(tasks, f"F{row}", f"=MAX({waits})" if before else "=0")
        writer.formula(tasks, f"G{row}", f"=F{row}+E{row}")
        tasks.write(f"H{row}", ", ".join(TASKS[other - 1][0] for other in before))
    last = len(TASKS) + 1
    heading(writer, results, "A1", "Project")
    assumptions(writer, results, [
        ("Deadline", 145, PLAIN, "working days"),
        ("Penalty", 2500, MONEY, "per day late, after five days of grace"),
        ("Cost per working day of a task", 1800, MONEY, ""),
        ("Daily cost of the site", 650, MONEY, ""),
        ("Done after", f"=MAX(Tasks!G2:G{last})", {"num_format": "0.0"}, "working days"),
        ("Late", "=IF(B7>B3,1,0)", PLAIN, "1 if so: its mean is the probability"),
        ("Penalty to pay", "=MAX(B7-B3-5,0)*B4", MONEY, ""),
        ("Cost", f"=SUM(Tasks!E2:E{last})*B5+B7*B6+B9", MONEY, ""),
        ("Software decides", "=IF(Tasks!G9>Tasks!G10,1,0)", PLAIN, "1 if integration waits for the software, not for the installation"),
    ])
    inputs = [(f"Tasks!E{row}", f"pert({least}, {likely}, {greatest})", name)
              for row, (name, least, likely, greatest, _) in enumerate(TASKS, start=2)]
    uncertain(writer, inputs, [("Results!B7", "Done after"), ("Results!B8", "Late"), ("Results!B10", "Cost"),
                               ("Results!B11", "Software decides")])


# Site, zone, probability of a loss in a year, mean loss, its standard deviation.
SITES = [
    ("Harbour", "flood", 0.10, 900000, 1400000),
    ("Old mill", "flood", 0.07, 350000, 500000),
    ("Hilltop", "wind", 0.15, 200000, 250000),
    ("Airport", "wind", 0.12, 650000, 700000),
    ("Depot north", "fire", 0.05, 500000, 900000),
    ("Depot south", "fire", 0.06, 450000, 800000),
    ("Laboratory", "fire", 0.03, 1800000, 2500000),
    ("Office", "other", 0.08, 120000, 150000),
]


def insurance_loss(writer):
    """A year of losses on eight sites, with deductibles by zone, a limit per site and a cover for the whole."""
    sites, terms = writer.sheet("Sites"), writer.sheet("Terms")
    heading(writer, terms, "A1", "Terms")
    assumptions(writer, terms, [
        ("Cover starts above", 1000000, MONEY, "of what we keep of the year's losses"),
        ("Cover ends at", 5000000, MONEY, ""),
        ("Premium income", 1250000, MONEY, ""),
        ("Price of the cover", 160000, MONEY, ""),
        ("Expenses", 0.22, PERCENT, "of the premium"),
    ])
    for row, line in enumerate([("Zone", "Deductible", "Limit"), ("Fire", 25000, 4000000), ("Flood", 100000, 2500000),
                                ("Other", 10000, 1000000), ("Wind", 50000, 2000000)], start=3):
        terms.write_row(f"E{row}", line)
    for column, title in zip("ABCDEFG", ["Site", "Zone", "Loss happens", "Size if it does", "Gross loss", "Deductible", "Insured loss"]):
        sites.write(f"{column}1", title, writer.format(bold=True))
    sites.set_column("A:G", 14)
    for row, (name, zone, _, mean, _) in enumerate(SITES, start=2):
        sites.write_row(f"A{row}", [name, zone, 0, mean])
        writer.formula(sites, f"E{row}", f"=C{row}*D{row}", writer.format(**MONEY))
        writer.formula(sites, f"F{row}", f"=VLOOKUP(B{row},Terms!$E$4:$G$7,2,FALSE)", writer.format(**MONEY))
        writer.formula(
            sites, f"G{row}",
            f"=MIN(MAX(E{row}-F{row},0),INDEX(Terms!$G$4:$G$7,MATCH(B{row},Terms!$E$4:$E$7,0)))", writer.format(**MONEY))
    last = len(SITES) + 1
    heading(writer, terms, "A10", "Results of a year")
    assumptions(writer, terms, [
        ("Gross loss", f"=SUM(Sites!E2:E{last})", MONEY, ""),
        ("Insured loss", f"=SUM(Sites!G2:G{last})", MONEY, ""),
        ("Paid by the cover", "=MAX(MIN(B12,B4)-B3,0)", MONEY, ""),
        ("Net loss", "=B12-B13", MONEY, ""),
        ("Result", "=B5*(1-B7)-B6-B14", MONEY, ""),
        ("Loss-making year", "=IF(B15<0,1,0)", PLAIN, "1 if so: its mean is the probability"),
        ("Sites with a loss", f"=COUNTIF(Sites!C2:C{last},1)", PLAIN, ""),
        ("Largest insured loss", f"=LARGE(Sites!G2:G{last},1)", MONEY, ""),
        ("Insured loss from floods", f'=SUMIF(Sites!B2:B{last},"flood",Sites!G2:G{last})', MONEY, ""),
        ("Loss ratio", "=IFERROR(B14/B5,0)", PERCENT, ""),
    ], top=11)
    inputs = []
    for row, (name, _, probability, mean, deviation) in enumerate(SITES, start=2):
        inputs.append((f"Sites!C{row}", f"bernoulli({probability})", f"{name}: happens"))
        inputs.append((f"Sites!D{row}", f"lognormal({mean}, {deviation})", f"{name}: size"))
    uncertain(writer, inputs, [("Terms!B12", "Insured loss"), ("Terms!B14", "Net loss"), ("Terms!B15", "Result"),
                               ("Terms!B16", "Loss-making year"), ("Terms!B18", "Largest insured loss")])


MODELS = [project_npv, retirement, project_schedule, insurance_loss]


def main(names):
    for model in MODELS:
        if not names or model.__name__ in names:
            write(HERE / f"{model.__name__}.xlsx", model)


if __name__ == "__main__":
    main(sys.argv[1:])
