-- A shop. No column says which rows are test data.
CREATE TYPE order_state AS ENUM ('cart', 'paid', 'shipped', 'refunded');

CREATE TABLE customers (
    id serial PRIMARY KEY,
    email varchar(120) NOT NULL UNIQUE,
    password_digest varchar(60) NOT NULL,
    joined_at timestamptz NOT NULL
);
CREATE TABLE addresses (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    street varchar(80) NOT NULL,
    city varchar(40) NOT NULL
);
CREATE TABLE products (
    id serial PRIMARY KEY,
    sku varchar(20) NOT NULL UNIQUE,
    name varchar(60) NOT NULL,
    price numeric(8,2) NOT NULL CHECK (price > 0)
);
CREATE TABLE stock (
    hall varchar(20) NOT NULL,
    shelf integer NOT NULL,
    product_id integer NOT NULL REFERENCES products,
    pieces integer NOT NULL,
    PRIMARY KEY (hall, shelf)
);
CREATE TABLE coupons (
    code varchar(20) PRIMARY KEY,
    percent integer NOT NULL
);
CREATE TABLE orders (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    ship_to_id integer NOT NULL REFERENCES addresses,
    coupon_code varchar(20) REFERENCES coupons,
    state order_state NOT NULL,
    placed_at timestamptz NOT NULL,
    paid_at timestamptz,
    shipped_at timestamptz,
    pieces integer NOT NULL,
    total numeric(10,2) NOT NULL
);
CREATE TABLE items (
    order_id integer NOT NULL REFERENCES orders,
    line integer NOT NULL,
    product_id integer NOT NULL REFERENCES products,
    quantity integer NOT NULL CHECK (quantity > 0),
    price numeric(8,2) NOT NULL,
    amount numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE refunds (
    id serial PRIMARY KEY,
    order_id integer NOT NULL UNIQUE REFERENCES orders,
    reason varchar(20) NOT NULL,
    amount numeric(10,2) NOT NULL,
    refunded_at timestamptz NOT NULL
);
