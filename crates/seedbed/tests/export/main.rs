//! Exports at scale: the bytes of a file depend on the dataset and the form, on nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use seedbed::Project;
use seedbed::export::{Form, Manifest, Part, Request, export};
use seedbed_core::generate::{Generated, Parameters, generate_scaled};
use seedbed_core::password::Hashes;
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;
use tempfile::TempDir;

/// A scenario at a scale.
struct World {
    generated: Generated,
    scaled: Scaled,
    schema: Arc<Schema>,
    passwords: Hashes,
    scale: Scale,
}

impl World {
    /// Returns m03 with so many blocks.
    fn new(blocks: u64) -> Self {
        let project = Project::find(&Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap()).unwrap();
        let schema = project.declared_schema().unwrap().expect("the project names its DDL");
        let chain = project.chain(&project.files(&["m03"]).unwrap(), Some(&schema)).unwrap();
        let parameters = Parameters { seed: 1, worker: 2, as_of: 1_795_305_600 };
        let scale = Scale::Blocks(blocks);
        let (generated, scaled) = generate_scaled(&chain, Some(&schema), parameters, &scale).unwrap();
        let rows = generated.dataset.blocks.iter().flat_map(|block| &block.rows);
        let values = rows.flat_map(|row| &row.values);
        // What a hash is does not matter here.
        let hash = |value: &Value| {
            if let Value::Password(password) = value { Some((Arc::clone(password), "hash".into())) } else { None }
        };
        let passwords = values.filter_map(hash).collect();
        Self { generated, scaled, schema, passwords, scale }
    }

    /// Writes a part, or all of it; returns the manifest.
    fn write(&self, folder: &Path, form: Form, threads: usize, part: Option<Part>) -> Manifest {
        let request = Request {
            scenario: "m03",
            dataset: &self.generated.dataset,
            scaled: &self.scaled,
            scale: &self.scale,
            schema: &self.schema,
            passwords: &self.passwords,
            form,
            part,
            threads,
        };
        let (mut last, mut told) = (0, 0);
        let manifest = export(&request, folder, "out", &mut |_, done, all| {
            assert!(done >= last && done <= all);
            (last, told) = (done, all);
        });
        let manifest = manifest.unwrap();
        assert_eq!(manifest.tables.iter().map(|table| table.rows).sum::<u64>(), told);
        assert_eq!(last, told);
        manifest
    }
}

/// Returns what each table is, by its digest.
fn digests(manifest: &Manifest) -> BTreeMap<String, (u64, u64, String)> {
    let of = |table: &seedbed::export::Written| (table.table.clone(), (table.rows, table.bytes, table.blake3.clone()));
    manifest.tables.iter().map(of).collect()
}

#[test]
fn bytes_depend_neither_on_threads_nor_on_parts() {
    for (form, blocks) in [(Form::Csv, 1_000), (Form::Jsonl, 100), (Form::Sql, 100)] {
        let world = World::new(blocks);
        let folder = TempDir::new().unwrap();
        let whole = digests(&world.write(folder.path(), form, 1, None));
        let favorites = whole["flyers_favorite"].0;
        assert_eq!(favorites, 50 * blocks);
        for threads in [2, 4] {
            let again = TempDir::new().unwrap();
            assert_eq!(digests(&world.write(again.path(), form, threads, None)), whole, "{form:?}");
        }
        for of in [1, 3, 7] {
            let mut hashers: BTreeMap<String, (u64, u64, blake3::Hasher)> = BTreeMap::new();
            let parts = TempDir::new().unwrap();
            for number in 1..=of {
                let part = world.write(parts.path(), form, 2, Some(Part { number, of }));
                for table in part.tables {
                    let (rows, bytes, hasher) = hashers.entry(table.table).or_default();
                    let text = fs::read(parts.path().join(&table.file)).unwrap();
                    assert_eq!(
                        (text.len() as u64, blake3::hash(&text).to_hex().to_string()),
                        (table.bytes, table.blake3)
                    );
                    *rows += table.rows;
                    *bytes += table.bytes;
                    hasher.update(&text);
                }
            }
            let joined = hashers.into_iter();
            let joined =
                joined.map(|(table, (rows, bytes, hash))| (table, (rows, bytes, hash.finalize().to_hex().to_string())));
            assert_eq!(joined.collect::<BTreeMap<_, _>>(), whole, "{form:?} in {of} parts");
        }
    }
}

#[test]
fn the_bytes_of_a_known_dataset_are_known() {
    let world = World::new(20);
    let folder = TempDir::new().unwrap();
    let tables = [(Form::Csv, "flyers_favorite"), (Form::Jsonl, "users_user"), (Form::Sql, "flyers_flyer")];
    let begins = tables.map(|(form, table)| {
        let manifest = world.write(folder.path(), form, 2, None);
        digests(&manifest)[table].2[..16].to_owned()
    });
    assert_eq!(begins, ["36b0220584054de8", "749cfcf9356286fc", "bd22e3ccd50ed04d"]);
}

#[test]
fn a_folder_of_somebody_elses_is_refused_and_one_of_a_broken_export_is_not() {
    let world = World::new(3);
    let folder = TempDir::new().unwrap();
    let refused = |part| {
        let request = Request {
            scenario: "m03",
            dataset: &world.generated.dataset,
            scaled: &world.scaled,
            scale: &world.scale,
            schema: &world.schema,
            passwords: &world.passwords,
            form: Form::Csv,
            part,
            threads: 1,
        };
        export(&request, folder.path(), "out", &mut |_, _, _| {}).unwrap_err().to_string()
    };
    let names = || {
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    assert!(refused(None).ends_with("holds something else: notes.txt"), "{}", refused(None));
    fs::write(folder.path().join("manifest.json"), "{}").unwrap();
    assert!(refused(None).ends_with("holds something else: manifest.json"), "{}", refused(None));
    assert_eq!(names(), ["manifest.json", "notes.txt"]);
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    fs::remove_file(folder.path().join("notes.txt")).unwrap();

    // What a killed one leaves.
    fs::write(folder.path().join("manifest.json.partial"), "").unwrap();
    fs::write(folder.path().join("users_user.jsonl.partial"), "{").unwrap();
    let manifest = world.write(folder.path(), Form::Jsonl, 1, None);
    let mut whole: Vec<String> = manifest.tables.iter().map(|table| table.file.clone()).collect();
    whole.push("manifest.json".into());
    whole.sort();
    assert_eq!(names(), whole);

    // Another whole export takes the place of the first, and its files.
    world.write(folder.path(), Form::Csv, 1, None);
    assert!(names().iter().all(|name| !name.contains("jsonl")), "{:?}", names());
    let part = |number, of| Some(Part { number, of });
    assert!(refused(part(1, 2)).ends_with("holds another export: manifest.json"), "{}", refused(part(1, 2)));

    let parts = TempDir::new().unwrap();
    world.write(parts.path(), Form::Sql, 1, part(2, 2));
    assert!(!parts.path().join("00_begin.sql").exists());
    world.write(parts.path(), Form::Sql, 1, part(1, 2));
    assert_eq!(fs::read_to_string(parts.path().join("00_begin.sql")).unwrap(), "BEGIN;\n");
    assert_eq!(fs::read_to_string(parts.path().join("99_commit.sql")).unwrap(), "COMMIT;\n");
    let read = fs::read(parts.path().join("manifest.2-of-2.json")).unwrap();
    let manifest: Manifest = serde_json::from_slice(&read).unwrap();
    assert_eq!(manifest.part, part(2, 2));
    assert_eq!(manifest.frames, ["99_commit.sql"]);
}
