"""Workbooks whose stored values come from an independent engine.

A workbook is written twice. The first pass has formulas without values; LibreOffice computes them; the second
pass stores what LibreOffice found, or what Excel documents where the two are known to differ. So no value in the
files is our own.

Needs XlsxWriter and openpyxl (PyPI) and LibreOffice Calc (Debian: libreoffice-calc).
"""

import datetime
import pathlib
import re
import subprocess
import tempfile
import zipfile

import openpyxl
import xlsxwriter

# LibreOffice would otherwise trust the absent values of the first pass.
ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""

# Functions younger than the file format carry a prefix in the file. (XlsxWriter's own option for this takes the old
# name NORMSDIST for NORM.DIST.)
YOUNG = ["IFNA", "IFS", "NORM.DIST", "NORM.INV", "NORM.S.DIST", "NORM.S.INV", "STDEV.P", "STDEV.S", "SWITCH", "VAR.P",
         "VAR.S", "XOR"]
YOUNG_CALL = re.compile(r"(?<![\w.])(" + "|".join(re.escape(name) for name in YOUNG) + r")\(")


class Writer:
    """An XlsxWriter workbook that stores given values with its formulas."""

    def __init__(self, path, values, options):
        self.book = xlsxwriter.Workbook(str(path), options)
        # The same bytes from every run.
        self.book.set_properties({"created": datetime.datetime(2026, 1, 1), "author": "Fermiac"})
        self.values = values
        self.formats = {}

    def sheet(self, name):
        return self.book.add_worksheet(name)

    def format(self, **properties):
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(properties)
        return self.formats[key]

    def value(self, sheet, cell):
        return self.values.get((sheet.get_name(), cell), "")

    def formula(self, sheet, cell, text, form=None):
        sheet.write_formula(cell, in_file(text), form, self.value(sheet, cell))

    def array(self, sheet, area, text):
        """An array formula; the other cells of its area get their stored values one by one."""
        sheet.write_array_formula(area, in_file(text), None, self.value(sheet, area.split(":")[0]))
        for row in openpyxl.utils.rows_from_range(area):
            for cell in row:
                if cell != area.split(":")[0]:
                    sheet.write(cell, self.value(sheet, cell))

    def put(self, sheet, cell, content, form=None):
        """A formula if it begins with '=', else a constant; None is an empty cell."""
        if isinstance(content, str) and content.startswith("="):
            self.formula(sheet, cell, content, form)
        elif content is not None or form is not None:
            sheet.write(cell, content, form)


def write(path, build, options=None, corrections=None, process=None):
    """Writes the workbook that `build(writer)` describes, with stored values.

    `corrections` maps (sheet, cell) to what Excel says where LibreOffice says otherwise. `process(part name, XML)` may
    rewrite a sheet, for what XlsxWriter cannot express. Returns the stored values.
    """
    path = pathlib.Path(path)
    with tempfile.TemporaryDirectory() as folder:
        first = pathlib.Path(folder) / path.name
        emit(first, build, {}, options, process)
        values = recalculate(first, pathlib.Path(folder))
    values.update(corrections or {})
    emit(path, build, values, options, lambda part, xml: mark_types(process(part, xml) if process else xml))
    return values


def emit(path, build, values, options, process):
    writer = Writer(path, values, options or {})
    build(writer)
    writer.book.close()
    if process:
        rewrite(path, process)


def rewrite(path, process):
    """Passes each sheet of the file through `process(part name, XML)`."""
    with zipfile.ZipFile(path) as archive:
        parts = [(item, archive.read(item)) for item in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in parts:
            if item.filename.startswith("xl/worksheets/sheet"):
                content = process(item.filename, content.decode()).encode()
            archive.writestr(item, content)


def mark_types(xml):
    """What XlsxWriter writes otherwise than Excel: the types of formulas that came to an empty text, of array formulas
    that came to a boolean or an error; SWITCH as an array formula."""
    xml = re.sub(r' cm="1"([^>]*)><f t="array" ref="\w+">', r"\1><f>", xml)
    xml = re.sub(r'<c r="(\w+)"([^>]*)>(<f[^>]*>[^<]*</f>|<f[^>]*/>)<v></v>', r'<c r="\1"\2 t="str">\3<v></v>', xml)
    xml = re.sub(r' t="str">(<f[^>]*>[^<]*</f><v>#(?:N/A|DIV/0!|VALUE!|REF!|NUM!|NAME\?|NULL!)</v>)', r' t="e">\1', xml)
    truths = {"True": "1", "False": "0"}
    return re.sub(
        r'<c r="(\w+)"([^>]*)>(<f t="array"[^>]*>[^<]*</f>)<v>(True|False)</v>',
        lambda found: f'<c r="{found[1]}"{found[2]} t="b">{found[3]}<v>{truths[found[4]]}</v>', xml)


def in_file(formula):
    """The formula as a file spells it."""
    return YOUNG_CALL.sub(r"_xlfn.\1(", formula)


def recalculate(path, folder):
    """What LibreOffice computes for every cell of the workbook, by (sheet, cell)."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)
    out = folder / "recalculated"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{profile.parent}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), str(path)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    book = openpyxl.load_workbook(out / path.name, data_only=True)
    values = {}
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    values[sheet.title, cell.coordinate] = as_number(cell.value, book.epoch)
    return values


def as_number(value, epoch):
    """Dates and times back to the serial that the file holds."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
        return openpyxl.utils.datetime.to_excel(value, epoch)
    return value
