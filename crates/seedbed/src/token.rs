//! The verb `token`: what a persona shows to the application, as login would have given it.
//!
//! A token is a JSON Web Token (RFC 7519) signed with HMAC and SHA-256. It is made for rows only that
//! are seeded in this database and still there: whoever holds the secret could make any other, and
//! that is not what this is for.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use seedbed_core::plan::key_text;
use seedbed_core::scenario::Chain;
use seedbed_core::value::Value;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;

use crate::database::Access;
use crate::error::{Error, Exit, Result, While};
use crate::owns::{Found, find};
use crate::personas::declared_key;
use crate::run;
use crate::session::Target;
use crate::show::find_row;
use crate::typed;

/// What makes a malformed token malformed: its signature is right, and there are no claims.
const NO_CLAIMS: &[u8] = b"this is no set of claims";

/// How long before now an expired token has expired.
const MINUTE: i64 = 60;

/// What tokens are signed with. Nothing shows it: no message, no log, no answer.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// What a token is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Good from now on.
    Valid,
    /// Good for its time, until a minute ago.
    Expired,
    /// Rightly signed around no claims.
    Malformed,
}

/// What is declared of tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(pub BTreeMap<String, String>);

/// A token of a persona.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The token.
    pub token: String,
    /// Whose it is.
    pub persona: String,
    /// What it is.
    pub kind: Kind,
    /// Until when it is good, in unix seconds; none where it is malformed.
    pub expires_at: Option<i64>,
}

impl Secret {
    /// Returns a secret; none where it is empty.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.as_bytes().to_vec()))
    }

    fn sign(&self, payload: &[u8]) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("persona", &self.persona).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Returns a token of `persona` that is good for so many seconds; `id` is one that no other token has.
///
/// The persona's row must be seeded in the target's database, and still be there.
pub fn token(
    target: &mut Target<'_>,
    chain: &Chain,
    persona: &str,
    (kind, lifetime): (Kind, i64),
    (secret, claims): (&Secret, &Claims),
    id: &str,
) -> Result<Token> {
    let (dataset, now) = (target.dataset, target.now);
    let top = target.levels.end.saturating_sub(1);
    let mut known = chain.populations.iter().flat_map(|population| &population.personas);
    if known.any(|other| other.name == persona && other.absent) {
        let error = Error::new(Exit::Usage, "absent-persona", format!("`{persona}` is absent: it has no account"));
        return Err(error.help("send no token at all"));
    }
    let (population, row) = find_row(chain, dataset, top, persona)?;
    let mut transaction = run::begin(&mut *target.database, Access::Read, target.lock_timeout, target.notice)?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let (table, name) = (&dataset.blocks[population].table, transaction.describe());
    let missing = || Error::new(Exit::CouldNotRun, "missing-table", format!("there is no table `{table}`"));
    let key = declared_key(dataset, &schema, population, &row).ok_or_else(missing)?;
    let scenario = dataset.scenarios[..=top].last().map_or("", |scenario| &scenario.name);
    match find(&mut *transaction, &schema, table, &key)? {
        Found::Ours => {}
        Found::NotSeeded => {
            let error = Error::new(Exit::Usage, "not-seeded", format!("`{persona}` is not seeded in {name}"));
            return Err(error.help(typed::line(target.program, &format!("seed {scenario}"))));
        }
        Found::Gone => {
            let error = Error::new(Exit::Usage, "row-gone", format!("the row of `{persona}` is gone from {name}"));
            return Err(error.help(typed::line(target.program, &format!("reset {scenario}"))));
        }
    }
    let (issued, expires_at) = match kind {
        Kind::Valid => (now, Some(now.saturating_add(lifetime))),
        Kind::Expired => (now.saturating_sub(lifetime).saturating_sub(MINUTE), Some(now - MINUTE)),
        Kind::Malformed => (now, None),
    };
    let payload = match expires_at {
        None => NO_CLAIMS.to_vec(),
        Some(expires_at) => {
            let mut set: Map<String, Json> =
                [("iat".into(), json!(issued)), ("exp".into(), json!(expires_at)), ("jti".into(), json!(id))]
                    .into_iter()
                    .collect();
            let block = &dataset.blocks[population];
            let at = block.rows.iter().position(|other| other.name == row).expect("it was found");
            let value = |name: &str| match name {
                "key" => Some(key_text(&key)),
                "row" => Some(row.clone()),
                name => {
                    let column = block.columns.iter().position(|column| column == name)?;
                    match &block.rows[at].values[column] {
                        Value::Time(_) | Value::Password(_) => None,
                        value => Some(value.to_string()),
                    }
                }
            };
            for (claim, text) in &claims.0 {
                set.insert(claim.clone(), json!(filled(claim, text, &block.population, value)?));
            }
            Json::Object(set).to_string().into_bytes()
        }
    };
    Ok(Token { token: secret.sign(&payload), persona: persona.to_owned(), kind, expires_at })
}

/// Returns the text of a claim, with what stands in braces in it put in.
fn filled(claim: &str, text: &str, population: &str, value: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut parts = text.split('{');
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let found = value(name).ok_or_else(|| {
            let message = format!("the claim `{claim}` asks for `{name}`, and `{population}` declares no such text");
            Error::new(Exit::Usage, "unknown-name", message)
                .help("a claim is a text with {key}, {row} and {column}, whose values are declared")
        })?;
        made.push_str(&found);
        made.push_str(rest);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // Made with PyJWT 2.10: `PyJWS().encode(b"this is no set of claims", "key", algorithm="HS256")`.
        let secret = Secret::new("key").unwrap();
        assert_eq!(secret.sign(NO_CLAIMS), SIGNED);
        assert_eq!(format!("{secret:?}"), "Secret");
        assert!(Secret::new("").is_none());
    }

    const SIGNED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.dGhpcyBpcyBubyBzZXQgb2YgY2xhaW1z.rZ8CD_3pgeR6xdevkeRwCceYRheKIPI8W9HcHdZPU8Y";

    #[test]
    fn claims_are_filled_from_the_row() {
        let value = |name: &str| (name == "key").then(|| "7".to_owned());
        assert_eq!(filled("user_id", "u-{key}!", "users", value).unwrap(), "u-7!");
        let error = filled("user_id", "{kee}", "users", value).unwrap_err();
        assert_eq!((error.exit, error.rule.to_string()), (Exit::Usage, "unknown-name".to_owned()));
    }
}
