//! The table itself: every object of the scenario language, with what each field is for.

use super::{Field, Names, Object, Shape};

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, about, shape, required: true, unless: None }
}

const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, about, shape, required: false, unless: None }
}

/// A field that is required where `other` is absent.
const fn or(other: &'static str, name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, about, shape, required: true, unless: Some(other) }
}

/// A scenario file.
pub static SCENARIO: Object = Object {
    name: "a scenario",
    about: "A layer of test data: which rows there are, how they hang together, and what must be among them.",
    fields: &[
        optional("$schema", Shape::Text, "the JSON Schema of this file, for editors"),
        required("scenario", Shape::Name(Names::New), "its name, as the commands take it"),
        optional("about", Shape::Text, "what it is for, in a sentence"),
        optional("requires", Shape::List(&Shape::Name(Names::Scenario), 0, 9), "scenarios below this one"),
        required("layer", Shape::Integer(0), "0 to 9; a digit of every key, unique in a database"),
        optional("holds_for", Shape::Duration, "how long past as-of no declared answer may change; 48h unless said"),
        optional("lists", Shape::Map(Names::New, &Shape::Text), "files with entries to pick from, beside this file"),
        optional("points", Shape::Map(Names::New, &Shape::List(&Shape::Number, 2, 2)), "places: [latitude, longitude]"),
        optional(
            "conditions",
            Shape::Map(Names::Population, &Shape::Map(Names::New, &Shape::Where)),
            "named conditions; each reads like a yes/no column",
        ),
        optional(
            "measures",
            Shape::Map(Names::Population, &Shape::Map(Names::New, &Shape::Object(&MEASURE))),
            "computed numbers; each reads like a column",
        ),
        optional("populations", Shape::Map(Names::New, &Shape::Object(&POPULATION)), "kinds of rows"),
        optional("relations", Shape::Map(Names::New, &Shape::Object(&RELATION)), "pairs of rows"),
        optional(
            "overlay",
            Shape::Map(Names::Population, &Shape::Map(Names::New, &Shape::Object(&OVERLAY))),
            "links of rows of a lower layer that this one changes",
        ),
        optional(
            "groups",
            Shape::Map(Names::Population, &Shape::Map(Names::New, &Shape::Map(Names::New, &Shape::Object(&GROUP)))),
            "partitions: each divides a population into disjoint groups that cover it",
        ),
        optional("ensure", Shape::List(&Shape::Object(&ENSURE), 0, usize::MAX), "facts that must hold"),
        optional("expected", Shape::Map(Names::New, &Shape::Object(&ANSWER)), "answers the application should give"),
        optional("states", Shape::Map(Names::New, &Shape::Object(&STATE)), "named variants for a test to start from"),
        optional(
            "left_by_tests",
            Shape::Map(Names::Population, &Shape::Map(Names::New, &Shape::Object(&CLAIM))),
            "rows that tests make and that hang on nothing of ours, recognised by a column",
        ),
    ],
};

static MEASURE: Object = Object {
    name: "a measure",
    about: "A number computed from columns.",
    fields: &[
        required("distance", Shape::List(&Shape::Name(Names::Path), 2, 2), "columns [latitude, longitude], in km"),
        required("to", Shape::Name(Names::Point), "the point measured to"),
    ],
};

static POPULATION: Object = Object {
    name: "a population",
    about: "Rows of one kind in one table.",
    fields: &[
        required("table", Shape::Text, "the table they stand in"),
        optional("tag", Shape::Text, "the yes/no column that marks seeded rows"),
        optional("slot", Shape::Integer(0), "digit of the keys that tells populations of one table and layer apart"),
        optional("fixed", Shape::Bool, "it has the same rows at any scale"),
        optional(
            "rows",
            Shape::Either(&[
                Shape::Integer(0),
                Shape::List(&Shape::Name(Names::New), 1, usize::MAX),
                Shape::Object(&ONE_PER),
            ]),
            "a number, names with ranges (`user_001..user_030`) or one per row of a link; else as many as `has` says",
        ),
        optional("personas", Shape::Map(Names::Row, &Shape::Object(&PERSONA)), "rows that tests know by name"),
        optional("links", Shape::Map(Names::New, &Shape::Object(&LINK)), "columns that refer to other rows"),
        optional("columns", Shape::Map(Names::New, &VALUE), "a value or a generator per column"),
    ],
};

