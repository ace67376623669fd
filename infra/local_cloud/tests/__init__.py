"""The local cloud: its patches, its applier, its command line."""
