"""The workbooks about where values stand, rather than what one formula gives."""

import datetime
import re

from stored_values import write


def fill(writer, sheet, rows, top=1):
    """Rows of contents from column A of row `top`."""
    for row, contents in enumerate(rows, start=top):
        for column, content in enumerate(contents):
            writer.put(sheet, f"{chr(ord('A') + column)}{row}", content)


def formulas(writer, sheet, column, texts, top=1):
    """Formulas below each other."""
    for row, text in enumerate(texts, start=top):
        writer.formula(sheet, f"{column}{row}", "=" + text)


def references(path):
    def build(writer):
        out = writer.sheet("Out")
        for name in ["Data", "My Sheet", "It's", "Q3-2026", "B2", "Données"]:
            fill(writer, writer.sheet(name), [[n * 1.5, n * n, f"k{n}"] for n in range(1, 11)])
        formulas(writer, out, "A", [
            "Data!A1", "Data!$A$2", "Data!A$3", "Data!$A4", "'Data'!A5", "data!a6",
            "'My Sheet'!A1", "'My Sheet'!$B$2", "'It''s'!B3", "'Q3-2026'!B4", "'B2'!B5", "Données!B6",
            "SUM('My Sheet'!A1:A3)", "SUM('It''s'!$A$1:$B$2)", "SUM('My Sheet'!A:A)",
            "SUM(Data!A:A)", "SUM(Data!$A:$A)", "SUM(Data!A:B)", "SUM(Data!1:1)", "SUM(Data!$2:$3)", "COUNTA(Data!C:C)",
            "COUNT(Data!C:C)", "MAX(Data!B:B)", "INDEX(Data!A:A,3)", "INDEX(Data!1:1,2)", "MATCH(36,Data!B:B,0)",
            "VLOOKUP(\"k7\",Data!C:C,1,FALSE)", "VLOOKUP(6,Data!A:C,3,FALSE)", "SUMIF(Data!C:C,\"k3\",Data!B:B)",
            "COUNTIF(Data!B:B,\">50\")", "SUMPRODUCT(Data!A1:A10,Data!B1:B10)",
            "SUM(Data!B3:A1)", "SUM(Data!A10:A1)", "SUM(Data!A1:A1)", "SUM(Data!Z1:Z9)", "Data!Z1", "Data!Z1+1",
            "SUM(Data!XFD1048576)", "SUM(Data!A1048576:B1048576)", "AVERAGE(Data!A1:A5,Data!B1:B5)",
            "SUM((Data!A1:A2,Data!B5))", "SUM(Data!A1:B3 Data!B2:C5)", "SUM(Data!A1:INDEX(Data!A1:A10,3))",
            "SUM(INDEX(Data!A1:A10,2):INDEX(Data!A1:A10,4))", "Data!A1:A3 Data!B1:B3",
            "Data!A1+'My Sheet'!A1*Data!B2", "A1+A2", "SUM(A1:A3)", "Out!A1", "$A$1&\"!\"",
        ])
        # Implicit intersection: the value of the range in the formula's own row or column.
        formulas(writer, out, "C", ["Data!A1:A10*2", "Data!A$1:A$10", "Data!B1:B10+Data!A1:A10", "ABS(Data!A1:A10)"])
        # A chain downwards and across.
        for row in range(1, 31):
            writer.formula(out, f"E{row}", "=1" if row == 1 else f"=E{row - 1}*1.01+F{row - 1}")
            writer.formula(out, f"F{row}", "=0.5" if row == 1 else f"=F{row - 1}+$E$1")

    # LibreOffice exports an empty intersection as another error.
    write(path, build, corrections={("Out", "A45"): "#NULL!"})