static ONE_PER: Object = Object {
    name: "`rows`",
    about: "One row for each row a link refers to.",
    fields: &[required("one_per", Shape::Text, "the link")],
};

static PERSONA: Object = Object {
    name: "a persona",
    about: "A row that tests know by name.",
    fields: &[
        required("for", Shape::Text, "what tests use it for"),
        optional("set", Shape::Map(Names::New, &VALUE), "values of its columns"),
        optional("absent", Shape::Bool, "it stands for nobody: there is no row"),
    ],
};

static LINK: Object = Object {
    name: "a link",
    about: "A column that refers to a row.",
    fields: &[
        or("to_one_of", "column", Shape::Text, "the column"),
        or("to_one_of", "to", Shape::Name(Names::Population), "the population referred to"),
        optional(
            "to_one_of",
            Shape::Map(Names::New, &Shape::Name(Names::Population)),
            "with `type` and `id`: the populations referred to, by the value of the type column",
        ),
        optional("type", Shape::Text, "with `to_one_of`: the column that says which population"),
        optional("id", Shape::Text, "with `to_one_of`: the column that holds the key, as that column's type demands"),
        required("back", Shape::Name(Names::New), "the name of the way back: the rows that point here"),
        optional("owner", Shape::Bool, "the row referred to owns this one: what tests add here is left by tests"),
        optional("where", Shape::Where, "which rows may be referred to; `same_as` compares with this row"),
        optional("share", Shape::Share, "how many of the rows have it; the others hold null"),
        optional("shape", Shape::Text, "`tree`: of rows of one population, without circles"),
        optional("deep", Shape::Integer(1), "with `shape`: at most so many steps from a row to its root"),
    ],
};

static RELATION: Object = Object {
    name: "a relation",
    about: "Pairs of rows; a pair at most once, and never a row with itself.",
    fields: &[
        required("table", Shape::Text, "the table they stand in"),
        optional("tag", Shape::Text, "the yes/no column that marks seeded rows"),
        optional("slot", Shape::Integer(0), "digit of the keys that tells populations of one table and layer apart"),
        optional("total", Shape::Integer(0), "how many pairs; else as many as `has` says"),
        optional("fixed", Shape::Bool, "it has the same rows at any scale"),
        optional(
            "skew",
            Shape::Integer(2),
            "at scale the first blocks get more of its edges: 2 to 8; evenly unless said",
        ),
        required("links", Shape::Map(Names::New, &Shape::Object(&LINK)), "its two ends, the one that acts first"),
        optional("columns", Shape::Map(Names::New, &VALUE), "a value or a generator per column"),
    ],
};

static OVERLAY: Object = Object {
    name: "an overlay",
    about: "A link of a lower layer that this layer points elsewhere.",
    fields: &[required("to", Shape::Name(Names::Population), "the population referred to from now on")],
};

static GROUP: Object = Object {
    name: "a group",
    about: "Some rows of a population, with what they share.",
    fields: &[
        optional("id", Shape::Text, "the criterion this line answers"),
        optional(
            "rows",
            Shape::Either(&[Shape::Share, Shape::List(&Shape::Integer(0), 2, 2)]),
            "how many rows: a number, a range, a share or `rest`; absent: those named in `who`",
        ),
        optional("who", Shape::List(&Shape::Name(Names::Row), 1, usize::MAX), "these rows are in it"),
        optional("where", Shape::Where, "only rows that hold this can be in it"),
        optional("set", Shape::Map(Names::New, &VALUE), "columns they share"),
        optional("has", Shape::Map(Names::Back, &COUNT), "how many rows point at each of them: 2 or [5, 10]"),
    ],
};

static COUNT: Shape = Shape::Either(&[Shape::Integer(0), Shape::List(&Shape::Integer(0), 2, 2)]);

