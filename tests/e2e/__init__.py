"""End to end on the local cloud: the real binaries, the real stack, IAM enforced."""
