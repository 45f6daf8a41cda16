"""What SQLFluff's Jinja templater puts in place of dbt. SQLFluff runs this file anew for each file that it reads; what it imports is made once."""

import sys
from pathlib import Path

_tests = str(Path(__file__).resolve().parents[1])
if _tests not in sys.path:
    sys.path.append(_tests)

from sqlfluff_macros import *  # noqa: E402,F403
