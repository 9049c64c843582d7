//! A drawing surface: one byte for a pixel, convex shapes with softened edges.
//!
//! Coordinates are pixels, the origin is top left, and anything outside is clipped. An edge is
//! sampled at 2x2 points a pixel; a pixel that is half covered gets the mixture of both colours.

use super::palette::Colour;

/// A drawing surface, at first all paper.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    /// Even, so that two pixels of a row make a byte.
    stride: usize,
    pixels: Vec<u8>,
}

/// A rectangle; empty if right is not after left, or bottom not below top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Area {
    pub(super) fn width(self) -> i32 {
        self.right - self.left
    }

    pub(super) fn height(self) -> i32 {
        self.bottom - self.top
    }

    pub(super) fn shorter_side(self) -> i32 {
        self.width().min(self.height())
    }

    pub(super) fn middle(self) -> (i32, i32) {
        (self.left.midpoint(self.right), self.top.midpoint(self.bottom))
    }

    /// Returns the area without `margin` pixels on every side.
    pub(super) fn inset(self, margin: i32) -> Self {
        Self {
            left: self.left + margin,
            top: self.top + margin,
            right: self.right - margin,
            bottom: self.bottom - margin,
        }
    }

    fn intersection(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }
}

/// Samples from the first up to, not including, the second; in half pixels.
type Span = (i32, i32);

