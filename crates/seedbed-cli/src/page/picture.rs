//! Pictures: what the scenario's constructs look like in the database, each with a table behind it.
//!
//! A relation has a histogram of its degrees, one from a population to itself a graph; quotas,
//! mixes and groups are bars; generated times are strips around as-of; a measure is a map of rings.
//! Where a construct is not there, its picture isn't. Everything is counted from the rows that are
//! there, so a picture of a damaged dataset shows the damage.

mod ages;
mod degrees;
mod graph;
mod rings;
mod shares;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::rows::Rows;
use super::{View, fold, slug};

/// A picture with its numbers.
struct Figure {
    title: String,
    /// What it shows, in a sentence.
    about: String,
    /// Width and height of what is drawn.
    size: (f64, f64),
    /// Elements of SVG; none where there is too much to draw.
    drawing: Option<Markup>,
    head: Vec<String>,
    body: Vec<Vec<String>>,
}

pub(super) fn section(_: &View<'_>, rows: &Rows<'_>) -> Markup {
    let figures: Vec<Figure> = [
        degrees::figures(rows),
        graph::figures(rows),
        rings::figures(rows),
        ages::figures(rows),
        shares::figures(rows),
    ]
    .into_iter()
    .flatten()
    .collect();
    if figures.is_empty() {
        return html! {};
    }
    let body = html! { div.figures { @for figure in &figures { (figure.markup()) } } };
    fold("pictures", "What it looks like", &html! {}, &body)
}

impl Figure {
    fn markup(&self) -> Markup {
        let id = slug(&self.title);
        let (width, height) = self.size;
        html! {
            figure.wide[width > 400.0] {
                figcaption { (self.title) }
                @if let Some(drawing) = &self.drawing {
                    svg role="img" aria-labelledby=(format!("t-{id} d-{id}")) viewBox=(format!("0 0 {} {}", px(width), px(height))) {
                        title id=(format!("t-{id}")) { (self.title) }
                        desc id=(format!("d-{id}")) { (self.about) }
                        (drawing)
                    }
                }
                p.quiet { (self.about) }
                details {
                    summary { "numbers" span.vh { " of " (self.title) } }
                    div.scroll tabindex="0" role="region" aria-label=(format!("numbers of {}", self.title)) {
                        table {
                            caption.vh { (self.title) }
                            thead { tr { @for (at, name) in self.head.iter().enumerate() { th.n[at > 0] scope="col" { (name) } } } }
                            tbody { @for row in &self.body { tr {
                                @for (at, cell) in row.iter().enumerate() {
                                    @if at == 0 { th scope="row" { (cell) } } @else { td.n { (cell) } }
                                }
                            } } }
                        }
                    }
                }
            }
        }
    }
}

/// Returns a length with one digit after the point, and none where it is whole.
fn px(length: f64) -> String {
    let rounded = (length * 10.0).round() / 10.0;
    // Minus zero is zero.
    format!("{}", rounded + 0.0)
}

fn texts<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
