"""Answers of Microsoft Azure to rows."""
