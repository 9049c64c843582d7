# The everyday commands.

seed:
    cargo run --release -- seed m03

test:
    script/test

prove:
    script/prove

lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

cases:
    UPDATE=1 cargo test -p seedbed-core --test cases

wheel:
    pip install ./crates/seedbed-py

bench:
    cargo bench -p benches && python benches/django/compare.py

deny:
    cargo deny check