static ENSURE: Object = Object {
    name: "an ensure",
    about: "A fact that must hold: satisfied by construction, counted again by SQL.",
    fields: &[
        optional("id", Shape::Text, "the criterion it answers"),
        required("fact", Shape::Text, "the fact, as a person says it"),
        required("count", Shape::Name(Names::Path), "what is counted: a population, or with `for_each` a path"),
        optional("where", Shape::Where, "which of them"),
        optional(
            "for_each",
            Shape::Map(Names::Population, &Shape::List(&Shape::Name(Names::Row), 1, usize::MAX)),
            "rows of a population it holds for, each on its own",
        ),
        optional("per", Shape::Name(Names::Path), "for each declared value of this column on its own"),
        optional("distinct", Shape::Name(Names::Path), "counts different values of this instead of rows"),
        optional("at_least", Shape::Bound, "lower bound, a number or a percentage of all"),
        optional("at_most", Shape::Bound, "upper bound"),
        optional("exactly", Shape::Bound, "both bounds"),
        optional("as", Shape::Name(Names::New), "a name for the first witness"),
    ],
};

static ANSWER: Object = Object {
    name: "an expected answer",
    about: "A list the application should show.",
    fields: &[
        optional("for_each", Shape::Name(Names::Population), "one answer for each row of this population"),
        required("list", Shape::Name(Names::Path), "the rows listed: a path, or without `for_each` a population"),
        optional("where", Shape::Where, "which of them"),
        optional("order", Shape::List(&Shape::Text, 1, 9), "`newest`, `oldest`, `least` or `most` and a path"),
        optional("scope", Shape::Text, "`persona` (the same for any number of workers) or `database`"),
        optional("group_by", Shape::Name(Names::Path), "totals by this value too"),
    ],
};

static STATE: Object = Object {
    name: "a state",
    about: "The dataset with some rows left out.",
    fields: &[required(
        "without",
        Shape::Either(&[Shape::Text, Shape::Map(Names::Population, &Shape::Where)]),
        "`all`, or which rows of which population",
    )],
};

static CLAIM: Object = Object {
    name: "a claim",
    about: "Rows that tests make, recognised by a text column.",
    fields: &[required("matches", Shape::Text, "a text with `*` for any run of characters")],
};

/// A value of a column: a plain value or a generator.
static VALUE: Shape = Shape::Either(&[Shape::Scalar, Shape::Object(&GENERATOR)]);

static GENERATOR: Object = Object {
    name: "a generator",
    about: "How the values of a column are made.",
    fields: &[
        optional("quota", Shape::Map(Names::New, &Shape::Share), "values with their exact shares"),
        optional("even", Shape::List(&Shape::Scalar, 1, usize::MAX), "values in equal shares"),
        optional("mix", Shape::List(&Shape::Object(&GENERATOR), 1, usize::MAX), "generators, each with a `share`"),
        optional("share", Shape::Share, "the share of this line of a `mix`"),
        optional("time", Shape::List(&Shape::Time, 2, 2), "a moment in a range"),
        optional("from", Shape::Name(Names::Path), "`time` counts from this time instead of as-of"),
        optional("not_before", Shape::List(&Shape::Name(Names::Path), 1, 9), "times it comes after"),
        optional("integer", Shape::List(&Shape::Number, 2, 2), "a whole number in a range"),
        optional("decimal", Shape::List(&Shape::Number, 2, 2), "a number in a range"),
        optional("places", Shape::Integer(0), "digits after the point of `decimal`"),
        optional("text", Shape::Text, "a text with {row}, {number}, {copy}, {column}, {link.column}"),
        optional("pick", Shape::Name(Names::List), "an entry of a list"),
        optional("where", Shape::Where, "which entries; `same_as` compares with this row"),
        optional("fills", Shape::Map(Names::New, &Shape::Text), "columns filled from the entry's fields"),
        optional("copy", Shape::Name(Names::Path), "the value of another column"),
        optional("sum_of", Shape::Name(Names::Path), "the sum of a column of the rows that point here"),
        optional(
            "product_of",
            Shape::List(&Shape::Name(Names::Path), 2, 9),
            "columns of this row, multiplied; no value where one has none",
        ),
        optional("position_in", Shape::Text, "the row's place among those with the same link"),
        optional("first_in", Shape::Text, "true for the first row among those with the same link"),
        optional("start", Shape::Integer(0), "the first `position_in`; 0 unless said"),
        optional("password", Shape::Text, "the hash of this password"),
        optional(
            "hash",
            Shape::Text,
            "how `password` is hashed: `django` (unless said), `argon2`, `bcrypt`, `django_argon2` or `django_bcrypt`",
        ),
        optional(
            "cost",
            Shape::Either(&[Shape::Number, Shape::Text]),
            "what `hash` costs: `12` for bcrypt, `m=19456,t=2,p=1` for argon2, the iterations for `django`",
        ),
        optional("image", Shape::Text, "a picture file: `poster` or `avatar`"),
        optional("size", Shape::List(&Shape::Integer(16), 2, 2), "[width, height] of the picture"),
        optional(
            "path",
            Shape::Text,
            "the picture's path below the media folder, a text like `text`; {key} is the row's key",
        ),
        optional("caption", Shape::Text, "what stands on the picture, a text like `text`"),
        optional("null", Shape::Share, "how many rows have no value"),
        optional("value", Shape::Scalar, "a plain value, where modifiers or a `share` are needed"),
    ],
};

