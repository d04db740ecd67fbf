"""The platform's version, as pyproject.toml says it: part of what an import is told by."""

VERSION = "0.1.0"
