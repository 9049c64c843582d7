//! Passwords in the form that Django stores: PBKDF2 with SHA-256.
//!
//! The salt depends on the seed and the password, so the same dataset gives the same hash; one hash
//! is made per distinct password and kept in the state, since it takes a third of a second.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Iterations of Django 5.2; with fewer, Django rewrites the hash at login.
const ITERATIONS: u32 = 1_000_000;
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Returns the name under which the stored form of a password is kept.
pub(crate) fn cache_key(seed: u64, plain: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("seedbed 2026 password cache");
    hasher.update(&seed.to_le_bytes()).update(plain.as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Returns the stored form of every password, each hashed on a thread of its own.
pub(crate) fn hash_all(seed: u64, plain: &BTreeSet<Arc<str>>) -> BTreeMap<Arc<str>, Arc<str>> {
    thread::scope(|scope| {
        let threads: Vec<_> = plain.iter().map(|plain| (plain, scope.spawn(move || hash(seed, plain)))).collect();
        let join = |(plain, thread): (&Arc<str>, thread::ScopedJoinHandle<'_, String>)| {
            (Arc::clone(plain), Arc::from(thread.join().expect("hashing does not panic")))
        };
        threads.into_iter().map(join).collect()
    })
}

/// Returns `pbkdf2_sha256$1000000$salt$hash`.
pub fn hash(seed: u64, plain: &str) -> String {
    let salt = salt(seed, plain);
    let mut output = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(plain.as_bytes(), salt.as_bytes(), ITERATIONS, &mut output);
    format!("pbkdf2_sha256${ITERATIONS}${salt}${}", STANDARD.encode(output))
}

/// Returns 22 letters and digits, as Django's salts are.
fn salt(seed: u64, plain: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("seedbed 2026 password salt");
    hasher.update(&seed.to_le_bytes()).update(plain.as_bytes());
    let mut bytes = [0; 64];
    hasher.finalize_xof().fill(&mut bytes);
    // Bytes of 248 and more are left out, so that every letter is as likely.
    bytes
        .iter()
        .filter(|&&byte| byte < 248)
        .take(22)
        .map(|&byte| char::from(ALPHABET[usize::from(byte % 62)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_what_django_would_check_it_against() {
        // `base64(hashlib.pbkdf2_hmac("sha256", b"TestPass123!", salt, 1_000_000))` with the salt below.
        assert_eq!(
            hash(1, "TestPass123!"),
            "pbkdf2_sha256$1000000$zKVH3hOCiz8BItCoetu16V$tja2KkK7DlfvvAtWwmI4JZVtflxYgSW+mFceNU0G870="
        );
    }

    #[test]
    fn the_salt_is_22_letters_and_hangs_on_seed_and_password() {
        assert_eq!(salt(1, "TestPass123!").len(), 22);
        assert_eq!(salt(1, "TestPass123!"), salt(1, "TestPass123!"));
        assert_ne!(salt(1, "TestPass123!"), salt(2, "TestPass123!"));
        assert!(salt(1, "x").bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
