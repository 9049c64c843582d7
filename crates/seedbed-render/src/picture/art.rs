//! Patterns: the part of a poster that is not text.

use super::canvas::{Area, Canvas};
use super::palette::Colour;
use super::tint::Tint;

/// Fills `area` with the pattern that the tint picks.
pub(super) fn draw(canvas: &mut Canvas, area: Area, tint: &mut Tint) {
    if area.width() <= 0 || area.height() <= 0 {
        return;
    }
    let [first, second, third] = Colour::ACCENTS;
    let colours =
        tint.one_of(&[[first, second, third], [second, third, first], [third, first, second], [first, third, second]]);
    canvas.rectangle(area, colours[0]);
    let pattern = tint.one_of(&[tiles, rings, rays, hills, stripes, dots, skyline, sunset]);
    pattern(canvas, area, tint, colours);
}

/// The background of the pattern and two colours on it.
type Colours = [Colour; 3];

/// A grid of quarter discs, discs and triangles.
fn tiles(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let side = (area.width() / tint.between(4, 6)).max(4);
    let all = [colours[0], colours[1], colours[2], Colour::INK, Colour::PAPER];
    for top in (area.top..area.bottom).step_by(side.unsigned_abs() as usize) {
        for left in (area.left..area.right).step_by(side.unsigned_abs() as usize) {
            let tile = Area { left, top, right: (left + side).min(area.right), bottom: (top + side).min(area.bottom) };
            let (right, bottom) = (left + side, top + side);
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            let turn = tint.choose(4) as usize;
            let colour = tint.one_of(&all);
            let background = tint.one_of(&all);
            canvas.rectangle(tile, background);
            match tint.choose(4) {
                0 | 1 => canvas.disc(tile, corners[turn], side, colour),
                2 => canvas.disc(tile, (left + side / 2, top + side / 2), side * 3 / 8, colour),
                _ => {
                    let triangle = [corners[turn], corners[(turn + 1) % 4], corners[(turn + 2) % 4]];
                    canvas.polygon(tile, &triangle, colour);
                }
            }
        }
    }
}

/// Rings around a point near an edge.
fn rings(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let centre =
        (area.left + area.width() * tint.between(1, 7) / 8, area.top + area.height() * tint.one_of(&[2, 4, 8]) / 8);
    let count = tint.between(5, 8);
    let largest = area.width().max(area.height());
    let order = [colours[1], colours[2], Colour::PAPER, colours[0]];
    for (ring, &colour) in (1..=count).rev().zip(order.iter().cycle()) {
        canvas.disc(area, centre, (largest * ring / (count + 1)).max(1), colour);
    }
    canvas.disc(area, centre, largest / (2 * count + 2), Colour::INK);
}

/// The directions of a half circle in twelve steps: cosine and sine times 1000.
const DIRECTIONS: [(i32, i32); 13] = [
    (1000, 0),
    (966, 259),
    (866, 500),
    (707, 707),
    (500, 866),
    (259, 966),
    (0, 1000),
    (-259, 966),
    (-500, 866),
    (-707, 707),
    (-866, 500),
    (-966, 259),
    (-1000, 0),
];

/// Rays from a sun.
fn rays(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let centre = (area.left + area.width() * tint.between(1, 3) / 4, area.bottom);
    let reach = area.width() + area.height();
    let end = |index: usize| {
        let (x, y) = DIRECTIONS[index];
        (centre.0 + x * reach / 1000, centre.1 - y * reach / 1000)
    };
    for index in (0..DIRECTIONS.len() - 1).step_by(2) {
        canvas.polygon(area, &[centre, end(index), end(index + 1)], colours[1]);
    }
    let radius = area.shorter_side() * 7 / 16;
    canvas.disc(area, centre, radius * 5 / 4, Colour::PAPER);
    canvas.disc(area, centre, radius, colours[2]);
}

/// Mountains under a moon.
fn hills(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let (width, height) = (area.width(), area.height());
    let moon = (area.left + width * tint.between(2, 6) / 8, area.top + height * 5 / 16);
    canvas.disc(area, moon, area.shorter_side() * 3 / 16, Colour::PAPER);
    for (row, colour) in [colours[1], colours[2], Colour::INK].into_iter().enumerate() {
        let lift = [12, 9, 6][row];
        let peaks = 2 + i32::try_from(row).unwrap_or(0);
        for peak in 0..peaks {
            let x = area.left + width * (2 * peak + 1) / (2 * peaks) + width * tint.between(-2, 2) / 24;
            let top = area.bottom - height * (lift + tint.between(-1, 1)) / 16;
            let half = width * 5 / (6 * peaks) + width / 12;
            let triangle = [(x, top), (x + half, area.bottom), (x - half, area.bottom)];
            canvas.polygon(area, &triangle, colour);
        }
    }
}