def names(path):
    def build(writer):
        out, other = writer.sheet("Out"), writer.sheet("Other sheet")
        fill(writer, out, [[n, n * 10] for n in range(1, 6)], top=20)
        fill(writer, other, [[-n, n * 100] for n in range(1, 6)], top=20)
        define = writer.book.define_name
        define("Rate", "=Out!$A$20")
        define("Column", "=Out!$B$20:$B$24")
        define("Fraction", "=0.25")
        define("Greeting", '="hello"')
        define("Doubled", "=Rate*2")
        define("Total", "=SUM(Column)")
        define("Wrong", "=1/0")
        define("Whole", "=Out!$B:$B")
        define("_under.score", "=Out!$A$22")
        define("Local", "=Out!$A$24")
        define("'Other sheet'!Local", "='Other sheet'!$B$24")
        define("'Other sheet'!OnlyThere", "='Other sheet'!$A$21")
        texts = ["Rate", "RATE+1", "Rate*Fraction", "SUM(Column)", "AVERAGE(Column)", "Greeting", "Greeting&\"!\"",
                 "Doubled", "Total", "Total+Doubled", "Wrong", "IFERROR(Wrong,3)", "_under.score", "Local",
                 "'Other sheet'!Local", "INDEX(Column,2)", "MATCH(30,Column,0)", "SUM(Whole)", "-Rate^2"]
        formulas(writer, out, "D", texts + ["'Other sheet'!OnlyThere"])
        formulas(writer, other, "D", texts + ["OnlyThere", "OnlyThere*Local"])

    write(path, build)


def tables(path):
    rows = [["North", 10, 2.5], ["South", 20, 3.5], ["East", 30, 4.5], ["West", 40, 5.5]]

    def build(writer):
        sales, out = writer.sheet("Sales sheet"), writer.sheet("Out")
        sales.add_table("B2:F7", {"name": "Sales", "total_row": True, "columns": [
            {"header": "Region", "total_string": "Total"}, {"header": "Units"}, {"header": "Unit price"},
            {"header": "Net"}, {"header": "Share, %"}]})
        for row, contents in enumerate(rows, start=3):
            for column, content in zip("BCD", contents):
                sales.write(f"{column}{row}", content)
            writer.formula(sales, f"E{row}", "=Sales[[#This Row],[Units]]*Sales[[#This Row],[Unit price]]")
            writer.formula(sales, f"F{row}", "=Sales[[#This Row],[Net]]/SUM(Sales[Net])")
        writer.formula(sales, "C7", "=SUBTOTAL(109,Sales[Units])")
        writer.formula(sales, "E7", "=SUM(Sales[Net])")
        sales.add_table("H2:I5", {"name": "Rates_2026", "header_row": True, "columns": [
            {"header": "Key"}, {"header": "Rate [max]"}], "data": [["a", 0.1], ["b", 0.2], ["c", 0.3]]})
        formulas(writer, out, "A", [
            "SUM(Sales[Units])", "SUM(sales[net])", "AVERAGE(Sales[Unit price])", "MAX(Sales[[Units]:[Unit price]])",
            "COUNTA(Sales[#Data])", "COUNTA(Sales[#All])", "COUNTA(Sales[#Headers])", "COUNTA(Sales)",
            "Sales[[#Totals],[Net]]", "Sales[[#Headers],[Net]]", "SUM(Sales[[#All],[Units]])",
            "INDEX(Sales[Net],MATCH(\"East\",Sales[Region],0))", "VLOOKUP(\"west\",Sales[#Data],4,FALSE)",
            "SUMIF(Sales[Region],\"*th\",Sales[Units])", "SUMPRODUCT(Sales[Units],Sales[Unit price])",
            "COUNTIF(Sales[Units],\">15\")", "SUM(Sales[[Share, %]])",
            "VLOOKUP(\"b\",Rates_2026,2,FALSE)", "SUM(Rates_2026[[Rate '[max']]])",
            "COUNTA(Sales[[#Headers],[#Data],[Region]])", "SUM(Sales[[#Data],[#Totals],[Units]])",
        ])

    # The total of a filtered column is not of the first wave; a plain sum says the same here.
    def plain_total(part, xml):
        return xml.replace("SUBTOTAL(109,Sales[Units])", "SUM(Sales[Units])")

    # LibreOffice knows no item specifier without a column, and takes a bare table name for the whole area.
    excel = {("Out", "A5"): 20, ("Out", "A6"): 28, ("Out", "A7"): 5, ("Out", "A8"): 20, ("Out", "A13"): 220}
    write(path, build, corrections=excel, process=plain_total)


