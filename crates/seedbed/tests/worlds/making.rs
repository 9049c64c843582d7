//! Making: a world from its number. Nothing but plain data.

use super::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// How the key of a table comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A number that nothing hands out, or that SQLite makes from the largest one.
    Rowid,
    /// A number of a counter: AUTOINCREMENT, serial, identity.
    Counter,
    Uuid,
    Text,
    /// A reference, which is the key of the row referred to.
    One,
    /// Two references.
    Pair,
    /// A reference and a place among siblings.
    Line,
    /// A reference and a number of ours.
    Batch,
    /// A text and a number of the scenario.
    Named,
    /// Rows of the application that nothing tells apart.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    BigInteger,
    Text,
    Bool,
    Decimal,
    Time,
    /// In 32 digits, where the engine has no type for it.
    Uuid32,
    Uuid36,
}

impl Kind {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::BigInteger)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) null: bool,
    /// An SQL literal.
    pub(crate) default: Option<String>,
    /// What follows CHECK.
    pub(crate) check: Option<String>,
    /// The expression that the engine computes.
    pub(crate) computed: Option<String>,
    /// What the scenario says of it.
    pub(crate) made: Option<String>,
    /// What may stand in it, where only some texts may.
    pub(crate) among: Vec<&'static str>,
}

impl Column {
    fn new(name: impl Into<String>, kind: Kind) -> Self {
        let (default, check, computed, made) = (None, None, None, None);
        Self { name: name.into(), kind, null: false, default, check, computed, made, among: Vec::new() }
    }

    fn null(mut self) -> Self {
        self.null = true;
        self
    }

    fn made(mut self, made: impl Into<String>) -> Self {
        self.made = Some(made.into());
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deferral {
    Immediate,
    Deferrable,
    Deferred,
}

/// A reference that the tables declare.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<String>,
    pub(crate) to: usize,
    pub(crate) to_columns: Vec<String>,
    pub(crate) action: Action,
    pub(crate) moves_with_key: bool,
    pub(crate) deferral: Deferral,
    /// Nothing but the scenario says so.
    pub(crate) undeclared: bool,
    /// The row referred to owns the row that refers.
    pub(crate) owner: bool,
    /// What the scenario says of it; the application's own references are not in there.
    pub(crate) link: Option<Link>,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) back: String,
    /// So many rows have it.
    pub(crate) share: Option<usize>,
    pub(crate) tree: bool,
    /// Only rows with a flag are referred to.
    pub(crate) flagged: bool,
}

/// A reference to one of several tables, by a type and an id.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) of: Vec<usize>,
    pub(crate) share: Option<usize>,
}

pub(crate) const CHOICE: (&str, &str) = ("subject_type", "subject_id");

#[derive(Clone, Debug)]
pub(crate) struct Unique {
    pub(crate) columns: Vec<String>,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Part of the table.
    Constraint,
    Index,
    /// Where `flag` is true.
    Partial,
    /// The last column in small letters.
    Small,
}

/// How many rows a population has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Count(usize),
    /// `r1..rN`.
    Names(usize),
    /// One for each row the first link refers to.
    OnePer,
    /// As many as a group of so many rows of the first link's population says.
    Has {
        rows: usize,
        lo: usize,
        hi: usize,
        others: usize,
    },
    /// A relation of so many pairs.
    Pairs(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) key: Key,
    /// Names of the key columns.
    pub(crate) keys: Vec<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) references: Vec<Reference>,
    pub(crate) choice: Option<Choice>,
    pub(crate) uniques: Vec<Unique>,
    /// None in a table of the application.
    pub(crate) rows: Option<Rows>,
    /// A second population in the same table with so many rows.
    pub(crate) second: Option<usize>,
    pub(crate) tag: bool,
    /// How PostgreSQL counts, and other choices that only one engine knows.
    pub(crate) flavour: usize,
    pub(crate) layer: usize,
    /// How many rows have `flag`.
    pub(crate) flags: usize,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> &Column {
        self.columns.iter().find(|column| column.name == name).expect("the column is made with the table")
    }

    pub(crate) fn position(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column.name == name).expect("the column is made with the table")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    pub(crate) fn counts(&self) -> bool {
        matches!(self.key, Key::Rowid | Key::Counter)
    }

    fn single(&self) -> bool {
        self.keys.len() == 1
    }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) number: u64,
    pub(crate) engine: Engine,
    pub(crate) tables: Vec<Table>,
    pub(crate) layers: usize,
    pub(crate) worker: u8,
    /// Rows of other people are there before the first seed.
    pub(crate) canaries: bool,
    /// A fact and the layer that asks for it.
    pub(crate) facts: Vec<(usize, String)>,
    pub(crate) edits: usize,
}

