"""The whole system on this machine, once through: what `make demo` runs."""
