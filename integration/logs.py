"""One log line as one JSON object, for machines that collect them (`LOG_FORMAT=json`)."""

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
