"""What turns a lesson folder into a page: catalog, language, navigation, page frame."""

__all__ = ["__version__"]

#: The course's version. pyproject.toml reads it here, since the course runs from its own folder.
__version__ = "0.2.0"
