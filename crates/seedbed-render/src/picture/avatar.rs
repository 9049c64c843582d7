//! Avatars: a disc with the initials of a name, or with a figure.

use super::canvas::{Area, Canvas};
use super::glyph;
use super::lettering::{Alignment, Lettering, Scales};
use super::palette::Colour;
use super::tint::Tint;

/// Draws the avatar of `name` on the whole canvas.
pub(super) fn draw(canvas: &mut Canvas, name: &str, tint: &mut Tint) {
    let area = canvas.area();
    let side = area.shorter_side();
    let (x, y) = area.middle();
    let (behind, beside) = tint.one_of(&COLOURS);
    canvas.rectangle(area, behind);
    let off_x = tint.one_of(&[-1, 1]) * side * 5 / 16;
    let off_y = tint.one_of(&[-1, 1]) * side * 5 / 16;
    canvas.disc(area, (x + off_x, y + off_y), side * 7 / 16, beside);

    let radius = (side * 27 / 64).max(1);
    canvas.disc(area, (x, y), radius, Colour::INK);
    // The letters fill the square in the disc; in a very small one there is room for one letter.
    let width = (radius * 11 / 8).max(MONOGRAM);
    let letters = if width < 2 * MONOGRAM { 1 } else { 2 };
    let initials: String = initials(name).take(letters).collect();
    if initials.is_empty() {
        draw_figure(canvas, (x, y), radius);
        return;
    }
    let scales = Scales { smallest: 1, largest: (radius / 9).max(1) };
    let lettering = Lettering::fit(&initials, width, 2 * radius.max(MONOGRAM), scales);
    let top = y - lettering.capitals() / 2;
    let place = Area { left: x - width / 2, right: x + width / 2, top, bottom: area.bottom };
    lettering.draw(canvas, place, Alignment::Centre, Colour::PAPER);
}

/// The width of the widest letter and a gap, in cells of the font.
const MONOGRAM: i32 = 8;

const COLOURS: [(Colour, Colour); 6] = {
    let [first, second, third] = Colour::ACCENTS;
    [(first, second), (second, third), (third, first), (second, first), (third, second), (first, third)]
};

/// Returns the first letters of the first and the last word, as capitals. Words whose first
/// letter cannot be drawn do not count.
fn initials(name: &str) -> impl Iterator<Item = char> {
    let mut letters = name
        .split(|character: char| !character.is_alphanumeric())
        .filter_map(|word| word.chars().next().map(capital))
        .filter(|&letter| glyph::known(letter).is_some());
    let first = letters.next();
    let last = letters.next_back();
    first.into_iter().chain(last)
}

fn capital(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    // Some letters have no single capital, as `ß`; they stay as they are.
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) => capital,
        _ => letter,
    }
}

/// Draws a head and shoulders within a disc.
fn draw_figure(canvas: &mut Canvas, (x, y): (i32, i32), radius: i32) {
    let head = radius * 3 / 8;
    canvas.disc(canvas.area(), (x, y - radius * 5 / 16), head, Colour::PAPER);
    // The shoulders are an upper half disc that ends inside the disc's rim.
    let shoulders = radius * 5 / 8;
    let bottom = y + radius * 11 / 16;
    let clip = Area { bottom, ..canvas.area() };
    canvas.disc(clip, (x, bottom), shoulders, Colour::PAPER);
}
