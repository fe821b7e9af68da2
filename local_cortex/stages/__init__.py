"""Stages and the files on them: PUT, GET, LIST, REMOVE, COPY INTO, and reading files as tables."""
