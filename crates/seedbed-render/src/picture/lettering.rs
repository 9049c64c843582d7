//! Text: breaking into lines, choosing a size, and drawing.
//!
//! Lengths here are in cells of the font; a scale says how many pixels a cell has. A word is
//! broken only where it does not fit on a line of its own at the smallest scale allowed.

use super::canvas::{Area, Canvas};
use super::glyph::{self, Glyph};
use super::palette::Colour;

/// Text in a size that fits a place.
pub(super) struct Lettering {
    lines: Vec<Line>,
    scale: i32,
}

/// The scales that may be chosen from, both included, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Scales {
    pub smallest: i32,
    pub largest: i32,
}

/// How a line lies in its area.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    Left,
    Centre,
}

type Line = Vec<Glyph>;

/// Columns between two characters.
const GAP: i32 = 1;
/// Columns between two words, the gaps to their letters included.
const SPACE: i32 = 5;

impl Lettering {
    /// Returns `text` at the largest scale at which it fits `width` by `height` pixels with its
    /// words whole. If there is none, the smallest scale is taken, long words are broken and
    /// what does not fit is replaced by an ellipsis.
    pub(super) fn fit(text: &str, width: i32, height: i32, scales: Scales) -> Self {
        let words = words(text);
        let smallest = scales.smallest.max(1);
        let fitting = (smallest..=scales.largest).rev().find_map(|scale| {
            let (columns, rows) = (width / scale, lines_in(height, scale));
            if words.iter().any(|word| columns_of(word) > columns) {
                return None;
            }
            let lines = wrap(&words, columns);
            (lines.len() <= rows).then_some(Self { lines, scale })
        });
        fitting.unwrap_or_else(|| {
            let columns = width / smallest;
            let mut lines = wrap(&broken(words, columns), columns);
            let rows = lines_in(height, smallest);
            if lines.len() > rows {
                lines.truncate(rows);
                if let Some(last) = lines.last_mut() {
                    end_with_ellipsis(last, columns);
                }
            }
            Self { lines, scale: smallest }
        })
    }

    pub(super) fn scale(&self) -> i32 {
        self.scale
    }

    /// Returns the height of a capital in pixels.
    pub(super) fn capitals(&self) -> i32 {
        7 * self.scale
    }

    /// Returns the height in pixels, from the top of the capitals to the descenders.
    pub(super) fn height(&self) -> i32 {
        match i32::try_from(self.lines.len()) {
            Ok(0) | Err(_) => 0,
            Ok(lines) => self.scale * (glyph::LINE * (lines - 1) + FIRST_LINE),
        }
    }

