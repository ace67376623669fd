"""The zips of the three functions: their layout, and the arm64 ones run once each."""