/// Every table has so many rows of other people.
pub(crate) const CANARIES: usize = 3;

const STATES: [&str; 3] = ["open", "closed", "gone"];

impl World {
    pub(crate) fn make(number: u64, engine: Engine) -> Self {
        let mut dice = Dice::new(number, 1);
        let dice = &mut dice;
        let count = dice.between(1, 8);
        let layers = if count > 2 && dice.chance(40) { 2 } else { 1 };
        let mut world = Self {
            number,
            engine,
            tables: Vec::new(),
            layers,
            worker: dice.pick(&[0, 0, 0, 3, 49]),
            canaries: dice.chance(85),
            facts: Vec::new(),
            edits: dice.pick(&[0, 2, 4, 8, 12]),
        };
        for index in 0..count {
            let layer = usize::from(layers == 2 && index >= 1 && (index % 3 == 2 || index > 4));
            let key = world.key(dice, layer);
            let table = world.table(dice, index, key, layer);
            world.tables.push(table);
        }
        for index in 0..count {
            world.circle(dice, index);
            world.choose(dice, index);
        }
        for index in 0..count {
            world.ask(dice, index);
        }
        for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
            world.outside(dice);
        }
        world
    }

    /// Returns the tables whose rows can be referred to from a layer.
    fn singles(&self, layer: usize) -> Vec<usize> {
        let known = |table: &Table| table.single() && table.rows.is_some() && table.layer <= layer;
        (0..self.tables.len()).filter(|&at| known(&self.tables[at])).collect()
    }

    fn key(&self, dice: &mut Dice, layer: usize) -> Key {
        let alone = [Key::Counter, Key::Counter, Key::Counter, Key::Rowid, Key::Uuid, Key::Uuid, Key::Text];
        if self.singles(layer).is_empty() || dice.chance(60) {
            return dice.pick(&alone);
        }
        dice.pick(&[Key::One, Key::One, Key::Pair, Key::Pair, Key::Line, Key::Line, Key::Batch, Key::Named])
    }

    fn name(index: usize, dice: &mut Dice) -> String {
        if dice.chance(10) { format!("Table {index}") } else { format!("t{index}") }
    }

    fn table(&self, dice: &mut Dice, index: usize, key: Key, layer: usize) -> Table {
        let mut table = Table {
            name: Self::name(index, dice),
            key,
            keys: Vec::new(),
            columns: Vec::new(),
            references: Vec::new(),
            choice: None,
            uniques: Vec::new(),
            rows: Some(if dice.chance(50) { Rows::Count(dice.between(1, 8)) } else { Rows::Names(dice.between(1, 8)) }),
            second: None,
            tag: dice.chance(50) || key == Key::Rowid,
            flavour: dice.between(0, 3),
            layer,
            flags: 0,
        };
        self.add_key(dice, index, &mut table);
        let targets = self.singles(layer);
        // A pair has no more than its two ends.
        let links = if targets.is_empty() || key == Key::Pair { 0 } else { dice.pick(&[0, 1, 1, 2, 2, 3]) };
        for _ in 0..links {
            let to = dice.pick(&targets);
            self.link(dice, index, &mut table, to, false);
        }
        self.decide_rows(dice, &mut table);
        Self::add_values(dice, &mut table);
        let plain = matches!(table.key, Key::Rowid | Key::Counter | Key::Uuid | Key::Text);
        if plain && matches!(table.rows, Some(Rows::Count(_))) && !table.has("place") && dice.chance(15) {
            table.second = Some(dice.between(1, 4));
        }
        table
    }

    fn add_key(&self, dice: &mut Dice, index: usize, table: &mut Table) {
        let kind = match table.key {
            Key::Rowid | Key::Counter if self.engine == Engine::Postgres && table.flavour.is_multiple_of(2) => {
                Kind::Integer
            }
            Key::Rowid | Key::Counter => Kind::BigInteger,
            Key::Uuid => dice.pick(&[Kind::Uuid32, Kind::Uuid36]),
            _ => Kind::Text,
        };
        let targets = self.singles(table.layer);
        match table.key {
            Key::Rowid | Key::Counter | Key::Uuid | Key::Text => table.columns.push(Column::new("id", kind)),
            Key::One | Key::Pair | Key::Line | Key::Batch => {
                let to = dice.pick(&targets);
                self.link(dice, index, table, to, true);
                if table.key == Key::Pair {
                    let to = dice.pick(&targets);
                    self.link(dice, index, table, to, true);
                }
                if table.key == Key::Line {
                    table.columns.push(Column::new("line", Kind::Integer).made("{position_in: l0, start: 1}"));
                }
                if table.key == Key::Batch {
                    table.columns.push(Column::new("batch", Kind::BigInteger));
                }
            }
            Key::Named => {
                table.columns.push(Column::new("hall", Kind::Text).made("\"hall {row}{copy}\""));
                table.columns.push(Column::new("shelf", Kind::Integer).made("1"));
            }
            Key::None => {}
        }
        table.keys = table.columns.iter().map(|column| column.name.clone()).collect();
    }

    /// Adds a reference to a table and what the scenario says of it.
    fn link(&self, dice: &mut Dice, index: usize, table: &mut Table, to: usize, in_key: bool) {
        let at = table.references.len();
        let of = self.tables.get(to).unwrap_or(table);
        let kind = of.column(&of.keys[0]).kind;
        let itself = to == index;
        let null = !in_key && (itself || dice.chance(40));
        let column = Column { null, ..Column::new(format!("l{at}_id"), kind) };
        let rows = table.known_rows();
        let action = match (in_key, null) {
            (true, _) => dice.pick(&[Action::Nothing, Action::Restrict, Action::Cascade]),
            (false, true) => dice.pick(&[
                Action::Nothing,
                Action::Restrict,
                Action::Cascade,
                Action::SetNull,
                Action::SetNull,
                Action::SetDefault,
                Action::SetDefault,
            ]),
            (false, false) => dice.pick(&[Action::Nothing, Action::Restrict, Action::Cascade, Action::SetDefault]),
        };
        let share = (null && dice.chance(75)).then(|| rows.map(|rows| dice.between(0, rows))).flatten();
        let flagged = !itself && !in_key && of.flags > 0 && of.second.is_none() && dice.chance(20);
        let to_columns = of.keys.clone();
        table.references.push(Reference {
            columns: vec![column.name.clone()],
            to,
            to_columns,
            action,
            moves_with_key: dice.chance(20),
            deferral: dice.pick(&[Deferral::Immediate, Deferral::Immediate, Deferral::Deferrable, Deferral::Deferred]),
            undeclared: !in_key && dice.chance(6),
            owner: false,
            link: Some(Link {
                name: format!("l{at}"),
                back: format!("of_{index}_{at}"),
                share,
                tree: itself && dice.chance(60),
                flagged,
            }),
        });
        table.columns.push(column);
    }

    fn decide_rows(&self, dice: &mut Dice, table: &mut Table) {
        let parent = table.references.first().and_then(|link| self.tables.get(link.to));
        let parents = parent.and_then(Table::known_rows);
        let rows = match table.key {
            Key::Pair => {
                let other = self.tables[table.references[1].to].known_rows();
                // A pair is never of a row with itself.
                let apart = usize::from(table.references[0].to == table.references[1].to);
                let (a, b) = (parents.unwrap_or(1), other.unwrap_or(1));
                Some(Rows::Pairs((a * (b - apart.min(b))).div_ceil(2).min(dice.between(1, 9))))
            }
            Key::One if dice.chance(70) || parents.is_none() => Some(Rows::OnePer),
            Key::One => Some(Rows::Has { rows: dice.between(0, parents.unwrap_or(0)), lo: 1, hi: 1, others: 0 }),
            _ => match parents {
                Some(parents) if !table.references[0].link.as_ref().is_some_and(|l| l.flagged) && dice.chance(25) => {
                    let lo = dice.between(1, 2);
                    let (rows, hi) = (dice.between(0, parents), dice.between(lo, 3));
                    Some(Rows::Has { rows, lo, hi, others: dice.between(0, 1) })
                }
                _ => table.rows,
            },
        };
        if !matches!(rows, Some(Rows::Count(_) | Rows::Names(_))) {
            table.references.iter_mut().filter_map(|reference| reference.link.as_mut()).for_each(|link| {
                link.share = None;
            });
            let first = &mut table.references[0];
            if let Some(link) = &mut first.link {
                link.flagged = false;
            }
            let column = first.columns[0].clone();
            if let Some(column) = table.columns.iter_mut().find(|other| other.name == column) {
                column.null = false;
            }
            if table.references[0].action == Action::SetNull {
                table.references[0].action = Action::Cascade;
            }
        }
        table.rows = rows;
        if !table.references.is_empty() && dice.chance(30) {
            let owner = dice.between(0, table.references.len() - 1);
            table.references[owner].owner = true;
        }
    }

    fn add_values(dice: &mut Dice, table: &mut Table) {
        let rows = table.known_rows();
        if dice.chance(70) {
            table.columns.push(Column::new("label", Kind::Text).made("\"LABEL {row}{copy}\""));
        }
        if dice.chance(50) {
            let mut column = Column::new("state", Kind::Text).made("{quota: {open: 50%, closed: rest}}");
            column.check = dice.chance(60).then(|| "state IN ('open', 'closed', 'gone')".to_owned());
            column.among = STATES.to_vec();
            table.columns.push(column);
        }
        if dice.chance(40) {
            let mut column = Column::new("size", Kind::Integer).made("{integer: [1, 9]}");
            column.check = dice.chance(60).then(|| "size BETWEEN 1 AND 99".to_owned());
            table.columns.push(column);
        }
        if dice.chance(25) {
            table.columns.push(Column::new("price", Kind::Decimal).made("{decimal: [0.05, 89.95], places: 2}"));
        }
        if dice.chance(25) && table.has("price") && table.has("size") {
            table.columns.push(Column::new("amount", Kind::Decimal).null().made("{product_of: [size, price]}"));
        }
        if let (Some(rows), true) = (rows, dice.chance(50)) {
            table.flags = dice.between(0, rows);
            let made = format!("{{quota: {{true: {}, false: rest}}}}", table.flags);
            table.columns.push(Column::new("flag", Kind::Bool).made(made));
        }
        if dice.chance(30) {
            table.columns.push(Column::new("made_at", Kind::Time).made("{time: [30d ago, 1d ago]}"));
        }
        if dice.chance(30) {
            let share = dice.pick(&["0%", "30%", "100%"]);
            let made = format!("{{null: {share}, integer: [1, 5]}}");
            table.columns.push(Column::new("memo", Kind::Integer).null().made(made));
        }
        if dice.chance(25) {
            let made = "{null: 40%, text: \"code-{row}{copy}\"}";
            table.columns.push(Column::new("code", Kind::Text).null().made(made));
        }
        let parent = table.references.iter().position(|link| link.link.as_ref().is_some_and(|l| !l.tree));
        if let (Some(parent), true) = (parent, dice.chance(30) && table.key != Key::Pair) {
            let place = format!("{{position_in: l{parent}, start: 1}}");
            table.columns.push(Column::new("place", Kind::Integer).null().made(place));
            let columns = vec![format!("l{parent}_id"), "place".to_owned()];
            let how = dice.pick(&[How::Constraint, How::Index]);
            table.uniques.push(Unique { columns, how });
        }
        if dice.chance(25) {
            // What the scenario knows nothing of.
            let default = dice.pick(&["7", "8"]).to_owned();
            table.columns.push(Column { default: Some(default), ..Column::new("extra", Kind::Integer) });
        }
        if table.has("label") && dice.chance(25) {
            let mut column = Column::new("loud", Kind::Text).null();
            column.computed = Some("upper(label)".to_owned());
            table.columns.push(column);
        }
        for name in ["label", "code"] {
            if table.has(name) && dice.chance(60) {
                let partial = if table.has("flag") { How::Partial } else { How::Index };
                let how = dice.pick(&[How::Constraint, How::Index, How::Small, partial]);
                table.uniques.push(Unique { columns: vec![name.to_owned()], how });
            }
        }
        if table.has("label") && table.has("state") && dice.chance(20) {
            let how = dice.pick(&[How::Constraint, How::Small]);
            table.uniques.push(Unique { columns: vec!["state".to_owned(), "label".to_owned()], how });
        }
        if table.tag {
            table.columns.push(Column::new("tag", Kind::Bool));
        }
    }

    /// Gives a table a reference to itself or to a later one.
    fn circle(&mut self, dice: &mut Dice, index: usize) {
        let table = &self.tables[index];
        let counted = matches!(table.rows, Some(Rows::Count(_) | Rows::Names(_))) && table.second.is_none();
        if !counted || !dice.chance(35) {
            return;
        }
        let later: Vec<usize> = self.singles(table.layer).into_iter().filter(|&at| at > index).collect();
        let to = match (table.single(), later.is_empty()) {
            (false, true) => return,
            (true, true) => index,
            (false, false) => dice.pick(&later),
            (true, false) => {
                if dice.chance(50) {
                    index
                } else {
                    dice.pick(&later)
                }
            }
        };
        let mut table = self.tables[index].clone();
        self.link(dice, index, &mut table, to, false);
        let reference = table.references.last_mut().expect("just added");
        if let Some(link) = &mut reference.link {
            link.flagged = false;
        }
        let null = self.tables[index].known_rows() == Some(1) || dice.chance(70) || to == index;
        if !null {
            reference.deferral = Deferral::Deferred;
        }
        let name = reference.columns[0].clone();
        if !null {
            // Nobody could remove rows of a circle that is never open, and whose deletes act at once.
            reference.action = Action::Nothing;
        }
        if null && to == index && self.tables[index].known_rows().is_some_and(|rows| rows < 2) {
            if let Some(link) = &mut reference.link {
                link.share = Some(0);
            }
        } else if let (Some(link), Some(rows)) = (&mut reference.link, self.tables[index].known_rows()) {
            if null && link.share.is_none() {
                link.share = Some(dice.between(0, rows));
            }
            if !null {
                link.share = None;
            }
            if link.tree {
                link.share = link.share.map(|share| share.min(rows - 1));
            }
        }
        if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
            column.null = null;
        }
        self.tables[index] = table;
    }

    /// Gives a table a reference to one of several.
    fn choose(&mut self, dice: &mut Dice, index: usize) {
        let layer = self.tables[index].layer;
        let mut of: Vec<usize> = self.singles(layer);
        of.retain(|&at| at < index);
        while of.len() > 3 {
            of.remove(dice.between(0, of.len() - 1));
        }
        let table = &mut self.tables[index];
        let Some(rows) = table.known_rows().filter(|_| table.second.is_none() && table.key != Key::Pair) else {
            return;
        };
        if of.len() < 2 || !dice.chance(25) {
            return;
        }
        let mut kind = Column::new(CHOICE.0, Kind::Text).null();
        kind.among = vec!["k0", "k1", "k2"][..of.len()].to_vec();
        table.columns.push(kind);
        table.columns.push(Column::new(CHOICE.1, Kind::Text).null());
        table.choice = Some(Choice { of, share: dice.chance(50).then(|| dice.between(0, rows)) });
    }

    /// Asks for what a table is to hold.
    fn ask(&mut self, dice: &mut Dice, index: usize) {
        let table = &self.tables[index];
        let mut facts = Vec::new();
        let name = format!("p{index}");
        let rows = table.known_rows();
        let mut fact = |text: String| facts.push(format!("{{fact: f, {text}}}"));
        if let (Some(rows), true) = (rows, dice.chance(40)) {
            fact(format!("count: {name}, exactly: {rows}"));
        }
        if table.has("flag") && dice.chance(40) {
            fact(format!("count: {name}, where: {{flag: true}}, exactly: {}", table.flags));
        }
        for reference in &table.references {
            let Some(link) = &reference.link else { continue };
            let of = &self.tables[reference.to];
            if of.flags > 0 && dice.chance(15) && rows > Some(1) && link.share.is_none() {
                fact(format!("count: {name}, where: {{{}.flag: true}}, at_least: 1", link.name));
            }
            if let (Some(share), Some(rows)) = (link.share, rows)
                && dice.chance(50)
            {
                fact(format!("count: {name}, where: {{{}: null}}, exactly: {}", link.name, rows - share));
            }
            if rows > Some(3) && link.share.is_none() && dice.chance(20) && !matches!(table.key, Key::One | Key::Pair) {
                fact(format!("count: p{}, where: {{{}: {{count: {{min: 2}}}}}}, at_least: 1", reference.to, link.back));
            }
            if rows > Some(0) && dice.chance(20) && link.share != Some(0) {
                fact(format!("count: {name}, distinct: {}, at_least: 1", link.name));
            }
            if let Some(Rows::Names(_)) = of.rows
                && dice.chance(10)
                && rows > Some(1)
                && link.share.is_none()
                && !link.flagged
            {
                fact(format!("for_each: {{p{}: [r1]}}, count: {}, at_most: 7", reference.to, link.back));
            }
        }
        if table.has("state") && rows > Some(2) && dice.chance(30) {
            fact(format!("count: {name}, where: {{state: open}}, at_least: 1"));
        }
        if let (Some(choice), true) = (&table.choice, dice.chance(50))
            && choice.share.is_none()
            && rows > Some(4)
        {
            fact(format!("count: {name}, where: {{subject: {{in: p{}}}}}, at_least: 1", choice.of[0]));
        }
        if table.has("size") && rows > Some(1) && dice.chance(20) {
            fact(format!("count: {name}, where: {{size: {{min: 5}}}}, at_least: 1"));
        }
        if table.flags > 0 && dice.chance(2) {
            fact(format!("count: {name}, where: {{flag: true}}, at_most: {}", table.flags - 1));
        }
        let layer = table.layer;
        let layer = table.references.iter().map(|to| self.tables[to.to].layer).max().unwrap_or(layer).max(layer);
        self.facts.extend(facts.into_iter().map(|fact| (layer, fact)));
    }

    /// Adds a table of the application that the scenario does not know.
    fn outside(&mut self, dice: &mut Dice) {
        let index = self.tables.len();
        let key = dice.pick(&[Key::Counter, Key::Counter, Key::Uuid, Key::None]);
        let mut table = Table {
            name: format!("app{index}"),
            key,
            keys: Vec::new(),
            columns: Vec::new(),
            references: Vec::new(),
            choice: None,
            uniques: Vec::new(),
            rows: None,
            second: None,
            tag: false,
            flavour: dice.between(0, 3),
            layer: 0,
            flags: 0,
        };
        self.add_key(dice, index, &mut table);
        for at in 0..dice.between(1, 2) {
            let to = dice.between(0, index - 1);
            let of = &self.tables[to];
            if of.keys.is_empty() {
                continue;
            }
            let label = of.uniques.iter().find(|unique| unique.how == How::Constraint && unique.columns == ["label"]);
            let to_columns = match label {
                Some(label) if dice.chance(50) => label.columns.clone(),
                _ => of.keys.clone(),
            };
            let kinds: Vec<Kind> = to_columns.iter().map(|name| of.column(name).kind).collect();
            let null = dice.chance(50);
            let columns: Vec<String> = (0..kinds.len()).map(|part| format!("l{at}_{part}")).collect();
            for (name, kind) in columns.iter().zip(kinds) {
                table.columns.push(Column { null, ..Column::new(name, kind) });
            }
            let mut actions = vec![Action::Nothing, Action::Restrict, Action::Cascade];
            if null {
                actions.extend([Action::SetNull, Action::SetDefault]);
            }
            table.references.push(Reference {
                columns,
                to,
                to_columns,
                action: dice.pick(&actions),
                moves_with_key: dice.chance(20),
                deferral: dice.pick(&[Deferral::Immediate, Deferral::Deferrable, Deferral::Deferred]),
                undeclared: false,
                owner: false,
                link: None,
            });
        }
        table.columns.push(Column::new("body", Kind::Text).null());
        self.tables.push(table);
    }
}

impl Table {
    /// Returns how many rows the first population has, where the table itself says so.
    pub(crate) fn known_rows(&self) -> Option<usize> {
        match self.rows? {
            Rows::Count(rows) | Rows::Names(rows) | Rows::Pairs(rows) => Some(rows),
            Rows::OnePer | Rows::Has { .. } => None,
        }
    }
}
