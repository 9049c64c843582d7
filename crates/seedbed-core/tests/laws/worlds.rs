//! Worlds: small random scenarios with an evaluator of their own, and all assignments of them.
//!
//! Nothing in here uses the generator: a state is plain vectors, a predicate is a `match`.

mod judging;
mod making;
mod writing;

/// Numbers that look random and are the same everywhere (`SplitMix64`, Steele et al. 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5EED)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `lo` to `hi`, both included.
    pub(crate) fn between(&mut self, lo: usize, hi: usize) -> usize {
        lo + (self.bits() % (hi - lo + 1) as u64) as usize
    }

    /// Yes, in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.between(0, of.len() - 1)]
    }
}

/// What is decided, in the order in which assignments are enumerated.
pub(crate) const PARTS: [&str; 9] = ["on", "age", "color", "tone", "group", "owner", "notes", "likes", "follows"];
const ON: u16 = 1;
const AGE: u16 = 2;
const COLOR: u16 = 4;
const TONE: u16 = 8;
const GROUP: u16 = 16;
const OWNER: u16 = 32;
const NOTES: u16 = 64;
const LIKES: u16 = 128;
const FOLLOWS: u16 = 256;

/// An assignment of every decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) on: Vec<bool>,
    pub(crate) age: Vec<i64>,
    /// 0 red, 1 blue.
    pub(crate) color: Vec<u8>,
    pub(crate) tone: Vec<u8>,
    pub(crate) group: Vec<usize>,
    pub(crate) owner: Vec<Option<usize>>,
    pub(crate) notes: Vec<u32>,
    /// likes[user][item]
    pub(crate) likes: Vec<Vec<bool>>,
    /// follows[follower][followed]
    pub(crate) follows: Vec<Vec<bool>>,
}

type Range = (u32, u32);

/// A predicate of a user.
#[derive(Clone, Debug)]
pub(crate) enum User {
    On(bool),
    Age(i64, i64),
    Kind(bool),
    Rank(usize),
    Is(usize),
    Among(Vec<usize>),
    Not(Box<User>),
    Items(Many<Item>),
    Likes(Many<Like>),
    Follows(Many<Follow>),
    Followers(Many<Follow>),
    Notes(Range),
    /// Different colours of its items.
    Colors(Range),
    Either(Box<User>, Box<User>),
}

/// A predicate of an item.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Red(bool),
    Tone(u8),
    Big(bool),
    Owner(Box<User>),
    Owned(bool),
    Fans(Many<Like>),
    Either(Box<Item>, Box<Item>),
}

#[derive(Clone, Debug)]
pub(crate) enum Like {
    User(Box<User>),
    Item(Box<Item>),
    /// The item is the user's own.
    Own(bool),
    /// The item's owner is one the user follows.
    Followed(bool),
}

#[derive(Clone, Debug)]
pub(crate) enum Follow {
    Follower(Box<User>),
    Followed(Box<User>),
    /// The followed one follows back.
    Mutual,
    SameOn,
}

/// A test of the rows a way back leads to.
#[derive(Clone, Debug)]
pub(crate) enum Many<T> {
    Count(Range),
    Some(Vec<T>),
    None(Vec<T>),
    All(Vec<T>),
}

/// What an ensure counts.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Users,
    Items,
    Likes,
    Follows,
    Notes,
    /// For each of these users, its items.
    ItemsOf(Vec<usize>),
    LikesOf(Vec<usize>),
    FollowsOf(Vec<usize>),
    /// `following.followed.items`
    FeedOf(Vec<usize>),
    /// `items.fans`
    FansOf(Vec<usize>),
}

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Users(Vec<User>),
    Items(Vec<Item>),
    Likes(Vec<Like>),
    Follows(Vec<Follow>),
    None,
}

/// What values are told apart by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Color,
    Owner,
    ItemColor,
    LikedItem,
    Liker,
    ItemOwner,
    UserOn,
    FollowedOn,
    Followed,
}

#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) upper: bool,
    pub(crate) subject: Subject,
    pub(crate) condition: Condition,
    pub(crate) per: Option<Key>,
    pub(crate) distinct: Option<Key>,
    pub(crate) lo: Option<i64>,
    pub(crate) hi: Option<i64>,
    pub(crate) percent: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    size: Option<Range>,
    who: Vec<usize>,
    only: Option<User>,
    likes: Option<Range>,
    follows: Option<Range>,
    items: Option<Range>,
    notes: Option<Range>,
}

/// A scenario, or two layers of one.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) users: usize,
    pub(crate) items: usize,
    pub(crate) layered: bool,
    /// Which of [`PARTS`] there are.
    parts: u16,
    kind: Vec<bool>,
    big: Vec<bool>,
    on: usize,
    red: usize,
    /// How many users have an age below 2, where the ages are a mix.
    young: Option<usize>,
    /// How many items have an owner.
    owned: Option<usize>,
    owner_only: Option<User>,
    likes_total: Option<usize>,
    follows_total: Option<usize>,
    like_only: Option<LikeOnly>,
    groups: Vec<Group>,
    pub(crate) facts: Vec<Fact>,
}

#[derive(Clone, Debug)]
enum LikeOnly {
    Item(Item),
    NotOwn,
}
