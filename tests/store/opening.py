"""A store on either kind of database: a path is SQLite's, a URL PostgreSQL's."""

from plaudit.store.postgres import PostgresStore
from plaudit.store.sqlite import SqliteStore


async def open_store(database, *args, **options):
    return await (PostgresStore if isinstance(database, str) else SqliteStore).open(database, *args, **options)
