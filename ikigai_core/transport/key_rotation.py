"""The settings for requests, with the current key if it was replaced."""

from __future__ import annotations

import threading

from ikigai_core.config import Config
from ikigai_core.errors import ConfigurationError
from ikigai_core.forks import renew_after_fork
from ikigai_core.logs import get_logger

logger = get_logger(__name__)


class Access:
    """A client's current settings. Thread-safe."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Wait for no thread of the parent process."""
        self._lock = threading.Lock()

    @property
    def config(self) -> Config:
        """The settings, with the most recent key."""
        return self._config

    def ready(self) -> Config:
        """The settings with a key. If a user's function supplies the key, it is called at the first request."""
        if not self._config.api_key:
            with self._lock:
                if not self._config.api_key:
                    self._config = self._config.renewed()
        return self._config

    def renewed(self, refused: Config) -> Config | None:
        """The settings with the currently configured key; None if that is the refused key."""
        with self._lock:
            if self._config.api_key == refused.api_key:
                try:
                    self._config = refused.renewed()
                except ConfigurationError as error:
                    logger.warning("The platform refused the key, and reading it again failed: %s", error)
                    return None
            if self._config.api_key == refused.api_key:
                return None
            logger.info("The platform refused the key. A new key was found and is used from now on.")
            return self._config