/// A test of a path.
pub(super) static TEST: Shape = Shape::Either(&TEST_KINDS);
static TEST_KINDS: [Shape; 3] = [Shape::Scalar, Shape::List(&Shape::Scalar, 2, 2), Shape::Object(&TESTS)];

/// Alternatives of a `where`.
pub(super) static ANY: Shape = Shape::List(&Shape::Where, 1, usize::MAX);

static RANGE: Object = Object {
    name: "a range",
    about: "A range with one or both ends.",
    fields: &[
        optional("min", Shape::Number, "lower end, included"),
        optional("max", Shape::Number, "upper end, included"),
    ],
};

static TESTS: Object = Object {
    name: "a test",
    about: "What must hold for a value, a row, or the rows a path leads to; all lines hold.",
    fields: &[
        optional("not", Shape::Either(&TEST_KINDS), "the opposite of a test"),
        optional(
            "in",
            Shape::Either(&[Shape::List(&Shape::Scalar, 1, usize::MAX), Shape::Name(Names::Path)]),
            "a set of values or row names, a population, or a path whose rows are the set",
        ),
        optional(
            "not_in",
            Shape::Either(&[Shape::List(&Shape::Scalar, 1, usize::MAX), Shape::Name(Names::Path)]),
            "not in such a set",
        ),
        optional("min", Shape::Number, "at least"),
        optional("max", Shape::Number, "at most"),
        optional("before", Shape::Text, "earlier than a time or a path"),
        optional("until", Shape::Text, "not later than a time or a path"),
        optional("since", Shape::Text, "not earlier than a time or a path"),
        optional("after", Shape::Text, "later than a time or a path"),
        optional("contains", Shape::Text, "has this text in it, upper and lower case alike"),
        optional("matches", Shape::Text, "is this text, with `*` for any run of characters"),
        optional("same_as", Shape::Name(Names::Path), "equals the value of a path"),
        optional("sum_of", Shape::Name(Names::Path), "equals the sum of the values a path leads to"),
        optional("some", Shape::Where, "at least one of the rows"),
        optional("all", Shape::Where, "every one of the rows"),
        optional("none", Shape::Where, "not one of the rows"),
        optional("count", ENDS, "how many rows"),
        optional("distinct", ENDS, "how many different values"),
        optional("sum", SUM, "the sum of the values"),
    ],
};

const ENDS: Shape = Shape::Either(&[Shape::Integer(0), Shape::List(&Shape::Integer(0), 2, 2), Shape::Object(&RANGE)]);
const SUM: Shape = Shape::Either(&[Shape::Number, Shape::List(&Shape::Number, 2, 2), Shape::Object(&RANGE)]);
