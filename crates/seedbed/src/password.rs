//! Hashing: the stored forms of all passwords, each made once.
//!
//! One hash is made per distinct password and form and kept in the state, since it takes a third of a
//! second.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use seedbed_core::password::{Hashes, Password};
use seedbed_render::password::{address, hash};

/// Returns the name under which the stored form of a password is kept.
pub(crate) fn cache_key(seed: u64, password: &Password) -> String {
    address("seedbed 2026 password cache", seed, password).finalize().to_hex()[..32].to_owned()
}

/// Returns the stored form of every password, hashed on as many threads as can run at once.
pub(crate) fn hash_all(seed: u64, passwords: &BTreeSet<Arc<Password>>) -> Hashes {
    // A hash may need a hundred megabytes, so there is no thread for each.
    let threads = thread::available_parallelism().map_or(1, usize::from).min(passwords.len());
    let left = Mutex::new(passwords.iter());
    let next = || left.lock().expect("nobody panics with the lock").next();
    let work = || {
        let hashed = std::iter::from_fn(next).map(|password| (Arc::clone(password), Arc::from(hash(seed, password))));
        hashed.collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("hashing does not panic")).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::password::Form;
    use seedbed_core::value::Value;

    #[test]
    fn every_password_is_hashed_in_each_of_its_forms() {
        let cheap = |plain: &str, form: &str, cost| {
            let form = Form::named(form).expect("a form").costing(&cost).expect("a cost");
            Arc::new(Password { plain: plain.into(), form })
        };
        let passwords: BTreeSet<_> = ["one", "two", "three"]
            .iter()
            .flat_map(|plain| [cheap(plain, "bcrypt", Value::Integer(4)), cheap(plain, "django", Value::Integer(1))])
            .collect();
        let hashes = hash_all(1, &passwords);
        assert_eq!(hashes.keys().cloned().collect::<BTreeSet<_>>(), passwords);
        assert_eq!(hashes.values().collect::<BTreeSet<_>>().len(), 6);
        assert!(hashes.iter().all(|(password, made)| **made == *hash(1, password)));
    }
}
