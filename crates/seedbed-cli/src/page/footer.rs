//! The foot of the page: where the dataset comes from, and the promise that is kept.

use maud::{Markup, html};

use super::{View, copy, variant};
use crate::output::{duration, headline};

pub(super) fn section(view: &View<'_>) -> Markup {
    let receipt = &view.reading.verified.receipt;
    let others = headline::others(view.work, receipt);
    html! {
        footer {
            p { span.chain { (headline::names(view.work).join(" \u{203a} ")) }
                @if let Some(variant) = variant(view.work) { " in the state " strong { (variant) } } }
            p { "digest " code title=(receipt.digest) { (headline::short(&receipt.digest)) }
                @if view.live.is_some() { " " (copy("copy", "the digest", &receipt.digest)) } }
            p { "seed " (view.work.seed) }
            p {
                @match others {
                    0 => "no rows of other people in these tables",
                    1 => "1 row of other people in these tables, untouched",
                    _ => { (others) " rows of other people in these tables, untouched" }
                }
            }
            p { "verified in " (duration(view.reading.times.total)) " by Seedbed " (env!("CARGO_PKG_VERSION")) }
        }
    }
}
