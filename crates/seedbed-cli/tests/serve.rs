//! The service, as programs and attackers meet it: the real binary, over real sockets.

mod support;

#[path = "serve/attacks.rs"]
mod attacks;
#[path = "serve/browser.rs"]
mod browser;
#[path = "serve/client.rs"]
mod client;
#[path = "serve/run.rs"]
mod run;
#[path = "serve/scale.rs"]
mod scale;
#[path = "serve/verbs.rs"]
mod verbs;
