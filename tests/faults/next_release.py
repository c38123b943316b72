"""The release after this one, or a careless one: `next_release.py [careless] serve --config …`.

Careless, its migrations wait for their locks as long as it takes.
"""

import sys
from pathlib import Path

from plaudit.cli import main
from plaudit.store import postgres_migrate

sys.path.append(str(Path(__file__).parents[1] / "store"))

from upgrades import become_the_next_release

if __name__ == "__main__":
    become_the_next_release()
    if sys.argv[1] == "careless":
        del sys.argv[1]
        postgres_migrate.BRIEF = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"
    main()
