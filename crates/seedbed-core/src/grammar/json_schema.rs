//! The JSON Schema of scenario files, written from the grammar.
//!
//! The general schema knows the language; a project schema also knows the names of one project, so
//! that an editor completes rows, populations and paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{MOST, Names, Object, SCENARIO, Shape};

/// The names of a project, by what they name.
pub type ProjectNames = BTreeMap<Names, BTreeSet<String>>;

/// Returns the JSON Schema (draft 2020-12). Without names, names are any text.
pub fn json_schema(names: &ProjectNames) -> Value {
    let mut writer = Writer { names, definitions: Map::new() };
    let mut schema = writer.object(&SCENARIO);
    let root = schema.as_object_mut().expect("an object's schema is an object");
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!("Seedbed scenario"));
    root.insert("$defs".into(), Value::Object(writer.definitions));
    schema
}

struct Writer<'a> {
    names: &'a ProjectNames,
    definitions: Map<String, Value>,
}

impl Writer<'_> {
    fn object(&mut self, object: &'static Object) -> Value {
        let mut properties = Map::new();
        for field in object.fields {
            let mut schema = self.shape(&field.shape);
            let entry = schema.as_object_mut().expect("a shape's schema is an object");
            entry.insert("description".into(), json!(field.about));
            properties.insert(field.name.into(), schema);
        }
        let required: Vec<&str> =
            object.fields.iter().filter(|f| f.required && f.unless.is_none()).map(|f| f.name).collect();
        let mut schema = json!({
            "type": "object",
            "description": object.about,
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        let or: Vec<(&str, &str)> = object.fields.iter().filter_map(|f| Some((f.unless?, f.name))).collect();
        if let Some((other, _)) = or.first() {
            let these: Vec<&str> = or.iter().map(|(_, name)| *name).collect();
            schema["anyOf"] = json!([{ "required": these }, { "required": [other] }]);
        }
        schema
    }

    fn definition(&mut self, object: &'static Object) -> Value {
        let name = object.name.trim_start_matches("an ").trim_start_matches("a ").replace(['`', ' '], "");
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), Value::Null);
            let schema = self.object(object);
            self.definitions.insert(name.clone(), schema);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn shape(&mut self, shape: &'static Shape) -> Value {
        match shape {
            Shape::Text => json!({ "type": "string" }),
            Shape::Bool => json!({ "type": "boolean" }),
            Shape::Integer(least) => json!({ "type": "integer", "minimum": least, "maximum": MOST }),
            Shape::Number => json!({ "type": "number" }),
            Shape::Scalar => json!({ "type": ["string", "number", "boolean", "null"] }),
            Shape::Time => json!({ "type": "string", "pattern": "^(as_of|in \\d+[smhdw]|\\d+[smhdw] ago)$" }),
            Shape::Duration => json!({ "type": "string", "pattern": "^\\d+[smhdw]$" }),
            Shape::Share => json!({ "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": MOST },
                { "type": "string", "pattern": "^(rest|\\d+(\\.\\d{1,2})?%)$" },
            ] }),
            Shape::Bound => json!({ "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": MOST },
                { "type": "string", "pattern": "^\\d+(\\.\\d{1,2})?%$" },
            ] }),
            Shape::Name(names) => self.name(*names),
            Shape::List(item, least, most) => {
                let mut schema = json!({ "type": "array", "items": self.shape(item), "minItems": least });
                if *most < usize::MAX {
                    schema["maxItems"] = json!(most);
                }
                schema
            }
            Shape::Map(names, item) => self.map(*names, item),
            Shape::Where => self.where_(),
            Shape::Object(object) => self.definition(object),
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| self.shape(shape)).collect();
                json!({ "anyOf": shapes })
            }
        }
    }

    fn name(&self, names: Names) -> Value {
        match self.names.get(&names) {
            // Ranges of rows and longer paths are right too, so the names are offered, not enforced.
            Some(known) => json!({ "anyOf": [{ "enum": known }, { "type": "string" }] }),
            None => json!({ "type": "string" }),
        }
    }

    fn map(&mut self, names: Names, item: &'static Shape) -> Value {
        let schema = self.shape(item);
        let properties: Map<String, Value> =
            self.names.get(&names).into_iter().flatten().map(|name| (name.clone(), schema.clone())).collect();
        if properties.is_empty() || names == Names::New {
            json!({ "type": "object", "additionalProperties": schema })
        } else {
            json!({ "type": "object", "properties": properties, "additionalProperties": schema })
        }
    }

    fn where_(&mut self) -> Value {
        if !self.definitions.contains_key("where") {
            self.definitions.insert("where".into(), Value::Null);
            let test = self.shape(&super::table::TEST);
            let mut properties = Map::new();
            for path in self.names.get(&Names::Path).into_iter().flatten() {
                properties.insert(path.clone(), test.clone());
            }
            properties.insert("any".into(), json!({ "type": "array", "items": { "$ref": "#/$defs/where" } }));
            let schema = json!({ "type": "object", "properties": properties, "additionalProperties": test });
            self.definitions.insert("where".into(), schema);
        }
        json!({ "$ref": "#/$defs/where" })
    }
}
