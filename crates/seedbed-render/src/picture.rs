//! Pictures for rows that need an image file: posters and avatars, as PNG.
//!
//! A picture depends on its [`Picture`] value and on nothing else: integer arithmetic, a
//! bitmap font that is compiled in, no clock, no files, no system fonts. The bytes are the same
//! on every platform for one version of `png` and its deflate backend; the lockfile pins those,
//! and a test pins the checksum of the bytes.
//!
//! This module does not know what a caption means, where a file is kept or what it is called.

mod art;
mod avatar;
mod canvas;
mod file;
mod glyph;
mod lettering;
mod palette;
mod poster;
mod tint;

#[cfg(test)]
mod tests;

use seedbed_core::dataset::{Picture, PictureKind};

use canvas::Canvas;
use tint::Tint;

/// The largest width and height in pixels.
pub const LARGEST_SIDE: u32 = 4096;

/// Returns the PNG file of a picture: indexed colour, 4 bits for a pixel.
///
/// The text has a contrast of at least 4.5:1 to what is behind it (WCAG 2.2, 1.4.3).
pub fn render(picture: &Picture) -> Vec<u8> {
    let width = picture.width.clamp(1, LARGEST_SIDE);
    let height = picture.height.clamp(1, LARGEST_SIDE);
    let mut tint = Tint::new(picture.tint);
    let palette = palette::choose(&mut tint);
    let mut canvas = Canvas::new(width, height);
    match picture.kind {
        PictureKind::Poster => poster::draw(&mut canvas, &picture.caption, &mut tint),
        PictureKind::Avatar => avatar::draw(&mut canvas, &picture.caption, &mut tint),
    }
    file::encode(&canvas, palette)
}

/// Whether a file was drawn here, by any version, for whatever seed and caption.
pub fn is_drawn_here(bytes: &[u8]) -> bool {
    file::is_marked(bytes)
}