const EMPTY: Span = (0, 0);

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let stride = width.next_multiple_of(2) as usize;
        let pixels = vec![Colour::PAPER.0; stride * height as usize];
        Self { width, height, stride, pixels }
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    pub(super) fn height(&self) -> u32 {
        self.height
    }

    /// Returns the whole surface.
    pub(super) fn area(&self) -> Area {
        let [right, bottom] = [self.width, self.height].map(|side| i32::try_from(side).expect("a side is limited"));
        Area { left: 0, top: 0, right, bottom }
    }

    /// Fills a rectangle.
    pub(super) fn rectangle(&mut self, area: Area, colour: Colour) {
        let area = area.intersection(self.area());
        if area.left < area.right {
            for y in area.top..area.bottom {
                self.row(y, area.left, area.right).fill(colour.0);
            }
        }
    }

    /// Fills a disc, as far as it is within `clip`.
    pub(super) fn disc(&mut self, clip: Area, centre: (i32, i32), radius: i32, colour: Colour) {
        let rows = (centre.1 - radius, centre.1 + radius);
        self.convex(clip, rows, colour, |y| {
            let from_centre = y - 4 * centre.1;
            let square = 16 * radius * radius - from_centre * from_centre;
            let half = square.max(0).isqrt();
            samples(4 * centre.0 - half, 4 * centre.0 + half)
        });
    }

    /// Fills a convex polygon, as far as it is within `clip`.
    pub(super) fn polygon(&mut self, clip: Area, corners: &[(i32, i32)], colour: Colour) {
        let top = corners.iter().map(|corner| corner.1).min().unwrap_or(0);
        let bottom = corners.iter().map(|corner| corner.1).max().unwrap_or(0);
        self.convex(clip, (top, bottom), colour, |y| {
            let (mut left, mut right) = (i32::MAX, i32::MIN);
            for (index, &from) in corners.iter().enumerate() {
                let to = corners[(index + 1) % corners.len()];
                let (upper, lower) = if from.1 < to.1 { (from, to) } else { (to, from) };
                if (4 * upper.1..4 * lower.1).contains(&y) {
                    let x = 4 * upper.0 + (y - 4 * upper.1) * (lower.0 - upper.0) / (lower.1 - upper.1);
                    left = left.min(x);
                    right = right.max(x);
                }
            }
            if left < right { samples(left, right) } else { EMPTY }
        });
    }

    /// Paints one pixel half.
    pub(super) fn soften(&mut self, x: i32, y: i32, colour: Colour) {
        let area = self.area();
        if (area.left..area.right).contains(&x) && (area.top..area.bottom).contains(&y) {
            let pixel = &mut self.row(y, x, x + 1)[0];
            *pixel = colour.mixed_over(*pixel);
        }
    }

    /// Returns the rows from top to bottom, two pixels a byte, the left one in the high half.
    pub(super) fn packed(&self) -> Vec<u8> {
        // Eight pixels at a time, in the lanes of a number: one pair at a time takes a
        // third of the time of a whole picture.
        let mut packed = vec![0; self.pixels.len() / 2];
        let (eights, rest) = self.pixels.as_chunks::<8>();
        let (fours, packed_rest) = packed.as_chunks_mut::<4>();
        for (four, &eight) in fours.iter_mut().zip(eights) {
            let bytes = u64::from_be_bytes(eight);
            let pairs = (bytes >> 4 | bytes) & 0x00FF_00FF_00FF_00FF;
            let quads = (pairs >> 8 | pairs) & 0x0000_FFFF_0000_FFFF;
            let [.., first, second, third, fourth] = (quads >> 16 | quads).to_be_bytes();
            *four = [first, second, third, fourth];
        }
        for (byte, pair) in packed_rest.iter_mut().zip(rest.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        packed
    }

    /// Fills a convex shape. `span` gives the samples of the shape on a line, whose height it
    /// gets in quarters of a pixel.
    fn convex(&mut self, clip: Area, rows: (i32, i32), colour: Colour, span: impl Fn(i32) -> Span) {
        let clip = clip.intersection(self.area());
        for y in rows.0.max(clip.top)..rows.1.min(clip.bottom) {
            self.soft_row(clip, y, [span(4 * y + 1), span(4 * y + 3)], colour);
        }
    }

    fn soft_row(&mut self, clip: Area, y: i32, spans: [Span; 2], colour: Colour) {
        let clipped = spans.map(|(from, to)| (from.max(2 * clip.left), to.min(2 * clip.right)));
        let filled = clipped.iter().filter(|span| span.0 < span.1);
        let (Some(outer_from), Some(outer_to)) = (
            filled.clone().map(|span| span.0.div_euclid(2)).min(),
            filled.map(|span| (span.1 + 1).div_euclid(2)).max(),
        ) else {
            return;
        };
        let [upper, lower] = clipped;
        let (mut inner_from, mut inner_to) =
            ((upper.0.max(lower.0) + 1).div_euclid(2), upper.1.min(lower.1).div_euclid(2));
        if inner_from >= inner_to {
            (inner_from, inner_to) = (outer_to, outer_to);
        }
        for (pixel, x) in self.row(y, outer_from, inner_from).iter_mut().zip(outer_from..) {
            cover(pixel, x, clipped, colour);
        }
        self.row(y, inner_from, inner_to).fill(colour.0);
        for (pixel, x) in self.row(y, inner_to, outer_to).iter_mut().zip(inner_to..) {
            cover(pixel, x, clipped, colour);
        }
    }

    /// Returns the pixels from `left` to `right` of a row; all three are on the canvas.
    fn row(&mut self, y: i32, left: i32, right: i32) -> &mut [u8] {
        let start = y.unsigned_abs() as usize * self.stride;
        let [left, right] = [left, right].map(|x| start + x.unsigned_abs() as usize);
        &mut self.pixels[left..right]
    }
}

/// Returns the samples between two places in quarters of a pixel; samples are at odd places.
fn samples(left: i32, right: i32) -> Span {
    (left.div_euclid(2), right.div_euclid(2))
}

/// Paints a pixel by how many of its four samples are covered.
fn cover(pixel: &mut u8, x: i32, spans: [Span; 2], colour: Colour) {
    let covered: i32 = spans.iter().map(|span| (span.1.min(2 * x + 2) - span.0.max(2 * x)).max(0)).sum();
    match covered {
        0 => {}
        1 | 2 => *pixel = colour.mixed_over(*pixel),
        _ => *pixel = colour.0,
    }
}
