-- The tables of the models, for a project without Django.
CREATE TABLE author (id char(32) PRIMARY KEY NOT NULL, name varchar(80) NOT NULL, is_test bool NOT NULL);
CREATE TABLE book (
    id char(32) PRIMARY KEY NOT NULL,
    title varchar(80) NOT NULL,
    isbn varchar(20) NOT NULL UNIQUE,
    price decimal NOT NULL,
    author_id char(32) NOT NULL REFERENCES author (id) DEFERRABLE INITIALLY DEFERRED,
    is_test bool NOT NULL
);
CREATE TABLE reader (
    id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    email varchar(254) NOT NULL UNIQUE,
    joined datetime NOT NULL,
    active bool NOT NULL
);
CREATE TABLE loan (
    id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    book_id char(32) NOT NULL REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED,
    reader_id bigint NOT NULL REFERENCES reader (id) DEFERRABLE INITIALLY DEFERRED,
    since datetime NOT NULL,
    is_test bool NOT NULL
);
