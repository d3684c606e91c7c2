"""A labelled corpus of texts in which keys lie in the plain, and of what only looks like it."""
