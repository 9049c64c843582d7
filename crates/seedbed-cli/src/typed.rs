//! Typed: the flags of a call that a next step is typed with again.
//!
//! Whoever follows a hint reaches the database, the worker and the rows that it is about. A password is
//! never repeated: the address is told without it.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use seedbed::database::postgres::Address;
use seedbed::typed::{quoted, with_flags};
use seedbed_core::plan::civil;

use crate::arguments::Global;
use crate::moment;

/// The flags that say what a verb is about.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags<'a> {
    pub(crate) config: Option<&'a Path>,
    pub(crate) db: Option<&'a str>,
    pub(crate) media: Option<&'a Path>,
    pub(crate) worker: u8,
    pub(crate) seed: Option<u64>,
    pub(crate) as_of: Option<i64>,
}

impl<'a> Flags<'a> {
    /// Returns those of a call.
    pub(crate) fn of(global: &'a Global) -> Self {
        Self {
            config: global.config.as_deref(),
            db: global.db.as_deref(),
            media: global.media.as_deref(),
            worker: global.worker,
            seed: global.seed,
            as_of: global.as_of,
        }
    }

    /// Returns how help lines call a program that was called with these flags; the project's file stands
    /// before the verb, as it goes with every one.
    pub(crate) fn program(self, name: &str) -> String {
        let path = |path: &Path| quoted(&path.display().to_string()).into_owned();
        let mut called = name.to_owned();
        if let Some(config) = self.config {
            let _ = write!(called, " --config {}", path(config));
        }
        let mut flags = String::new();
        if let Some(db) = self.db {
            let _ = write!(flags, " --db {}", quoted(&without_password(db)));
        }
        if let Some(media) = self.media {
            let _ = write!(flags, " --media {}", path(media));
        }
        if self.worker > 0 {
            let _ = write!(flags, " --worker {}", self.worker);
        }
        if let Some(seed) = self.seed {
            let _ = write!(flags, " --seed {seed}");
        }
        if let Some(as_of) = self.as_of {
            let day = as_of.rem_euclid(86_400) == 0;
            let as_of = if day { civil::date(as_of) } else { moment::written(as_of) };
            let _ = write!(flags, " --as-of {as_of}");
        }
        with_flags(&called, &flags)
    }
}

/// Returns a database as it was named, without a password that stands in it.
fn without_password(database: &str) -> Cow<'_, str> {
    if Address::is_one(database) { Address::without_password(database).0.into() } else { database.into() }
}
