//! The shapes of characters: a bitmap font with room for accents.
//!
//! The letters are those of `font8x8` (public domain). Its accented capitals are squeezed into
//! eight rows and hard to read, so accented letters are put together here from a letter and a
//! mark above or below it.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};

/// Rows of a glyph: three for marks above, eight of the font, one for marks below.
pub(super) const ROWS: usize = 12;

/// The rows that a line of text adds to the one above it.
pub(super) const LINE: i32 = 11;

/// The rows above the capitals.
pub(super) const ABOVE: usize = 3;

/// A character as cells: a row is a byte, the lowest bit is the leftmost cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    pub rows: [u8; ROWS],
    /// Columns that have cells; a gap to the next character comes on top.
    pub width: i32,
}

/// Returns the glyph of a character, or a box if there is none.
pub(super) fn glyph(character: char) -> Glyph {
    known(character).unwrap_or_else(|| flush_left(on_the_line(BOX)))
}

/// Returns the glyph of a character, if there is one.
pub(super) fn known(character: char) -> Option<Glyph> {
    if character == ' ' {
        return Some(Glyph { rows: [0; ROWS], width: 3 });
    }
    drawn_here(character)
        .map(on_the_line)
        .or_else(|| accented(character))
        .or_else(|| of_the_font(character).map(on_the_line))
        .map(flush_left)
}

const BOX: [u8; 8] = [0x7F, 0x41, 0x41, 0x41, 0x41, 0x41, 0x7F, 0x00];

fn of_the_font(character: char) -> Option<[u8; 8]> {
    let plain = match character {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '´' => '\'',
        '\u{2010}' | '\u{2011}' | '\u{2212}' => '-',
        '\u{2022}' => '\u{B7}',
        other => other,
    };
    [BASIC_FONTS.get(plain), LATIN_FONTS.get(plain), GREEK_FONTS.get(plain)]
        .into_iter()
        .flatten()
        .find(|rows| rows.iter().any(|&row| row != 0))
}

/// Characters that the font lacks, or has in a shape that is hard to read.
fn drawn_here(character: char) -> Option<[u8; 8]> {
    Some(match character {
        '\u{2026}' => [0, 0, 0, 0, 0, 0x5B, 0x5B, 0],
        '\u{2013}' => [0, 0, 0, 0x3F, 0, 0, 0, 0],
        '\u{2014}' => [0, 0, 0, 0xFF, 0, 0, 0, 0],
        '"' | '\u{201C}' | '\u{201D}' => [0x1B, 0x1B, 0x1B, 0, 0, 0, 0, 0],
        '\u{201E}' => [0, 0, 0, 0, 0, 0x1B, 0x1B, 0x09],
        '³' => [0x0E, 0x18, 0x0C, 0x18, 0x0E, 0, 0, 0],
        'm' => [0, 0, 0x3F, 0x6B, 0x6B, 0x6B, 0x6B, 0],
        'ß' => [0x1E, 0x33, 0x33, 0x1B, 0x33, 0x33, 0x1B, 0x00],
        '€' => [0x3C, 0x06, 0x1F, 0x06, 0x1F, 0x06, 0x3C, 0x00],
        _ => return None,
    })
}

/// A mark at a letter; one above has three rows, the last of them next to the letter.
#[derive(Clone, Copy)]
enum Mark {
    Above([u8; 3]),
    Cedilla,
}

const GRAVE: Mark = Mark::Above([0x06, 0x0C, 0x00]);
const ACUTE: Mark = Mark::Above([0x18, 0x0C, 0x00]);
const CIRCUMFLEX: Mark = Mark::Above([0x0C, 0x33, 0x00]);
const CARON: Mark = Mark::Above([0x33, 0x0C, 0x00]);
const TILDE: Mark = Mark::Above([0x36, 0x1B, 0x00]);
const DIAERESIS: Mark = Mark::Above([0x00, 0x33, 0x00]);
const RING: Mark = Mark::Above([0x0C, 0x12, 0x0C]);

fn accented(character: char) -> Option<[u8; ROWS]> {
    let (letter, mark) = letter_and_mark(character)?;
    let mut font = of_the_font(letter)?;
    if letter == 'i' {
        font[..2].fill(0);
    }
    let mut rows = on_the_line(font);
    match mark {
        Mark::Above(mark) => {
            let letter = rows.iter().position(|&row| row != 0)?;
            rows[letter.checked_sub(mark.len())?..letter].copy_from_slice(&mark);
        }
        Mark::Cedilla => rows[ROWS - 2..].copy_from_slice(&[0x18, 0x0E]),
    }
    Some(rows)
}

fn letter_and_mark(character: char) -> Option<(char, Mark)> {
    if character.is_ascii() {
        return None;
    }
    let families: [(&str, &str, Mark); 8] = [
        ("ÀÈÌÒÙàèìòù", "AEIOUaeiou", GRAVE),
        ("ÁÉÍÓÚÝáéíóúýĆćŃńŚśŹź", "AEIOUYaeiouyCcNnSsZz", ACUTE),
        ("ÂÊÎÔÛâêîôû", "AEIOUaeiou", CIRCUMFLEX),
        ("ČčŠšŽžĚěŘřŇňĎŤ", "CcSsZzEeRrNnDT", CARON),
        ("ÃÑÕãñõ", "ANOano", TILDE),
        ("ÄËÏÖÜŸäëïöüÿ", "AEIOUYaeiouy", DIAERESIS),
        ("ÅåŮů", "AaUu", RING),
        ("ÇçŞş", "CcSs", Mark::Cedilla),
    ];
    families.into_iter().find_map(|(accented, plain, mark)| {
        let position = accented.chars().position(|candidate| candidate == character)?;
        Some((plain.chars().nth(position)?, mark))
    })
}

fn on_the_line(font: [u8; 8]) -> [u8; ROWS] {
    let mut rows = [0; ROWS];
    rows[ABOVE..ABOVE + 8].copy_from_slice(&font);
    rows
}

fn flush_left(rows: [u8; ROWS]) -> Glyph {
    let columns = rows.iter().fold(0, |columns, row| columns | row);
    let empty = columns.trailing_zeros().min(7);
    let width = 8 - columns.leading_zeros().min(8) - empty.min(8 - columns.leading_zeros());
    Glyph {
        rows: rows.map(|row| row >> empty),
        width: i32::try_from(width).expect("a glyph has at most eight columns"),
    }
}
