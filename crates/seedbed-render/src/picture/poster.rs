//! Posters: a pattern, a headline on paper, and a footer.

use super::art;
use super::canvas::{Area, Canvas};
use super::lettering::{Alignment, Lettering, Scales};
use super::palette::Colour;
use super::tint::Tint;

/// Draws the poster for `caption` on the whole canvas.
///
/// The pattern takes what the text leaves, and at least a share of the height that is smaller
/// the longer the headline is.
pub(super) fn draw(canvas: &mut Canvas, caption: &str, tint: &mut Tint) {
    let page = canvas.area();
    let (headline, footer) = caption.split_once('\n').unwrap_or((caption, ""));
    let layout = tint.one_of(&[Layout::ArtAbove, Layout::ArtAbove, Layout::ArtBelow]);
    let alignment = tint.one_of(&[Alignment::Left, Alignment::Centre]);
    let margin = (page.shorter_side() / 16).max(1);

    let footer = draw_footer(canvas, footer, margin, alignment);
    let rest = Area { bottom: page.bottom - footer, ..page };
    let headline = fit_headline(headline, rest, margin);
    let text = match headline.height() {
        0 => 0,
        height => (height + 2 * margin).min(rest.height()),
    };
    let (art, top) = match layout {
        Layout::ArtAbove => (Area { bottom: rest.bottom - text, ..rest }, rest.bottom - text),
        Layout::ArtBelow => (Area { top: rest.top + text, ..rest }, rest.top),
    };
    art::draw(canvas, art, tint);
    let place = Area { top: top + margin, ..rest.inset(margin) };
    headline.draw(canvas, place, alignment, Colour::INK);
}

#[derive(Clone, Copy)]
enum Layout {
    ArtAbove,
    ArtBelow,
}

/// Draws the band at the bottom and returns its height, which is 0 if there is no footer.
fn draw_footer(canvas: &mut Canvas, footer: &str, margin: i32, alignment: Alignment) -> i32 {
    let page = canvas.area();
    let width = page.width() - 2 * margin;
    let scales = Scales { smallest: (page.width() / 300).max(1), largest: page.width() / 150 };
    let lettering = Lettering::fit(footer, width, page.height() / 8, scales);
    if lettering.height() == 0 {
        return 0;
    }
    let height = lettering.height() + margin;
    let band = Area { top: page.bottom - height, ..page };
    canvas.rectangle(band, Colour::INK);
    // The last row of a line is for descenders; without it the line looks centred.
    let top = band.top + margin.midpoint(lettering.scale());
    let place = Area { left: margin, right: margin + width, top, ..band };
    lettering.draw(canvas, place, alignment, Colour::PAPER);
    height
}

fn fit_headline(headline: &str, rest: Area, margin: i32) -> Lettering {
    let width = rest.width() - 2 * margin;
    let largest = (rest.shorter_side() / 64).max(1);
    let smallest = (rest.width() / 250).max(1);
    let comfortable = smallest.midpoint(largest);
    let share = |sixteenths: i32| {
        let height = rest.height() * sixteenths / 16 - 2 * margin;
        Lettering::fit(headline, width, height, Scales { smallest, largest })
    };
    [8, 10].into_iter().map(share).find(|lettering| lettering.scale() >= comfortable).unwrap_or_else(|| share(13))
}
