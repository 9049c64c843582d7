//! Digest: one hash for all that a dataset declares.

use crate::dataset::Dataset;
use crate::password::Form;
use crate::value::Value;

/// Returns the digest of the rows and files of these scenarios, as 64 hex digits.
///
/// As-of is left out: a dataset that was only moved in time has the same digest.
pub fn digest(dataset: &Dataset, includes: impl Fn(usize) -> bool) -> String {
    let mut hash = Hash(Vec::new());
    hash.number(dataset.seed);
    hash.number(u64::from(dataset.worker));
    for block in dataset.blocks.iter().filter(|block| includes(block.scenario)) {
        hash.text(&block.population);
        hash.text(&block.table);
        for column in &block.columns {
            hash.text(column);
        }
        for row in &block.rows {
            hash.text(&row.name);
            row.values.iter().for_each(|value| hash.value(value));
            for (position, scenario, value) in &row.overlays {
                if includes(*scenario) {
                    hash.number(*position as u64);
                    hash.value(value);
                }
            }
        }
    }
    for file in dataset.files.iter().filter(|file| includes(file.scenario)) {
        hash.text(&file.path);
        hash.text(&format!("{:?}", file.picture));
    }
    blake3::hash(&hash.0).to_hex().to_string()
}

/// The bytes that are hashed: one call over all is much faster than one per value.
struct Hash(Vec<u8>);

impl Hash {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.number(0),
            Value::Bool(yes) => self.number(1 + u64::from(*yes)),
            Value::Integer(n) => self.tagged(3, *n as u64),
            Value::Decimal(d) => {
                self.number(4);
                self.text(&d.to_string());
            }
            Value::Time(offset) => self.tagged(5, *offset as u64),
            Value::Text(text) => {
                self.number(6);
                self.text(text);
            }
            Value::Password(password) => {
                self.number(7);
                self.text(&password.plain);
                if password.form != Form::USUAL {
                    self.text(&password.form.to_string());
                }
            }
        }
    }

    fn tagged(&mut self, tag: u64, number: u64) {
        self.number(tag);
        self.number(number);
    }
}
