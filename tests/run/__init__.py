"""Runs the parts of `make test` beside each other and ends with a table of what each took."""