    /// Draws the lines from the top of `area` on.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: Area, alignment: Alignment, colour: Colour) {
        let mut top = area.top;
        for line in &self.lines {
            let spare = area.width() - self.scale * columns_of(line);
            let indent = if alignment == Alignment::Centre { spare / 2 } else { 0 };
            let mut left = area.left + indent;
            for glyph in line {
                self.draw_glyph(canvas, left, top, glyph, colour);
                left += self.scale * (glyph.width + GAP);
            }
            top += self.scale * glyph::LINE;
        }
    }

    fn draw_glyph(&self, canvas: &mut Canvas, left: i32, top: i32, glyph: &Glyph, colour: Colour) {
        let mut y = top - self.scale * ROWS_ABOVE;
        for (index, &row) in glyph.rows.iter().enumerate() {
            let mut cells = u32::from(row);
            let mut x = left;
            while cells != 0 {
                let unset = cells.trailing_zeros();
                let set = (cells >> unset).trailing_ones();
                let from = x + self.scale * unset.cast_signed();
                x = from + self.scale * set.cast_signed();
                let run = Area { left: from, top: y, right: x, bottom: y + self.scale };
                canvas.rectangle(run, colour);
                cells >>= unset + set;
            }
            if self.scale >= SMOOTH_FROM {
                self.smooth_row(canvas, left, y, glyph, index, colour);
            }
            y += self.scale;
        }
    }

    /// Fills the steps of slanted strokes: an empty cell gets a triangle in a corner where the
    /// two cells beside the corner are set and neither stroke goes on past the corner.
    fn smooth_row(&self, canvas: &mut Canvas, left: i32, top: i32, glyph: &Glyph, index: usize, colour: Colour) {
        // A cell to the left of the first column has a place too: bit 0.
        let row = |index: Option<&u8>| u32::from(index.copied().unwrap_or(0)) << 1;
        let here = row(glyph.rows.get(index));
        let above = index.checked_sub(1).map_or(0, |index| row(glyph.rows.get(index)));
        let below = row(glyph.rows.get(index + 1));
        for (next, opposite, vertical) in [(above, below, Side::Start), (below, above, Side::End)] {
            let on_the_left = !here & next & (here << 1) & !(opposite << 1) & !(next >> 1);
            let on_the_right = !here & next & (here >> 1) & !(opposite >> 1) & !(next << 1);
            for (mut cells, horizontal) in [(on_the_left, Side::Start), (on_the_right, Side::End)] {
                while cells != 0 {
                    let column = cells.trailing_zeros().cast_signed() - 1;
                    cells &= cells - 1;
                    let corner = (horizontal, vertical);
                    self.triangle(canvas, (left + self.scale * column, top), corner, colour);
                }
            }
        }
    }

    fn triangle(
        &self,
        canvas: &mut Canvas,
        (left, top): (i32, i32),
        (horizontal, vertical): (Side, Side),
        colour: Colour,
    ) {
        let last = self.scale - 1;
        for step in 0..self.scale {
            let length = last - step;
            let y = match vertical {
                Side::Start => top + step,
                Side::End => top + length,
            };
            let (from, slope) = match horizontal {
                Side::Start => (left, left + length),
                Side::End => (left + step + 1, left + step),
            };
            let bar = Area { left: from, top: y, right: from + length, bottom: y + 1 };
            canvas.rectangle(bar, colour);
            canvas.soften(slope, y, colour);
        }
    }
}

/// Left or top, and right or bottom.
#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// The smallest scale at which steps are smoothed: below it hardly anything is seen of it, and
/// a long caption would take half as many bytes again.
const SMOOTH_FROM: i32 = 5;

/// Rows of a line without the marks above it.
const FIRST_LINE: i32 = 8;
const ROWS_ABOVE: i32 = 3;

fn lines_in(height: i32, scale: i32) -> usize {
    let rows = height / scale;
    usize::try_from((rows - FIRST_LINE).div_euclid(glyph::LINE) + 1).unwrap_or(0)
}

fn words(text: &str) -> Vec<Line> {
    text.split(|character: char| character.is_whitespace() || character.is_control())
        .map(|word| word.chars().filter(|&c| !is_unseen(c)).map(glyph::glyph).collect())
        .filter(|word: &Line| !word.is_empty())
        .collect()
}

/// Soft hyphens, joiners and variation selectors, which change other characters at most.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}')
}

fn columns_of(line: &[Glyph]) -> i32 {
    line.iter().map(|glyph| glyph.width + GAP).sum::<i32>() - GAP
}

fn wrap(words: &[Line], columns: i32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut used = 0;
    for word in words {
        let needed = columns_of(word);
        match lines.last_mut() {
            Some(line) if used + SPACE + needed <= columns => {
                line.push(glyph::glyph(' '));
                line.extend_from_slice(word);
                used += SPACE + needed;
            }
            _ => {
                lines.push(word.clone());
                used = needed;
            }
        }
    }
    lines
}

/// Returns the words with those that are wider than a line cut into pieces.
fn broken(words: Vec<Line>, columns: i32) -> Vec<Line> {
    let mut pieces = Vec::new();
    for word in words {
        let mut piece = Line::new();
        for glyph in word {
            if !piece.is_empty() && columns_of(&piece) + GAP + glyph.width > columns {
                pieces.push(std::mem::take(&mut piece));
            }
            piece.push(glyph);
        }
        pieces.push(piece);
    }
    pieces
}

fn end_with_ellipsis(line: &mut Line, columns: i32) {
    let ellipsis = glyph::glyph('\u{2026}');
    while columns_of(line) + GAP + ellipsis.width > columns && line.pop().is_some() {}
    while line.last().is_some_and(|glyph| *glyph == glyph::glyph(' ')) {
        line.pop();
    }
    line.push(ellipsis);
}
