"""What turns a lesson folder into a page: catalog, language, navigation, page frame."""
