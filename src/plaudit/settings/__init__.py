"""The operator's word: one table of settings, one file, and secrets beside it.

Only the command line and `bootstrap` read these; everyone else is given values.
"""

from plaudit.settings.loading import Configuration, SettingsError, built_in, load
from plaudit.settings.projects import DEFAULT
from plaudit.settings.secrets import Secrets, open_secrets
from plaudit.settings.table import Settings

__all__ = ["DEFAULT", "Configuration", "Secrets", "Settings", "SettingsError", "built_in", "load", "open_secrets"]