def arrays(path):
    def build(writer):
        sheet = writer.sheet("Arrays")
        fill(writer, sheet, [[n, 11 - n, 0.5 * n, "ab"[n % 2]] for n in range(1, 11)])
        for row, text in enumerate([
                "SUM(A1:A10*B1:B10)", "SUM((A1:A10>3)*(B1:B10>2))", "MAX(IF(D1:D10=\"a\",A1:A10))",
                "MIN(IF(A1:A10>4,B1:B10,100))", "SUM(IF(D1:D10=\"b\",C1:C10,0))", "AVERAGE(A1:A10^2)",
                "SUM(ABS(A1:A10-B1:B10))", "SUM(1/A1:A10)", "SUM(SQRT(A1:A4))", "SUM({1,2,3}*A1:C1)",
                "INDEX(A1:A10,MATCH(1,(D1:D10=\"a\")*(A1:A10>5),0))", "SUM(IFERROR(A1:A10/(A1:A10-3),0))",
                "STDEV.S(A1:A10-B1:B10)", "SUM(A1:A3*TRUE)", "SUM(A1:C1*A1:A3)", "COUNT(1/(A1:A10>4))",
                "SUMPRODUCT(ROUND(C1:C10,0))", "NPV(0.1,A1:A10*2)", "IRR(A1:A5-2)", "AND(A1:A10>0)", "OR(A1:A10>9)",
                "SUM(LARGE(A1:A10,{1,2,3}))"], start=1):
            writer.array(sheet, f"F{row}:F{row}", "{=" + text + "}")
        # Functions of one value, given many: one result for each. SUMPRODUCT asks for arrays without braces, but
        # not through functions that choose.
        mapped = [
            "LARGE(A1:A10,{1,2,3})", "SMALL(C1:C10,{1,2})", "COUNTIF(D1:D10,{\"a\",\"b\"})", "COUNTIF(A1:A10,{1,2,99})",
            "SUMIF(D1:D10,{\"a\",\"b\"},A1:A10)", "SUMIF(D1:D10,D1:D2,A1:A10)", "MATCH({3,4},A1:A10,0)",
            "VLOOKUP({1,2},A1:C10,2,FALSE)", "ROUND(C1:C10,0)", "MOD(A1:A10,3)", "INT(A1:A10/3)", "TRUNC(C1:C10,0)",
            "SIGN(A1:A10-5)", "POWER(A1:A10,2)", "LOG(A1:A10,2)", "EXP(-A1:A10)", "NORM.DIST(A1:A10,5,2,TRUE)",
            "NORM.S.INV({0.2,0.7})", "PMT({0.01,0.02},12,100)", "FV(A1:A3/100,12,-100)", "--ISNUMBER(A1:D1)",
            "--ISTEXT(A1:D1)", "--NOT(A1:A10>3)", "--(D1:D10=\"A\")", "-A1:A10%", "A1:A10&\"0\"+0",
            "MAX(A1:A10*{1,-1})", "A1:A2*A1:C1",
        ]
        chosen = [
            "IF(D1:D10=\"a\",A1:A10,-1)", "IFERROR(1/(A1:A10-3),0)", "IFNA(MATCH({1,77},A1:A10,0),100)",
            "CHOOSE({1,2},10,20)", "NPV({0.1,0.2},A1:A3)",
        ]
        for row, text in enumerate(mapped + chosen, start=1):
            writer.array(sheet, f"U{row}:U{row}", "{=SUM(" + text + ")}")
            if text in mapped:
                writer.formula(sheet, f"V{row}", "=SUMPRODUCT(" + text + ")")
        # Filled areas: same shape, a row spread downwards, a scalar everywhere.
        writer.array(sheet, "H1:H10", "{=A1:A10*2}")
        writer.array(sheet, "I1:J3", "{=A1:B3+C1:C3}")
        writer.array(sheet, "K1:L2", "{=A1:B1*10}")
        writer.array(sheet, "M1:M3", "{=7}")
        writer.array(sheet, "N1:P1", "{={1,2,3}}")
        writer.array(sheet, "Q1:Q3", "{=IF(A1:A3>1,\"more\",\"less\")}")
        formulas(writer, sheet, "S", ["SUM(H1:H10)", "H3+I2", "SUM(I1:J3)", "SUM(K1:L2)", "SUM(M1:M3)", "SUM(N1:P1)"])

    write(path, build)


