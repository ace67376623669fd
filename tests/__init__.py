"""Everything that is tested from the outside."""
