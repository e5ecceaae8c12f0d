"""No page takes a file, so none is read (S64)."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuses a request at the first file in it, before any of its bytes is kept."""

    def new_file(self, *_: Any, **__: Any) -> NoReturn:
        raise SuspiciousOperation("No page takes a file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never comes."""

    def file_complete(self, file_size: int) -> None:
        """Never comes."""
