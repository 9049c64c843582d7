//! The answer of `token`.

use seedbed::token::Token;
use serde_json::{Value, json};

use super::Paint;
use crate::answer;

pub(crate) struct Report<'a> {
    pub(crate) token: &'a Token,
}

impl answer::Report for Report<'_> {
    /// Returns the token alone, so that a shell can put it into a variable.
    fn text(&self, _: Paint) -> String {
        format!("{}\n", self.token.token)
    }

    fn json(&self) -> Value {
        json!(self.token)
    }
}
