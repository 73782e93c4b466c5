//! The way in which nearly all cells are written, read straight from the inflated bytes.
//!
//! Whatever is written in another way, or is not there in full yet, is left to the reader of XML events: this
//! one only ever says what that one would have said, several times faster.

/// `<c r s t><f ..>..</f><v>..</v></c>` without blanks between, entities or other attributes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PlainCell<'a> {
    /// The attribute `r`.
    pub reference: Option<&'a str>,
    /// The attribute `s`.
    pub style: Option<&'a str>,
    /// The attribute `t`.
    pub value_type: Option<&'a str>,
    /// The formula, if there is one.
    pub formula: Option<PlainFormula<'a>>,
    /// The text of `<v>`, if there is one.
    pub value: Option<&'a str>,
    /// How many bytes the cell takes.
    pub length: usize,
}

/// `<f ..>..</f>` or `<f ../>`.
#[derive(Debug, PartialEq)]
pub(super) struct PlainFormula<'a> {
    /// The attributes as written, the blank in front of them included.
    pub attributes: &'a str,
    /// The text.
    pub text: &'a str,
}

/// The cell with which `bytes` begin.
#[inline]
pub(super) fn plain_cell(bytes: &[u8]) -> Option<PlainCell<'_>> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut cell = PlainCell::default();
    cursor.expect(b"<c")?;
    while cursor.accept(b" ") {
        let name = cursor.next()?;
        cursor.expect(b"=\"")?;
        let value = Some(cursor.until(b'"')?);
        match name {
            b'r' => cell.reference = value,
            b's' => cell.style = value,
            b't' => cell.value_type = value,
            _ => return None,
        }
        cursor.at += 1;
    }
    if !cursor.accept(b"/>") {
        cursor.expect(b">")?;
        if cursor.accept(b"<f") {
            cell.formula = Some(cursor.formula()?);
        }
        if cursor.accept(b"<v>") {
            cell.value = Some(cursor.until(b'<')?);
            cursor.expect(b"</v>")?;
        }
        cursor.expect(b"</c>")?;
    }
    cell.length = cursor.at;
    Some(cell)
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn accept(&mut self, literal: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    #[inline]
    fn expect(&mut self, literal: &[u8]) -> Option<()> {
        self.accept(literal).then_some(())
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The text up to `end`, which is left to be read. None where it holds an entity, a tag or a line break that
    /// has to be translated.
    #[inline]
    fn until(&mut self, end: u8) -> Option<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == end || matches!(byte, b'&' | b'<' | b'\r' | b'\n' | b'\t'))?;
        if rest[length] != end {
            return None;
        }
        self.at += length;
        std::str::from_utf8(&rest[..length]).ok()
    }

    /// What follows `<f`.
    #[inline]
    fn formula(&mut self) -> Option<PlainFormula<'a>> {
        let attributes = match self.bytes.get(self.at)? {
            b'>' => "",
            b' ' => self.until(b'>')?,
            _ => return None,
        };
        self.at += 1;
        if let Some(attributes) = attributes.strip_suffix('/') {
            return Some(PlainFormula { attributes, text: "" });
        }
        let text = self.until(b'<')?;
        self.expect(b"</f>")?;
        Some(PlainFormula { attributes, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_forms_are_plain() {
        let bytes = b"<c r=\"B2\" s=\"1\" t=\"str\"><f>A1*2</f><v>x</v></c><c/>";
        let cell = plain_cell(bytes).unwrap();
        assert_eq!((cell.reference, cell.style, cell.value_type), (Some("B2"), Some("1"), Some("str")));
        assert_eq!(cell.formula, Some(PlainFormula { attributes: "", text: "A1*2" }));
        assert_eq!((cell.value, cell.length), (Some("x"), bytes.len() - 4));
        assert_eq!(plain_cell(b"<c/>"), Some(PlainCell { length: 4, ..PlainCell::default() }));
        let shared = plain_cell(b"<c><f t=\"shared\" si=\"0\"/></c>").unwrap();
        assert_eq!(shared.formula, Some(PlainFormula { attributes: " t=\"shared\" si=\"0\"", text: "" }));
        let anchor = plain_cell(b"<c><f ca=\"1\">NOW()</f></c>").unwrap();
        assert_eq!(anchor.formula, Some(PlainFormula { attributes: " ca=\"1\"", text: "NOW()" }));
    }

    #[test]
    fn every_other_form_is_left_alone() {
        let whole = "<c r=\"B2\" t=\"s\"><f t=\"shared\" si=\"0\">A1</f><v>1</v></c>";
        for length in 0..whole.len() {
            assert_eq!(plain_cell(&whole.as_bytes()[..length]), None, "{}", &whole[..length]);
        }
        for other in [
            "</row>",
            "<cols/>",
            "<c r='A1'/>",
            "<c  r=\"A1\"/>",
            "<c r=\"A1\" />",
            "<c cm=\"1\"/>",
            "<c r=\"&#65;1\"/>",
            "<c> <v>1</v></c>",
            "<c><v>1&amp;2</v></c>",
            "<c><v>a\r\nb</v></c>",
            "<c><v xml:space=\"preserve\"> a</v></c>",
            "<c><v><![CDATA[1]]></v></c>",
            "<c><v>1</v><f>2</f></c>",
            "<c><v>1</v></x>",
            "<c><is><t>a</t></is></c>",
            "<c><foo/></c>",
        ] {
            assert_eq!(plain_cell(other.as_bytes()), None, "{other}");
        }
        assert_eq!(plain_cell(b"<c><v>\xff</v></c>"), None);
    }
}
