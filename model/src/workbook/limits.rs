//! Every bound of the reader, in one place.

/// What a workbook may hold. All of it is counted on the bytes that are really there, never on what the file
/// declares about itself.
///
/// The defaults are meant to keep the worst file under 300 MB of memory and two seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive.
    pub entries: u64,
    /// Bytes of the archive's directory: names, extra fields and comments.
    pub directory_bytes: u64,
    /// Bytes after inflation, over all the parts that are read.
    pub inflated_bytes: u64,
    /// Inflated bytes per compressed byte of one part. Sheets of equal or blank cells come to 15, a deflate bomb to
    /// 1,000.
    pub ratio: u64,
    /// Inflated bytes of a part before its ratio counts: a short run of blanks may be packed tightly.
    pub ratio_free_bytes: u64,
    /// Elements and texts of XML, over all parts.
    pub events: u64,
    /// Nesting of XML elements.
    pub depth: u64,
    /// Bytes of one tag, text run or comment.
    pub token_bytes: u64,
    /// Sheets of all kinds.
    pub sheets: u64,
    /// Cells that hold something, over all sheets.
    pub cells: u64,
    /// Entries of the shared string table.
    pub strings: u64,
    /// Bytes of all texts together.
    pub string_bytes: u64,
    /// Bytes of one text: a spreadsheet's 32,767 characters at four bytes each.
    pub text_bytes: u64,
    /// Characters of one formula.
    pub formula_characters: u64,
    /// Bytes of all formulas together, each counted once however often it was copied.
    pub distinct_formula_bytes: u64,
    /// Cell formats, and as many number formats.
    pub formats: u64,
    /// Relationships of one part, and so the tables of one sheet.
    pub relationships: u64,
    /// Defined names.
    pub names: u64,
    /// Bytes of all defined names and their texts.
    pub name_bytes: u64,
    /// Columns of all tables together; a table has at least one.
    pub table_columns: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            entries: 10_000,
            directory_bytes: 4 << 20,
            inflated_bytes: 384 << 20,
            ratio: 100,
            ratio_free_bytes: 16 << 20,
            events: 24_000_000,
            depth: 64,
            token_bytes: 1 << 20,
            sheets: 4_096,
            cells: 1_000_000,
            strings: 1_000_000,
            string_bytes: 64 << 20,
            text_bytes: 4 * 32_767,
            formula_characters: 8_192,
            distinct_formula_bytes: 16 << 20,
            formats: 65_536,
            relationships: 10_000,
            names: 65_536,
            name_bytes: 8 << 20,
            table_columns: 262_144,
        }
    }
}

/// What has been used of the bounds that span several parts.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Of [`Limits::inflated_bytes`].
    pub inflated_bytes: u64,
    /// Of [`Limits::events`].
    pub events: u64,
}
