# Everything from one lock: the functions' zips for AWS, the tools for this machine, the development shell and every check.
#
#   nix build            the three zips, static arm64, in ./result where the stack looks for them
#   nix develop          the shell with every tool
#   nix flake check      formats, lints, types, tests, coverage, policies, the gate, reproducible zips
#   nix run .#demo       the whole system on this machine; also .#deploy and .#policy
#
# This file is the table of contents: nix/ holds one part per file. `make flake-check` evaluates all of it without building.
{
  description = "payhook: the webhooks of payment providers, accepted, verified, stored once, auditable";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    crane.url = "github:ipetkov/crane";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    {
      nixpkgs,
      crane,
      rust-overlay,
      ...
    }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      parts = nixpkgs.lib.genAttrs systems (
        system:
        import ./nix {
          inherit
            nixpkgs
            crane
            rust-overlay
            system
            ;
          root = ./.;
          # macOS does not cross-compile the functions: it asks a Linux builder, or a cache, for the very zips that Linux makes.
          lambdasFrom = if system == "aarch64-darwin" then parts.aarch64-linux else null;
        }
      );
      each = output: builtins.mapAttrs (_: part: part.${output}) parts;
    in
    {
      packages = each "packages";
      apps = each "apps";
      devShells = each "devShells";
      checks = each "checks";
      formatter = each "formatter";
    };
}
