//! Passwords in the forms that applications store: PBKDF2, argon2id and bcrypt.
//!
//! The salt depends on the seed, the password and the form, so the same dataset gives the same hash.

use std::fmt::Write;

use argon2::{Algorithm, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use seedbed_core::password::{Argon2, Form, Password};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Returns the password as its form has it stored, such as `pbkdf2_sha256$1000000$salt$hash`.
pub fn hash(seed: u64, password: &Password) -> String {
    let plain = password.plain.as_bytes();
    match password.form {
        Form::Django(iterations) => {
            let salt = letters(seed, password);
            let mut output = [0; 32];
            pbkdf2::pbkdf2_hmac::<Sha256>(plain, salt.as_bytes(), iterations, &mut output);
            format!("pbkdf2_sha256${iterations}${salt}${}", STANDARD.encode(output))
        }
        Form::Argon2(cost) => argon2id(cost, plain, &bytes(seed, password)),
        Form::DjangoArgon2(cost) => format!("argon2{}", argon2id(cost, plain, letters(seed, password).as_bytes())),
        Form::Bcrypt(cost) => bcrypt_2b(cost, plain, bytes(seed, password)),
        Form::DjangoBcrypt(cost) => {
            let mut digest = String::with_capacity(64);
            for byte in Sha256::digest(plain) {
                write!(digest, "{byte:02x}").expect("a string takes all");
            }
            format!("bcrypt_sha256${}", bcrypt_2b(cost, digest.as_bytes(), bytes(seed, password)))
        }
    }
}

/// Returns `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, a PHC string of RFC 9106's function.
fn argon2id(cost: Argon2, plain: &[u8], salt: &[u8]) -> String {
    let params =
        Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).expect("the scenario's costs are possible");
    let mut output = [0; 32];
    let context = argon2::Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    context.hash_password_into(plain, salt, &mut output).expect("the salt is long enough");
    format!("$argon2id$v=19${cost}${}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output))
}

/// Returns `$2b$12$salthash`.
fn bcrypt_2b(cost: u32, plain: &[u8], salt: [u8; 16]) -> String {
    let parts = bcrypt::hash_with_salt(plain, cost, salt).expect("the scenario's costs are possible");
    parts.format_for_version(bcrypt::Version::TwoB)
}

/// Returns 16 bytes of salt.
fn bytes(seed: u64, password: &Password) -> [u8; 16] {
    let mut bytes = [0; 16];
    address(SALT, seed, password).finalize_xof().fill(&mut bytes);
    bytes
}

/// Returns a salt of 22 letters and digits, as Django's are.
fn letters(seed: u64, password: &Password) -> String {
    let mut bytes = [0; 64];
    address(SALT, seed, password).finalize_xof().fill(&mut bytes);
    // Bytes of 248 and more are left out, so that every letter is as likely.
    bytes
        .iter()
        .filter(|&&byte| byte < 248)
        .take(22)
        .map(|&byte| char::from(ALPHABET[usize::from(byte % 62)]))
        .collect()
}

const SALT: &str = "seedbed 2026 password salt";

/// Returns what all bits of a password's hash come from. The usual form adds nothing to its address.
pub fn address(context: &str, seed: u64, password: &Password) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    hasher.update(&seed.to_le_bytes()).update(password.plain.as_bytes());
    if password.form != Form::USUAL {
        hasher.update(&[0xFF]).update(password.form.to_string().as_bytes());
    }
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(plain: &str, form: &str) -> Password {
        Password { plain: plain.into(), form: Form::named(form).expect("a form") }
    }

    #[test]
    fn a_hash_is_what_django_would_check_it_against() {
        // `base64(hashlib.pbkdf2_hmac("sha256", b"TestPass123!", salt, 1_000_000))` with the salt below.
        assert_eq!(
            hash(1, &password("TestPass123!", "django")),
            "pbkdf2_sha256$1000000$zKVH3hOCiz8BItCoetu16V$tja2KkK7DlfvvAtWwmI4JZVtflxYgSW+mFceNU0G870="
        );
    }

    #[test]
    fn the_salt_hangs_on_seed_and_password_and_form() {
        let (django, argon2) = (password("TestPass123!", "django"), password("TestPass123!", "argon2"));
        assert_eq!(letters(1, &django).len(), 22);
        assert_eq!(letters(1, &django), letters(1, &django));
        assert_ne!(letters(1, &django), letters(2, &django));
        assert_ne!(letters(1, &django), letters(1, &argon2));
        assert_ne!(bytes(1, &argon2), bytes(1, &password("TestPass123?", "argon2")));
        assert!(letters(1, &password("x", "django")).bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