/// Slanted bands.
fn stripes(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let band = (area.width() / tint.between(6, 10)).max(2);
    let slant = area.height() * tint.one_of(&[-1, 1]) * tint.one_of(&[1, 2]) / 2;
    let order = [colours[1], Colour::PAPER, colours[2], colours[0]];
    let first = area.left - slant.max(0);
    let last = area.right + slant.abs();
    let bands = (first..last).step_by(band.unsigned_abs() as usize);
    for (left, &colour) in bands.zip(order.iter().cycle()) {
        let corners = [
            (left, area.bottom),
            (left + band, area.bottom),
            (left + band + slant, area.top),
            (left + slant, area.top),
        ];
        canvas.polygon(area, &corners, colour);
    }
}

/// Dots that grow downwards.
fn dots(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let pitch = (area.width() / tint.between(7, 10)).max(4);
    let rows = area.height() / pitch + 2;
    for row in 0..rows {
        let radius = pitch * (row + 2) / (2 * rows + 2);
        let shift = if row % 2 == 0 { 0 } else { pitch / 2 };
        for column in 0..=area.width() / pitch + 1 {
            let centre = (area.left + column * pitch - shift + pitch / 2, area.top + row * pitch);
            let colour = if tint.choose(6) == 0 { colours[2] } else { colours[1] };
            canvas.disc(area, centre, radius.max(1), colour);
        }
    }
}

/// Towers with windows.
fn skyline(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let (width, height) = (area.width(), area.height());
    let sun = (area.left + width * tint.between(2, 6) / 8, area.top + height * 7 / 16);
    canvas.disc(area, sun, area.shorter_side() * 5 / 16, Colour::PAPER);
    for (colour, lowest, highest) in [(colours[1], 6, 12), (Colour::INK, 2, 8)] {
        let mut left = area.left;
        while left < area.right {
            let right = left + (width * tint.between(2, 4) / 24).max(2);
            let top = area.bottom - height * tint.between(lowest, highest) / 16;
            let tower = Area { left, top, right: right.min(area.right), bottom: area.bottom };
            canvas.rectangle(tower, colour);
            if colour == Colour::INK {
                windows(canvas, tower, width / 48, tint, colours[2]);
            }
            left = right;
        }
    }
}

fn windows(canvas: &mut Canvas, tower: Area, size: i32, tint: &mut Tint, colour: Colour) {
    if size < 2 {
        return;
    }
    let step = (2 * size).unsigned_abs() as usize;
    for top in (tower.top + size..tower.bottom - size).step_by(step) {
        for left in (tower.left + size / 2..tower.right - size).step_by(step) {
            if tint.choose(3) != 0 {
                let window = Area { left, top, right: left + size, bottom: top + size };
                canvas.rectangle(window, colour);
            }
        }
    }
}

/// A striped sun over water.
fn sunset(canvas: &mut Canvas, area: Area, tint: &mut Tint, colours: Colours) {
    let (width, height) = (area.width(), area.height());
    let centre = (area.left + width * tint.between(3, 5) / 8, area.top + height * 9 / 16);
    let radius = area.shorter_side() * 7 / 16;
    canvas.disc(area, centre, radius, Colour::PAPER);
    canvas.disc(area, centre, radius * 7 / 8, colours[1]);
    let horizon = area.top + height * 11 / 16;
    canvas.rectangle(Area { top: horizon, ..area }, colours[2]);
    let wave = ((area.bottom - horizon) / 8).max(1);
    for (index, top) in (horizon..area.bottom).step_by(wave.unsigned_abs() as usize * 2).enumerate() {
        let reach = radius * (8 - i32::try_from(index).unwrap_or(8)).max(0) / 8;
        let shift = width * tint.between(-2, 2) / 40;
        let bar = Area {
            left: (centre.0 - reach + shift).max(area.left),
            right: (centre.0 + reach + shift).min(area.right),
            top: top + wave / 2,
            bottom: (top + wave / 2 + wave).min(area.bottom),
        };
        canvas.rectangle(bar, if index % 2 == 0 { Colour::PAPER } else { colours[1] });
    }
}
