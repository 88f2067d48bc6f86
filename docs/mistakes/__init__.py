"""The page of mistakes: `cases` are run against `app`, and `write` puts the answers into a page."""
