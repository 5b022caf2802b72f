"""What others have written for Prometheus and Alertmanager, in Sentinel's own rule language.

Nothing is guessed: what has the same meaning is translated, what comes near it is translated
and said to be near, and what has no counterpart is named and left out.
"""

from sentinel.importing.files import Imported, import_files
from sentinel.importing.notes import Note

__all__ = ["Imported", "Note", "import_files"]
