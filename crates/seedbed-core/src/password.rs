//! Passwords: a plain text, and the form in which an application keeps it.
//!
//! Which forms there are, what they cost unless said, and which costs can be computed. The hashes
//! themselves are made where time may be spent.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::value::Value;

/// A password and the form it is stored in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Password {
    /// What a person types.
    pub plain: Arc<str>,
    /// How it is stored.
    pub form: Form,
}

/// The stored form of every password, by the password.
pub type Hashes = BTreeMap<Arc<Password>, Arc<str>>;

/// The form in which a password is stored, with what it costs to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Django's own, `pbkdf2_sha256$1000000$...`: the iterations.
    Django(u32),
    /// argon2id as a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$...`.
    Argon2(Argon2),
    /// The same as Django's `Argon2PasswordHasher` writes it, `argon2$argon2id$...`.
    DjangoArgon2(Argon2),
    /// bcrypt, `$2b$12$...`: the cost.
    Bcrypt(u32),
    /// bcrypt of a SHA-256 as Django's `BCryptSHA256PasswordHasher` writes it, `bcrypt_sha256$$2b$12$...`.
    DjangoBcrypt(u32),
}

/// What an argon2 hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Argon2 {
    /// Memory in KiB, `m`.
    pub memory: u32,
    /// Passes over it, `t`.
    pub passes: u32,
    /// Lanes, `p`.
    pub lanes: u32,
}

/// Every form with its usual cost, by the name a scenario calls it: Django 5.2's iterations (with others,
/// Django rewrites the hash at login), OWASP's argon2, Django's argon2, and the bcrypt cost of Rails and Django.
const FORMS: [(&str, Form); 5] = [
    ("django", Form::Django(1_000_000)),
    ("argon2", Form::Argon2(Argon2 { memory: 19_456, passes: 2, lanes: 1 })),
    ("django_argon2", Form::DjangoArgon2(Argon2 { memory: 102_400, passes: 2, lanes: 8 })),
    ("bcrypt", Form::Bcrypt(12)),
    ("django_bcrypt", Form::DjangoBcrypt(12)),
];

/// The bytes of a password that bcrypt looks at; it ignores the rest.
const BCRYPT_READS: usize = 72;

impl Form {
    /// Django's own; the form unless said.
    pub const USUAL: Self = FORMS[0].1;

    /// Returns the names of all forms.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FORMS.into_iter().map(|(name, _)| name)
    }

    /// Returns the form of this name with its usual cost.
    pub fn named(name: &str) -> Option<Self> {
        FORMS.into_iter().find(|(known, _)| *known == name).map(|(_, form)| form)
    }

    /// Returns the form with this cost; nothing where it has no such cost.
    pub fn costing(self, cost: &Value) -> Option<Self> {
        let number = if let Value::Integer(number) = cost { u32::try_from(*number).ok() } else { None };
        let argon2 = || if let Value::Text(text) = cost { Argon2::read(text) } else { None };
        match self {
            Self::Django(_) => number.filter(|number| (1..=10_000_000).contains(number)).map(Self::Django),
            Self::Argon2(_) => argon2().map(Self::Argon2),
            Self::DjangoArgon2(_) => argon2().map(Self::DjangoArgon2),
            Self::Bcrypt(_) => number.filter(|number| (4..=20).contains(number)).map(Self::Bcrypt),
            Self::DjangoBcrypt(_) => number.filter(|number| (4..=20).contains(number)).map(Self::DjangoBcrypt),
        }
    }

    /// Returns what costs there are, for a person.
    pub fn costs(self) -> &'static str {
        match self {
            Self::Django(_) => "write the iterations, 1 to 10000000: `1000000`",
            Self::Argon2(_) | Self::DjangoArgon2(_) => {
                "write memory in KiB (8 or more for each of `p`, at most 4194304), passes (at most 100) and lanes \
                 (at most 255) as the hash has them: `m=19456,t=2,p=1`"
            }
            Self::Bcrypt(_) | Self::DjangoBcrypt(_) => "write a number from 4 to 20, each doubling the time: `12`",
        }
    }

    /// Returns why `plain` can't be kept in this form.
    pub fn refuses(self, plain: &str) -> Option<String> {
        if !matches!(self, Self::Bcrypt(_)) {
            return None;
        }
        if plain.contains('\0') {
            return Some("bcrypt ends a password at a zero byte".into());
        }
        let length = plain.len();
        (length > BCRYPT_READS)
            .then(|| format!("bcrypt reads {BCRYPT_READS} bytes of a password, and this one has {length}"))
    }
}

impl Argon2 {
    /// Reads `m=19456,t=2,p=1`.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let mut part = |name| parts.next()?.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok();
        let cost = Self { memory: part("m")?, passes: part("t")?, lanes: part("p")? };
        let possible = (1..=255).contains(&cost.lanes)
            && (1..=100).contains(&cost.passes)
            && (8 * cost.lanes..=4_194_304).contains(&cost.memory);
        (possible && parts.next().is_none()).then_some(cost)
    }
}

impl fmt::Display for Form {
    /// Writes the name and the cost: `bcrypt 12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_its_kind = |(_, form): &(_, Self)| std::mem::discriminant(form) == std::mem::discriminant(self);
        let (name, _) = FORMS.iter().find(|form| of_its_kind(form)).expect("every form has a name");
        match self {
            Self::Django(cost) | Self::Bcrypt(cost) | Self::DjangoBcrypt(cost) => write!(f, "{name} {cost}"),
            Self::Argon2(cost) | Self::DjangoArgon2(cost) => write!(f, "{name} {cost}"),
        }
    }
}

impl fmt::Display for Argon2 {
    /// Writes it as a PHC string has it: `m=19456,t=2,p=1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory, self.passes, self.lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_with_its_name_and_what_it_costs() {
        let written: Vec<String> = Form::names().map(|name| Form::named(name).expect("named").to_string()).collect();
        assert_eq!(
            written,
            [
                "django 1000000",
                "argon2 m=19456,t=2,p=1",
                "django_argon2 m=102400,t=2,p=8",
                "bcrypt 12",
                "django_bcrypt 12"
            ]
        );
    }

    #[test]
    fn a_cost_is_one_that_its_form_can_have() {
        let costing = |name, cost: Value| Form::named(name)?.costing(&cost).map(|form| form.to_string());
        assert_eq!(costing("django", Value::Integer(720_000)).as_deref(), Some("django 720000"));
        assert_eq!(costing("bcrypt", Value::Integer(10)).as_deref(), Some("bcrypt 10"));
        assert_eq!(costing("argon2", Value::text("m=65536,t=3,p=4")).as_deref(), Some("argon2 m=65536,t=3,p=4"));
        for wrong in [Value::Integer(3), Value::Integer(21), Value::Integer(-1), Value::text("12"), Value::Null] {
            assert_eq!(costing("bcrypt", wrong), None);
        }
        for wrong in ["m=7,t=1,p=1", "m=15,t=1,p=2", "m=64,t=0,p=1", "t=2,m=64,p=1", "m=64,t=2,p=1,k=0", "m=64,t=2"] {
            assert_eq!(costing("argon2", Value::text(wrong)), None, "{wrong}");
        }
        assert_eq!(costing("argon2", Value::Integer(3)), None);
        assert_eq!(costing("django", Value::Integer(0)), None);
    }
}
