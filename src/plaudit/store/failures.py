"""Why a database is not opened, whichever it is. What an open one refuses stands in `plaudit.errors`."""

from plaudit.errors import PlauditError


class DatabaseInUse(PlauditError):
    """Another server has this database open"""

    code = "database_in_use"


class CannotOpen(PlauditError):
    """The database cannot be opened"""

    code = "cannot_open"


class WrongDatabase(PlauditError):
    """This database cannot be used"""

    code = "wrong_database"
