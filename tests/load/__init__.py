"""The load that one local cloud takes, and what a webhook costs each of its processes."""
