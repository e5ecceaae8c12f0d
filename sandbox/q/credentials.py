"""The one key and secret of the local Q."""

from typing import Final

KEY: Final = "q-key"
SECRET: Final = "q-secret"
