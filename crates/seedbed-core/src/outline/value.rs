//! Values: what a column gets, by its type, its name and what its checks say.

use super::bounds::Bounds;
use super::structure::{Drawn, Form, singular};
use super::{Catalogue, Lessons, yaml};
use crate::schema::{Column, ColumnKind};
use crate::value::Decimal;

/// What a column gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is left to the database: NULL or its default.
    Left,
    /// This value or generator, as YAML, with what a reader should know.
    Value(String, Option<String>),
    /// No value can be made; a person is told why.
    Unknown(String),
}

/// The names that sentences are made with.
const FIRST_NAMES: [&str; 5] = ["Ada", "Ben", "Clara", "David", "Emma"];
const LAST_NAMES: [&str; 5] = ["Keller", "Meier", "Rossi", "Weber", "Young"];

/// What values are made with.
pub(super) struct Maker<'d, 'a> {
    pub(super) catalogue: &'d Catalogue<'a>,
    pub(super) lessons: &'d Lessons,
    pub(super) one: &'d Drawn<'a>,
}

impl Maker<'_, '_> {
    /// Returns what a column gets that is no link.
    pub(super) fn made(&self, column: &Column) -> Made {
        let bounds = self.one.understood.bounds.get(&column.name).cloned().unwrap_or_default();
        let place = (self.one.table.name.clone(), column.name.clone());
        let plain = self.lessons.plain.contains(&place);
        let needed = !column.nullable || bounds.needed || self.lessons.filled.contains(&place);
        if let Some(keys) = self.one.borrowed.get(&column.name) {
            return Made::Value(
                yaml::object(&[("even", yaml::list(&super::structure::cells(keys)))]),
                Some("rows that stand there already; they must in every database".into()),
            );
        }
        let given = needed && (column.default.is_none() || self.lessons.filled.contains(&place));
        let unique = self.one.unique.contains(&column.name);
        let listed = bounds.one_of.is_some() && (!column.nullable || needed);
        if !unique && !given && (plain || !(listed || is_telling(column))) {
            return Made::Left;
        }
        self.value(column, &bounds, unique, plain)
    }

    fn value(&self, column: &Column, bounds: &Bounds, unique: bool, plain: bool) -> Made {
        if let Some(values) = &bounds.one_of {
            return Self::one_of(column, values, plain);
        }
        let value = |text: String| Made::Value(text, None);
        match &column.kind {
            ColumnKind::Boolean => value(Self::yes_or_no(column, plain)),
            ColumnKind::Integer { .. } if unique => {
                Made::Value(yaml::text("{key}"), Some("unique; the row's own key is a number too".into()))
            }
            ColumnKind::Integer { .. } | ColumnKind::Decimal { .. } | ColumnKind::Real if self.is_time(column) => {
                value(self.time(column))
            }
            ColumnKind::Integer { bits } => Self::integer(column, *bits, bounds),
            ColumnKind::Decimal { .. } | ColumnKind::Real => Self::decimal(column, bounds),
            ColumnKind::Text { limit } => self.text(column, bounds, *limit, unique),
            ColumnKind::Timestamp | ColumnKind::Date => value(self.time(column)),
            ColumnKind::Uuid => value(yaml::text(match self.one.own_key() {
                Some(ColumnKind::Integer { .. }) => "5eedbed0-0000-4000-8000-00{key}",
                Some(ColumnKind::Uuid) => "{key}",
                _ => "5eedbed0-0000-4000-8000-{number:012}",
            })),
            ColumnKind::Json => value(yaml::text(if is_plural(&column.name) { "[]" } else { "{{}}" })),
            ColumnKind::Bytes => value(yaml::text("example")),
            ColumnKind::Other => match of_type(&column.declared) {
                Some(text) => value(yaml::text(text)),
                None => Made::Unknown(format!("`{}` is of type {}", column.name, shown(&column.declared))),
            },
        }
    }

    fn one_of(column: &Column, values: &[String], plain: bool) -> Made {
        let number = matches!(column.kind, ColumnKind::Integer { .. } | ColumnKind::Decimal { .. } | ColumnKind::Real);
        let written = |value: &String| {
            if number || (column.kind == ColumnKind::Boolean && ["true", "false"].contains(&value.as_str())) {
                value.clone()
            } else {
                yaml::text(&value.replace('{', "{{").replace('}', "}}"))
            }
        };
        let plainly = |value: &String| if number { value.clone() } else { yaml::text(value) };
        match values {
            [] => Made::Unknown(format!("the checks of `{}` leave no value", column.name)),
            [only] => Made::Value(written(only), None),
            [first, ..] if plain => Made::Value(written(first), None),
            values => {
                let values: Vec<String> = values.iter().take(12).map(plainly).collect();
                Made::Value(yaml::object(&[("even", yaml::list(&values))]), None)
            }
        }
    }

