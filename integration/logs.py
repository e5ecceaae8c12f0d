"""Log lines for machines that collect them (`LOG_FORMAT=json`), and errors without their words."""

import json
import logging


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message and, where something failed, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def bare(error: BaseException) -> BaseException:
    """The error's name and its places in the code, without its words: they may quote a record."""
    shown = RuntimeError(type(error).__name__)
    shown.__traceback__ = error.__traceback__
    if (below := error.__cause__ or error.__context__) is not None:
        shown.__cause__ = bare(below)
    return shown
