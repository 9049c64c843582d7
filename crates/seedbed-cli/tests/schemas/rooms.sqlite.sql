-- SQLite as applications make it by hand: checks in the columns, names in every kind of quotes, keys with and
-- without AUTOINCREMENT.
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL
    CHECK (length(name) BETWEEN 2 AND 40), role TEXT NOT NULL DEFAULT 'guest' CHECK (role IN ('guest', 'host')),
    password_hash TEXT NOT NULL, created_at INTEGER NOT NULL, is_active BOOLEAN NOT NULL DEFAULT 1);
CREATE TABLE [rooms] (id INTEGER PRIMARY KEY AUTOINCREMENT, `owner_id` INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    "title" VARCHAR(60) NOT NULL, price DECIMAL(8,2) NOT NULL CHECK (price > 0 AND price < 50), -- CHECK (never)
    latitude REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90), longitude REAL NOT NULL, photo BLOB,
    beds INTEGER NOT NULL CHECK (beds >= 1), kind TEXT NOT NULL CHECK (kind = 'flat' OR kind = 'house'),
    slug TEXT NOT NULL UNIQUE CHECK (slug = lower(slug)), area REAL GENERATED ALWAYS AS (beds * 9.5) VIRTUAL);
CREATE TABLE stays (id INTEGER PRIMARY KEY AUTOINCREMENT, room_id INTEGER NOT NULL REFERENCES rooms, guest_id INTEGER NOT NULL
    REFERENCES users (id), arrives DATE NOT NULL, leaves DATE NOT NULL, CHECK (leaves > arrives));
CREATE TABLE ratings (stay_id INTEGER NOT NULL PRIMARY KEY REFERENCES stays (id), stars INTEGER NOT NULL
    CHECK (stars BETWEEN 1 AND 5), "text" TEXT CHECK (trim("text") <> ''));
CREATE TABLE amenities (code VARCHAR(12) PRIMARY KEY NOT NULL, label TEXT NOT NULL);
CREATE TABLE room_amenities (room_id INTEGER NOT NULL REFERENCES rooms (id), amenity VARCHAR(12) NOT NULL
    REFERENCES amenities (code), PRIMARY KEY (room_id, amenity)) WITHOUT ROWID;
CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE VIRTUAL TABLE search USING fts5 (title);
CREATE UNIQUE INDEX one_main_photo ON rooms (owner_id, lower(title)) WHERE photo IS NOT NULL;
