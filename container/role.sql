-- Run once by the postgres image, as its superuser, when the database is made: Plaudit's role may log in and owns its
-- one database, and nothing else.
\set password `cat /run/secrets/plaudit_password`
CREATE ROLE plaudit LOGIN PASSWORD :'password';
CREATE DATABASE plaudit OWNER plaudit TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE plaudit FROM PUBLIC;
