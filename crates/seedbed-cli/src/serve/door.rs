//! Door: who may come in.
//!
//! A request names the host that the service listens at, and comes from no page of another origin. It
//! shows the token of this start; a browser shows the cookie that it got for a one-time key. A browser
//! sends that cookie by itself, so where it writes, its origin must be said and ours.

use std::sync::Mutex;

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use seedbed::{Error, Exit, Result};

use super::secret::Secret;

/// Name of the cookie.
pub(super) const COOKIE_NAME: &str = "seedbed_session";

/// What is compared with what a caller shows.
pub(super) struct Door {
    token: Secret,
    /// The values of `Host` that mean this service.
    hosts: Vec<String>,
    /// Keys that were handed out and not used yet.
    keys: Mutex<Vec<Secret>>,
    /// Browsers that are in.
    sessions: Mutex<Vec<Secret>>,
}

impl Door {
    pub(super) fn new(token: Secret, hosts: Vec<String>) -> Self {
        Self { token, hosts, keys: Mutex::default(), sessions: Mutex::default() }
    }

    /// Refuses a request that is meant for another host, or comes from a page of another origin.
    pub(super) fn admit(&self, request: &Parts) -> Result<()> {
        let hosts: Vec<&[u8]> = request.headers.get_all(HOST).iter().map(HeaderValue::as_bytes).collect();
        let known = |host: &[u8]| self.hosts.iter().any(|known| known.as_bytes() == host);
        let [host] = hosts.as_slice() else { return Err(refused("wrong-host", "one `Host` is to be named")) };
        let target = request.uri.authority().map(|authority| authority.as_str().as_bytes());
        if !known(host) || target.is_some_and(|target| !known(target)) {
            let message = format!("`Host` is to be {}", self.hosts.join(" or "));
            return Err(refused("wrong-host", message));
        }
        let mut origins = request.headers.get_all(ORIGIN).iter();
        if origins.any(|origin| !self.is_own(origin.as_bytes())) {
            return Err(refused("foreign-origin", "pages of other origins may not ask"));
        }
        Ok(())
    }

    /// Refuses a request that shows neither the token nor a cookie of ours.
    pub(super) fn know(&self, request: &Parts) -> Result<()> {
        if request.headers.contains_key(AUTHORIZATION) {
            let shown = single(&request.headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
            return match shown {
                Some(shown) if self.token.is(shown) => Ok(()),
                _ => Err(unknown()),
            };
        }
        if !self.has_session(&request.headers) {
            return Err(unknown());
        }
        if request.method != Method::GET && !request.headers.contains_key(ORIGIN) {
            return Err(refused("foreign-origin", "with a cookie, `Origin` is to be said"));
        }
        Ok(())
    }

    /// Whether the browser has come in before.
    pub(super) fn has_session(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = values.flat_map(|value| value.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        let sessions = self.sessions.lock().expect("nobody panics with the lock");
        cookies.any(|(name, shown)| name == COOKIE_NAME && sessions.iter().any(|session| session.is(shown)))
    }

    /// Returns a key that lets one browser in, once.
    pub(super) fn key(&self) -> Result<String> {
        let key = Secret::new()?;
        let text = key.text().to_owned();
        self.keys.lock().expect("nobody panics with the lock").push(key);
        Ok(text)
    }

    /// Takes a key back and returns the cookie that it is worth.
    pub(super) fn exchange(&self, shown: &str) -> Result<String> {
        let mut keys = self.keys.lock().expect("nobody panics with the lock");
        let Some(at) = keys.iter().position(|key| key.is(shown)) else { return Err(unknown()) };
        keys.remove(at);
        let session = Secret::new()?;
        let cookie = format!("{COOKIE_NAME}={}; HttpOnly; SameSite=Strict; Path=/", session.text());
        self.sessions.lock().expect("nobody panics with the lock").push(session);
        Ok(cookie)
    }

    fn is_own(&self, origin: &[u8]) -> bool {
        self.hosts.iter().any(|host| format!("http://{host}").as_bytes() == origin)
    }
}

/// Returns the value of a header that stands there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

fn refused(rule: &'static str, message: impl Into<String>) -> Error {
    Error::new(Exit::Guard, rule, message)
}

fn unknown() -> Error {
    refused(NOT_KNOWN, "the token of this service is missing or wrong")
        .help("send `Authorization: Bearer` and the text of the token file")
}

/// The rule of a request that shows no token.
pub(super) const NOT_KNOWN: &str = "not-authorized";