def shared(path):
    """Shared formulas, as Excel writes them for filled-down cells; made of ordinary ones, for XlsxWriter has none."""
    groups = [("B2", "B20", "B"), ("C2", "C20", "C"), ("D2", "F20", "DEF"), ("H2", "H20", "H")]

    def build(writer):
        sheet, other = writer.sheet("Shared"), writer.sheet("Other")
        fill(writer, other, [[n / 4, n] for n in range(1, 25)])
        for row in range(1, 21):
            sheet.write(f"A{row}", row * 1.25)
        for column in "BCDEFH":
            sheet.write(f"{column}1", 1)
        for row in range(2, 21):
            writer.formula(sheet, f"B{row}", f"=A{row}*2+$A$1")
            writer.formula(sheet, f"C{row}", f"=C{row - 1}+A{row}*Other!$A${2}+Other!B{row + 1}")
            for before, column in zip("CDE", "DEF"):
                writer.formula(sheet, f"{column}{row}", f"={before}{row}+{column}{row - 1}*$A{row}+{column}$1")
            # The text looks like a reference but must not shift. One cell of the area has a formula of its own.
            text = f'=IF(SUM(A$1:A{row})>50,"over, ""A2""",SUM(A{row}:A{row + 1}))'
            writer.formula(sheet, f"H{row}", "=-1" if row == 9 else text)

    def share(part, xml):
        if not part.endswith("sheet1.xml"):
            return xml
        for index, (first, last, columns) in enumerate(groups):
            for column in columns:
                for row in range(2, 21):
                    cell = f"{column}{row}"
                    if cell == "H9":
                        continue
                    anchor = cell == first
                    pattern = rf'(<c r="{cell}"[^>]*>)<f>([^<]*)</f>'
                    new = rf'\1<f t="shared" ref="{first}:{last}" si="{index}">\2</f>' if anchor else rf'\1<f t="shared" si="{index}"/>'
                    xml, count = re.subn(pattern, new, xml)
                    assert count == 1, cell
        return xml

    write(path, build, process=share)


def inline_strings(path):
    """Texts in the cells themselves, as many programs write them."""
    def build(writer):
        sheet = writer.sheet("Inline")
        for row, text in enumerate(["north", "South & East", "<west>", "  spaces  ", "ünï çødé", "line\nbreak", "(quoted)"], start=1):
            sheet.write(row - 1, 0, text)
            for column, formula in enumerate([f"=\"<\"&A{row}&\">\"", f"=A{row}=\"NORTH\"", f"=IF(A{row}>\"o\",1,2)",
                                              f"=MATCH(A{row},A$1:A$7,0)", f"=ISTEXT(A{row})"], start=1):
                writer.put(sheet, f"{'ABCDEF'[column]}{row}", formula)

    write(path, build, options={"constant_memory": True})


def dates_1904(path):
    def build(writer):
        sheet = writer.sheet("Dates")
        form = writer.format(num_format="yyyy-mm-dd")
        for row, day in enumerate([datetime.date(1904, 1, 2), datetime.date(2000, 2, 29), datetime.date(2026, 7, 1)], start=1):
            sheet.write_datetime(f"A{row}", datetime.datetime(day.year, day.month, day.day), form)
        formulas(writer, sheet, "B", ["A1+1", "A2-A1", "A3-A2", "A3>A2", "INT(A3/7)", "MAX(A1:A3)-MIN(A1:A3)", "MATCH(A2,A1:A3,1)"])

    write(path, build, options={"date_1904": True})


ALL = {
    "references": references,
    "names": names,
    "tables": tables,
    "arrays": arrays,
    "shared": shared,
    "inline_strings": inline_strings,
    "dates_1904": dates_1904,
}
