-- A shop. No column says which rows are test data.
CREATE TABLE customers (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    email varchar(120) NOT NULL UNIQUE,
    password_digest varchar(60) NOT NULL,
    joined_at datetime NOT NULL
);
CREATE TABLE addresses (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    customer_id integer NOT NULL REFERENCES customers (id),
    street varchar(80) NOT NULL,
    city varchar(40) NOT NULL
);
CREATE TABLE products (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    sku varchar(20) NOT NULL UNIQUE,
    name varchar(60) NOT NULL,
    price numeric(8,2) NOT NULL CHECK (price > 0)
);
CREATE TABLE stock (
    hall varchar(20) NOT NULL,
    shelf integer NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    pieces integer NOT NULL,
    PRIMARY KEY (hall, shelf)
);
CREATE TABLE coupons (
    code varchar(20) NOT NULL PRIMARY KEY,
    percent integer NOT NULL
);
CREATE TABLE orders (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    customer_id integer NOT NULL REFERENCES customers (id),
    ship_to_id integer NOT NULL REFERENCES addresses (id),
    coupon_code varchar(20) NULL REFERENCES coupons (code),
    state text NOT NULL CHECK (state IN ('cart', 'paid', 'shipped', 'refunded')),
    placed_at datetime NOT NULL,
    paid_at datetime NULL,
    shipped_at datetime NULL,
    pieces integer NOT NULL,
    total numeric(10,2) NOT NULL
);
CREATE TABLE items (
    order_id integer NOT NULL REFERENCES orders (id),
    line integer NOT NULL,
    product_id integer NOT NULL REFERENCES products (id),
    quantity integer NOT NULL CHECK (quantity > 0),
    price numeric(8,2) NOT NULL,
    amount numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE refunds (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL UNIQUE REFERENCES orders (id),
    reason varchar(20) NOT NULL,
    amount numeric(10,2) NOT NULL,
    refunded_at datetime NOT NULL
);
