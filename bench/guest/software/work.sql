-- Rows that are inserted, indexed, joined, changed and summed.
PRAGMA journal_mode = DELETE;
BEGIN;
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, amount INTEGER, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO customers SELECT i, printf('customer %05d', i * 7919 % 2003), i * 31 % 17 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO orders SELECT i, i * 6367 % 2000 + 1, i * 104729 % 9973, printf('order %d of %d', i, i % 365) FROM n;
COMMIT;
CREATE INDEX orders_customer ON orders (customer);
UPDATE orders SET amount = amount + 1 WHERE customer % 5 = 0;
DELETE FROM orders WHERE amount % 97 = 3;
SELECT city, count(*), sum(amount) FROM customers JOIN orders ON orders.customer = customers.id GROUP BY city
ORDER BY 3 DESC LIMIT 3;
SELECT count(*) FROM orders WHERE note LIKE '%of 36%';
SELECT name, max(amount) FROM customers JOIN orders ON orders.customer = customers.id WHERE name < 'customer 00500'
GROUP BY name ORDER BY 2 DESC, 1 LIMIT 2;
