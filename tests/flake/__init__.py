"""The flake, as far as it can be tested without Nix."""
