CREATE TABLE customers (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(80) NOT NULL UNIQUE,
    joined datetime NOT NULL);
CREATE TABLE addresses (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    customer_id bigint NOT NULL REFERENCES customers (id), city varchar(40) NOT NULL);
CREATE TABLE products (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(40) NOT NULL,
    price decimal(8,2) NOT NULL);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    customer_id bigint NOT NULL REFERENCES customers (id), ship_to_id bigint NOT NULL REFERENCES addresses (id),
    state varchar(12) NOT NULL, placed_at datetime NOT NULL, paid_at datetime NULL, shipped_at datetime NULL,
    total decimal(10,2) NOT NULL, pieces integer NOT NULL);
CREATE TABLE items (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, order_id bigint NOT NULL REFERENCES orders (id),
    product_id bigint NOT NULL REFERENCES products (id), quantity integer NOT NULL, price decimal(8,2) NOT NULL,
    amount decimal(10,2) NOT NULL);
CREATE TABLE refunds (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, order_id bigint NOT NULL REFERENCES orders (id),
    amount decimal(10,2) NOT NULL, refunded_at datetime NOT NULL);
CREATE TABLE order_notes (order_id bigint NOT NULL REFERENCES orders (id), line integer NOT NULL, note text NOT NULL,
    PRIMARY KEY (order_id, line));
CREATE TABLE shelves (hall varchar(12) NOT NULL, number integer NOT NULL,
    product_id bigint NOT NULL REFERENCES products (id), PRIMARY KEY (hall, number));
CREATE TABLE currencies (code varchar(12) NOT NULL PRIMARY KEY, name varchar(20) NOT NULL);
CREATE TABLE rates (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    currency varchar(12) NOT NULL REFERENCES currencies (code), rate decimal(6,2) NOT NULL);
