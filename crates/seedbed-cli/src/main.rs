//! The binary `seedbed`.

fn main() {}
