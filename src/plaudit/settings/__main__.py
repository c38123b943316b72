"""`python -m plaudit.settings > docs/settings.md`"""

import sys

from plaudit.settings.manual import manual

sys.stdout.write(manual())