    fn yes_or_no(column: &Column, plain: bool) -> String {
        let words = words(&column.name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let no =
            ["deleted", "archived", "banned", "blocked", "hidden", "disabled", "superuser", "admin", "staff", "locked"];
        let yes = ["active", "enabled", "verified", "confirmed", "public", "visible", "published", "valid"];
        match (has(&no), has(&yes), plain) {
            (true, _, _) | (_, _, true) => "false".into(),
            (_, true, _) => "true".into(),
            _ => yaml::object(&[("even", yaml::list(&["true".into(), "false".into()]))]),
        }
    }

    fn integer(column: &Column, bits: u8, bounds: &Bounds) -> Made {
        let words = words(&column.name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let (low, high) = if has(&["count", "version", "status", "state", "role", "kind", "type", "level", "flags"]) {
            (0, 0)
        } else if has(&["age"]) {
            (18, 80)
        } else if has(&["year"]) {
            (2015, 2026)
        } else if has(&["cents", "amount", "price", "total", "cost", "balance"]) {
            (500, 20_000)
        } else if has(&["rating", "stars", "score", "month", "weekday"]) {
            (1, 5)
        } else if has(&["quantity", "qty", "stock", "position", "order", "rank", "hour", "day"]) {
            (1, 9)
        } else {
            (1, 100)
        };
        let one = Decimal::whole(1);
        let least = bounds.least.and_then(|(least, itself)| if itself { Some(least) } else { least.plus(one) });
        let most =
            bounds.most.and_then(|(most, itself)| if itself { Some(most) } else { most.plus(Decimal::whole(-1)) });
        let number = |end: Option<Decimal>| end.map(Decimal::to_f64);
        let (mut floor, mut ceiling) = (number(least).map(f64::ceil), number(most).map(f64::floor));
        let widest = if bits == 16 { f64::from(i16::MAX) } else { f64::from(i32::MAX) };
        if floor.is_some_and(|floor| floor > widest) || ceiling.is_some_and(|ceiling| ceiling < -widest) {
            return Made::Unknown(format!("the checks of `{}` ask for numbers far out", column.name));
        }
        floor = floor.map(|floor| floor.max(-widest));
        ceiling = ceiling.map(|ceiling| ceiling.min(widest));
        let (low, high) = within(f64::from(low), f64::from(high), floor, ceiling);
        let (low, high) = (low as i64, high as i64);
        if low > high {
            return Made::Unknown(format!("the checks of `{}` leave no number", column.name));
        }
        if low == high {
            return Made::Value(low.to_string(), None);
        }
        Made::Value(yaml::object(&[("integer", format!("[{low}, {high}]"))]), None)
    }

    fn decimal(column: &Column, bounds: &Bounds) -> Made {
        let words = words(&column.name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let scale = match column.kind {
            ColumnKind::Decimal { scale: Some(scale) } => scale.min(6),
            ColumnKind::Decimal { scale: None } => 2,
            _ => 1,
        };
        let (low, high, places) = if has(&["latitude", "lat"]) {
            (46.8, 47.6, scale.min(4))
        } else if has(&["longitude", "lng", "lon", "long"]) {
            (7.4, 9.4, scale.min(4))
        } else if has(&["rate", "ratio", "share", "probability", "fraction"]) {
            (0.0, 1.0, scale)
        } else if has(&["price", "amount", "total", "cost", "fee", "salary", "balance", "value"]) {
            (5.0, 200.0, scale.min(2))
        } else {
            (1.0, 100.0, scale.min(2))
        };
        let step = f64::powi(10.0, -i32::from(places));
        let end = |end: Option<(Decimal, bool)>, sign: f64| {
            end.map(|(end, itself)| end.to_f64() + if itself { 0.0 } else { sign * step })
        };
        let mut most = end(bounds.most, -1.0);
        if let Some(largest) = largest(&column.declared) {
            most = Some(most.map_or(largest, |most| most.min(largest)));
        }
        let (low, high) = within(low, high, end(bounds.least, 1.0), most);
        // Both ends in steps of the places, inside of the range.
        let (low, high) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        if low > high {
            return Made::Unknown(format!("the checks of `{}` leave no number", column.name));
        }
        let written = |end: i64| Decimal::new(end, places).to_string();
        if low == high {
            return Made::Value(written(low), None);
        }
        let range = ("decimal", format!("[{}, {}]", written(low), written(high)));
        let places = (places != 2).then(|| ("places", places.to_string()));
        Made::Value(yaml::object(&[Some(range), places].into_iter().flatten().collect::<Vec<_>>()), None)
    }

    fn is_time(&self, column: &Column) -> bool {
        let words = words(&column.name);
        let seconds = matches!(column.kind, ColumnKind::Integer { bits: 64 } | ColumnKind::Real);
        // SQLite has no type for moments; numbers there are seconds.
        seconds && words.len() > 1 && ["at", "time"].contains(&words[words.len() - 1].as_str()) && !self.catalogue.typed
    }

    fn time(&self, column: &Column) -> String {
        let words = words(&column.name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let range = |from: &str, to: &str| ("time", format!("[{from}, {to}]"));
        let before = self.one.understood.above.iter().find(|(above, _)| *above == column.name).map(|(_, other)| other);
        let before = before.filter(|other| {
            let is_time =
                |c: &&Column| matches!(c.kind, ColumnKind::Timestamp | ColumnKind::Date) && c.name != column.name;
            let written = |c: &Column| !matches!(self.made_unless_circular(c, column), Made::Left);
            self.one.table.column(other).filter(is_time).is_some_and(written)
        });
        if let Some(before) = before {
            return yaml::object(&[range("in 1d", "in 3d"), ("from", yaml::text(before))]);
        }
        let [first, last] =
            [["90d ago", "61d ago"], ["60d ago", "31d ago"], ["30d ago", "11d ago"], ["10d ago", "1d ago"]]
                [self.one.depth.min(3)];
        let made = if has(&["birth", "born", "birthday", "dob", "birthdate"]) {
            range("20000d ago", "7000d ago")
        } else if has(&["end", "ends", "ended", "expire", "expires", "expiry", "until", "due", "deadline", "to"]) {
            range("in 3d", "in 30d")
        } else {
            range(first, last)
        };
        yaml::object(&[made])
    }

    /// Whether another column is written; a circle of comparisons ends here.
    fn made_unless_circular(&self, other: &Column, asking: &Column) -> Made {
        let above = &self.one.understood.above;
        let (mut seen, mut at) = (vec![&asking.name], &other.name);
        while let Some((_, next)) = above.iter().find(|(column, _)| column == at) {
            if seen.contains(&next) {
                return Made::Left;
            }
            seen.push(at);
            at = next;
        }
        self.made(other)
    }

    fn text(&self, column: &Column, bounds: &Bounds, limit: Option<u32>, unique: bool) -> Made {
        let room =
            [limit.map(|limit| limit as usize), bounds.longest].into_iter().flatten().min().unwrap_or(usize::MAX);
        let shortest = bounds.shortest;
        let upper = bounds.case == Some(true);
        let fits = |text: &&String| {
            let (least, most) = self.lengths(text);
            most <= room && least >= shortest
        };
        let mut offers = self.offers(column, unique);
        if bounds.case == Some(false) {
            for offer in &mut offers {
                *offer = offer.to_lowercase();
            }
        }
        if let Some(shape) = self.lessons.shapes.get(&(self.one.table.name.clone(), column.name.clone())) {
            let text: String = shape.chars().take(room).collect();
            return Made::Value(yaml::text(&text), None);
        }
        if Self::is_password(column) && !unique {
            return self.password(room);
        }
        if !upper
            && !unique
            && let Some(values) = of_a_few(&words(&column.name), room, shortest)
        {
            return Made::Value(yaml::object(&[("even", yaml::list(&values))]), None);
        }
        let short = match (unique, upper) {
            (true, _) => "{number}{copy}".to_owned(),
            (false, false) => "example".chars().take(room.max(1)).collect(),
            (false, true) => "EXAMPLE".chars().take(room.max(1)).collect(),
        };
        let padded = format!("{}{}", "x".repeat(shortest), if unique { "{number}{copy}" } else { "" });
        let padded = if upper { padded.replace('x', "X") } else { padded };
        let offers: Vec<String> = offers.into_iter().filter(|_| !upper).chain([short, padded]).collect();
        match offers.iter().find(fits) {
            Some(text) => Made::Value(yaml::text(text), unique.then(|| "unique".into())),
            None => Made::Unknown(format!("`{}` has no room for a text of ours", column.name)),
        }
    }

    /// Returns texts for a column, the one that reads best first.
    fn offers(&self, column: &Column, unique: bool) -> Vec<String> {
        let words = words(&column.name);
        let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
        let last = words.last().map_or("", String::as_str);
        let what = spoken(&singular(&self.one.name));
        let dashed = what.replace(' ', "-");
        let copy = if unique { "{copy}" } else { "" };
        let row = if self.one.people { "{row}" } else { "{number}" };
        let named = if self.one.people { "{row}".to_owned() } else { format!("{dashed}-{{number}}") };
        let mut offers = Vec::new();
        if has(&["email", "mail"]) {
            offers.push(format!("{named}{{copy}}@example.test"));
            offers.push(format!("{row}{{copy}}@a.test"));
        } else if has(&["username", "login", "handle", "nickname", "slug"]) {
            offers.push(format!("{named}{{copy}}"));
        } else if has(&["url", "uri", "website", "link", "homepage", "href", "webhook"]) {
            offers.push(format!("https://example.test/{dashed}/{{number}}{copy}"));
        } else if has(&["phone", "mobile", "tel", "telephone", "fax"]) {
            offers.push(format!("+41 44 555 {{number:04}}{copy}"));
        } else if has(&["street", "address"]) && !has(&["ip", "mac"]) {
            offers.push(format!("Example Street {{number}}{copy}"));
        } else if has(&["zip", "postal", "postcode", "plz"]) {
            offers.push(format!("8{{number:03}}{copy}"));
        } else if has(&["ip"]) {
            offers.push(format!("192.0.2.7{copy}"));
        } else if has(&["timezone", "tz"]) || words.join("_") == "time_zone" {
            offers.push("Europe/Zurich".into());
        } else if has(&["color", "colour"]) {
            offers.push("#1a7f37".into());
        } else if ["content_type", "mime_type", "mimetype"].contains(&words.join("_").as_str()) {
            offers.push("image/png".into());
        } else if has(&["filename", "file", "path"]) {
            offers.push(format!("{dashed}-{{number}}{copy}.png"));
        } else if has(&[
            "body",
            "content",
            "description",
            "bio",
            "about",
            "summary",
            "message",
            "text",
            "note",
            "notes",
        ]) {
            offers.push(format!("This is {what} {{number}}{copy}."));
        } else if has(&["status", "state"]) && !unique {
            offers.push("active".into());
        } else if has(&["role"]) && !unique {
            offers.push("member".into());
        }
        if matches!(last, "name" | "title" | "subject" | "headline" | "label") {
            offers.push(format!("{} {{number}}{copy}", capital(&what)));
        }
        offers.push(format!("{dashed}-{{number}}{copy}"));
        offers.push(format!("{}-{{number}}{copy}", dashed.chars().take(2).collect::<String>()));
        // A unique text without `{copy}` is one for worker 0 only.
        offers.into_iter().filter(|offer| !unique || offer.contains("{copy}")).collect()
    }

    /// Returns the least and the largest length of what a text with placeholders becomes.
    fn lengths(&self, text: &str) -> (usize, usize) {
        let digits = if self.one.form == Form::Pairs { (1, 6) } else { (1, 4) };
        let row = if self.one.people { (3, 7) } else { (1, 8) };
        let (mut least, mut most, mut rest) = (0, 0, text);
        while let Some(at) = rest.find('{') {
            let end = rest[at..].find('}').map_or(rest.len(), |end| at + end + 1);
            let (low, high) = match &rest[at..end] {
                "{copy}" => (0, 4),
                "{row}" => row,
                "{number}" => digits,
                "{number:03}" | "{number:04}" => (3, digits.1),
                _ => (1, 36),
            };
            (least, most) = (least + at + low, most + at + high);
            rest = &rest[end..];
        }
        (least + rest.chars().count(), most + rest.chars().count())
    }

    fn is_password(column: &Column) -> bool {
        let words = words(&column.name);
        let has = |word: &str| words.iter().any(|found| found == word);
        has("password") && !["reset", "token", "hint", "changed", "salt"].iter().any(|word| has(word))
    }

    fn password(&self, room: usize) -> Made {
        if self.catalogue.schema.tables.contains_key("django_migrations") && room >= 100 {
            return Made::Value(yaml::object(&[("password", yaml::text("Seedbed-1!"))]), None);
        }
        let none: String = "no password yet".chars().take(room).collect();
        Made::Value(yaml::text(&none), Some("nobody can log in with this: put a hash of yours here".into()))
    }
}

/// Whether a column that could be left out makes rows easier to read.
pub(super) fn is_telling(column: &Column) -> bool {
    const TELLING: [&str; 14] = [
        "email",
        "name",
        "first_name",
        "last_name",
        "full_name",
        "display_name",
        "username",
        "title",
        "slug",
        "body",
        "content",
        "description",
        "city",
        "phone",
    ];
    let name = words(&column.name).join("_");
    // What is made now by default would be later than what follows it.
    ["created_at", "updated_at"].contains(&name.as_str())
        || (column.default.is_none() && TELLING.contains(&name.as_str()))
}

/// Moves a range into what is allowed; one that lies outside becomes a small one at that end.
fn within(low: f64, high: f64, floor: Option<f64>, ceiling: Option<f64>) -> (f64, f64) {
    let (floor, ceiling) = (floor.unwrap_or(f64::MIN), ceiling.unwrap_or(f64::MAX));
    if low > ceiling {
        let low = if ceiling >= 0.0 { 0.0 } else { ceiling - 10.0 };
        return (low.max(floor), ceiling);
    }
    if high < floor {
        return (floor, (floor + 10.0).min(ceiling));
    }
    (low.max(floor), high.min(ceiling))
}

/// Returns values that stand for themselves, for columns that have few of them.
fn of_a_few(words: &[String], room: usize, shortest: usize) -> Option<Vec<String>> {
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let values: &[&str] = match words.join("_").as_str() {
        "first_name" | "firstname" | "given_name" | "forename" => &FIRST_NAMES,
        "last_name" | "lastname" | "family_name" | "surname" => &LAST_NAMES,
        _ if has(&["city", "town"]) => &["Zurich", "Basel", "Bern"],
        _ if has(&["country"]) && room < 11 => &["CH", "DE", "AT"],
        _ if has(&["country"]) => &["Switzerland", "Germany", "Austria"],
        _ if has(&["currency"]) => &["CHF", "EUR", "USD"],
        _ if has(&["locale", "language", "lang"]) => &["en", "de"],
        _ => return None,
    };
    let fit = values.iter().all(|value| (shortest..=room).contains(&value.len()));
    fit.then(|| values.iter().map(|value| yaml::text(value)).collect())
}

/// Returns a value of a type that the engine writes and reads as a text, in the server's own words.
fn of_type(declared: &str) -> Option<&'static str> {
    let declared = declared.to_ascii_lowercase();
    let name = declared.split('(').next().unwrap_or_default().trim().to_owned()
        + declared.rsplit_once(')').map_or("", |(_, after)| after);
    Some(match name.as_str() {
        _ if name.ends_with("[]") => "{{}}",
        "time" | "time without time zone" => "12:00:00",
        "time with time zone" => "12:00:00+00",
        "interval" => "01:00:00",
        "inet" => "192.0.2.1",
        "cidr" => "192.0.2.0/24",
        "macaddr" => "08:00:2b:01:02:03",
        "macaddr8" => "08:00:2b:01:02:03:04:05",
        "point" => "(1,2)",
        "lseg" => "[(0,0),(1,1)]",
        "box" => "(1,1),(0,0)",
        "circle" => "<(0,0),1>",
        "polygon" => "((0,0),(1,0),(1,1))",
        "tsvector" => "'example'",
        "hstore" => "",
        "xml" => "<example/>",
        "int4range" | "int8range" | "numrange" | "daterange" | "tsrange" | "tstzrange" => "empty",
        "" | "any" | "string" | "numeric_text" => "example",
        _ => return None,
    })
}

/// Returns the largest number of a type that says how many digits it has: `numeric(4,2)`.
fn largest(declared: &str) -> Option<f64> {
    let (_, inside) = declared.split_once('(')?;
    let (inside, _) = inside.split_once(')')?;
    let mut numbers = inside.split(',').map(|number| number.trim().parse::<i32>().ok());
    let (precision, scale) = (numbers.next()??, numbers.next().flatten().unwrap_or(0));
    Some(f64::powi(10.0, precision - scale) - f64::powi(10.0, -scale))
}

fn shown(declared: &str) -> &str {
    if declared.is_empty() { "no name" } else { declared }
}

fn is_plural(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["tags", "items", "list", "ids", "names", "values", "roles", "permissions", "images"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// Returns the words of a name, in lower case: `createdAt` is `created at`.
pub(super) fn words(name: &str) -> Vec<String> {
    let (mut words, mut word, mut small) = (Vec::new(), String::new(), false);
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && small) {
            words.push(std::mem::take(&mut word));
        }
        small = letter.is_lowercase() || letter.is_ascii_digit();
        word.extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Returns a name as a person says it.
fn spoken(name: &str) -> String {
    let words = words(name);
    if words.is_empty() { "row".into() } else { words.join(" ") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
