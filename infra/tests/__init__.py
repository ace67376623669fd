"""The stack, judged by its evaluated resource graph."""
