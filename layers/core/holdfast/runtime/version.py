"""The version that the API names itself by; the same as the project's."""

VERSION = "0.1.0"
